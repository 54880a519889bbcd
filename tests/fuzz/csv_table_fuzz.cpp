#include "fuzz.h"
#include "policy/csv_table.h"

using namespace nachos;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::accept_or_refuse([&] {
        const policy::ExitView view = policy::read_csv_table(fuzz::scratch_file("table.csv", fuzz::text_of(data, size)));
        const auto cells = static_cast<std::size_t>(view.samples) * static_cast<std::size_t>(view.exits);
        if (view.predictions.size() != cells || view.confidences.size() != cells) __builtin_trap();
    });
}
