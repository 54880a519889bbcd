#include "dataset.h"

using namespace nachos;

/// Names of classes, then records.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view records = fuzz::text_of(data, size);
    const std::string_view names = fuzz::take_part(records);
    for (const char* name : {"batches.meta.txt", "fine_label_names.txt"}) fuzz::scratch_file(name, names);
    for (int batch = 1; batch <= 5; ++batch) fuzz::scratch_file(fmt::format("data_batch_{}.bin", batch), records);
    fuzz::scratch_file("train.bin", records);
    fuzz::check_and_load("cifar10");
    fuzz::check_and_load("cifar100");
    return 0;
}
