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
    int32_t narrow;
} Normed;

/* y where it is positive, elsewhere x times the slope. */
INLINED Lanes slid(Lanes y, Lanes x, float slope) { return chosen(y > 0.0f, x, slope * x); }

/* Which of LANES channels from c on there are: all bits, or none. */
INLINED Whole there(int64_t c, int64_t count) {
    Whole lane;
    for (int k = 0; k < LANES; k++) lane[k] = k;
    return lane < (int32_t)(count - c);
}

void norm_forward(const Normed *n, int64_t begin, int64_t end) {
    const int64_t C = n->channels;
    Lanes x[MOST_CHANNELS / LANES], scale[MOST_CHANNELS / LANES], shift[MOST_CHANNELS / LANES];
    for (int64_t c = 0; c < C; c += LANES)
        scale[c / LANES] = loaded_part(n->scale, c, C - c, 0), shift[c / LANES] = loaded_part(n->shift, c, C - c, 0);
    for (int64_t pixel = begin; pixel < end; pixel++) {
        Lanes sum = {0}, square = {0};
        for (int64_t c = 0; c < C; c += LANES)
            sum += x[c / LANES] = loaded_part(n->given, pixel * C + c, C - c, n->narrow);
        const float mean = sum_of(sum) / C;
        for (int64_t c = 0; c < C; c += LANES) {
            const Lanes away = (Lanes)((Whole)(x[c / LANES] - mean) & there(c, C));
            square += away * away;
            x[c / LANES] = away;
        }
        const float inverse = 1.0f / sqrtf(sum_of(square) / C + n->epsilon);
        for (int64_t c = 0; c < C; c += LANES) {
            const Lanes y = x[c / LANES] * inverse * scale[c / LANES] + shift[c / LANES];
            store_part(n->result, pixel * C + c, slid(y, y, n->slope), C - c, n->narrow);
        }
        if (n->statistics) n->statistics[2 * pixel] = mean, n->statistics[2 * pixel + 1] = inverse;
    }
}

/* begin is a multiple of TOGETHER. */
void norm_backward(const Normed *n, int64_t begin, int64_t end) {
    const int64_t C = n->channels;
    Lanes normed[MOST_CHANNELS / LANES], g[MOST_CHANNELS / LANES], sums[2][MOST_CHANNELS / LANES];
    Lanes scale[MOST_CHANNELS / LANES], shift[MOST_CHANNELS / LANES];
    for (int64_t c = 0; c < C; c += LANES)
        scale[c / LANES] = loaded_part(n->scale, c, C - c, 0), shift[c / LANES] = loaded_part(n->shift, c, C - c, 0);
    for (int64_t pixel = begin; pixel < end; pixel++) {
        const float mean = n->statistics[2 * pixel], inverse = n->statistics[2 * pixel + 1];
        if (pixel % TOGETHER == 0) memset(sums, 0, sizeof sums);
        Lanes even = {0}, along = {0};
        for (int64_t c = 0; c < C; c += LANES) {
            const int64_t k = c / LANES;
            const Lanes x = (loaded_part(n->given, pixel * C + c, C - c, n->narrow) - mean) * inverse;
            const Lanes gradient = loaded_part(n->gradient, pixel * n->apart + c, C - c, n->narrow);
            const Lanes d = slid(x * scale[k] + shift[k], gradient, n->slope);
            sums[0][k] += d * x;
            sums[1][k] += d;
            normed[k] = x;
            g[k] = d * scale[k];
            even += g[k];
            along += g[k] * x;
        }
        const float d_mean = sum_of(even) / C, d_deviation = sum_of(along) / C;
        for (int64_t c = 0; c < C; c += LANES)
            store_part(n->result, pixel * C + c, inverse * (g[c / LANES] - d_mean - normed[c / LANES] * d_deviation),
                       C - c, n->narrow);
        if (pixel % TOGETHER == TOGETHER - 1 || pixel == end - 1)
            for (int64_t c = 0; c < 2 * C; c++)
                n->sums[pixel / TOGETHER * 2 * C + c] = ((const float *)sums[c / C])[c % C];
    }
}
