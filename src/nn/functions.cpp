#include "nn/functions.h"

#include "nn/batch_norm_kernels.h"
#include "nn/conv_kernels.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace nachos::nn {
namespace {

using arch::Activation;
using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

bool channels_last_cpu(const Tensor& x) {
    return x.is_cpu() && x.dim() == 4 && (x.scalar_type() == torch::kFloat || x.scalar_type() == torch::kBFloat16) &&
           x.is_contiguous(at::MemoryFormat::ChannelsLast);
}

/// Calls f with a value of the type that x is kept in.
template <class F>
decltype(auto) with_storage(const Tensor& x, F&& f) {
    return x.scalar_type() == torch::kFloat ? f(float{}) : f(kernels::BFloat16{});
}

template <class T>
T* data_of(const Tensor& x) {
    return static_cast<T*>(x.data_ptr());
}

kernels::Act kernel_act(Activation activation) {
    if (activation == Activation::relu) return kernels::Act::relu;
    return activation == Activation::hard_swish ? kernels::Act::hard_swish : kernels::Act::none;
}

/// Rows = N*H*W of C channels each.
std::int64_t rows_of(const Tensor& x) { return x.numel() / x.size(1); }

/// Runs f(begin, end, out) over fixed chunks of rows and adds up their (2, C) float sums in double, in chunk order: the
/// result does not depend on the number of threads.
template <class F>
std::vector<double> chunked_sums(std::int64_t rows, std::int64_t c, const F& f) {
    const std::int64_t chunks = (rows + kernels::kChunkRows - 1) / kernels::kChunkRows;
    std::vector<float> partial(static_cast<std::size_t>(chunks * 2 * c));
    at::parallel_for(0, chunks, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
            f(i * kernels::kChunkRows, std::min(rows, (i + 1) * kernels::kChunkRows), partial.data() + i * 2 * c);
        }
    });
    std::vector<double> sums(static_cast<std::size_t>(2 * c), 0.0);
    for (std::size_t i = 0; i < partial.size(); ++i) sums[i % sums.size()] += static_cast<double>(partial[i]);
    return sums;
}

/// Runs f(begin, end) over the same fixed chunks.
template <class F>
void for_chunks(std::int64_t rows, const F& f) {
    const std::int64_t chunks = (rows + kernels::kChunkRows - 1) / kernels::kChunkRows;
    at::parallel_for(0, chunks, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) f(i * kernels::kChunkRows, std::min(rows, (i + 1) * kernels::kChunkRows));
    });
}

/// Of rows (M, C), summed less the first row, which keeps a large mean from hiding the variance. Plain per-channel
/// arithmetic on (C) values: as tensor operations it took longer than the maps themselves.
template <class T>
BatchStats batch_stats(const T* values, std::int64_t rows, std::int64_t c) {
    std::vector<float> first(static_cast<std::size_t>(c));
    std::transform(values, values + c, first.begin(), [](T v) { return kernels::widened(v); });
    const auto sums = chunked_sums(rows, c, [&](std::int64_t begin, std::int64_t end, float* out) {
        kernels::shifted_sums(values, first.data(), begin, end, c, out);
    });
    BatchStats stats{torch::empty({c}), torch::empty({c})};
    float *mean = stats.mean.data_ptr<float>(), *variance = stats.variance.data_ptr<float>();
    for (std::int64_t i = 0; i < c; ++i) {
        const double shifted = sums[static_cast<std::size_t>(i)] / static_cast<double>(rows);
        const double square = sums[static_cast<std::size_t>(c + i)] / static_cast<double>(rows);
        mean[i] = static_cast<float>(shifted + static_cast<double>(first[static_cast<std::size_t>(i)]));
        variance[i] = static_cast<float>(std::max(0.0, square - shifted * shifted));
    }
    return stats;
}

/// (4, C): a, b, mean, 1 / sqrt(var + eps), with which batch norm is x * a + b: a = scale / sqrt(var + eps), b = shift -
/// mean
/// * a.
Tensor batch_norm_constants(const BatchStats& stats, const Tensor& scale, const Tensor& shift, double epsilon) {
    const std::int64_t c = stats.mean.size(0);
    const Tensor gamma = scale.contiguous(), beta = shift.contiguous();
    const float *g = gamma.data_ptr<float>(), *s = beta.data_ptr<float>();
    const float *mean = stats.mean.data_ptr<float>(), *variance = stats.variance.data_ptr<float>();
    Tensor constants = torch::empty({4, c});
    float* k = constants.data_ptr<float>();
    for (std::int64_t i = 0; i < c; ++i) {
        k[3 * c + i] = static_cast<float>(1 / std::sqrt(static_cast<double>(variance[i]) + epsilon));
        k[2 * c + i] = mean[i];
        k[i] = g[i] * k[3 * c + i];
        k[c + i] = s[i] - mean[i] * k[i];
    }
    return constants;
}

template <class T>
void affine_act(const T* in, const Tensor& constants, Activation activation, std::int64_t rows, T* out) {
    const std::int64_t c = constants.size(1);
    const float* k = constants.data_ptr<float>();
    for_chunks(rows, [&](std::int64_t begin, std::int64_t end) {
        kernels::affine_act(in, k, k + c, kernel_act(activation), begin, end, c, out);
    });
}

class BatchNormAct : public torch::autograd::Function<BatchNormAct> {
  public:
    static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& scale, const Tensor& shift,
                          const BatchStats& stats, double epsilon, Activation activation) {
        const Tensor constants = batch_norm_constants(stats, scale, shift, epsilon);
        ctx->save_for_backward({x, constants});
        ctx->saved_data["activation"] = static_cast<std::int64_t>(activation);
        Tensor y = torch::empty_like(x);
        with_storage(x, [&]<class T>(T) { affine_act(data_of<T>(x), constants, activation, rows_of(x), data_of<T>(y)); });
        return y;
    }

    static tensor_list backward(AutogradContext* ctx, const tensor_list& grads) {
        return with_storage(grads[0], [&]<class T>(T) { return backward_of<T>(ctx, grads); });
    }

  private:
    template <class T>
    static tensor_list backward_of(AutogradContext* ctx, const tensor_list& grads) {
        const auto saved = ctx->get_saved_variables();
        const Tensor& x = saved[0];
        const Tensor dy = grads[0].contiguous(at::MemoryFormat::ChannelsLast);
        const auto act = kernel_act(static_cast<Activation>(ctx->saved_data["activation"].toInt()));
        const std::int64_t rows = rows_of(x), c = x.size(1);
        const T *xs = data_of<T>(x), *ds = data_of<T>(dy);
        const float* k = saved[1].data_ptr<float>();
        const auto sums = chunked_sums(rows, c, [&](std::int64_t begin, std::int64_t end, float* out) {
            kernels::gradient_sums(xs, ds, k, k + c, act, begin, end, c, out);
        });
        const Tensor scale_grad = torch::empty({c}), shift_grad = torch::empty({c});
        std::vector<float> p(static_cast<std::size_t>(c)), q(p.size());
        for (std::size_t i = 0; i < p.size(); ++i) {
            // With xhat = (x - mean) * inverse: dscale = sum d xhat, dshift = sum d, dx = a (d - dshift/M - xhat dscale/M).
            const auto at = static_cast<std::int64_t>(i);
            const double a = k[at], mean = k[2 * c + at], inverse = k[3 * c + at];
            const double sum = sums[i], dot = (sums[i + p.size()] - mean * sum) * inverse;
            const double slope = -a * dot * inverse / static_cast<double>(rows);
            scale_grad.data_ptr<float>()[i] = static_cast<float>(dot);
            shift_grad.data_ptr<float>()[i] = static_cast<float>(sum);
            p[i] = static_cast<float>(slope);
            q[i] = static_cast<float>(-a * sum / static_cast<double>(rows) - slope * mean);
        }
        Tensor dx = torch::empty_like(x);
        T* out = data_of<T>(dx);
        for_chunks(rows, [&](std::int64_t begin, std::int64_t end) {
            kernels::affine_act_gradient(xs, ds, k, k + c, p.data(), q.data(), act, begin, end, c, out);
        });
        return {dx, scale_grad, shift_grad, {}, {}, {}};
    }
};

/// Images whose weight gradients are summed before those of others are added, whatever the number of threads.
constexpr std::int64_t kChunkImages = 16;

/// Runs f(chunk, first image, images) over fixed chunks of n images.
template <class F>
void for_image_chunks(std::int64_t n, const F& f) {
    at::parallel_for(0, (n + kChunkImages - 1) / kChunkImages, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) f(i, i * kChunkImages, std::min(kChunkImages, n - i * kChunkImages));
    });
}

class DepthwiseConv : public torch::autograd::Function<DepthwiseConv> {
  public:
    static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& weight, std::int64_t stride) {
        ctx->save_for_backward({x, weight});
        ctx->saved_data["stride"] = stride;
        const kernels::DepthwiseShape s = shape_of(x, weight, stride);
        Tensor y = torch::empty({x.size(0), s.c, s.out_h, s.out_w}, like(x));
        with_storage(x, [&]<class T>(T) {
            for_image_chunks(x.size(0), [&](std::int64_t, std::int64_t first, std::int64_t n) {
                kernels::depthwise_forward(s, n, data_of<T>(x) + first * s.h * s.w * s.c, data_of<float>(weight),
                                           data_of<T>(y) + first * s.out_h * s.out_w * s.c);
            });
        });
        return y;
    }

    static tensor_list backward(AutogradContext* ctx, const tensor_list& grads) {
        const auto saved = ctx->get_saved_variables();
        const Tensor &x = saved[0], &weight = saved[1];
        const kernels::DepthwiseShape s = shape_of(x, weight, ctx->saved_data["stride"].toInt());
        const Tensor dy = grads[0].contiguous(at::MemoryFormat::ChannelsLast);
        const std::int64_t chunks = (x.size(0) + kChunkImages - 1) / kChunkImages;
        Tensor dx = torch::empty(x.sizes(), like(x)), dw = torch::empty({chunks, s.c, 1, s.k, s.k});
        with_storage(x, [&]<class T>(T) {
            for_image_chunks(x.size(0), [&](std::int64_t chunk, std::int64_t first, std::int64_t n) {
                const std::int64_t in = first * s.h * s.w * s.c, out = first * s.out_h * s.out_w * s.c;
                kernels::depthwise_backward(s, n,
                                            {.x = data_of<T>(x) + in,
                                             .dy = data_of<T>(dy) + out,
                                             .weight = data_of<float>(weight),
                                             .dx = data_of<T>(dx) + in,
                                             .dweight = data_of<float>(dw) + chunk * s.c * s.k * s.k});
            });
        });
        return {dx, dw.sum(0), {}};
    }

  private:
    static kernels::DepthwiseShape shape_of(const Tensor& x, const Tensor& weight, std::int64_t stride) {
        return {.h = x.size(2),
                .w = x.size(3),
                .out_h = (x.size(2) - 1) / stride + 1,
                .out_w = (x.size(3) - 1) / stride + 1,
                .c = x.size(1),
                .stride = stride,
                .k = weight.size(2)};
    }
    static torch::TensorOptions like(const Tensor& x) {
        return torch::TensorOptions(x.scalar_type()).memory_format(at::MemoryFormat::ChannelsLast);
    }
};

/// 1x1 convolution of maps in bfloat16: libtorch's, but for the gradient of the weights.
class PointwiseConv : public torch::autograd::Function<PointwiseConv> {
  public:
    static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& weight) {
        const Tensor narrow = weight.to(torch::kBFloat16);
        ctx->save_for_backward({x, narrow});
        return torch::conv2d(x, narrow);
    }

    static tensor_list backward(AutogradContext* ctx, const tensor_list& grads) {
        const auto saved = ctx->get_saved_variables();
        const Tensor &x = saved[0], &weight = saved[1];
        const Tensor dy = grads[0].contiguous(at::MemoryFormat::ChannelsLast);
        const Tensor dx = std::get<0>(at::convolution_backward(dy, x, weight, c10::nullopt, {1, 1}, {0, 0}, {1, 1}, false,
                                                               {0, 0}, 1, {true, false, false}));
        Tensor dw = torch::empty(weight.sizes());
        kernels::pointwise_weight_gradient({.rows = rows_of(x), .in = x.size(1), .out = dy.size(1)},
                                           data_of<kernels::BFloat16>(x), data_of<kernels::BFloat16>(dy),
                                           dw.data_ptr<float>());
        return {dx, dw};
    }
};

/// Calls f(image) for n images, shared out among threads.
template <class F>
void for_images(std::int64_t n, const F& f) {
    at::parallel_for(0, n, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) f(i);
    });
}

/// Products with one number per image and channel, through the loops of batch norm: an image's number is its slope.
class ChannelScale : public torch::autograd::Function<ChannelScale> {
  public:
    static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& scale) {
        ctx->save_for_backward({x, scale});
        return product(x, scale);
    }

    static tensor_list backward(AutogradContext* ctx, const tensor_list& grads) {
        const auto saved = ctx->get_saved_variables();
        const Tensor &x = saved[0], &scale = saved[1];
        const Tensor dy = grads[0].contiguous(at::MemoryFormat::ChannelsLast);
        const std::int64_t n = x.size(0), c = x.size(1), rows = x.size(2) * x.size(3);
        const std::vector<float> ones(static_cast<std::size_t>(c), 1.0F), zeros(ones.size(), 0.0F);
        Tensor sums = torch::empty({n, 2, c});  // of dy, and of dy * x
        with_storage(x, [&]<class T>(T) {
            for_images(n, [&](std::int64_t i) {
                kernels::gradient_sums(data_of<T>(x) + i * rows * c, data_of<T>(dy) + i * rows * c, ones.data(),
                                       zeros.data(), kernels::Act::none, 0, rows, c, data_of<float>(sums) + i * 2 * c);
            });
        });
        return {product(dy, scale), sums.select(1, 1).contiguous()};
    }

  private:
    static Tensor product(const Tensor& x, const Tensor& scale) {
        const std::int64_t c = x.size(1), rows = x.size(2) * x.size(3);
        const std::vector<float> zeros(static_cast<std::size_t>(c), 0.0F);
        Tensor y = torch::empty_like(x);
        with_storage(x, [&]<class T>(T) {
            for_images(x.size(0), [&](std::int64_t i) {
                kernels::affine_act(data_of<T>(x) + i * rows * c, data_of<float>(scale) + i * c, zeros.data(),
                                    kernels::Act::none, 0, rows, c, data_of<T>(y) + i * rows * c);
            });
        });
        return y;
    }
};

/// Mean over the map. Its gradient is written straight in channels-last; libtorch's comes out in an order that has to be
/// copied.
class GlobalAveragePool : public torch::autograd::Function<GlobalAveragePool> {
  public:
    static Tensor forward(AutogradContext* ctx, const Tensor& x) {
        ctx->saved_data["height"] = x.size(2);
        ctx->saved_data["width"] = x.size(3);
        ctx->saved_data["bfloat16"] = x.scalar_type() == torch::kBFloat16;
        const std::int64_t n = x.size(0), c = x.size(1), rows = x.size(2) * x.size(3);
        const std::vector<float> zeros(static_cast<std::size_t>(c), 0.0F);
        Tensor sums = torch::empty({n, 2, c});  // of values, and of their squares, which are not asked for
        with_storage(x, [&]<class T>(T) {
            for_images(n, [&](std::int64_t i) {
                kernels::shifted_sums(data_of<T>(x) + i * rows * c, zeros.data(), 0, rows, c,
                                      data_of<float>(sums) + i * 2 * c);
            });
        });
        return sums.select(1, 0) / static_cast<double>(rows);
    }

    static tensor_list backward(AutogradContext* ctx, const tensor_list& grads) {
        const std::int64_t h = ctx->saved_data["height"].toInt(), w = ctx->saved_data["width"].toInt();
        const auto type = ctx->saved_data["bfloat16"].toBool() ? torch::kBFloat16 : torch::kFloat;
        const Tensor share = (grads[0] / static_cast<double>(h * w)).contiguous().to(type);
        const std::int64_t n = share.size(0), c = share.size(1);
        Tensor dx = torch::empty({n, c, h, w}, share.options().memory_format(at::MemoryFormat::ChannelsLast));
        with_storage(share, [&]<class T>(T) {
            const T* in = data_of<T>(share);
            T* out = data_of<T>(dx);
            for_images(n, [&](std::int64_t i) {
                for (std::int64_t p = 0; p < h * w; ++p) std::copy_n(in + i * c, c, out + (i * h * w + p) * c);
            });
        });
        return {dx};
    }
};

Tensor activate(const Tensor& x, Activation activation) {
    if (activation == Activation::none) return x;
    return activation == Activation::relu ? torch::relu(x) : torch::hardswish(x);
}

}  // namespace

Tensor batch_norm_act(const Tensor& x, const Tensor& scale, const Tensor& shift, Activation activation, double epsilon,
                      BatchStats* stats) {
    if (channels_last_cpu(x)) {
        const BatchStats own =
            with_storage(x, [&]<class T>(T) { return batch_stats<T>(data_of<T>(x), rows_of(x), x.size(1)); });
        if (stats != nullptr) *stats = own;
        return BatchNormAct::apply(x, scale, shift, own, epsilon, activation);
    }
    const auto [y, mean, inverse] = torch::native_batch_norm(x, scale, shift, {}, {}, true, 0.1, epsilon);
    if (stats != nullptr) *stats = {mean.detach(), inverse.detach().pow(-2) - epsilon};
    return activate(y, activation);
}

BatchStats batch_norm_act_in_place(float* map, std::int64_t rows, const Tensor& scale, const Tensor& shift,
                                   Activation activation, double epsilon) {
    BatchStats stats = batch_stats(map, rows, scale.size(0));
    affine_act(map, batch_norm_constants(stats, scale, shift, epsilon), activation, rows, map);
    return stats;
}

Tensor depthwise_conv(const Tensor& x, const Tensor& weight, int stride) {
    const std::int64_t k = weight.size(2);
    const bool ours = channels_last_cpu(x) && x.size(1) % 8 == 0 && (k == 3 || k == 5 || k == 7) && stride <= 2;
    if (ours) return DepthwiseConv::apply(x, weight.contiguous(), stride);
    return torch::conv2d(x, weight.to(x.scalar_type()), {}, stride, k / 2, 1, x.size(1));
}

Tensor conv(const Tensor& x, const Tensor& weight, const Tensor& bias, const ConvShape& shape) {
    const bool ours = channels_last_cpu(x) && x.scalar_type() == torch::kBFloat16 && weight.size(2) == 1 &&
                      shape.stride == 1 && x.size(1) % 8 == 0 && weight.size(0) % 8 == 0 && !bias.defined();
    if (ours) return PointwiseConv::apply(x, weight.contiguous());
    const auto type = x.scalar_type();
    return torch::conv2d(x, weight.to(type), bias.defined() ? bias.to(type) : bias, shape.stride, shape.padding);
}

Tensor scale_channels(const Tensor& x, const Tensor& scale) {
    if (channels_last_cpu(x) && scale.scalar_type() == torch::kFloat) return ChannelScale::apply(x, scale.contiguous());
    return x * scale.unsqueeze(2).unsqueeze(3).to(x.scalar_type());
}

Tensor global_average_pool(const Tensor& x) {
    if (channels_last_cpu(x)) return GlobalAveragePool::apply(x);
    const Tensor mean = x.mean({2, 3});
    return x.scalar_type() == torch::kBFloat16 ? mean.to(torch::kFloat) : mean;
}

}  // namespace nachos::nn
