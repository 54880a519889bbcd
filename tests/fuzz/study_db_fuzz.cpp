#include "study/folder.h"
#include "view_study.h"

using namespace nachos;

/// A study's database, byte for byte.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::accept_or_refuse([&] {
        fuzz::scratch_file(study::kDatabaseFile, fuzz::text_of(data, size));
        fuzz::view_study();
    });
}
