#include "nn/functions.h"

#include "nn/kernels.h"

#include <ATen/Parallel.h>

#include <functional>

namespace nachos::nn {
namespace {

using arch::Activation;
using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

bool channels_last_cpu(const Tensor& x) {
    return x.is_cpu() && x.dim() == 4 && x.scalar_type() == torch::kFloat && x.is_contiguous(at::MemoryFormat::ChannelsLast);
}

kernels::Act kernel_act(Activation activation) {
    if (activation == Activation::relu) return kernels::Act::relu;
    return activation == Activation::hard_swish ? kernels::Act::hard_swish : kernels::Act::none;
}

/// Rows = N*H*W of C channels each.
std::int64_t rows_of(const Tensor& x) { return x.numel() / x.size(1); }

/// Runs f(begin, end, out) over fixed chunks of rows and adds up their (2, C) float sums in double, in chunk order: the result
/// does not depend on the number of threads.
Tensor chunked_sums(std::int64_t rows, std::int64_t c, const std::function<void(std::int64_t, std::int64_t, float*)>& f) {
    const std::int64_t chunks = (rows + kernels::kChunkRows - 1) / kernels::kChunkRows;
    Tensor partial = torch::empty({chunks, 2, c});
    float* out = partial.data_ptr<float>();
    at::parallel_for(0, chunks, 1, [&](std::int64_t begin, std::int64_t end) {
        for (std::int64_t i = begin; i < end; ++i) {
            f(i * kernels::kChunkRows, std::min(rows, (i + 1) * kernels::kChunkRows), out + i * 2 * c);
        }
    });
    return partial.to(torch::kDouble).sum(0);
}

void for_chunks(std::int64_t rows, const std::function<void(std::int64_t, std::int64_t)>& f) {
    at::parallel_for(0, rows, kernels::kChunkRows, f);
}

BatchStats batch_stats(const Tensor& x) {
    const std::int64_t rows = rows_of(x);
    const std::int64_t c = x.size(1);
    const float* values = x.data_ptr<float>();
    const Tensor sums = chunked_sums(rows, c, [&](std::int64_t begin, std::int64_t end, float* out) {
        kernels::shifted_sums(values, values, begin, end, c, out);
    });
    const Tensor shifted = sums[0] / static_cast<double>(rows);
    const Tensor variance = (sums[1] / static_cast<double>(rows) - shifted * shifted).clamp_min(0);
    const Tensor first = torch::from_blob(const_cast<float*>(values), {c}).to(torch::kDouble);
    return {(shifted + first).to(torch::kFloat), variance.to(torch::kFloat)};
}

/// y = act(x * a + b) with a = scale / sqrt(var + eps), b = shift - mean * a.
class BatchNormAct : public torch::autograd::Function<BatchNormAct> {
  public:
    static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& scale, const Tensor& shift, const Tensor& mean,
                          const Tensor& inverse_deviation, std::int64_t activation) {
        const Tensor a = (scale * inverse_deviation).contiguous();
        const Tensor b = (shift - mean * a).contiguous();
        ctx->save_for_backward({x, a, b, mean, inverse_deviation});
        ctx->saved_data["activation"] = activation;
        Tensor y = torch::empty_like(x);
        const auto act = kernel_act(static_cast<Activation>(activation));
        const std::int64_t c = x.size(1);
        for_chunks(rows_of(x), [&](std::int64_t begin, std::int64_t end) {
            kernels::affine_act(x.data_ptr<float>(), a.data_ptr<float>(), b.data_ptr<float>(), act, begin, end, c,
                                y.data_ptr<float>());
        });
        return y;
    }

    static tensor_list backward(AutogradContext* ctx, const tensor_list& grads) {
        const auto saved = ctx->get_saved_variables();
        const Tensor &x = saved[0], &a = saved[1], &b = saved[2];
        const Tensor mean = saved[3].to(torch::kDouble), inverse = saved[4].to(torch::kDouble);
        const Tensor dy = grads[0].contiguous(at::MemoryFormat::ChannelsLast);
        const auto act = kernel_act(static_cast<Activation>(ctx->saved_data["activation"].toInt()));
        const std::int64_t rows = rows_of(x), c = x.size(1);
        const float *xs = x.data_ptr<float>(), *ds = dy.data_ptr<float>(), *as = a.data_ptr<float>(), *bs = b.data_ptr<float>();
        const Tensor sums = chunked_sums(rows, c, [&](std::int64_t begin, std::int64_t end, float* out) {
            kernels::gradient_sums(xs, ds, as, bs, act, begin, end, c, out);
        });
        // With xhat = (x - mean) * inverse: dscale = sum d xhat, dshift = sum d, dx = a (d - dshift/M - xhat dscale/M).
        const Tensor shift_grad = sums[0];
        const Tensor scale_grad = (sums[1] - mean * sums[0]) * inverse;
        const Tensor slope = -(a * scale_grad * inverse) / static_cast<double>(rows);
        const Tensor p = slope.to(torch::kFloat);
        const Tensor q = (-(a * shift_grad) / static_cast<double>(rows) - slope * mean).to(torch::kFloat);
        Tensor dx = torch::empty_like(x);
        for_chunks(rows, [&](std::int64_t begin, std::int64_t end) {
            kernels::affine_act_gradient(xs, ds, as, bs, p.data_ptr<float>(), q.data_ptr<float>(), act, begin, end, c,
                                         dx.data_ptr<float>());
        });
        return {dx, scale_grad.to(torch::kFloat), shift_grad.to(torch::kFloat), {}, {}, {}};
    }
};

class DepthwiseConv : public torch::autograd::Function<DepthwiseConv> {
  public:
    static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& weight, std::int64_t stride) {
        ctx->save_for_backward({x, weight});
        ctx->saved_data["stride"] = stride;
        return torch::conv2d(x, weight, {}, stride, weight.size(2) / 2, 1, x.size(1));
    }

    static tensor_list backward(AutogradContext* ctx, const tensor_list& grads) {
        const auto saved = ctx->get_saved_variables();
        const Tensor &x = saved[0], &weight = saved[1];
        const std::int64_t stride = ctx->saved_data["stride"].toInt();
        const std::int64_t padding = weight.size(2) / 2;
        const Tensor dy = grads[0].contiguous(at::MemoryFormat::ChannelsLast);
        const Tensor dx = std::get<0>(at::convolution_backward(dy, x, weight, c10::nullopt, {stride, stride}, {padding, padding},
                                                               {1, 1}, false, {0, 0}, x.size(1), {true, false, false}));
        const kernels::DepthwiseShape shape{x.size(0),  x.size(2), x.size(3), dy.size(2),
                                            dy.size(3), x.size(1), stride,    weight.size(2)};
        Tensor dw = torch::empty(weight.sizes(), weight.options());
        at::parallel_for(0, kernels::channel_blocks(shape), 1, [&](std::int64_t begin, std::int64_t end) {
            for (std::int64_t block = begin; block < end; ++block) {
                kernels::depthwise_weight_gradient(shape, x.data_ptr<float>(), dy.data_ptr<float>(), dw.data_ptr<float>(), block);
            }
        });
        return {dx, dw, {}};
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
        const BatchStats own = [&] {
            torch::NoGradGuard no_grad;
            return batch_stats(x);
        }();
        if (stats != nullptr) *stats = own;
        return BatchNormAct::apply(x, scale, shift, own.mean, torch::rsqrt(own.variance + epsilon),
                                   static_cast<std::int64_t>(activation));
    }
    const auto [y, mean, inverse] = torch::native_batch_norm(x, scale, shift, {}, {}, true, 0.1, epsilon);
    if (stats != nullptr) *stats = {mean.detach(), inverse.detach().pow(-2) - epsilon};
    return activate(y, activation);
}

Tensor depthwise_conv(const Tensor& x, const Tensor& weight, int stride) {
    const std::int64_t k = weight.size(2);
    const bool ours = channels_last_cpu(x) && x.size(1) % 8 == 0 && (k == 5 || k == 7) && weight.requires_grad();
    if (ours) return DepthwiseConv::apply(x, weight.contiguous(), stride);
    return torch::conv2d(x, weight, {}, stride, k / 2, 1, x.size(1));
}

}  // namespace nachos::nn
