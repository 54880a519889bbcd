#include "report/sample.h"
#include "study/folder.h"
#include "view_study.h"

using namespace nachos;

namespace {

/// A study as its writer left it.
std::filesystem::path whole_study() {
    const std::filesystem::path folder = fuzz::scratch_folder() / "followed";
    const report::Snapshot s = report::test::sample_snapshot();
    study::Study study = study::Study::create_or_resume(folder, s.config);
    study.put_facts(s.facts);
    for (const auto& e : s.evaluations) study.append(arch::arch_id(e.arch), e);
    return folder;
}

}  // namespace

/// The tail of somebody else's study, beside a copy that is whole.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::filesystem::path folder = whole_study();
    fuzz::scratch_file(std::string("followed/") + study::kTailFile, fuzz::text_of(data, size));
    return fuzz::accept_or_refuse([] { fuzz::view_study(folder); });
}
