#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace nachos::core {

/// 64-bit XXH3 of the bytes; for random streams and quick keys.
std::uint64_t hash64(std::string_view bytes);

/// 128-bit XXH3 of the bytes as 32 hexadecimal digits; for identities that are stored.
std::string hash_hex(std::string_view bytes);

/// The bytes of an array of plain values, to be hashed.
template <class T>
std::string_view bytes_of(std::span<const T> values) {
    return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

}  // namespace nachos::core
