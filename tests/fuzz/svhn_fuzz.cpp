#include "dataset.h"

using namespace nachos;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::scratch_file("train_32x32.mat", fuzz::text_of(data, size));
    fuzz::check_and_load("svhn");
    return 0;
}
