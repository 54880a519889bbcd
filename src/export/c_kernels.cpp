#include "export/c_kernels.h"

#include <algorithm>
#include <cassert>
#include <iterator>

namespace nachos::exporting {
namespace {

// Sums run over the input with all outputs of a position side by side: compilers vectorise that without reordering a sum.
constexpr CKernel kKernels[] = {
    {"activate", R"(
enum { NONE, RELU, HARD_SWISH, HARD_SIGMOID };

static float relu6(float x) { return x < 0.0f ? 0.0f : x > 6.0f ? 6.0f : x; }

static void activate(float *y, int n, int kind)
{
    int i;
    switch (kind) {
    case RELU:
        for (i = 0; i < n; ++i) y[i] = y[i] > 0.0f ? y[i] : 0.0f;
        break;
    case HARD_SWISH:
        for (i = 0; i < n; ++i) y[i] = y[i] * relu6(y[i] + 3.0f) / 6.0f;
        break;
    case HARD_SIGMOID:
        for (i = 0; i < n; ++i) y[i] = relu6(y[i] + 3.0f) / 6.0f;
        break;
    default:
        break;
    }
}
)"},
    {"conv", R"(
/* Convolution, all channels with all; bias may be 0. */
static void conv(const float *restrict x, float *restrict y, const float *w, const float *bias, const struct map *in,
                 const struct map *out, int kernel, int stride, int padding, int kind)
{
    int oy, ox, ky, kx, i, o;
    for (oy = 0; oy < out->h; ++oy) {
        for (ox = 0; ox < out->w; ++ox) {
            float *to = y + (oy * out->w + ox) * out->c;
            for (o = 0; o < out->c; ++o) to[o] = bias ? bias[o] : 0.0f;
            for (ky = 0; ky < kernel; ++ky) {
                const int iy = oy * stride + ky - padding;
                if (iy < 0 || iy >= in->h) continue;
                for (kx = 0; kx < kernel; ++kx) {
                    const int ix = ox * stride + kx - padding;
                    const float *from = x + (iy * in->w + ix) * in->c;
                    const float *tap = w + (ky * kernel + kx) * in->c * out->c;
                    if (ix < 0 || ix >= in->w) continue;
                    for (i = 0; i < in->c; ++i, tap += out->c) {
                        const float v = from[i];
                        for (o = 0; o < out->c; ++o) to[o] += v * tap[o];
                    }
                }
            }
            activate(to, out->c, kind);
        }
    }
}
)"},
    {"grouped", R"(
/* Convolution in groups of channels. */
static void grouped(const float *restrict x, float *restrict y, const float *w, const float *bias, const struct map *in,
                    const struct map *out, int kernel, int stride, int padding, int groups, int kind)
{
    const int per_in = in->c / groups, per_out = out->c / groups;
    int oy, ox, ky, kx, i, o;
    for (oy = 0; oy < out->h; ++oy) {
        for (ox = 0; ox < out->w; ++ox) {
            float *to = y + (oy * out->w + ox) * out->c;
            for (o = 0; o < out->c; ++o) to[o] = bias ? bias[o] : 0.0f;
            for (ky = 0; ky < kernel; ++ky) {
                const int iy = oy * stride + ky - padding;
                if (iy < 0 || iy >= in->h) continue;
                for (kx = 0; kx < kernel; ++kx) {
                    const int ix = ox * stride + kx - padding;
                    const float *from = x + (iy * in->w + ix) * in->c;
                    const float *tap = w + (ky * kernel + kx) * per_in * out->c;
                    if (ix < 0 || ix >= in->w) continue;
                    for (i = 0; i < per_in; ++i, tap += out->c)
                        for (o = 0; o < out->c; ++o) to[o] += from[o / per_out * per_in + i] * tap[o];
                }
            }
            activate(to, out->c, kind);
        }
    }
}
)"},
    {"depthwise", R"(
/* Convolution of each channel with its own kernel. */
static void depthwise(const float *restrict x, float *restrict y, const float *w, const float *bias, const struct map *in,
                      const struct map *out, int kernel, int stride, int padding, int kind)
{
    int oy, ox, ky, kx, c;
    for (oy = 0; oy < out->h; ++oy) {
        for (ox = 0; ox < out->w; ++ox) {
            float *to = y + (oy * out->w + ox) * out->c;
            for (c = 0; c < out->c; ++c) to[c] = bias ? bias[c] : 0.0f;
            for (ky = 0; ky < kernel; ++ky) {
                const int iy = oy * stride + ky - padding;
                if (iy < 0 || iy >= in->h) continue;
                for (kx = 0; kx < kernel; ++kx) {
                    const int ix = ox * stride + kx - padding;
                    const float *from = x + (iy * in->w + ix) * in->c;
                    const float *tap = w + (ky * kernel + kx) * out->c;
                    if (ix < 0 || ix >= in->w) continue;
                    for (c = 0; c < out->c; ++c) to[c] += from[c] * tap[c];
                }
            }
            activate(to, out->c, kind);
        }
    }
}
)"},
    {"max_pool", R"(
static void max_pool(const float *restrict x, float *restrict y, const struct map *in, const struct map *out, int kernel,
                     int kind)
{
    int oy, ox, ky, kx, c;
    for (oy = 0; oy < out->h; ++oy) {
        for (ox = 0; ox < out->w; ++ox) {
            float *to = y + (oy * out->w + ox) * out->c;
            for (ky = 0; ky < kernel; ++ky) {
                for (kx = 0; kx < kernel; ++kx) {
                    const float *from = x + ((oy * kernel + ky) * in->w + ox * kernel + kx) * in->c;
                    for (c = 0; c < out->c; ++c)
                        if ((ky == 0 && kx == 0) || from[c] > to[c]) to[c] = from[c];
                }
            }
            activate(to, out->c, kind);
        }
    }
}
)"},
    {"average", R"(
static void average(const float *restrict x, float *restrict y, const struct map *in, int kind)
{
    const int n = in->h * in->w;
    int i, c;
    for (c = 0; c < in->c; ++c) y[c] = 0.0f;
    for (i = 0; i < n; ++i)
        for (c = 0; c < in->c; ++c) y[c] += x[i * in->c + c];
    for (c = 0; c < in->c; ++c) y[c] /= (float)n;
    activate(y, in->c, kind);
}
)"},
    {"flatten", R"(
/* (H, W, C) to features in the order (C, H, W). */
static void flatten(const float *restrict x, float *restrict y, const struct map *in, int kind)
{
    const int n = in->h * in->w;
    int i, c;
    for (c = 0; c < in->c; ++c)
        for (i = 0; i < n; ++i) y[c * n + i] = x[i * in->c + c];
    activate(y, n * in->c, kind);
}
)"},
    {"copy", R"(
static void copy(const float *restrict x, float *restrict y, int n, int kind)
{
    int i;
    for (i = 0; i < n; ++i) y[i] = x[i];
    activate(y, n, kind);
}
)"},
    {"add", R"(
static void add(const float *a, const float *b, float *restrict y, int n, int kind)
{
    int i;
    for (i = 0; i < n; ++i) y[i] = a[i] + b[i];
    activate(y, n, kind);
}
)"},
    {"scale", R"(
/* A map times one factor a channel. */
static void scale(const float *restrict x, const float *factors, float *restrict y, const struct map *in, int kind)
{
    const int n = in->h * in->w;
    int i, c;
    for (i = 0; i < n; ++i)
        for (c = 0; c < in->c; ++c) y[i * in->c + c] = x[i * in->c + c] * factors[c];
    activate(y, n * in->c, kind);
}
)"},
    {"softmax", R"(
/* Of softmax(logits / temperature): 1 / sum is the largest probability, runner_up / sum the second. */
struct softmax {
    double sum, runner_up, weighted;
};

static struct softmax softmax(const float *logits, int n, double temperature)
{
    struct softmax s = {0, 0, 0};
    int top = 0, i;
    for (i = 1; i < n; ++i)
        if (logits[i] > logits[top]) top = i;
    for (i = 0; i < n; ++i) {
        const double u = ((double)logits[i] - logits[top]) / temperature;
        const double e = exp(u);
        s.sum += e;
        s.weighted += e * u;
        if (i != top && e > s.runner_up) s.runner_up = e;
    }
    return s;
}
)"},
    {"sigmoid", R"(
static double sigmoid(double x) { return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)); }
)"},
};

}  // namespace

const CKernel& c_kernel(std::string_view name) {
    const auto* at =
        std::find_if(std::begin(kKernels), std::end(kKernels), [&](const CKernel& k) { return k.name == name; });
    assert(at != std::end(kKernels));
    return *at;
}

}  // namespace nachos::exporting
