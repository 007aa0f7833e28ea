/* Layer norm over the channels of each pixel with a leaky ReLU after it, and its gradient, each in one pass over memory.
 * norm_kernel.py compiles and calls it; layers.py holds the same in plain torch.
 *
 * Pixels are rows of C values, float32 or bfloat16 (`narrow`), dense but for those of a gradient, which may lie apart;
 * all else is float32, and so is what is computed. A call goes over pixels begin to end, and sums of the gradients of scale
 * and shift are kept per TOGETHER of them, which are added up by the caller: the number of threads changes no bit.
 */
#define TOGETHER 256 /* pixels, as norm_kernel.py knows */
#define MOST_CHANNELS 1024 /* a multiple of LANES */

typedef struct {
    const void *given;     /* [P, C] */
    void *result;          /* [P, C]; of the gradient that of `given` */
    const void *gradient;  /* P rows of C, `apart` values from each other; not read on the way there */
    float *statistics;     /* [P, 2]: mean and one over the deviation */
    const float *scale, *shift;
    float *sums;           /* [ceil(P / TOGETHER), 2, C]: of the gradients of scale and shift */
    int64_t channels, apart;
    float slope, epsilon;
    int32_t narrow, plain; /* plain: without the norm, only scale, shift and ReLU */
} Normed;

/* y where it is positive, elsewhere x times the slope. */
INLINED Lanes slid(Lanes y, Lanes x, float slope) { return chosen(y > 0.0f, x, slope * x); }

/* Which of LANES channels from c on there are: all bits, or none. */
INLINED Whole there(int64_t c, int64_t count) {
    Whole lane;
    for (int k = 0; k < LANES; k++) lane[k] = k;
    return lane < (int32_t)(count - c);
}

/* Pixels begin to end; C, `narrow` and `plain` are known to the compiler where this pays: a pixel stays in registers. */
INLINED void forward(const Normed *n, int64_t begin, int64_t end, const int64_t C, const int narrow, const int plain) {
    Lanes x[MOST_CHANNELS / LANES], scale[MOST_CHANNELS / LANES], shift[MOST_CHANNELS / LANES];
    for (int64_t c = 0; c < C; c += LANES)
        scale[c / LANES] = loaded_part(n->scale, c, C - c, 0), shift[c / LANES] = loaded_part(n->shift, c, C - c, 0);
    for (int64_t pixel = begin; pixel < end; pixel++) {
        Lanes sum = {0}, square = {0};
        for (int64_t c = 0; c < C; c += LANES)
            sum += x[c / LANES] = loaded_part(n->given, pixel * C + c, C - c, narrow);
        const float mean = plain ? 0.0f : sum_of(sum) / C;
        for (int64_t c = 0; c < C && !plain; c += LANES) {
            const Lanes away = (Lanes)((Whole)(x[c / LANES] - mean) & there(c, C));
            square += away * away;
            x[c / LANES] = away;
        }
        const float inverse = plain ? 1.0f : 1.0f / sqrtf(sum_of(square) / C + n->epsilon);
        for (int64_t c = 0; c < C; c += LANES) {
            const Lanes y = x[c / LANES] * inverse * scale[c / LANES] + shift[c / LANES];
            store_part(n->result, pixel * C + c, slid(y, y, n->slope), C - c, narrow);
        }
        if (!plain && n->statistics) n->statistics[2 * pixel] = mean, n->statistics[2 * pixel + 1] = inverse;
    }
}

/* The same of the gradient; begin is a multiple of TOGETHER. */
INLINED void backward(const Normed *n, int64_t begin, int64_t end, const int64_t C, const int narrow, const int plain) {
    Lanes normed[MOST_CHANNELS / LANES], g[MOST_CHANNELS / LANES], sums[2][MOST_CHANNELS / LANES];
    Lanes scale[MOST_CHANNELS / LANES], shift[MOST_CHANNELS / LANES];
    for (int64_t c = 0; c < C; c += LANES)
        scale[c / LANES] = loaded_part(n->scale, c, C - c, 0), shift[c / LANES] = loaded_part(n->shift, c, C - c, 0);
    for (int64_t first = begin; first < end; first += TOGETHER) {
        const int64_t last = first + TOGETHER < end ? first + TOGETHER : end;
        for (int64_t c = 0; c < C; c += LANES) sums[0][c / LANES] = sums[1][c / LANES] = (Lanes){0};
        for (int64_t pixel = first; pixel < last; pixel++) {
            const float mean = plain ? 0.0f : n->statistics[2 * pixel];
            const float inverse = plain ? 1.0f : n->statistics[2 * pixel + 1];
            Lanes even = {0}, along = {0};
            for (int64_t c = 0; c < C; c += LANES) {
                const int64_t k = c / LANES;
                const Lanes x = (loaded_part(n->given, pixel * C + c, C - c, narrow) - mean) * inverse;
                const Lanes gradient = loaded_part(n->gradient, pixel * n->apart + c, C - c, narrow);
                const Lanes d = slid(x * scale[k] + shift[k], gradient, n->slope);
                sums[0][k] += d * x;
                sums[1][k] += d;
                normed[k] = x;
                g[k] = d * scale[k];
                even += g[k];
                along += g[k] * x;
            }
            const float d_mean = plain ? 0.0f : sum_of(even) / C, d_deviation = plain ? 0.0f : sum_of(along) / C;
            for (int64_t c = 0; c < C; c += LANES) {
                const Lanes d = inverse * (g[c / LANES] - d_mean - normed[c / LANES] * d_deviation);
                store_part(n->result, pixel * C + c, d, C - c, narrow);
            }
        }
        for (int64_t c = 0; c < C; c += LANES)
            for (int which = 0; which < 2; which++)
                store_part(n->sums + (first / TOGETHER * 2 + which) * C, c, sums[which][c / LANES], C - c, 0);
    }
}

#define KNOWN(channels_, narrow_, plain_)                                              \
    if (n->channels == channels_ && n->narrow == narrow_ && n->plain == plain_) {      \
        WAY(n, begin, end, channels_, narrow_, plain_);                                \
        return;                                                                        \
    }
#define WIDTHS                                                                           \
    KNOWN(16, 1, 1) KNOWN(16, 0, 0) KNOWN(16, 1, 0) KNOWN(24, 0, 0) KNOWN(24, 1, 0)       \
    KNOWN(32, 0, 0) KNOWN(32, 1, 0) KNOWN(48, 0, 0) KNOWN(48, 1, 0) KNOWN(64, 0, 0)       \
    KNOWN(64, 1, 0) KNOWN(96, 0, 0) KNOWN(96, 1, 0)

void norm_forward(const Normed *n, int64_t begin, int64_t end) {
#define WAY forward
    WIDTHS
    WAY(n, begin, end, n->channels, n->narrow, n->plain);
#undef WAY
}

void norm_backward(const Normed *n, int64_t begin, int64_t end) {
#define WAY backward
    WIDTHS
    WAY(n, begin, end, n->channels, n->narrow, n->plain);
#undef WAY
}
