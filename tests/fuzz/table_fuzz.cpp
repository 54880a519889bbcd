#include "fuzz.h"
#include "policy/confidence.h"
#include "policy/table.h"

using namespace nachos;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::accept_or_refuse([&] {
        const auto path = fuzz::scratch_file("table.safetensors", fuzz::text_of(data, size));
        const policy::RecordedTable table = policy::load_table(path);
        for (const auto& row : policy::measures()) policy::view(table, row.measure, {});
    });
}
