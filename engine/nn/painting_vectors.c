/* What the ST-U-Net of MAGIC computes between its convolutions, while it paints. painting_kernel.py compiles the files
 * painting_*.c as one, this one first, and calls them; the modules of engine/nn hold the same computation in plain torch,
 * which also has the gradients.
 *
 * Tensors are dense, float32 or bfloat16 (`narrow`); what is computed is float32 throughout. What becomes of a pixel
 * depends on no other one that the formula does not name: neither tiles nor threads change a bit of the result.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#define LANES 16
typedef float Lanes __attribute__((vector_size(4 * LANES), may_alias));
typedef int32_t Whole __attribute__((vector_size(4 * LANES), may_alias));

static inline float widened(uint16_t narrow) {
    uint32_t bits = (uint32_t)narrow << 16;
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

/* To the nearest, ties to even; not a number stays so. */
static inline uint16_t narrowed(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    return (bits & 0x7fffffffu) > 0x7f800000u ? 0x7fc0 : (uint16_t)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

#define INLINED static inline __attribute__((always_inline))
typedef uint16_t Narrow __attribute__((vector_size(2 * LANES), may_alias));
typedef float Half __attribute__((vector_size(2 * LANES)));
typedef float Quarter __attribute__((vector_size(LANES)));

/* a where `mask` has all bits, b where it has none. */
INLINED Lanes chosen(Whole mask, Lanes a, Lanes b) { return (Lanes)(((Whole)a & mask) | ((Whole)b & ~mask)); }

/* 16 values of memory, float32 or bfloat16. */
INLINED Lanes loaded(const void *values, int64_t at, int32_t narrow) {
    Lanes wide;
    if (narrow) {
        Narrow bits;
        memcpy(&bits, (const uint16_t *)values + at, sizeof bits);
        return (Lanes)(__builtin_convertvector(bits, Whole) << 16);
    }
    memcpy(&wide, (const float *)values + at, sizeof wide);
    return wide;
}

/* As `loaded`, of the first `count` of them; the others are 0. */
INLINED Lanes loaded_part(const void *values, int64_t at, int64_t count, int32_t narrow) {
    if (count == LANES) return loaded(values, at, narrow);
    Lanes part = {0};
    for (int64_t i = 0; i < count; i++)
        part[i] = narrow ? widened(((const uint16_t *)values)[at + i]) : ((const float *)values)[at + i];
    return part;
}

/* As `loaded`; to the nearest as `narrowed` does. */
INLINED void store(void *values, int64_t at, Lanes x, int32_t narrow) {
    if (!narrow) {
        memcpy((float *)values + at, &x, sizeof x);
        return;
    }
    const Whole bits = (Whole)x, odd = (bits >> 16) & 1, nearest = ((bits + 0x7fff + odd) >> 16) & 0xffff;
    const Whole is_number = (bits & 0x7fffffff) <= 0x7f800000;
    const Narrow rounded = __builtin_convertvector((nearest & is_number) | (0x7fc0 & ~is_number), Narrow);
    memcpy((uint16_t *)values + at, &rounded, sizeof rounded);
}

INLINED float sum_of(Lanes x) {
    Half low, high;
    memcpy(&low, &x, sizeof low);
    memcpy(&high, (const char *)&x + sizeof low, sizeof high);
    low += high;
    Quarter first, second;
    memcpy(&first, &low, sizeof first);
    memcpy(&second, (const char *)&low + sizeof first, sizeof second);
    first += second;
    return (first[0] + first[2]) + (first[1] + first[3]);
}
