#pragma once

#include "arch/net_desc.h"

#include <cstdint>
#include <string>
#include <vector>

namespace nachos::exporting {

/// Hexadecimal, so that no bit is lost.
std::string literal(float v);
std::string literal(double v);
std::string literal(int v);

/// "\n    v, v, ..." of an initialiser, a few values a line.
template <class T>
std::string list_of(const std::vector<T>& values, std::size_t a_line = 8) {
    std::string text;
    for (std::size_t i = 0; i < values.size(); ++i) {
        text += i % a_line == 0 ? "\n    " : " ";
        text += literal(values[i]) + ",";
    }
    return text;
}

std::string upper(std::string text);

/// A C string literal. What is not plain ASCII is written in octal, which ends after three digits whatever follows.
std::string quoted(const std::string& text);

/// What may stand in a comment: nothing that could end it.
std::string harmless(std::string text);

/// The kernels' struct map, as an argument.
std::string map_of(const arch::Shape& s);

}  // namespace nachos::exporting
