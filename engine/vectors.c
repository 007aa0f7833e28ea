/* Vectors of LANES values, and what all C sources compute with them: compiled.py puts this file before each.
 *
 * They are the compiler's own (GCC and Clang). Memory holds float32, or bfloat16 where `narrow`; what is computed is
 * float32. Rounding to bfloat16 is to the nearest, ties to even, and what is not a number stays so.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#define LANES 16
#define INLINED static inline __attribute__((always_inline))
typedef float Lanes __attribute__((vector_size(4 * LANES), may_alias));
typedef int32_t Whole __attribute__((vector_size(4 * LANES), may_alias));
typedef uint16_t Narrow __attribute__((vector_size(2 * LANES), may_alias));
typedef uint64_t Words __attribute__((vector_size(2 * LANES)));
typedef uint64_t WideWords __attribute__((vector_size(4 * LANES)));
typedef float Half __attribute__((vector_size(2 * LANES)));
typedef float Quarter __attribute__((vector_size(LANES)));

/* The values of two vectors at the places named, where processors do that in one instruction. Elsewhere compilers take
 * values out one by one, and memory is the better way. */
#if defined(__AVX512F__) && defined(__clang__)
#define MIXED(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#elif defined(__AVX512F__)
#define MIXED(a, b, ...) __builtin_shuffle(a, b, (Whole){__VA_ARGS__})
#endif

/* ---------------------------------------------------------------- memory */

INLINED Lanes widened(Narrow bits) { return (Lanes)(__builtin_convertvector(bits, Whole) << 16); }

INLINED Narrow narrowed(Lanes x) {
    const Whole bits = (Whole)x, nearest = ((bits + 0x7fff + ((bits >> 16) & 1)) >> 16) & 0xffff;
    const Whole is_number = (bits & 0x7fffffff) <= 0x7f800000;
    return __builtin_convertvector((nearest & is_number) | (0x7fc0 & ~is_number), Narrow);
}

static inline float widened_one(uint16_t narrow) {
    const uint32_t bits = (uint32_t)narrow << 16;
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

static inline uint16_t narrowed_one(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    return (bits & 0x7fffffffu) > 0x7f800000u ? 0x7fc0 : (uint16_t)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

/* LANES values from `at` on. */
INLINED Lanes loaded(const void *values, int64_t at, int32_t narrow) {
    Lanes x;
    Narrow bits;
    if (narrow) {
        memcpy(&bits, (const uint16_t *)values + at, sizeof bits);
        return widened(bits);
    }
    memcpy(&x, (const float *)values + at, sizeof x);
    return x;
}

/* As many of them as there are, `count` or LANES; the others are 0. Half of LANES are common, and made of words, since
 * what was written in small parts can not be read at once soon. */
INLINED Lanes loaded_part(const void *values, int64_t at, int64_t count, int32_t narrow) {
    if (count >= LANES) return loaded(values, at, narrow);
    Narrow bits = {0};
    Lanes x = {0};
    if (!narrow && count == LANES / 2) {
        uint64_t words[4];
        memcpy(words, (const float *)values + at, sizeof words);
        return (Lanes)(WideWords){words[0], words[1], words[2], words[3], 0, 0, 0, 0};
    }
    if (!narrow) {
        memcpy(&x, (const float *)values + at, 4 * count);
        return x;
    }
    if (count == LANES / 2) {
        uint64_t words[2];
        memcpy(words, (const uint16_t *)values + at, sizeof words);
        bits = (Narrow)(Words){words[0], words[1], 0, 0};
    } else
        memcpy(&bits, (const uint16_t *)values + at, 2 * count);
    return widened(bits);
}

INLINED void store(void *values, int64_t at, Lanes x, int32_t narrow) {
    if (narrow) {
        const Narrow rounded = narrowed(x);
        memcpy((uint16_t *)values + at, &rounded, sizeof rounded);
    } else
        memcpy((float *)values + at, &x, sizeof x);
}

/* The first `count` of them, or all. */
INLINED void store_part(void *values, int64_t at, Lanes x, int64_t count, int32_t narrow) {
    if (count >= LANES) {
        store(values, at, x, narrow);
        return;
    }
    if (!narrow) {
        memcpy((float *)values + at, &x, 4 * count);
        return;
    }
    const Narrow rounded = narrowed(x);
    if (count == LANES / 2)
        memcpy((uint16_t *)values + at, &rounded, sizeof rounded / 2);
    else
        memcpy((uint16_t *)values + at, &rounded, 2 * count);
}

/* ---------------------------------------------------------------- numbers */

/* In halves, again and again. */
INLINED float sum_of(Lanes x) {
#ifdef MIXED
    x += MIXED(x, x, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
    x += MIXED(x, x, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
    x += MIXED(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
    x += MIXED(x, x, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
    return x[0];
#else
    Half low, high;
    memcpy(&low, &x, sizeof low);
    memcpy(&high, (const char *)&x + sizeof low, sizeof high);
    low += high;
    Quarter first, second;
    memcpy(&first, &low, sizeof first);
    memcpy(&second, (const char *)&low + sizeof first, sizeof second);
    first += second;
    return (first[0] + first[2]) + (first[1] + first[3]);
#endif
}

/* a where `mask` has all bits, b where it has none. */
INLINED Lanes chosen(Whole mask, Lanes a, Lanes b) { return (Lanes)(((Whole)a & mask) | ((Whole)b & ~mask)); }

/* e^x to about 1e-7 relative, for x <= 0; not a number stays so. */
INLINED Lanes exponential(Lanes x) {
    const Lanes least = (Lanes){0} - 126.0f, scaled = x * 1.44269504088896341f, t = chosen(scaled < least, least, scaled);
    Whole whole = __builtin_convertvector(t, Whole); /* towards 0, and then down: a comparison that holds is -1 */
    whole += __builtin_convertvector(whole, Lanes) > t;
    const Lanes f = t - __builtin_convertvector(whole, Lanes);
    Lanes p = f * 1.5353362e-4f + 1.3398874e-3f;
    p = p * f + 9.6184373e-3f;
    p = p * f + 5.5503324e-2f;
    p = p * f + 2.4022648e-1f;
    p = p * f + 6.9314720e-1f;
    p = p * f + 1.0f;
    return p * (Lanes)((whole + 127) << 23);
}
