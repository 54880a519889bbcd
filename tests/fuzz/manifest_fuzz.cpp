#include "export/manifest.h"
#include "fuzz.h"

using namespace nachos;

/// Whatever the file says, only names of files in its own folder come out of it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::accept_or_refuse([&] {
        const auto path = fuzz::scratch_file(exporting::kManifestFile, fuzz::text_of(data, size));
        for (const exporting::Form& form : exporting::read_manifest(path.parent_path()).forms)
            for (const std::string& file : form.files)
                if ((path.parent_path() / file).lexically_normal().parent_path() != path.parent_path()) __builtin_trap();
    });
}
