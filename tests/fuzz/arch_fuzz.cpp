#include "arch/search_space.h"
#include "cost/cost.h"
#include "fuzz.h"

using namespace nachos;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::accept_or_refuse([&] {
        const arch::ArchSpec spec = arch::spec_from_json(fuzz::text_of(data, size), "input");
        const arch::ArchSpec again = arch::spec_from_json(arch::to_json(spec), "its own text");
        if (arch::arch_id(again) != arch::arch_id(spec)) __builtin_trap();
        cost::costs_of(arch::space_of(spec).build(spec));  // what `nachos profile` does
    });
}
