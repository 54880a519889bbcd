#include "study/sample_images.h"

#include "core/error.h"
#include "core/safetensors.h"

namespace nachos::study {

void save_samples(const std::filesystem::path& path, const SampleImages& samples) {
    const auto count = static_cast<std::int64_t>(samples.size());
    core::TensorFile file;
    file.add_i32("rows", {count}, samples.rows.data());
    file.add_i32("labels", {count}, samples.labels.data());
    file.tensors["pixels"] = {core::DType::u8,
                              {count, samples.height, samples.width, samples.channels},
                              std::string(samples.pixels.begin(), samples.pixels.end())};
    std::filesystem::create_directories(path.parent_path());
    core::write_tensors(path, file);
}

SampleImages load_samples(const std::filesystem::path& path) {
    const std::string where = path.string();
    const core::TensorFile file = core::read_tensors(path);
    SampleImages samples;
    samples.rows = file.ints("rows", {-1}, where);
    const auto count = static_cast<std::int64_t>(samples.size());
    samples.labels = file.ints("labels", {count}, where);
    const auto found = file.tensors.find("pixels");
    require(found != file.tensors.end() && found->second.dtype == core::DType::u8, ErrorKind::bad_data,
            "{}: has no bytes named 'pixels'", where);
    const auto& [dtype, shape, bytes] = found->second;
    require(shape.size() == 4 && shape[0] == count && shape[1] > 0 && shape[1] <= 1024 && shape[2] > 0 && shape[2] <= 1024 &&
                (shape[3] == 1 || shape[3] == 3),
            ErrorKind::bad_data, "{}: 'pixels' is no list of {} images, grey or colour, of at most 1024 x 1024", where,
            count);
    samples.height = static_cast<int>(shape[1]);
    samples.width = static_cast<int>(shape[2]);
    samples.channels = static_cast<int>(shape[3]);
    samples.pixels.assign(bytes.begin(), bytes.end());
    return samples;
}

}  // namespace nachos::study
