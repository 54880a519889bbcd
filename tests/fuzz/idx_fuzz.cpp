#include "dataset.h"

using namespace nachos;

/// Images, then labels.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view labels = fuzz::text_of(data, size);
    const std::string_view images = fuzz::take_part(labels);
    fuzz::scratch_file("train-images-idx3-ubyte", images);
    fuzz::scratch_file("train-labels-idx1-ubyte", labels);
    fuzz::check_and_load("idx");
    return 0;
}
