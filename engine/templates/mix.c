/* The template mixture in one pass over memory: softmax over N templates, the weighted sum of their pixels, and the
 * sums that the regularisers need; then the gradient of all of these. mix_kernel.py compiles and calls it, and
 * mixture.py holds the same computation in plain torch.
 *
 * Layout: all arrays are dense and row-major. A band of rows [begin, end) of the B * H rows is one call, so that
 * threads share the work; every sum is kept per row and added up by the caller, so that the number of threads does
 * not change a bit of the result.
 *
 * A row is gone over in runs of at most RUN pixels, all templates of a run one after another, so that what is between
 * two loops stays in the first cache; LANES pixels at a time, as vectors of the compiler's own (GCC and Clang).
 */
#define RUN 96 /* a multiple of LANES */

typedef struct {
    const uint32_t *atlas;  /* packed pixels of all style images: red, green, blue in the low three bytes */
    const int64_t *row;     /* [B, N, H]: where in the atlas the template's row begins */
    const int32_t *column;  /* [B, N, W]: column within that row */
    int64_t templates, height, width;
} Memory;

/* A run of `count` pixels of row y of sample b, from column x on. */
typedef struct {
    int64_t b, y, x, count;
} Run;

/* ---------------------------------------------------------------- numbers */

INLINED Lanes magnitude(Lanes x) { return (Lanes)((Whole)x & 0x7fffffff); }

/* -1, 0 or 1. */
INLINED Lanes sign(Lanes x) { return __builtin_convertvector((x < 0) - (x > 0), Lanes); }

/* ln x to about 1e-6, for normal x > 0. */
INLINED Lanes logarithm(Lanes x) {
    Whole bits = (Whole)x, exponent = (bits - 0x3f3504f3) >> 23; /* so that the rest lies in [sqrt(1/2), sqrt(2)) */
    Lanes m = (Lanes)(bits - (exponent << 23)), s = (m - 1.0f) / (m + 1.0f), z = s * s;
    Lanes series = 2.0f * s * (1.0f + z * (1.0f / 3 + z * (1.0f / 5 + z * (1.0f / 7 + z * (1.0f / 9)))));
    return series + __builtin_convertvector(exponent, Lanes) * 0.693147180559945f;
}

/* Of packed pixels the channel that begins at a bit, 0..255. */
INLINED Lanes channel(Whole pixels, int bit) { return __builtin_convertvector((pixels >> bit) & 255, Lanes); }

/* ---------------------------------------------------------------- templates */

/* The pixels of a template in a run: where they lie in the atlas, or gathered into `room`, RUN of them. A template
 * nearly always runs to the right or, mirrored, to the left through its image, where no address is looked up. */
INLINED const uint32_t *pixels_of(const Memory *memory, int64_t n, Run run, uint32_t *room) {
    const int64_t at = run.b * memory->templates + n, count = run.count;
    const uint32_t *source = memory->atlas + memory->row[at * memory->height + run.y];
    const int32_t *column = memory->column + at * memory->width + run.x, first = column[0], last = column[count - 1];
    if (count % LANES == 0) {
        Whole place, unlike_right = {0}, unlike_left = {0};
        for (int lane = 0; lane < LANES; lane++) place[lane] = lane;
        for (int64_t i = 0; i < count; i += LANES, place += LANES) {
            Whole columns;
            memcpy(&columns, column + i, sizeof columns);
            unlike_right |= columns ^ (place + first);
            unlike_left |= columns ^ (first - place);
        }
        int32_t not_right = 0, not_left = 0;
        for (int lane = 0; lane < LANES; lane++) not_right |= unlike_right[lane], not_left |= unlike_left[lane];
        if (!not_right) return source + first;
        if (!not_left) {
            for (int64_t i = 0; i < count; i++) room[i] = source[last + count - 1 - i];
            return room;
        }
    }
    for (int64_t i = 0; i < count; i++) room[i] = source[column[i]];
    return room;
}

INLINED Whole pixels_at(const uint32_t *pixels) {
    Whole x;
    memcpy(&x, pixels, sizeof x);
    return x;
}

/* ---------------------------------------------------------------- the mixture */

/* How many floats of scratch a thread needs. */
int64_t mix_scratch_floats(const Memory *memory) { return (memory->templates + 7) * RUN; }

/* Softmax and collage of a run, see mix_forward. usage: [N], sums are added to it; or null. Returns the sum of the
 * entropies of its pixels: of A_n = e_n / s that is log s - sum_n A_n log e_n. */
static float mixed_run(const Memory *memory, float *weights, float inverse_temperature, float *collage, float *usage,
                       float *scratch, Run run) {
    const int64_t N = memory->templates, H = memory->height, W = memory->width, plane = H * W, count = run.count;
    float *row = weights + run.b * N * plane + run.y * W + run.x;
    float *red = collage + run.b * 3 * plane + run.y * W + run.x;
    float *top = scratch, *sums[5], *exponentials = scratch + 7 * RUN;
    uint32_t *gathered = (uint32_t *)(scratch + 6 * RUN);
    for (int k = 0; k < 5; k++) sums[k] = scratch + (1 + k) * RUN; /* of e, of e log e, of the three colours */
    memset(sums[0], 0, 5 * RUN * sizeof(float));
    for (int64_t n = 0; n < N; n++)
        for (int64_t i = 0; i < count; i += LANES) {
            Lanes logit = loaded_part(row, n * plane + i, count - i, 0);
            Lanes most = n ? loaded(top, i, 0) : logit;
            store(top, i, chosen(logit > most, logit, most), 0);
        }
    for (int64_t n = 0; n < N; n++) {
        const uint32_t *pixels = pixels_of(memory, n, run, gathered);
        for (int64_t i = 0; i < count; i += LANES) {
            const Lanes logit = loaded_part(row, n * plane + i, count - i, 0);
            const Lanes scaled = (logit - loaded(top, i, 0)) * inverse_temperature, e = exponential(scaled);
            const Whole pixel = pixels_at(pixels + i);
            store(exponentials, n * RUN + i, e, 0);
            store(sums[0], i, loaded(sums[0], i, 0) + e, 0);
            store(sums[1], i, loaded(sums[1], i, 0) + e * scaled, 0);
            store(sums[2], i, loaded(sums[2], i, 0) + e * channel(pixel, 0), 0);
            store(sums[3], i, loaded(sums[3], i, 0) + e * channel(pixel, 8), 0);
            store(sums[4], i, loaded(sums[4], i, 0) + e * channel(pixel, 16), 0);
        }
    }
    float entropy = 0.0f;
    for (int64_t i = 0; i < count; i += LANES) {
        const Lanes sum = loaded(sums[0], i, 0), inverse = 1.0f / sum;
        for (int k = 0; k < 3; k++)
            store_part(red, k * plane + i, loaded(sums[2 + k], i, 0) * inverse * (1.0f / 255.0f), count - i, 0);
        store(sums[0], i, inverse, 0);
        if (usage) {
            float each[LANES];
            store(each, 0, logarithm(sum) - loaded(sums[1], i, 0) * inverse, 0);
            entropy += sum_of(loaded_part(each, 0, count - i, 0));
        }
    }
    for (int64_t n = 0; n < N; n++) {
        Lanes total = {0};
        for (int64_t i = 0; i < count; i += LANES) {
            const Lanes a = loaded(exponentials, n * RUN + i, 0) * loaded(sums[0], i, 0);
            store_part(row, n * plane + i, a, count - i, 0);
            total += i + LANES <= count ? a : loaded_part(row, n * plane + i, count - i, 0);
        }
        if (usage) usage[n] += sum_of(total);
    }
    return entropy;
}

/* weights: logits on entry, the mixture A on return. collage: [B, 3, H, W] in 0..1. entropy: [B * H] sums over a row;
 * usage: [B * H, N] sums over a row; both may be null. */
void mix_forward(const Memory *memory, float *weights, float inverse_temperature, float *collage, float *entropy,
                 float *usage, float *scratch, int64_t begin, int64_t end) {
    const int64_t N = memory->templates, H = memory->height, W = memory->width;
    for (int64_t line = begin; line < end; line++) {
        float *used = usage ? usage + line * N : 0, total = 0.0f;
        if (usage) memset(used, 0, N * sizeof(float));
        for (int64_t x = 0; x < W; x += RUN) {
            const Run run = {line / H, line % H, x, W - x < RUN ? W - x : RUN};
            total += mixed_run(memory, weights, inverse_temperature, collage, used, scratch, run);
        }
        if (entropy) entropy[line] = total;
    }
}

/* total_variation: [B * H, 2] sums of |A - right neighbour| and |A - lower neighbour| over a row and all templates. */
void mix_variation(const Memory *memory, const float *weights, float *total_variation, int64_t begin, int64_t end) {
    const int64_t N = memory->templates, H = memory->height, W = memory->width, plane = H * W;
    for (int64_t line = begin; line < end; line++) {
        const int64_t b = line / H, y = line % H;
        Lanes right = {0}, lower = {0};
        for (int64_t n = 0; n < N; n++) {
            const float *share = weights + (b * N + n) * plane + y * W;
            for (int64_t x = 0; x < W - 1; x += LANES) /* the others' differences are 0 */
                right += magnitude(loaded_part(share, x, W - 1 - x, 0) - loaded_part(share, x + 1, W - 1 - x, 0));
            for (int64_t x = 0; x < W && y < H - 1; x += LANES)
                lower += magnitude(loaded_part(share, x, W - x, 0) - loaded_part(share, x + W, W - x, 0));
        }
        total_variation[2 * line] = sum_of(right);
        total_variation[2 * line + 1] = sum_of(lower);
    }
}

/* ---------------------------------------------------------------- its gradient */

/* The neighbours of LANES pixels beside them, `by` to the left (-1) or right (1); beyond the row they are themselves.
 * left: how many pixels of the row there are from the first of them on. */
INLINED Lanes beside(const float *share, int64_t x, int64_t left, int by) {
    if (by < 0 ? x > 0 && left >= LANES : left > LANES) return loaded(share, by, 0);
    Lanes a = {0};
    const int64_t count = left < LANES ? left : LANES;
    for (int64_t i = 0; i < count; i++) {
        const int64_t at = i + by;
        a[i] = share[(at < 0 && x == 0) || at >= left ? i : at];
    }
    return a;
}

/* One row of all templates: where it begins, and how far apart they are. */
typedef struct {
    float *begin;
    int64_t apart;
} Row;

/* The gradient of a run into a row, given the rows above and below it, see mix_backward. */
static void gradient_run(const Memory *memory, const float *weights, float inverse_temperature, const float *d_collage,
                         float d_entropy, float d_right, float d_lower, const float *d_usage, Row gradient, Row up,
                         Row down, float *scratch, Run run) {
    const int64_t N = memory->templates, H = memory->height, W = memory->width, plane = H * W, count = run.count;
    const int64_t first = run.b * N * plane + run.y * W + run.x;
    const float *red = d_collage + run.b * 3 * plane + run.y * W + run.x;
    float *mean = scratch, *colors = scratch + RUN, *gradients = scratch + 7 * RUN;
    uint32_t *gathered = (uint32_t *)(scratch + 6 * RUN);
    memset(mean, 0, RUN * sizeof(float));
    for (int k = 0; k < 3; k++)
        for (int64_t i = 0; i < count; i += LANES)
            store(colors, k * RUN + i, loaded_part(red, k * plane + i, count - i, 0) * (1.0f / 255.0f), 0);
    for (int64_t n = 0; n < N; n++) {
        const float *share = weights + first + n * plane;
        const uint32_t *pixels = pixels_of(memory, n, run, gathered);
        const float everywhere = d_usage[run.b * N + n];
        for (int64_t i = 0; i < count; i += LANES) {
            const int64_t left = count - i;
            const Lanes a = loaded_part(share, i, left, 0);
            const Whole pixel = pixels_at(pixels + i);
            Lanes g = everywhere + loaded(colors, i, 0) * channel(pixel, 0) +
                      loaded(colors, RUN + i, 0) * channel(pixel, 8) + loaded(colors, 2 * RUN + i, 0) * channel(pixel, 16);
            if (d_entropy != 0.0f) g -= d_entropy * (1.0f + logarithm(chosen(a < 1e-30f, 1e-30f - (Lanes){0}, a)));
            if (d_lower != 0.0f)
                g += d_lower * (sign(a - loaded_part(up.begin + n * up.apart, run.x + i, left, 0)) +
                                sign(a - loaded_part(down.begin + n * down.apart, run.x + i, left, 0)));
            if (d_right != 0.0f)
                g += d_right * (sign(a - beside(share + i, run.x + i, W - run.x - i, -1)) +
                                sign(a - beside(share + i, run.x + i, W - run.x - i, 1)));
            store(gradients, n * RUN + i, g, 0);
            store(mean, i, loaded(mean, i, 0) + a * g, 0);
        }
    }
    for (int64_t n = 0; n < N; n++)
        for (int64_t i = 0; i < count; i += LANES) {
            const Lanes a = loaded_part(weights, first + n * plane + i, count - i, 0);
            const Lanes g = loaded(gradients, n * RUN + i, 0) - loaded(mean, i, 0);
            store_part(gradient.begin + n * gradient.apart, run.x + i, inverse_temperature * a * g, count - i, 0);
        }
}

/* gradient: [B, N, H, W], of the logits. d_collage: [B, 3, H, W]. d_usage: [B, N], d_entropy and the two d_variation
 * are the loss's derivatives by the plain sums that mix_forward and mix_variation give.
 *
 * delayed: null, or [2, N, W] of room where `gradient` is `weights`: a row is written once the next one was computed, which
 * looks at it. above, below: A of the rows before and after a band [N, W], where these are another band's to overwrite. */
void mix_backward(const Memory *memory, float *weights, float inverse_temperature, const float *d_collage,
                  float d_entropy, float d_right, float d_lower, const float *d_usage, float *gradient, float *delayed,
                  float *above, float *below, float *scratch, int64_t begin, int64_t end) {
    const int64_t N = memory->templates, H = memory->height, W = memory->width, plane = H * W;
    for (int64_t line = begin; line <= end; line++) {
        const int64_t y = line % H, at = line / H * N * plane + y * W;
        for (int64_t x = 0; x < W && line < end; x += RUN) {
            const Run run = {line / H, y, x, W - x < RUN ? W - x : RUN};
            const Row own = {weights + at, plane}, upper = {weights + at - W, plane}, lower = {weights + at + W, plane};
            const Row before = {above, W}, after = {below, W};
            const Row up = y == 0 ? own : line == begin && above ? before : upper;
            const Row down = y == H - 1 ? own : line == end - 1 && below ? after : lower;
            const Row into = delayed ? (Row){delayed + line % 2 * N * W, W} : (Row){gradient + at, plane};
            gradient_run(memory, weights, inverse_temperature, d_collage, d_entropy, d_right, d_lower, d_usage, into, up,
                         down, scratch, run);
        }
        const int64_t last = line - 1, to = last / H * N * plane + last % H * W;
        for (int64_t n = 0; n < N && delayed && line > begin; n++)
            memcpy(gradient + to + n * plane, delayed + (last % 2 * N + n) * W, 4 * W);
    }
}
