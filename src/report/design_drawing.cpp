#include "report/charts.h"
#include "report/number_text.h"
#include "report/svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace nachos::report {
namespace {

// Pixels. From left to right: the input, then for each stage a box and a gap in which samples may leave, then the end.
constexpr double kInput = 84;
constexpr double kBox = 108;
constexpr double kGap = 72;
constexpr double kBoxTop = 12, kBoxHeight = 132;
constexpr double kBandTop = 48, kBandFull = 60;  // the band's thickness while every sample is in it
constexpr double kExitTop = 184, kExitWidth = 148;
constexpr double kHeight = kExitTop + 96;

std::string rectangle(double x, double y, double width, double height, const char* style) {
    return fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"6\" class=\"{}\"/>\n", x, y,
                       width, height, style);
}

double thickness(double share) { return share * kBandFull; }

/// The band of samples between two points, `share` of them.
std::string band(double from, double to, double share) {
    return fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" class=\"band\"/>\n", from,
                       kBandTop, to - from, std::max(1.0, thickness(share)));
}

/// The samples that leave: the band's lower edge turns down to the exit at `centre`, along two arcs with one middle.
std::string leaving_band(double from, double centre, double share, double part) {
    const double low = kBandTop + thickness(share), high = low - thickness(part);
    const double left = centre - thickness(part) / 2, right = centre + thickness(part) / 2;
    const double turned = low + left - from;
    return fmt::format(
        "<path class=\"band\" d=\"M{0:.1f} {1:.1f}Q{2:.1f} {1:.1f} {2:.1f} {3:.1f}V{4:.1f}H{5:.1f}V{3:.1f}"
        "Q{5:.1f} {6:.1f} {0:.1f} {6:.1f}Z\"/>\n",
        from, high, right, turned, kExitTop, left, low);
}

std::string exit_box(double centre, double top, const std::string& name, double share,
                     const std::vector<std::string>& lines) {
    const double left = centre - kExitWidth / 2 + 12;
    const double height = 38 + 17.0 * static_cast<double>(lines.size());
    std::string out = rectangle(centre - kExitWidth / 2, top, kExitWidth, height, "exit");
    out += svg_text(left, top + 24, "name", name);
    out += svg_text(centre + kExitWidth / 2 - 12, top + 24, "share end", percent_text(share, 1));
    for (std::size_t i = 0; i < lines.size(); ++i)
        out += svg_text(left, top + 44 + 17.0 * static_cast<double>(i), "tick", lines[i]);
    return out;
}

std::string stage_box(const arch::ArchSpec& arch, std::size_t stage, std::size_t first_block, double x) {
    const int depth = arch.depth[stage];
    std::string out = rectangle(x, kBoxTop, kBox, kBoxHeight, "stage");
    const std::string width = stage < arch.width.size() ? fmt::format(" · {} ch", arch.width[stage]) : "";
    out += svg_text(x + kBox / 2, kBoxTop + 20, "name middle", fmt::format("stage {}{}", stage + 1, width));
    const double pitch = (kBoxHeight - 34) / std::max(depth, 1);
    const double height = std::min(26.0, pitch - 4);
    for (int b = 0; b < depth; ++b) {
        const std::size_t block = first_block + static_cast<std::size_t>(b);
        const double y = kBoxTop + 28 + pitch * b + (pitch - height) / 2;
        const std::string kernel = block < arch.kernel.size() ? fmt::format("{0}×{0}", arch.kernel[block]) : "";
        const std::string expand = block < arch.expand.size() ? fmt::format(" · e{}", arch.expand[block]) : "";
        out += rectangle(x + 9, y, kBox - 18, height, "block") +
               svg_text(x + kBox / 2, y + height / 2 + 4, "tick middle", kernel + expand);
    }
    return out;
}

std::string head_text(const arch::ExitSpec& exit) {
    return exit.convs == 0 ? "linear" : fmt::format("{} conv · {} ch, linear", exit.convs, exit.width);
}

std::string rule_text(const std::optional<double>& threshold) {
    return threshold ? fmt::format("leaves if ≥ {:.3g}", *threshold) : "switched off";
}

}  // namespace

std::string design_drawing(const DesignRow& design) {
    const auto& arch = design.arch;
    const auto macs = [&](std::size_t exit) {
        return count_text(static_cast<double>(design.costs.executed_macs.at(exit))) + " MACs";
    };
    std::string bands = band(kInput - 30, kInput, 1);
    std::string boxes =
        svg_text(kInput - 36, kBandTop + kBandFull / 2 - 4, "name end", "image") +
        svg_text(kInput - 36, kBandTop + kBandFull / 2 + 14, "tick end", fmt::format("{0}×{0}", arch.resolution));
    double x = kInput, share = 1;
    std::size_t block = 0, exit = 0;
    for (std::size_t stage = 0; stage < arch.depth.size(); ++stage) {
        boxes += stage_box(arch, stage, block, x);
        block += static_cast<std::size_t>(arch.depth[stage]);
        x += kBox;
        if (stage < arch.exits.size() && arch.exits[stage].placed) {
            const double part = design.point.exit_share.at(exit);
            bands += leaving_band(x, x + kGap / 2, share, part);
            boxes += exit_box(x + kGap / 2, kExitTop, fmt::format("exit {}", exit + 1), part,
                              {macs(exit), head_text(arch.exits[stage]), rule_text(design.point.thresholds.at(exit))});
            share -= part;
            ++exit;
        }
        bands += band(x, x + kGap, share);
        x += kGap;
    }
    boxes += exit_box(x + kExitWidth / 2, kBandTop, "final", design.point.exit_share.at(exit), {macs(exit)});
    return svg_figure(x + kExitWidth + 8, kHeight, "The chosen design, stage by stage", bands + boxes);
}

}  // namespace nachos::report
