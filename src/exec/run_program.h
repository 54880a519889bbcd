#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace nachos::exec {

struct ProgramRun {
    std::vector<std::string> command;   ///< the program, searched for in PATH, and its arguments
    std::filesystem::path input = {};   ///< its standard input; empty: nothing
    std::filesystem::path output = {};  ///< its standard output, written anew; empty: thrown away
};

/// Runs a program to its end. Throws Error(runtime) if it cannot be started, is ended by a signal or its exit code is not 0,
/// with the first lines of what it said on standard error.
void run_program(const ProgramRun& run);

}  // namespace nachos::exec
