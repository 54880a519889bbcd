#include "cost/latency_table.h"
#include "fuzz.h"

using namespace nachos;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::accept_or_refuse([&] {
        const cost::LatencyTable table = cost::latency_table_from(fuzz::text_of(data, size), "input");
        const std::string text = cost::to_json(table);
        if (cost::to_json(cost::latency_table_from(text, "its own text")) != text) __builtin_trap();
        cost::mismatch(table, {});
    });
}
