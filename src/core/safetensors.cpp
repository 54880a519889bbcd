#include "core/safetensors.h"

#include "core/error.h"
#include "core/files.h"
#include "core/half.h"
#include "core/hash.h"
#include "core/json_reader.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstring>
#include <optional>

namespace nachos::core {
namespace {

using nlohmann::json;

struct DTypeRow {
    DType dtype;
    const char* name;
    std::int64_t size;
};
constexpr DTypeRow kDTypes[] = {
    {DType::f32, "F32", 4}, {DType::f16, "F16", 2}, {DType::i32, "I32", 4}, {DType::u8, "U8", 1}, {DType::i8, "I8", 1}};

const DTypeRow& row_of(DType dtype) {
    return *std::find_if(std::begin(kDTypes), std::end(kDTypes), [&](const DTypeRow& r) { return r.dtype == dtype; });
}

constexpr const char* kMetadata = "__metadata__";
constexpr const char* kChecksum = "nachos_checksum";

constexpr std::uint64_t kMaxHeader = 100'000'000;  // the format's own limit

std::string shape_text(const std::vector<std::int64_t>& shape) { return json(shape).dump(); }

/// Product of the dimensions, or nothing if one is negative or it overflows what a file can hold.
std::optional<std::int64_t> checked_elements(const std::vector<std::int64_t>& shape) {
    std::int64_t n = 1;
    for (const std::int64_t d : shape) {
        if (d < 0 || __builtin_mul_overflow(n, d, &n) || n > (std::int64_t{1} << 40)) return std::nullopt;
    }
    return n;
}

struct Range {
    std::uint64_t begin;
    std::uint64_t end;
};

/// Type and shape, the bytes still to be filled in from `range`.
TensorData parse_entry(const std::string& name, const json& entry, std::string_view data, const std::string& where,
                       Range& range) {
    const auto bad = [&](const std::string& what) { fail(ErrorKind::bad_data, "{}: tensor '{}': {}", where, name, what); };
    if (!entry.is_object() || !entry.contains("dtype") || !entry.contains("shape") || !entry.contains("data_offsets"))
        bad("needs dtype, shape and data_offsets");
    const auto text = entry.at("dtype").is_string() ? entry.at("dtype").get<std::string>() : std::string();
    const auto* row =
        std::find_if(std::begin(kDTypes), std::end(kDTypes), [&](const DTypeRow& r) { return r.name == text; });
    if (row == std::end(kDTypes)) bad(fmt::format("type '{}' is not one of F32, F16, I32, U8, I8", text));
    TensorData tensor{row->dtype, {}, {}};
    const auto whole = [](const json& v) { return v.is_number_unsigned() && v.get<std::uint64_t>() <= (1ULL << 40); };
    const json& shape = entry.at("shape");
    if (!shape.is_array() || !std::all_of(shape.begin(), shape.end(), whole)) bad("shape is not a list of sizes");
    tensor.shape = shape.get<std::vector<std::int64_t>>();
    const json& offsets = entry.at("data_offsets");
    if (!offsets.is_array() || offsets.size() != 2 || !std::all_of(offsets.begin(), offsets.end(), whole))
        bad("data_offsets are not two offsets");
    range = {offsets[0].get<std::uint64_t>(), offsets[1].get<std::uint64_t>()};
    if (range.begin > range.end || range.end > data.size())
        bad(fmt::format("offsets [{}, {}] do not lie inside the {} data bytes", range.begin, range.end, data.size()));
    const auto elements = checked_elements(tensor.shape);
    if (!elements || static_cast<std::uint64_t>(*elements * row->size) != range.end - range.begin)
        bad(fmt::format("shape {} of {} does not fill its {} bytes", shape_text(tensor.shape), text,
                        range.end - range.begin));
    return tensor;
}

/// Every data byte belongs to one tensor: else a small file could name its bytes many times over, and fill the memory.
void check_cover(const std::map<std::string, Range>& range_of, std::uint64_t size, const std::string& where) {
    std::vector<Range> ranges;
    for (const auto& [name, range] : range_of) ranges.push_back(range);
    std::sort(ranges.begin(), ranges.end(),
              [](const Range& a, const Range& b) { return a.begin < b.begin || (a.begin == b.begin && a.end < b.end); });
    std::uint64_t end = 0;
    for (const Range& r : ranges) {
        require(r.begin == end, ErrorKind::bad_data, "{}: tensors overlap or leave a gap at data byte {}", where, r.begin);
        end = r.end;
    }
    require(end == size, ErrorKind::bad_data, "{}: {} data bytes belong to no tensor", where, size - end);
}

const TensorData& find(const TensorFile& file, const std::string& name, const std::vector<std::int64_t>& shape,
                       const std::string& where) {
    const auto it = file.tensors.find(name);
    require(it != file.tensors.end(), ErrorKind::bad_data, "{}: tensor '{}' is missing", where, name);
    const auto& got = it->second.shape;
    bool fits = got.size() == shape.size();
    for (std::size_t i = 0; fits && i < shape.size(); ++i) fits = shape[i] == -1 || shape[i] == got[i];
    require(fits, ErrorKind::bad_data, "{}: tensor '{}' has shape {}, {} is needed", where, name, shape_text(got),
            shape_text(shape));
    return it->second;
}

template <class T>
std::vector<T> values_of(const TensorData& tensor) {
    std::vector<T> values(static_cast<std::size_t>(tensor.elements()));
    if (!values.empty()) std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
    return values;
}

}  // namespace

std::int64_t TensorData::elements() const {
    std::int64_t n = 1;
    for (const std::int64_t d : shape) n *= d;
    return n;
}

void TensorFile::add_f32(const std::string& name, std::vector<std::int64_t> shape, const float* values) {
    TensorData t{DType::f32, std::move(shape), {}};
    t.bytes.assign(reinterpret_cast<const char*>(values), static_cast<std::size_t>(t.elements()) * 4);
    tensors[name] = std::move(t);
}

void TensorFile::add_f16(const std::string& name, std::vector<std::int64_t> shape, const float* values) {
    TensorData t{DType::f16, std::move(shape), {}};
    const auto count = static_cast<std::size_t>(t.elements());
    t.bytes.resize(2 * count);
    to_halves(values, count, reinterpret_cast<std::uint16_t*>(t.bytes.data()));
    tensors[name] = std::move(t);
}

void TensorFile::add_i32(const std::string& name, std::vector<std::int64_t> shape, const std::int32_t* values) {
    TensorData t{DType::i32, std::move(shape), {}};
    t.bytes.assign(reinterpret_cast<const char*>(values), static_cast<std::size_t>(t.elements()) * 4);
    tensors[name] = std::move(t);
}

void TensorFile::add_i8(const std::string& name, std::vector<std::int64_t> shape, const std::int8_t* values) {
    TensorData t{DType::i8, std::move(shape), {}};
    t.bytes.assign(reinterpret_cast<const char*>(values), static_cast<std::size_t>(t.elements()));
    tensors[name] = std::move(t);
}

std::vector<float> TensorFile::floats(const std::string& name, const std::vector<std::int64_t>& shape,
                                      const std::string& where) const {
    const TensorData& t = find(*this, name, shape, where);
    if (t.dtype == DType::f32) return values_of<float>(t);
    require(t.dtype == DType::f16, ErrorKind::bad_data, "{}: tensor '{}' has type {}, F32 or F16 is needed", where, name,
            row_of(t.dtype).name);
    const auto halves = values_of<std::uint16_t>(t);
    std::vector<float> values(halves.size());
    std::transform(halves.begin(), halves.end(), values.begin(), from_half);
    return values;
}

std::vector<std::int32_t> TensorFile::ints(const std::string& name, const std::vector<std::int64_t>& shape,
                                           const std::string& where) const {
    const TensorData& t = find(*this, name, shape, where);
    require(t.dtype == DType::i32, ErrorKind::bad_data, "{}: tensor '{}' has type {}, I32 is needed", where, name,
            row_of(t.dtype).name);
    return values_of<std::int32_t>(t);
}

std::vector<std::int8_t> TensorFile::bytes_of(const std::string& name, const std::vector<std::int64_t>& shape,
                                              const std::string& where) const {
    const TensorData& t = find(*this, name, shape, where);
    require(t.dtype == DType::i8, ErrorKind::bad_data, "{}: tensor '{}' has type {}, I8 is needed", where, name,
            row_of(t.dtype).name);
    return values_of<std::int8_t>(t);
}

const std::string& TensorFile::text(const std::string& key, const std::string& where) const {
    const auto it = metadata.find(key);
    require(it != metadata.end(), ErrorKind::bad_data, "{}: metadata '{}' is missing", where, key);
    return it->second;
}

void write_tensors(const std::filesystem::path& path, const TensorFile& file, Sync sync) {
    json header = json::object();
    std::string data;
    std::size_t size = 0;
    for (const auto& [name, t] : file.tensors) size += t.bytes.size();
    data.reserve(size);
    for (const auto& [name, t] : file.tensors) {
        header[name] = {{"dtype", row_of(t.dtype).name},
                        {"shape", t.shape},
                        {"data_offsets", {data.size(), data.size() + t.bytes.size()}}};
        data += t.bytes;
    }
    header[kMetadata] = file.metadata;
    header[kMetadata][kChecksum] = hash_hex(data);
    std::string text = header.dump(-1, ' ', false, json::error_handler_t::replace);  // e.g. folder names in Latin-1
    text.resize((text.size() + 7) / 8 * 8, ' ');
    std::string bytes(8, '\0');
    const std::uint64_t length = text.size();
    std::memcpy(bytes.data(), &length, 8);
    bytes.reserve(8 + text.size() + data.size());
    bytes += text;
    bytes += data;
    write_file_atomic(path, bytes, sync);
}

TensorFile read_tensors(const std::filesystem::path& path) { return parse_tensors(read_file(path), path.string()); }

TensorFile parse_tensors(std::string_view bytes, const std::string& where) {
    require(bytes.size() >= 8, ErrorKind::bad_data, "{}: {} bytes are too few for a safetensors file", where, bytes.size());
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), 8);
    require(length <= kMaxHeader && length <= bytes.size() - 8, ErrorKind::bad_data,
            "{}: a header of {} bytes is announced, {} follow; the file is cut short or no safetensors file", where, length,
            bytes.size() - 8);
    const json header = parse_json(bytes.substr(8, length), where + ": the header");
    require(header.is_object(), ErrorKind::bad_data, "{}: the header is not a JSON object", where);
    const std::string_view data = bytes.substr(8 + length);
    TensorFile file;
    std::map<std::string, Range> range_of;
    for (const auto& [name, entry] : header.items()) {
        if (name == kMetadata) {
            require(entry.is_object(), ErrorKind::bad_data, "{}: __metadata__ is not a JSON object", where);
            for (const auto& [key, value] : entry.items()) {
                require(value.is_string(), ErrorKind::bad_data, "{}: metadata '{}' is not a string", where, key);
                file.metadata[key] = value.get<std::string>();
            }
            continue;
        }
        file.tensors[name] = parse_entry(name, entry, data, where, range_of[name]);
    }
    check_cover(range_of, data.size(), where);
    for (auto& [name, tensor] : file.tensors) {
        const Range& r = range_of.at(name);
        tensor.bytes = data.substr(r.begin, r.end - r.begin);
    }
    if (const auto checksum = file.metadata.extract(kChecksum))
        require(checksum.mapped() == hash_hex(data), ErrorKind::bad_data,
                "{}: the tensors do not match the file's checksum; it was damaged after it was written", where);
    return file;
}

}  // namespace nachos::core
