#include "report/sample.h"
#include "study/database.h"
#include "study/folder.h"
#include "view_study.h"

using namespace nachos;

namespace {

/// A study with every kind of row.
void make_study() {
    const report::Snapshot s = report::test::sample_trained();
    study::Study study = study::Study::create_or_resume(fuzz::scratch_folder(), s.config);
    study.put_facts(s.facts);
    for (const auto& e : s.evaluations) study.append(arch::arch_id(e.arch), e);
    for (const auto& m : s.models) study.put_model(m);
    for (const auto& h : s.history) study.put_history(h);
    study.record_test_read("final");
}

}  // namespace

/// What somebody else's study may hold in its rows, each value a line. The database around them is another target's.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const bool made = (make_study(), true);
    static const study::Database database(fuzz::scratch_folder() / study::kDatabaseFile, study::Access::write);
    std::string_view rest = fuzz::text_of(data, size);
    const auto line = [&] { return fuzz::take_line(rest); };
    database.execute("UPDATE meta SET value = ? WHERE key = 'facts'", line());
    const std::string arch = line(), costs = line(), curve = line(), points = line();
    const std::string file = line(), text = line();
    database.execute("UPDATE evaluations SET arch = ?, costs = ?, curve = ?, table_file = ?, error = ? WHERE id = 1", arch,
                     costs, curve, file, text);
    database.execute("UPDATE models SET arch = ?, costs = ?, points = ?, model_file = ?, name = ?, measure = ?", arch, costs,
                     points, file, text, line());
    database.execute("UPDATE history SET hypervolume = CAST(? AS REAL), seconds = CAST(? AS REAL), error_model = ?", line(),
                     line(), line());
    return fuzz::accept_or_refuse([] { fuzz::view_study(); }) + (made ? 0 : 1);
}
