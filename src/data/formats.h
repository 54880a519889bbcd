#pragma once

#include "data/dataset.h"
#include "data/source.h"

#include <filesystem>

/// What the rows of formats() point to; each pair stands in its own file. `recognise_` goes by names alone, `read_` throws
/// Error(bad_data) naming the file and record, or hands problems to the sink.
namespace nachos::data {

/// IDX (MNIST, Fashion-MNIST, KMNIST, EMNIST), plain or gzip. `path` is the folder, or, where it holds several sets, the
/// file of training images of one. EMNIST's images are turned upright.
bool recognise_idx(const std::filesystem::path& path);
void read_idx(const std::filesystem::path& path, Sink& sink);

/// CIFAR, the binary version.
bool recognise_cifar10(const std::filesystem::path& path);
void read_cifar10(const std::filesystem::path& path, Sink& sink);
/// The 100 fine labels are the classes.
bool recognise_cifar100(const std::filesystem::path& path);
void read_cifar100(const std::filesystem::path& path, Sink& sink);

/// Street View House Numbers, cropped digits; "extra" is not read. Label 10 is the digit 0.
bool recognise_svhn(const std::filesystem::path& path);
void read_svhn(const std::filesystem::path& path, Sink& sink);

/// One folder per class, below train/ and test/ or directly; PNG and JPEG. Other files are passed over.
bool recognise_folders(const std::filesystem::path& path);
void read_folders(const std::filesystem::path& path, Sink& sink);

/// "synthetic" or "synthetic:N": N training images (default 800) and N / 4 test images, 16 x 16 grey, made from a fixed
/// seed: two easy classes (a bright half) and two hard ones (stripes that lean left or right).
bool recognise_synthetic(const std::filesystem::path& path);
void read_synthetic(const std::filesystem::path& path, Sink& sink);

/// Which row reads a data set, and where it lies.
struct Source {
    const FormatRow& row;
    std::filesystem::path path;

    /// The folder's or file's own name.
    std::string name() const;
};

/// Finds what `options` name; "fashion-mnist" is looked up below `packages`, where Debian puts data sets.
/// Throws Error(usage) for an empty path or unknown format, Error(bad_data) if nothing is there or no row recognises it.
Source find_source(const DataOptions& options, const std::filesystem::path& packages = "/usr/share/datasets");

}  // namespace nachos::data
