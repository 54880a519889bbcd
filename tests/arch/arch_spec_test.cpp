#include "arch/arch_spec.h"

#include "core/expect_error.h"

namespace nachos::arch {
namespace {

using test::expect_error;

void expect_refused(const std::string& text, std::initializer_list<std::string> parts) {
    expect_error(ErrorKind::bad_data, parts, [&] { spec_from_json(text, "here"); });
}

TEST(ArchSpec, ForeignTextIsCheckedBeforeAnythingIsMadeOfIt) {
    EXPECT_EQ(spec_from_json(R"({"space": "x", "depth": [255, 1]})", "here").depth, (std::vector<int>{255, 1}));
    expect_refused(R"({"space": "x", "depth": [1048576, 1048576]})", {"here", "'depth'", "more than 256 blocks"});
    expect_refused(R"({"space": "x", "classes": 18446744073709551615})", {"here", "'classes'", "0 to 1048576"});
    expect_refused(R"({"space": "x", "depth": )" + std::string(100'000, '['), {"here", "is not a JSON object"});
    expect_refused(R"({"space": "x", "exits": ["a"]})", {"here", "an exit is \"a\""});
}

}  // namespace
}  // namespace nachos::arch
