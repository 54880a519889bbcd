#include "cli/losses_table.h"

#include "report/text_table.h"

#include <fmt/format.h>

namespace nachos::cli {

std::string losses_table(const std::vector<exporting::QuantizationLoss>& losses) {
    report::TextTable table{.head = {"budget", "int8", "float32", "average MACs", "float32", "leave elsewhere"}};
    for (const exporting::QuantizationLoss& l : losses)
        table.rows.push_back({fmt::format("{:.0f}", l.budget_macs), fmt::format("{:.2f} %", 100 * l.accuracy),
                              fmt::format("{:.2f} %", 100 * l.trained_accuracy), fmt::format("{:.0f}", l.avg_macs),
                              fmt::format("{:.0f}", l.trained_avg_macs), fmt::format("{:.2f} %", 100 * l.flips)});
    return report::aligned(table);
}

}  // namespace nachos::cli
