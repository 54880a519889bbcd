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
    {"finish", R"(
/* How sums become codes of 8 bits: times multiplier / 2^shift, rounded to the nearest, then through an activation's table. */
struct finish {
    const int32_t *multiplier;
    const int8_t *shift;
    int zero, low;
    const int8_t *table; /* by code + 128; 0 if there is none */
};

static int64_t rescale(int64_t x, int32_t multiplier, int shift)
{
    const int64_t product = x * multiplier, half = (int64_t)1 << (shift - 1);
    return product >= 0 ? (product + half) >> shift : -((half - product) >> shift);
}

static int8_t finish(const struct finish *f, int64_t x)
{
    int code;
    x += f->zero;
    code = x < f->low ? f->low : x > 127 ? 127 : (int)x;
    return f->table ? f->table[code + 128] : (int8_t)code;
}
)"},
    {"conv8", R"(
struct conv {
    const int8_t *w;
    const int32_t *bias;
    int kernel, stride, padding, groups, zero; /* zero: of the input's codes */
};

/* Adds up the products of one output position, into sums. */
typedef void add_up(const int8_t *x, const struct map *in, const struct map *out, const struct conv *c, int oy, int ox);
)"},
    {"conv_sums", R"(
static void conv_sums(const int8_t *x, const struct map *in, const struct map *out, const struct conv *c, int oy, int ox)
{
    int ky, kx, i, o;
    for (o = 0; o < out->c; ++o) sums[o] = c->bias[o];
    for (ky = 0; ky < c->kernel; ++ky) {
        const int iy = oy * c->stride + ky - c->padding;
        if (iy < 0 || iy >= in->h) continue;
        for (kx = 0; kx < c->kernel; ++kx) {
            const int ix = ox * c->stride + kx - c->padding;
            const int8_t *from = x + (iy * in->w + ix) * in->c;
            const int8_t *tap = c->w + (ky * c->kernel + kx) * in->c * out->c;
            if (ix < 0 || ix >= in->w) continue;
            for (i = 0; i < in->c; ++i, tap += out->c) {
                const int v = from[i] - c->zero;
                for (o = 0; o < out->c; ++o) sums[o] += v * tap[o];
            }
        }
    }
}
)"},
    {"depthwise_sums", R"(
static void depthwise_sums(const int8_t *x, const struct map *in, const struct map *out, const struct conv *c, int oy, int ox)
{
    int ky, kx, o;
    for (o = 0; o < out->c; ++o) sums[o] = c->bias[o];
    for (ky = 0; ky < c->kernel; ++ky) {
        const int iy = oy * c->stride + ky - c->padding;
        if (iy < 0 || iy >= in->h) continue;
        for (kx = 0; kx < c->kernel; ++kx) {
            const int ix = ox * c->stride + kx - c->padding;
            const int8_t *from = x + (iy * in->w + ix) * in->c;
            const int8_t *tap = c->w + (ky * c->kernel + kx) * out->c;
            if (ix < 0 || ix >= in->w) continue;
            for (o = 0; o < out->c; ++o) sums[o] += (from[o] - c->zero) * tap[o];
        }
    }
}
)"},
    {"grouped_sums", R"(
static void grouped_sums(const int8_t *x, const struct map *in, const struct map *out, const struct conv *c, int oy, int ox)
{
    const int per_in = in->c / c->groups, per_out = out->c / c->groups;
    int ky, kx, i, o;
    for (o = 0; o < out->c; ++o) sums[o] = c->bias[o];
    for (ky = 0; ky < c->kernel; ++ky) {
        const int iy = oy * c->stride + ky - c->padding;
        if (iy < 0 || iy >= in->h) continue;
        for (kx = 0; kx < c->kernel; ++kx) {
            const int ix = ox * c->stride + kx - c->padding;
            const int8_t *from = x + (iy * in->w + ix) * in->c;
            const int8_t *tap = c->w + (ky * c->kernel + kx) * per_in * out->c;
            if (ix < 0 || ix >= in->w) continue;
            for (i = 0; i < per_in; ++i, tap += out->c)
                for (o = 0; o < out->c; ++o) sums[o] += (from[o / per_out * per_in + i] - c->zero) * tap[o];
        }
    }
}
)"},
    {"weighted", R"(
/* A convolution, or a linear layer as one of a map of one pixel. */
static void weighted(add_up *kernel, const int8_t *x, const struct map *in, const struct map *out, const struct conv *c,
                     int8_t *y, const struct finish *f)
{
    int oy, ox, o;
    for (oy = 0; oy < out->h; ++oy) {
        for (ox = 0; ox < out->w; ++ox) {
            kernel(x, in, out, c, oy, ox);
            for (o = 0; o < out->c; ++o) *y++ = finish(f, rescale(sums[o], f->multiplier[o], f->shift[o]));
        }
    }
}
)"},
    {"logits", R"(
/* A head's last layer: sums times the value of their unit. */
static void logits(add_up *kernel, const int8_t *x, const struct map *in, const struct map *out, const struct conv *c, float *y,
                   const float *scale)
{
    int o;
    kernel(x, in, out, c, 0, 0);
    for (o = 0; o < out->c; ++o) y[o] = (float)sums[o] * scale[o];
}
)"},
    {"decode", R"(
static void decode(const int8_t *x, int n, int zero, float scale)
{
    int i;
    for (i = 0; i < n; ++i) heads[i] = (float)(x[i] - zero) * scale;
}
)"},
    {"through", R"(
static void through(const int8_t *x, int8_t *y, int n, const int8_t *table)
{
    int i;
    for (i = 0; i < n; ++i) y[i] = table ? table[x[i] + 128] : x[i];
}
)"},
    {"max_pool8", R"(
static void max_pool(const int8_t *x, int8_t *y, const struct map *in, const struct map *out, int kernel, const int8_t *table)
{
    int oy, ox, ky, kx, c;
    for (oy = 0; oy < out->h; ++oy) {
        for (ox = 0; ox < out->w; ++ox) {
            for (c = 0; c < out->c; ++c) {
                int most = -128;
                for (ky = 0; ky < kernel; ++ky) {
                    for (kx = 0; kx < kernel; ++kx) {
                        const int v = x[((oy * kernel + ky) * in->w + ox * kernel + kx) * in->c + c];
                        if (v > most) most = v;
                    }
                }
                *y++ = table ? table[most + 128] : (int8_t)most;
            }
        }
    }
}
)"},
    {"average8", R"(
static void average(const int8_t *x, int8_t *y, const struct map *in, int zero, const struct finish *f)
{
    const int n = in->h * in->w;
    int i, c;
    for (c = 0; c < in->c; ++c) sums[c] = 0;
    for (i = 0; i < n; ++i)
        for (c = 0; c < in->c; ++c) sums[c] += x[i * in->c + c] - zero;
    for (c = 0; c < in->c; ++c) y[c] = finish(f, rescale(sums[c], f->multiplier[0], f->shift[0]));
}
)"},
    {"flatten8", R"(
/* (H, W, C) to features in the order (C, H, W). */
static void flatten(const int8_t *x, int8_t *y, const struct map *in, const int8_t *table)
{
    const int n = in->h * in->w;
    int i, c;
    for (c = 0; c < in->c; ++c)
        for (i = 0; i < n; ++i) *y++ = table ? table[x[i * in->c + c] + 128] : x[i * in->c + c];
}
)"},
    {"add8", R"(
static void add(const int8_t *a, const int8_t *b, int8_t *y, int n, int zero_a, int zero_b, const struct finish *f)
{
    int i;
    for (i = 0; i < n; ++i) {
        const int64_t fine = rescale(a[i] - zero_a, f->multiplier[0], f->shift[0]) +
                             rescale(b[i] - zero_b, f->multiplier[1], f->shift[1]);
        y[i] = finish(f, rescale(fine, f->multiplier[2], f->shift[2]));
    }
}
)"},
    {"scale8", R"(
/* A map times one factor a channel. */
static void scale(const int8_t *x, const int8_t *factors, int8_t *y, const struct map *in, int zero, int zero_factors,
                  const struct finish *f)
{
    const int n = in->h * in->w;
    int i, c;
    for (i = 0; i < n; ++i)
        for (c = 0; c < in->c; ++c)
            *y++ = finish(f, rescale((int64_t)(x[i * in->c + c] - zero) * (factors[c] - zero_factors), f->multiplier[0], f->shift[0]));
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
