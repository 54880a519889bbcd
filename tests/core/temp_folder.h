#pragma once

#include "core/error.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

namespace nachos::test {

/// A folder of its own for one test, removed with everything in it at the end.
class TempFolder {
  public:
    TempFolder() {
        std::string name = testing::TempDir() + "nachos-XXXXXX";
        require(::mkdtemp(name.data()) != nullptr, ErrorKind::runtime, "cannot make {}", name);
        path_ = name;
    }
    ~TempFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;

    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
    const std::filesystem::path& path() const { return path_; }

  private:
    std::filesystem::path path_;
};

}  // namespace nachos::test
