#include "train/tensors.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace nachos::train {

torch::Tensor to_input(const std::vector<std::uint8_t>& pixels, int n, int height, int width,
                       const data::Normalisation& norm, torch::Device device) {
    const std::size_t channels = norm.mean.size();
    const auto c = static_cast<std::int64_t>(channels);
    if (!device.is_cpu()) {  // bytes are what is sent there
        const torch::Tensor bytes =
            torch::from_blob(const_cast<std::uint8_t*>(pixels.data()), {n, height, width, c}, torch::kByte);
        const torch::Tensor mean = torch::tensor(norm.mean).to(device), std = torch::tensor(norm.std).to(device);
        return bytes.to(device).to(torch::kFloat).div_(255).sub_(mean).div_(std).permute({0, 3, 1, 2});
    }
    std::vector<std::array<float, 256>> value(channels);
    for (std::size_t c = 0; c < channels; ++c) {
        for (std::size_t v = 0; v < 256; ++v) value[c][v] = (static_cast<float>(v) / 255.0F - norm.mean[c]) / norm.std[c];
    }
    torch::Tensor x = torch::empty({n, height, width, static_cast<std::int64_t>(channels)});
    float* out = x.data_ptr<float>();
    const auto count = static_cast<std::size_t>(x.numel());
    for (std::size_t i = 0; i < count; i += channels) {
        for (std::size_t c = 0; c < channels; ++c) out[i + c] = value[c][pixels[i + c]];
    }
    return x.to(device).permute({0, 3, 1, 2});
}

PreparedImages prepare(const data::Examples& examples, const data::Normalisation& norm, int batch_size,
                       torch::Device device) {
    PreparedImages prepared;
    prepared.labels = examples.labels;
    const std::size_t step = static_cast<std::size_t>(batch_size);
    for (std::size_t begin = 0; begin < examples.size(); begin += step) {
        const std::size_t end = std::min(examples.size(), begin + step);
        const std::vector<std::uint8_t> pixels(examples.image(begin),
                                               examples.image(begin) + (end - begin) * examples.image_bytes());
        prepared.batches.push_back(
            to_input(pixels, static_cast<int>(end - begin), examples.height, examples.width, norm, device));
    }
    return prepared;
}

PreparedImages prepare_sample(const data::Examples& examples, int count, const data::Normalisation& norm, int batch_size,
                              torch::Device device, core::Rng rng) {
    std::vector<int> rows(examples.size());
    std::iota(rows.begin(), rows.end(), 0);
    rng.shuffle(std::span<int>(rows));
    std::size_t size = std::min(rows.size(), static_cast<std::size_t>(count));
    if (size >= static_cast<std::size_t>(batch_size)) size -= size % static_cast<std::size_t>(batch_size);
    rows.resize(size);
    return prepare(data::select(examples, rows), norm, batch_size, device);
}

}  // namespace nachos::train
