#include "cli/config.h"
#include "fuzz.h"

using namespace nachos;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::accept_or_refuse([&] {
        const cli::SearchConfig config = cli::parse_config(std::string(fuzz::text_of(data, size)), "input");
        const std::string text = cli::to_toml(config);
        if (cli::to_toml(cli::parse_config(text, "its own text")) != text) __builtin_trap();
    });
}
