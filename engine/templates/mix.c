/* The template mixture in one pass over memory: softmax over N templates, the weighted sum of their pixels, and the
 * sums that the regularisers need; then the gradient of all of these. engine/kernel.py compiles and calls it, and
 * engine/memory.py holds the same computation in plain torch.
 *
 * Layout: all arrays are dense and row-major. A band of rows [begin, end) of the B * H rows is one call, so that
 * threads share the work; every sum is kept per row and added up by the caller, so that the number of threads does
 * not change a bit of the result. The inner loops run along a row and are written to be vectorised.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

typedef struct {
    const uint32_t *atlas;  /* packed pixels of all style images: red, green, blue in the low three bytes */
    const int64_t *row;     /* [B, N, H]: where in the atlas the template's row begins */
    const int32_t *column;  /* [B, N, W]: column within that row */
    int64_t templates, height, width;
} Memory;

/* e^x to about 1e-7 relative, for x <= 0; not a number stays so. */
static inline float exponential(float x) {
    float t = x * 1.44269504088896341f;
    t = t < -126.0f ? -126.0f : t;
    float whole = floorf(t), f = t - whole;
    float p = 1.5353362e-4f;
    p = p * f + 1.3398874e-3f;
    p = p * f + 9.6184373e-3f;
    p = p * f + 5.5503324e-2f;
    p = p * f + 2.4022648e-1f;
    p = p * f + 6.9314720e-1f;
    p = p * f + 1.0f;
    int32_t bits = ((int32_t)whole + 127) << 23;
    float scale;
    memcpy(&scale, &bits, 4);
    return p * scale;
}

/* ln x to about 1e-6, for normal x > 0. */
static inline float logarithm(float x) {
    int32_t bits;
    memcpy(&bits, &x, 4);
    int32_t exponent = (bits - 0x3f3504f3) >> 23; /* so that the rest lies in [sqrt(1/2), sqrt(2)) */
    bits -= exponent << 23;
    float m;
    memcpy(&m, &bits, 4);
    float s = (m - 1.0f) / (m + 1.0f), z = s * s;
    float series = 2.0f * s * (1.0f + z * (1.0f / 3 + z * (1.0f / 5 + z * (1.0f / 7 + z * (1.0f / 9)))));
    return series + (float)exponent * 0.693147180559945f;
}

/* weights: logits on entry, the mixture A on return. collage: [B, 3, H, W] in 0..1. entropy: [B * H] sums over a row;
 * usage: [B * H, N] sums over a row; both may be null. scratch: 2 * W floats of this thread. */
void mix_forward(const Memory *memory, float *weights, float inverse_temperature, float *collage, float *entropy,
                 float *usage, float *scratch, int64_t begin, int64_t end) {
    const int64_t N = memory->templates, H = memory->height, W = memory->width, plane = H * W;
    float *top = scratch, *sum = scratch + W;
    for (int64_t line = begin; line < end; line++) {
        const int64_t b = line / H, y = line % H;
        float *row = weights + b * N * plane + y * W;
        float *red = collage + b * 3 * plane + y * W, *green = red + plane, *blue = green + plane;
        for (int64_t x = 0; x < W; x++) top[x] = row[x], sum[x] = red[x] = green[x] = blue[x] = 0.0f;
        for (int64_t n = 1; n < N; n++) {
            const float *logit = row + n * plane;
            for (int64_t x = 0; x < W; x++) top[x] = logit[x] > top[x] ? logit[x] : top[x];
        }
        float expected = 0.0f; /* sum over the row of sum_n A_n * (scaled logit_n - top) */
        for (int64_t n = 0; n < N; n++) {
            float *logit = row + n * plane;
            for (int64_t x = 0; x < W; x++) {
                logit[x] = exponential((logit[x] - top[x]) * inverse_temperature);
                sum[x] += logit[x];
            }
        }
        for (int64_t x = 0; x < W; x++) sum[x] = 1.0f / sum[x];
        for (int64_t n = 0; n < N; n++) {
            float *share = row + n * plane;
            const uint32_t *source = memory->atlas + memory->row[(b * N + n) * H + y];
            const int32_t *column = memory->column + (b * N + n) * W;
            for (int64_t x = 0; x < W; x++) {
                float a = share[x] * sum[x];
                share[x] = a;
                a *= 1.0f / 255.0f;
                uint32_t pixel = source[column[x]];
                red[x] += a * (float)(int32_t)(pixel & 255);
                green[x] += a * (float)(int32_t)((pixel >> 8) & 255);
                blue[x] += a * (float)(int32_t)((pixel >> 16) & 255);
            }
        }
        if (usage) {
            for (int64_t n = 0; n < N; n++) {
                const float *share = row + n * plane;
                float total = 0.0f;
#pragma omp simd reduction(+ : total)
                for (int64_t x = 0; x < W; x++) total += share[x];
                usage[line * N + n] = total;
            }
        }
        if (entropy) {
            for (int64_t n = 0; n < N; n++) {
                const float *share = row + n * plane;
#pragma omp simd reduction(+ : expected)
                for (int64_t x = 0; x < W; x++) {
                    float a = share[x];
                    expected -= a * logarithm(a < 1e-30f ? 1e-30f : a);
                }
            }
            entropy[line] = expected;
        }
    }
}

/* total_variation: [B * H, 2] sums of |A - right neighbour| and |A - lower neighbour| over a row and all templates. */
void mix_variation(const Memory *memory, const float *weights, float *total_variation, int64_t begin, int64_t end) {
    const int64_t N = memory->templates, H = memory->height, W = memory->width, plane = H * W;
    for (int64_t line = begin; line < end; line++) {
        const int64_t b = line / H, y = line % H;
        float right = 0.0f, lower = 0.0f;
        for (int64_t n = 0; n < N; n++) {
            const float *share = weights + (b * N + n) * plane + y * W;
#pragma omp simd reduction(+ : right)
            for (int64_t x = 0; x < W - 1; x++) right += fabsf(share[x] - share[x + 1]);
            if (y < H - 1) {
#pragma omp simd reduction(+ : lower)
                for (int64_t x = 0; x < W; x++) lower += fabsf(share[x] - share[x + W]);
            }
        }
        total_variation[2 * line] = right;
        total_variation[2 * line + 1] = lower;
    }
}

static inline float sign(float x) { return (float)((x > 0.0f) - (x < 0.0f)); }

/* gradient: [B, N, H, W], of the logits. d_collage: [B, 3, H, W]. d_usage: [B, N], d_entropy and the two d_variation
 * are the loss's derivatives by the plain sums that mix_forward and mix_variation give. scratch: W floats. */
void mix_backward(const Memory *memory, const float *weights, float inverse_temperature, const float *d_collage,
                  float d_entropy, float d_right, float d_lower, const float *d_usage, float *gradient,
                  float *scratch, int64_t begin, int64_t end) {
    const int64_t N = memory->templates, H = memory->height, W = memory->width, plane = H * W;
    float *mean = scratch;
    for (int64_t line = begin; line < end; line++) {
        const int64_t b = line / H, y = line % H;
        const float *red = d_collage + b * 3 * plane + y * W, *green = red + plane, *blue = green + plane;
        for (int64_t x = 0; x < W; x++) mean[x] = 0.0f;
        for (int64_t n = 0; n < N; n++) {
            const float *share = weights + (b * N + n) * plane + y * W;
            float *g = gradient + (b * N + n) * plane + y * W;
            const uint32_t *source = memory->atlas + memory->row[(b * N + n) * H + y];
            const int32_t *column = memory->column + (b * N + n) * W;
            const float everywhere = d_usage[b * N + n];
            for (int64_t x = 0; x < W; x++) {
                uint32_t pixel = source[column[x]];
                g[x] = everywhere + (red[x] * (float)(int32_t)(pixel & 255) +
                                     green[x] * (float)(int32_t)((pixel >> 8) & 255) +
                                     blue[x] * (float)(int32_t)((pixel >> 16) & 255)) *
                                        (1.0f / 255.0f);
            }
            if (d_entropy != 0.0f)
                for (int64_t x = 0; x < W; x++) {
                    float a = share[x];
                    g[x] -= d_entropy * (1.0f + logarithm(a < 1e-30f ? 1e-30f : a));
                }
            if (d_right != 0.0f && W > 1) {
                g[0] += d_right * sign(share[0] - share[1]);
                for (int64_t x = 1; x < W - 1; x++)
                    g[x] += d_right * (sign(share[x] - share[x + 1]) + sign(share[x] - share[x - 1]));
                g[W - 1] += d_right * sign(share[W - 1] - share[W - 2]);
            }
            if (d_lower != 0.0f) {
                if (y < H - 1)
                    for (int64_t x = 0; x < W; x++) g[x] += d_lower * sign(share[x] - share[x + W]);
                if (y > 0)
                    for (int64_t x = 0; x < W; x++) g[x] += d_lower * sign(share[x] - share[x - W]);
            }
            for (int64_t x = 0; x < W; x++) mean[x] += share[x] * g[x];
        }
        for (int64_t n = 0; n < N; n++) {
            const float *share = weights + (b * N + n) * plane + y * W;
            float *g = gradient + (b * N + n) * plane + y * W;
            for (int64_t x = 0; x < W; x++) g[x] = inverse_temperature * share[x] * (g[x] - mean[x]);
        }
    }
}
