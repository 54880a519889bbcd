#include "export/answer_file.h"

#include "core/error.h"
#include "core/files.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>

namespace nachos::exporting {
namespace {

/// Moves values from the front of `bytes` behind those there are.
template <class T>
void take(std::string_view& bytes, std::size_t count, std::vector<T>& values) {
    const std::size_t before = values.size(), size = count * sizeof(T);
    values.resize(before + count);
    std::memcpy(values.data() + before, bytes.data(), size);
    bytes.remove_prefix(size);
}

}  // namespace

ScratchFolder::ScratchFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "nachos-verify-XXXXXX").string();
    require(::mkdtemp(name.data()) != nullptr, ErrorKind::runtime, "cannot make {}: {}", name, std::strerror(errno));
    path_ = name;
}

ScratchFolder::~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

void write_images(const std::filesystem::path& path, std::span<const std::uint8_t> pixels) {
    core::write_file_atomic(path, {reinterpret_cast<const char*>(pixels.data()), pixels.size()});
}

Answers read_answers(const std::filesystem::path& path, const model::Model& model, std::span<const std::uint8_t> pixels) {
    const std::size_t samples = pixels.size() / static_cast<std::size_t>(model.net.input.elements()),
                      logits = model.net.exits.size() * static_cast<std::size_t>(model.net.classes),
                      points = model.threshold_sets.size(),
                      record = logits * sizeof(float) + 2 * points * sizeof(std::int32_t);
    const std::string bytes = core::read_file(path);
    require(bytes.size() == samples * record, ErrorKind::runtime,
            "the exported form answered with {} bytes, {} were expected", bytes.size(), samples * record);
    Answers answers;
    std::string_view rest = bytes;
    std::vector<std::int32_t> left;
    for (std::size_t n = 0; n < samples; ++n) {
        take(rest, logits, answers.logits);
        left.clear();
        take(rest, 2 * points, left);
        for (std::size_t p = 0; p < points; ++p) {
            answers.exits.push_back(left[2 * p]);
            answers.labels.push_back(left[2 * p + 1]);
        }
    }
    return answers;
}

}  // namespace nachos::exporting
