#pragma once

#include "core/error.h"
#include "data/resize.h"

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace nachos::data {

enum class Split { train, test };

/// Where an image came from, for messages.
struct Origin {
    const std::filesystem::path& file;
    std::int64_t record = -1;  ///< counted from 0 within the file; -1 = the file is one image

    std::string text() const;
};

/// Takes what a format reads, image by image, so that no more than one is held at its original size. Loading and checking
/// are its two kinds: loading stops at the first problem, checking notes it and goes on.
class Sink {
  public:
    virtual ~Sink() = default;

    /// Names the classes; before the first image.
    void classes(std::vector<std::string> names);
    /// Says how many images of a split will follow; to save memory, not binding.
    virtual void expect(Split split, std::size_t images);
    /// Throws Error(bad_data) if the label is no class.
    void add(Split split, const ImageView& image, std::int64_t label, const Origin& origin);
    /// Calls `read`; an Error(bad_data) it throws becomes a problem. One call per file, so that each bad file is named.
    /// True if all went well.
    bool attempt(const std::function<void()>& read);
    /// After the last image: a class without training images is a problem.
    void finish(const std::filesystem::path& source);

    const std::vector<std::string>& class_names() const { return class_names_; }
    /// Images added, per class.
    const std::vector<std::size_t>& counts(Split split) const { return counts_[static_cast<int>(split)]; }

  protected:
    virtual void take(Split split, const ImageView& image, std::int32_t label, const Origin& origin) = 0;
    virtual void problem(const Error& error) = 0;

  private:
    std::vector<std::string> class_names_;
    std::array<std::vector<std::size_t>, 2> counts_;
};

/// "0", "1", ... for sources that do not name their classes.
std::vector<std::string> numbered_classes(int count);

/// The entries of a folder, sorted by name, hidden ones left out. Throws Error(bad_data) if it cannot be read.
std::vector<std::filesystem::path> list_folder(const std::filesystem::path& folder);

}  // namespace nachos::data
