#include "export/c_layers.h"
#include "export/c_text.h"
#include "runtime/quant_net.h"

#include <fmt/format.h>

#include <algorithm>

namespace nachos::exporting {
namespace {

using arch::Layer;
using arch::LayerKind;
using runtime::Codes;
using runtime::QuantLayer;

constexpr std::size_t kBytesALine = 24;

std::vector<int> as_ints(const Codes& codes) { return {codes.begin(), codes.end()}; }

class Int8Layers : public CLayers {
  public:
    explicit Int8Layers(const model::Model& model) : CLayers(model), quant_(runtime::quant_net(model)) {
        for (const QuantLayer& l : quant_.layers) channels_ = std::max(channels_, l.layer.out.c);
        for (const arch::ExitPoint& e : net_.exits) width_ = std::max(width_, net_.shape_of(e.tensor).elements());
        for (std::size_t c = 0; c < quant_.input.size(); ++c) add_codes(fmt::format("pixel_codes{}", c), quant_.input[c]);
        if (decodes()) use("decode");
    }

    std::string call(std::size_t i) override {
        const QuantLayer& q = quant_.layers[i];
        const Layer& l = q.layer;
        const std::string in = at(l.inputs[0]), out = at(static_cast<int>(i) + 1), finish = finish_of(i, q);
        const std::string maps = map_of(l.in) + ", " + map_of(l.out);
        if (!q.rescale.empty()) use("finish");
        switch (l.kind) {
            case LayerKind::conv:
            case LayerKind::linear: {
                const bool depthwise = l.groups > 1 && l.groups == l.in.c && l.groups == l.out.c;
                const std::string kernel = l.groups == 1 ? "conv_sums" : depthwise ? "depthwise_sums" : "grouped_sums";
                use("conv8");
                use(kernel);
                const std::string from = l.kind == LayerKind::linear
                                             ? map_of({static_cast<int>(l.in.elements()), 1, 1}) + ", " + map_of(l.out)
                                             : maps;
                use(q.output_scale.empty() ? "weighted" : "logits");
                return fmt::format("{}({}, {}, {}, &(const struct conv){{w{}, b{}, {}, {}, {}, {}, {}}}, {}, {});",
                                   q.output_scale.empty() ? "weighted" : "logits", kernel, in, from, i, i, l.kernel,
                                   l.stride, l.padding, l.groups, q.zero_in, q.output_scale.empty() ? out : "heads",
                                   weights(i, q, finish));
            }
            case LayerKind::activation:
                use("through");
                return fmt::format("through({}, {}, {}, {});", in, out, l.out.elements(), table_name(i, q));
            case LayerKind::max_pool:
                use("max_pool8");
                return fmt::format("max_pool({}, {}, {}, {}, {});", in, out, maps, l.kernel, table_name(i, q));
            case LayerKind::global_avg_pool:
                use("average8");
                return fmt::format("average({}, {}, {}, {}, {});", in, out, map_of(l.in), q.zero_in, finish);
            case LayerKind::flatten:
                use("flatten8");
                return fmt::format("flatten({}, {}, {}, {});", in, out, map_of(l.in), table_name(i, q));
            case LayerKind::add:
                use("add8");
                return fmt::format("add({}, {}, {}, {}, {}, {}, {});", in, at(l.inputs[1]), out, l.out.elements(), q.zero_in,
                                   q.zero_second, finish);
            case LayerKind::scale:
                use("scale8");
                return fmt::format("scale({}, {}, {}, {}, {}, {}, {});", in, at(l.inputs[1]), out, map_of(l.in), q.zero_in,
                                   q.zero_second, finish);
        }
        return {};
    }

    std::string memory() const override {
        std::string codes;
        for (std::size_t c = 0; c < quant_.input.size(); ++c) codes += fmt::format("pixel_codes{}, ", c);
        return fmt::format(
            "static const int8_t *const pixel_codes[] = {{{}}}; /* by channel, then byte */\nstatic int8_t "
            "arena[{}];\nstatic int32_t "
            "sums[{}]; /* of one position */\nstatic float heads[{}]; /* what the exit last reached says */\n",
            codes, plan_.size, channels_, width_);
    }
    std::string take_pixel() const override { return "*x++ = pixel_codes[c][*image++];"; }
    const char* type() const override { return "int8_t"; }

    std::string set_outputs(int exit) const override {
        const int tensor = net_.exits[static_cast<std::size_t>(exit)].tensor;
        const QuantLayer& q = quant_.layers[static_cast<std::size_t>(tensor) - 1];
        if (!q.output_scale.empty()) return "outputs = heads;";
        return fmt::format("decode({}, {}, {}, {});\n        outputs = heads;", at(tensor), q.layer.out.elements(),
                           q.zero_code, literal(q.code_scale));
    }
    std::int64_t memory_bytes() const override { return plan_.size + 4 * channels_ + 4 * width_; }

  private:
    /// Whether some exit ends in codes.
    bool decodes() const {
        return std::any_of(net_.exits.begin(), net_.exits.end(), [&](const arch::ExitPoint& e) {
            return quant_.layers[static_cast<std::size_t>(e.tensor) - 1].output_scale.empty();
        });
    }

    void add_codes(const std::string& name, const Codes& codes) {
        add_constants("int8_t", name, codes.size(), list_of(as_ints(codes), kBytesALine), codes.size());
    }

    std::string table_name(std::size_t i, const QuantLayer& q) {
        if (!q.has_table) return "0";
        add_codes(fmt::format("t{}", i), q.table);
        return fmt::format("t{}", i);
    }

    void add_rescale(std::size_t i, const QuantLayer& q) {
        std::vector<int> multipliers, shifts;
        for (const runtime::Rescale& r : q.rescale) {
            multipliers.push_back(r.multiplier);
            shifts.push_back(r.shift);
        }
        add_constants("int32_t", fmt::format("m{}", i), multipliers.size(), list_of(multipliers), 4 * multipliers.size());
        add_constants("int8_t", fmt::format("s{}", i), shifts.size(), list_of(shifts, kBytesALine), shifts.size());
    }

    /// The struct finish argument; nothing where a layer has no rescaling.
    std::string finish_of(std::size_t i, const QuantLayer& q) {
        if (q.rescale.empty()) return {};
        add_comment(q.layer.name);
        add_rescale(i, q);
        return fmt::format("&(const struct finish){{m{}, s{}, {}, {}, {}}}", i, i, q.zero_out, q.low, table_name(i, q));
    }

    /// Constants of weights; returns the last argument.
    std::string weights(std::size_t i, const QuantLayer& q, const std::string& finish) {
        const std::vector<int> w(q.weight.begin(), q.weight.end());
        if (finish.empty()) add_comment(q.layer.name);
        add_constants("int8_t", fmt::format("w{}", i), w.size(), list_of(w, kBytesALine), w.size());
        add_constants("int32_t", fmt::format("b{}", i), q.bias.size(),
                      list_of(std::vector<int>(q.bias.begin(), q.bias.end())), 4 * q.bias.size());
        if (!finish.empty()) return finish;
        add_constants("float", fmt::format("o{}", i), q.output_scale.size(), list_of(q.output_scale),
                      4 * q.output_scale.size());
        return fmt::format("o{}", i);
    }

    runtime::QuantNet quant_;
    int channels_ = 1;
    std::int64_t width_ = 1;
};

}  // namespace

std::unique_ptr<CLayers> int8_layers(const model::Model& model) { return std::make_unique<Int8Layers>(model); }

}  // namespace nachos::exporting
