#pragma once

#include "export/verify.h"

#include <filesystem>
#include <string>

namespace nachos::exporting {

/// A folder for the time of a verification. Throws Error(runtime) if it cannot be made.
class ScratchFolder {
  public:
    ScratchFolder();
    ~ScratchFolder();
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;

    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

  private:
    std::filesystem::path path_;
};

/// What a form's program reads: images one behind the other.
void write_images(const std::filesystem::path& path, std::span<const std::uint8_t> pixels);

/// What it writes, an image: the logits of every exit (E, K) as f32, then for each operating point exit and label as i32.
/// Throws Error(runtime) if it has another size.
Answers read_answers(const std::filesystem::path& path, const model::Model& model, std::span<const std::uint8_t> pixels);

}  // namespace nachos::exporting
