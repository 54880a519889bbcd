#include "core/safetensors.h"

#include "core/expect_error.h"
#include "core/files.h"
#include "core/hash.h"
#include "core/temp_folder.h"

#include <gtest/gtest.h>

#include <cstring>

namespace nachos::core {
namespace {

using test::expect_error;
using test::TempFolder;

/// A file as the format's description has it: eight bytes of length, the header, the data.
std::string container(const std::string& header, const std::string& data) {
    std::string bytes;
    for (int i = 0; i < 8; ++i) bytes += static_cast<char>((header.size() >> (8 * i)) & 0xff);
    return bytes + header + data;
}

void expect_corrupt(const std::string& bytes, const std::string& what) {
    expect_error(ErrorKind::bad_data, {"here", what}, [&] { parse_tensors(bytes, "here"); });
}

TensorFile example() {
    TensorFile file;
    file.metadata = {{"format", "test"}, {"quoted", "{\"a\": \"\\n\"}"}};
    const float floats[] = {1, -2.5, 0.5, 3, 4, 5};
    const float halves[] = {1, 0.333333F};
    const std::int32_t ints[] = {7, -8};
    file.add_f32("b.weight", {2, 3}, floats);
    file.add_f16("a", {2}, halves);
    file.add_i32("c", {1, 2}, ints);
    file.add_f32("empty", {0, 4}, nullptr);
    return file;
}

TEST(Safetensors, RoundTrip) {
    const TempFolder folder;
    write_tensors(folder / "t.safetensors", example());
    const TensorFile back = read_tensors(folder / "t.safetensors");
    EXPECT_EQ(back.metadata, example().metadata);  // the checksum is the container's own
    EXPECT_EQ(back.floats("b.weight", {2, 3}, "here"), (std::vector<float>{1, -2.5, 0.5, 3, 4, 5}));
    EXPECT_EQ(back.floats("a", {-1}, "here"), (std::vector<float>{1, 0.333251953125F}));  // 1365 / 4096
    EXPECT_EQ(back.ints("c", {-1, 2}, "here"), (std::vector<std::int32_t>{7, -8}));
    EXPECT_TRUE(back.floats("empty", {0, 4}, "here").empty());
    EXPECT_EQ(back.text("format", "here"), "test");
}

TEST(Safetensors, ByteLayoutIsThatOfTheFormat) {
    const TempFolder folder;
    TensorFile file;
    const float one = 1;
    const std::int32_t two[] = {2, 3};
    file.add_i32("z", {2}, two);
    file.add_f32("y", {1}, &one);
    write_tensors(folder / "t", file);
    const std::string data("\0\0\x80\x3f\2\0\0\0\3\0\0\0", 12);
    const std::string header = R"({"__metadata__":{"nachos_checksum":")" + hash_hex(data) +
                               R"("},"y":{"data_offsets":[0,4],"dtype":"F32","shape":[1]},)"
                               R"("z":{"data_offsets":[4,12],"dtype":"I32","shape":[2]}})";
    const std::string padding((8 - header.size() % 8) % 8, ' ');  // data begin at a multiple of eight
    EXPECT_EQ(read_file(folder / "t"), container(header + padding, data));
}

TEST(Safetensors, ADamagedByteOfATensorIsNoticed) {
    const TempFolder folder;
    write_tensors(folder / "t", example());
    const std::string whole = read_file(folder / "t", 1 << 20);
    const std::size_t data = whole.size() - 36;  // 6 floats, 2 halves, 2 integers
    for (std::size_t at = data; at < whole.size(); ++at) {
        std::string damaged = whole;
        damaged[at] = static_cast<char>(damaged[at] ^ 1);
        expect_corrupt(damaged, "do not match the file's checksum");
    }
}

TEST(Safetensors, TextThatIsNotUtf8IsStillWritten) {
    const TempFolder folder;
    TensorFile file;
    file.metadata["classes"] = "caf\xe9";
    write_tensors(folder / "t", file);
    EXPECT_EQ(read_tensors(folder / "t").text("classes", "here"), "caf\xef\xbf\xbd");  // U+FFFD
}

TEST(Safetensors, ReadersSayWhatTheyMiss) {
    const TensorFile file = example();
    const auto bad = ErrorKind::bad_data;
    expect_error(bad, {"here", "'none' is missing"}, [&] { file.floats("none", {}, "here"); });
    expect_error(bad, {"here", "'b.weight'", "[2,3]", "[3,2] is needed"}, [&] { file.floats("b.weight", {3, 2}, "here"); });
    expect_error(bad, {"[2,3]", "[6]"}, [&] { file.floats("b.weight", {6}, "here"); });
    expect_error(bad, {"I32", "F32 or F16"}, [&] { file.floats("c", {1, 2}, "here"); });
    expect_error(bad, {"F16", "I32 is needed"}, [&] { file.ints("a", {2}, "here"); });
    expect_error(bad, {"here", "metadata 'none' is missing"}, [&] { file.text("none", "here"); });
}

TEST(Safetensors, EveryPrefixOfAFileIsRefused) {
    const TempFolder folder;
    write_tensors(folder / "t", example());
    const std::string whole = read_file(folder / "t");
    for (std::size_t n = 0; n < whole.size(); ++n)
        expect_error(ErrorKind::bad_data, {"here"}, [&] { parse_tensors(std::string_view(whole).substr(0, n), "here"); });
    expect_corrupt(whole + "x", "1 data bytes belong to no tensor");
}

TEST(Safetensors, CorruptHeaders) {
    expect_corrupt("1234567", "7 bytes are too few");
    expect_corrupt(std::string(8, '\xff') + "{}", "is announced");
    expect_corrupt(container("{", ""), "header: is not JSON");
    expect_corrupt(container("[]", ""), "not a JSON object");
    expect_corrupt(container("{\"a\":\"\xff\"}", ""), "header: is not JSON");
    expect_corrupt(container(std::string(100'000, '['), ""), "more than 64 deep");
    expect_corrupt(container(R"({"__metadata__":[]})", ""), "__metadata__ is not");
    expect_corrupt(container(R"({"__metadata__":{"k":1}})", ""), "'k' is not a string");
}

TEST(Safetensors, BytesNamedManyTimesAreRefusedBeforeTheyAreCopied) {
    std::string header = "{";
    for (int i = 0; i < 10'000; ++i)
        header += fmt::format(R"("t{}":{{"dtype":"U8","shape":[1000000],"data_offsets":[0,1000000]}},)", i);
    header.back() = '}';
    expect_corrupt(container(header, std::string(1'000'000, 'x')), "tensors overlap");  // else 10 GB
}

/// A header of one tensor 'a' with this entry, over eight data bytes.
void expect_corrupt_entry(const std::string& entry, const std::string& what) {
    expect_corrupt(container("{\"a\":" + entry + "}", std::string(8, '\0')), what);
}

TEST(Safetensors, CorruptEntries) {
    expect_corrupt_entry("1", "needs dtype, shape and data_offsets");
    expect_corrupt_entry(R"({"dtype":"F32","shape":[2]})", "needs dtype, shape and data_offsets");
    expect_corrupt_entry(R"({"dtype":"F64","shape":[1],"data_offsets":[0,8]})", "'F64' is not one of");
    expect_corrupt_entry(R"({"dtype":4,"shape":[2],"data_offsets":[0,8]})", "is not one of");
    expect_corrupt_entry(R"({"dtype":"F32","shape":2,"data_offsets":[0,8]})", "not a list of sizes");
    expect_corrupt_entry(R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})", "not a list of sizes");
    expect_corrupt_entry(R"({"dtype":"F32","shape":[2.0],"data_offsets":[0,8]})", "not a list of sizes");
    expect_corrupt_entry(R"({"dtype":"F32","shape":[1099511627776,1099511627776],"data_offsets":[0,8]})", "does not fill");
    expect_corrupt_entry(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})", "does not fill its 8 bytes");
    expect_corrupt_entry(R"({"dtype":"F32","shape":[2],"data_offsets":[0]})", "not two offsets");
    expect_corrupt_entry(R"({"dtype":"F32","shape":[2],"data_offsets":[0,-8]})", "not two offsets");
    expect_corrupt_entry(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})", "do not lie inside");
    expect_corrupt_entry(R"({"dtype":"F32","shape":[3],"data_offsets":[0,12]})", "do not lie inside the 8 data bytes");
}

TEST(Safetensors, TensorsMustTileTheData) {
    const auto entry = [](const char* name, int begin, int end) {
        return fmt::format(R"("{}":{{"dtype":"U8","shape":[{}],"data_offsets":[{},{}]}})", name, end - begin, begin, end);
    };
    const auto file = [&](const std::string& a, const std::string& b) {
        return container("{" + a + "," + b + "}", std::string(8, '\0'));
    };
    EXPECT_EQ(parse_tensors(file(entry("a", 4, 8), entry("b", 0, 4)), "here").tensors.size(), 2U);
    expect_corrupt(file(entry("a", 0, 5), entry("b", 4, 8)), "overlap or leave a gap at data byte 4");
    expect_corrupt(file(entry("a", 0, 3), entry("b", 4, 8)), "overlap or leave a gap at data byte 4");
    expect_corrupt(file(entry("a", 0, 2), entry("b", 2, 6)), "2 data bytes belong to no tensor");
}

}  // namespace
}  // namespace nachos::core
