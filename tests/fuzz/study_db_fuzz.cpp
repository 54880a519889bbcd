#include "study/folder.h"
#include "view_study.h"

using namespace nachos;

/// A study's database, byte for byte: as the snapshot that viewers look at.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::accept_or_refuse([&] {
        fuzz::scratch_file(study::kSnapshotFile, fuzz::text_of(data, size));
        fuzz::view_study(fuzz::scratch_folder());
    });
}
