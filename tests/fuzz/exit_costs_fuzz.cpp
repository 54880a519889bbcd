#include "fuzz.h"
#include "policy/csv_table.h"

using namespace nachos;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto path = fuzz::scratch_file("costs.json", fuzz::text_of(data, size));
    for (const int exits : {1, 2, 3}) fuzz::accept_or_refuse([&] { policy::read_exit_costs(path, exits); });
    return 0;
}
