#include "arch/search_space.h"
#include "cli/commands.h"
#include "core/error.h"
#include "core/files.h"
#include "cost/cost.h"
#include "model/model_file.h"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <filesystem>
#include <memory>

namespace nachos::cli {
namespace {

using nlohmann::ordered_json;

struct Profile {
    int resolution = 0;
    arch::NetDesc net;
    cost::Costs costs;
};

Profile profile_of(const std::string& file) {
    Profile profile;
    if (std::filesystem::path(file).extension() == ".safetensors") {
        model::Model model = model::load_model(file);
        profile.net = std::move(model.net);
    } else {
        const arch::ArchSpec spec = arch::spec_from_json(core::read_file(file, 1 << 20), file);
        profile.net = arch::space_of(spec).build(spec);
    }
    profile.resolution = profile.net.input.h;
    profile.costs = cost::costs_of(profile.net);
    return profile;
}

std::string profile_json(const Profile& profile) {
    ordered_json out;
    out["resolution"] = profile.resolution;
    out["layers"] = ordered_json::array();
    for (const arch::Layer& l : profile.net.layers) {
        out["layers"].push_back({{"name", l.name},
                                 {"kind", arch::to_string(l.kind)},
                                 {"macs", l.macs()},
                                 {"params", l.params()},
                                 {"out_shape", {l.out.c, l.out.h, l.out.w}}});
    }
    out["backbone_macs"] = profile.costs.backbone_macs;
    out["head_macs"] = profile.costs.head_macs;
    out["executed_macs"] = profile.costs.executed_macs;
    out["params"] = profile.costs.params;
    out["peak_activation_bytes"] = profile.costs.peak_activation_bytes;
    return out.dump(2) + "\n";
}

std::string profile_table(const Profile& profile) {
    std::string text = fmt::format("{:<28} {:<16} {:>14} {:>14} {:>10}\n", "layer", "kind", "output", "MACs", "parameters");
    for (const arch::Layer& l : profile.net.layers) {
        text += fmt::format("{:<28} {:<16} {:>14} {:>14} {:>10}\n", l.name, arch::to_string(l.kind),
                            fmt::format("{}x{}x{}", l.out.c, l.out.h, l.out.w), l.macs(), l.params());
    }
    text +=
        fmt::format("\n{:<8} {:>14} {:>14} {:>14} {:>20}\n", "exit", "backbone", "head", "executed", "paper's accounting");
    const cost::Costs& c = profile.costs;
    for (std::size_t i = 0; i < c.executed_macs.size(); ++i) {
        const bool last = i + 1 == c.executed_macs.size();
        text += fmt::format("{:<8} {:>14} {:>14} {:>14} {:>20}\n", last ? "final" : std::to_string(i + 1),
                            c.backbone_macs[i], c.head_macs[i], c.executed_macs[i], c.paper_macs[i]);
    }
    return text +
           fmt::format("\nparameters {}, peak activations {} bytes (float32, batch 1)\n", c.params, c.peak_activation_bytes);
}

std::string profile_csv(const Profile& profile) {
    std::string text = "name,kind,macs,params,out_c,out_h,out_w\n";
    for (const arch::Layer& l : profile.net.layers) {
        text += fmt::format("{},{},{},{},{},{},{}\n", l.name, arch::to_string(l.kind), l.macs(), l.params(), l.out.c,
                            l.out.h, l.out.w);
    }
    return text;
}

}  // namespace

void add_profile_command(CLI::App& app) {
    struct Arguments {
        std::string file;
        Format format = Format::table;
    };
    CLI::App* command = app.add_subcommand("profile", "MACs, parameters and peak activation bytes, per layer and per exit");
    auto arguments = std::make_shared<Arguments>();
    command->add_option("ARCH.json|MODEL", arguments->file, "an architecture, or a trained model (.safetensors)")
        ->required();
    add_format_option(*command, arguments->format);
    command->callback([arguments] {
        const Profile profile = profile_of(arguments->file);
        const auto text = arguments->format == Format::json  ? profile_json(profile)
                          : arguments->format == Format::csv ? profile_csv(profile)
                                                             : profile_table(profile);
        std::fwrite(text.data(), 1, text.size(), stdout);
    });
}

}  // namespace nachos::cli
