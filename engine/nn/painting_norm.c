/* What the ST-U-Net of MAGIC computes between its convolutions, while it paints. painting_kernel.py compiles the files
 * painting_*.c as one, this one first, and calls them; the modules of engine/nn hold the same computation in plain torch,
 * which also has the gradients.
 *
 * Tensors are dense. What becomes of a pixel depends on no other one that the formula does not name: neither tiles nor
 * threads change a bit of the result.
 *
 * Here: layer norm over the channels of a pixel, scale, shift and activation, in channels_last memory.
 */

#define MOST_CHANNELS 512

/* One pixel of C channels: (x - mean) / deviation where `norm`, times scale, plus shift; negative values times slope. */
static inline void pixel(float *restrict x, const float *restrict scale, const float *restrict shift, int64_t C,
                         int norm, float slope) {
    float mean = 0.0f, rate = 1.0f;
    if (norm) {
        float square = 0.0f;
#pragma omp simd reduction(+ : mean)
        for (int64_t c = 0; c < C; c++) mean += x[c];
        mean /= (float)C;
#pragma omp simd reduction(+ : square)
        for (int64_t c = 0; c < C; c++) square += (x[c] - mean) * (x[c] - mean);
        rate = 1.0f / sqrtf(square / (float)C + 1e-5f);
    }
    for (int64_t c = 0; c < C; c++) {
        float value = (x[c] - mean) * rate * scale[c] + shift[c];
        x[c] = value < 0.0f ? value * slope : value;
    }
}

/* The same of 16 channels for each of `vectors`. */
INLINED void wide_pixel(Lanes *restrict x, const float *scale, const float *shift, const int64_t vectors, int norm,
                        float slope) {
    float mean = 0.0f, rate = 1.0f;
    if (norm) {
        Lanes sum = {0}, square = {0};
        for (int64_t i = 0; i < vectors; i++) sum += x[i];
        mean = sum_of(sum) / (float)(LANES * vectors);
        for (int64_t i = 0; i < vectors; i++) square += (x[i] - mean) * (x[i] - mean);
        rate = 1.0f / sqrtf(sum_of(square) / (float)(LANES * vectors) + 1e-5f);
    }
    for (int64_t i = 0; i < vectors; i++) {
        const Lanes value = (x[i] - mean) * rate * loaded(scale, LANES * i, 0) + loaded(shift, LANES * i, 0);
        x[i] = chosen(value < 0.0f, value * slope, value);
    }
}

/* Where the row of a phase begins, and how far its pixels are apart, in pixels; see `normalise`. */
typedef struct {
    int64_t from, from_step, to, to_step;
} Places;

static inline Places places_of(int64_t row, int64_t phase, int64_t W, int64_t phases) {
    const Places places = {row * W * phases + phase, phases, row * W, 1};
    const Places enlarged = {places.from, phases, (2 * row + phase / 2) * 2 * W + phase % 2, 2};
    return phases == 1 ? places : enlarged;
}

/* What `normalise` does, of any number of channels. */
static void any_rows(const void *given, void *result, const float *added, const float *scale, const float *shift,
                     int64_t C, int64_t W, int64_t period, int64_t phases, int32_t norm, float slope, int32_t narrow,
                     int64_t begin, int64_t end) {
    float x[MOST_CHANNELS];
    for (int64_t row = begin; row < end; row++)
        for (int64_t phase = 0; phase < phases; phase++) {
            const Places at = places_of(row, phase, W, phases);
            for (int64_t column = 0; column < W; column++) {
                const int64_t from = (at.from + column * at.from_step) * C, to = (at.to + column * at.to_step) * C;
                if (narrow)
                    for (int64_t c = 0; c < C; c++) x[c] = widened_one(((const uint16_t *)given)[from + c]);
                else
                    memcpy(x, (const float *)given + from, C * sizeof(float));
                if (added) {
                    const float *more = added + ((row % period) * W + column) * C;
                    for (int64_t c = 0; c < C; c++) x[c] += more[c];
                }
                pixel(x, scale, shift, C, norm, slope);
                if (narrow)
                    for (int64_t c = 0; c < C; c++) ((uint16_t *)result)[to + c] = narrowed_one(x[c]);
                else
                    memcpy((float *)result + to, x, C * sizeof(float));
            }
        }
}

/* The same of 16 channels for each of `vectors`, a number that the compiler knows: a pixel stays in registers. */
INLINED void wide_rows(const void *given, void *result, const float *added, const float *scale, const float *shift,
                       const int64_t vectors, int64_t W, int64_t period, int64_t phases, const int norm, float slope,
                       const int32_t narrow, int64_t begin, int64_t end) {
    const int64_t C = LANES * vectors;
    Lanes x[MOST_CHANNELS / LANES];
    for (int64_t row = begin; row < end; row++)
        for (int64_t phase = 0; phase < phases; phase++) {
            const Places at = places_of(row, phase, W, phases);
            for (int64_t column = 0; column < W; column++) {
                const int64_t from = (at.from + column * at.from_step) * C, to = (at.to + column * at.to_step) * C;
                for (int64_t i = 0; i < vectors; i++) x[i] = loaded(given, from + LANES * i, narrow);
                if (added)
                    for (int64_t i = 0; i < vectors; i++)
                        x[i] += loaded(added, ((row % period) * W + column) * C + LANES * i, 0);
                wide_pixel(x, scale, shift, vectors, norm, slope);
                for (int64_t i = 0; i < vectors; i++) store(result, to + LANES * i, x[i], narrow);
            }
        }
}

/* given: [rows, W, phases, C] with phases 1, or 4 where each pixel becomes 2 x 2; added: null, or [rows, W, C] of one
 * sample, added to all of them, with `period` rows. result: [rows, W, C] or [2 rows, 2 W, C]; it may be `given` itself
 * where phases is 1. A call takes the rows from begin to end. */
void normalise(const void *given, void *result, const float *added, const float *scale, const float *shift, int64_t C,
               int64_t W, int64_t period, int64_t phases, int32_t norm, float slope, int32_t narrow, int64_t begin,
               int64_t end) {
#define KNOWN(vectors, with_norm, in_bfloat16)                                                                        \
    if (C == LANES * vectors && !norm == !with_norm && !narrow == !in_bfloat16) {                                     \
        wide_rows(given, result, added, scale, shift, vectors, W, period, phases, with_norm, slope, in_bfloat16,      \
                  begin, end);                                                                                        \
        return;                                                                                                       \
    }
    KNOWN(1, 0, 0) KNOWN(1, 0, 1) KNOWN(1, 1, 0) KNOWN(1, 1, 1) KNOWN(2, 1, 0) KNOWN(2, 1, 1) KNOWN(4, 1, 0)
    KNOWN(4, 1, 1)
#undef KNOWN
    any_rows(given, result, added, scale, shift, C, W, period, phases, norm, slope, narrow, begin, end);
}
