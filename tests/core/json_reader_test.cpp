#include "core/json_reader.h"

#include "core/expect_error.h"

#include <limits>

namespace nachos::core {
namespace {

using test::expect_error;

std::string nested(int depth) { return std::string(static_cast<std::size_t>(depth), '['); }

TEST(ParseJson, RefusesWhatIsNestedTooDeepForRecursion) {
    const std::string lists = nested(64) + std::string(64, ']');
    EXPECT_NO_THROW(parse_json(lists, "here"));
    expect_error(ErrorKind::bad_data, {"here", "more than 64 deep"}, [&] { parse_json("[" + lists + "]", "here"); });
    expect_error(ErrorKind::bad_data, {"here", "more than 64 deep"}, [] { parse_json(nested(1'000'000), "here"); });
    const std::string objects = R"({"\"[":)";
    std::string text;
    for (int i = 0; i < 65; ++i) text += objects;
    expect_error(ErrorKind::bad_data, {"more than 64 deep"}, [&] { parse_json(text, "here"); });
}

TEST(ParseJson, BracketsInTextsDoNotCount) {
    EXPECT_EQ(parse_json("\"" + nested(100) + R"(\"[\\")", "here").get<std::string>(), nested(100) + "\"[\\");
    expect_error(ErrorKind::bad_data, {"here", "is not JSON"}, [] { parse_json("[1", "here"); });
}

TEST(JsonReader, WholeNumbersMustFitTheirType) {
    const auto json =
        parse_json(R"({"big": 4294967297, "real": 1e300, "least": -2147483648, "long": 18446744073709551615})", "");
    const JsonReader in(json, "here");
    EXPECT_EQ(in.integer("least"), std::numeric_limits<int>::min());
    EXPECT_EQ(in.whole<std::uint64_t>("long"), std::numeric_limits<std::uint64_t>::max());
    for (const char* key : {"big", "real", "long"})
        expect_error(ErrorKind::bad_data, {"here", key, "a whole number"}, [&] { in.integer(key); });
    expect_error(ErrorKind::bad_data, {"long", "a whole number"}, [&] { in.whole<std::int64_t>("long"); });
    expect_error(ErrorKind::bad_data, {"big", "true or false"}, [&] { in.flag("big"); });
}

TEST(JsonReader, MessagesShowTheBeginOfALongValue) {
    const auto json = parse_json("{\"a\": \"" + std::string(100'000, 'x') + "\"}", "");
    try {
        JsonReader(json, "here").integer("a");
        ADD_FAILURE();
    } catch (const Error& e) {
        EXPECT_LT(std::string(e.what()).size(), 300U);
    }
}

}  // namespace
}  // namespace nachos::core
