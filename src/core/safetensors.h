#pragma once

#include "core/files.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace nachos::core {

enum class DType { f32, f16, i32, u8, i8 };

/// A named array of a file: row-major, little-endian bytes.
struct TensorData {
    DType dtype = DType::f32;
    std::vector<std::int64_t> shape;
    std::string bytes;

    std::int64_t elements() const;
};

/// The safetensors container (huggingface/safetensors): named tensors and a map of strings.
/// Models, recorded tables and checkpoints all use it, so Python reads each of them.
struct TensorFile {
    std::map<std::string, std::string> metadata;
    std::map<std::string, TensorData> tensors;

    void add_f32(const std::string& name, std::vector<std::int64_t> shape, const float* values);
    void add_f16(const std::string& name, std::vector<std::int64_t> shape, const float* values);
    void add_i32(const std::string& name, std::vector<std::int64_t> shape, const std::int32_t* values);
    void add_i8(const std::string& name, std::vector<std::int64_t> shape, const std::int8_t* values);

    /// The named tensor as floats (f32 or f16). Throws Error(bad_data), naming `where`, if it is absent, of another type, or
    /// its shape is not `shape` (a dimension of -1 accepts any).
    std::vector<float> floats(const std::string& name, const std::vector<std::int64_t>& shape,
                              const std::string& where) const;
    std::vector<std::int32_t> ints(const std::string& name, const std::vector<std::int64_t>& shape,
                                   const std::string& where) const;
    std::vector<std::int8_t> bytes_of(const std::string& name, const std::vector<std::int64_t>& shape,
                                      const std::string& where) const;
    const std::string& text(const std::string& key, const std::string& where) const;
};

/// Writes atomically, tensors in name order: the same content gives the same bytes. A checksum of the tensors goes into the
/// metadata.
void write_tensors(const std::filesystem::path& path, const TensorFile& file, Sync sync = Sync::now);

/// Reads and checks everything (sizes, offsets, overlaps, types) before it allocates, and the tensors against the checksum
/// if the file has one (those of others may lack it). Throws Error(bad_data).
TensorFile read_tensors(const std::filesystem::path& path);

/// The same on bytes in memory; `where` names them in errors.
TensorFile parse_tensors(std::string_view bytes, const std::string& where);

}  // namespace nachos::core
