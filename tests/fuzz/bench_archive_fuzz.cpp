#include "cli/bench_archive.h"
#include "fuzz.h"

using namespace nachos;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::accept_or_refuse(
        [&] { cli::read_bench_archive(fuzz::scratch_file("archive.jsonl", fuzz::text_of(data, size))); });
}
