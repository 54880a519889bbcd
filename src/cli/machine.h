#pragma once

#include <string>

namespace nachos::cli {

/// What a study records of where it ran, and `doctor` prints.
struct Machine {
    std::string cpu;   ///< model name
    int cores = 0;     ///< this process may use
    std::string simd;  ///< widest vector instructions, e.g. "AVX2"
    std::string memory;
    std::string system;  ///< name and version
};
Machine this_machine();

/// Whether multiplying numbers in bfloat16 is an instruction of this processor (AVX-512 BF16).
bool computes_in_bfloat16();

/// Compiler and its version.
std::string compiler_text();

}  // namespace nachos::cli
