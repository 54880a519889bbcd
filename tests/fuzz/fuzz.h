#pragma once

#include "core/error.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

/// What the targets share. Each defines LLVMFuzzerTestOneInput, which takes any bytes as a file that comes from others.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace nachos::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

/// Runs `read`, which may refuse its input by an Error, and in no other way.
template <class Read>
int accept_or_refuse(Read&& read) {
    try {
        read();
    } catch (const Error&) {
        return 0;
    }
    return 0;
}

/// Takes a line off the front of `rest`. Files made of several texts are lines here, for then a text may grow or shrink.
std::string take_line(std::string_view& rest);

/// Takes a part off the front of `rest`: its length stands in two bytes before it, least first.
std::string_view take_part(std::string_view& rest);

/// A folder in memory that only this process uses, removed when it ends; made by the first call.
const std::filesystem::path& scratch_folder();

/// Writes a file of that name there, and gives its path.
std::filesystem::path scratch_file(const std::string& name, std::string_view bytes);

}  // namespace nachos::fuzz
