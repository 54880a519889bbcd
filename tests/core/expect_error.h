#pragma once

#include "core/error.h"

#include <gtest/gtest.h>

#include <string>

namespace nachos::test {

/// Runs `action`, which must throw an Error of `kind` whose message holds each of `parts`: what, got, allowed, where.
template <class Action>
void expect_error(ErrorKind kind, std::initializer_list<std::string> parts, Action action) {
    try {
        action();
        ADD_FAILURE() << "no error was thrown";
    } catch (const Error& e) {
        EXPECT_EQ(e.exit_code(), static_cast<int>(kind)) << e.what();
        for (const std::string& part : parts)
            EXPECT_NE(std::string(e.what()).find(part), std::string::npos) << "'" << part << "' is not in: " << e.what();
    }
}

}  // namespace nachos::test
