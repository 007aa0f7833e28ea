/* Softmax attention among the elements of a set, at each pixel on its own, and its gradient. attention_kernel.py compiles
 * and calls it; set_attention.py holds the same in plain torch.
 *
 * It takes LANES pixels at a time, one in each lane of a vector, so that sets and heads may have any size, and the heads in
 * groups, so that what is between stays in the caches. Tensors are dense, float32 or bfloat16 (`narrow`); what is computed
 * is float32. Nothing is kept for the gradient but what was given: shares are computed again. What becomes of a pixel
 * depends on no other one, so that threads change no bit.
 */
typedef struct {
    const void *inward;   /* [B, K, P, 3 C]: query, key and value of each element */
    const void *gradient; /* [B, K, P, C], of the result; not read on the way there */
    void *result;         /* [B, K, P, C]; on the way back the gradient of `inward` */
    int64_t elements, pixels, channels, heads, group; /* K, P, C; heads, and how many of them are taken at a time */
    int32_t narrow;
} Look;

/* Pixels of a sample that are computed together, and the channels of a group of heads. */
typedef struct {
    int64_t sample, first, count; /* pixels */
    int64_t channel, width, room; /* the first channel, how many, and how many vectors an element has in scratch */
} Tile;

/* ---------------------------------------------------------------- pixels into lanes, and back */

/* Rows become columns. */
INLINED void turned(Lanes rows[LANES]) {
#ifdef MIXED
#define EXCHANGED(step, upper, lower)                                       \
    for (int i = 0; i < LANES; i++)                                         \
        if (!(i & step)) {                                                  \
            const Lanes a = rows[i], b = rows[i + step];                    \
            rows[i] = MIXED(a, b, upper), rows[i + step] = MIXED(a, b, lower); \
        }
#define UPPER_1 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30
#define LOWER_1 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31
#define UPPER_2 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29
#define LOWER_2 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31
#define UPPER_4 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27
#define LOWER_4 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31
#define UPPER_8 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23
#define LOWER_8 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31
    EXCHANGED(1, UPPER_1, LOWER_1)
    EXCHANGED(2, UPPER_2, LOWER_2)
    EXCHANGED(4, UPPER_4, LOWER_4)
    EXCHANGED(8, UPPER_8, LOWER_8)
#else /* vectors as long as these are made of several, and exchanged value by value */
    float from[LANES][LANES], to[LANES][LANES];
    memcpy(from, rows, sizeof from);
    for (int i = 0; i < LANES; i++)
        for (int k = 0; k < LANES; k++) to[i][k] = from[k][i];
    memcpy(rows, to, sizeof to);
#endif
}

/* Of each element a tile's pixels, whose rows have `row` channels, from `shift` channels on: [K, room] vectors. */
static void gathered(const Look *look, const void *values, int64_t row, int64_t shift, Tile tile, Lanes *to) {
    for (int64_t k = 0; k < look->elements; k++) {
        const int64_t at = ((tile.sample * look->elements + k) * look->pixels + tile.first) * row + shift + tile.channel;
        for (int64_t c = 0; c < tile.width; c += LANES) {
            Lanes rows[LANES] = {{0}};
            if (tile.count == LANES && tile.width - c >= LANES)
                for (int lane = 0; lane < LANES; lane++) rows[lane] = loaded(values, at + lane * row + c, look->narrow);
            else
                for (int64_t lane = 0; lane < tile.count; lane++)
                    rows[lane] = loaded_part(values, at + lane * row + c, tile.width - c, look->narrow);
            turned(rows);
            memcpy(to + k * tile.room + c, rows, sizeof rows);
        }
    }
}

/* The way back. */
static void spread(const Look *look, void *values, int64_t row, int64_t shift, Tile tile, const Lanes *from) {
    for (int64_t k = 0; k < look->elements; k++) {
        const int64_t at = ((tile.sample * look->elements + k) * look->pixels + tile.first) * row + shift + tile.channel;
        for (int64_t c = 0; c < tile.width; c += LANES) {
            Lanes rows[LANES];
            memcpy(rows, from + k * tile.room + c, sizeof rows);
            turned(rows);
            if (tile.count == LANES && tile.width - c >= LANES)
                for (int lane = 0; lane < LANES; lane++) store(values, at + lane * row + c, rows[lane], look->narrow);
            else
                for (int64_t lane = 0; lane < tile.count; lane++)
                    store_part(values, at + lane * row + c, rows[lane], tile.width - c, look->narrow);
        }
    }
}

/* ---------------------------------------------------------------- one head */

/* Over d channels. */
INLINED Lanes product(const Lanes *a, const Lanes *b, const int64_t d) {
    Lanes even = a[0] * b[0], odd = {0};
    int64_t c = 1;
    for (; c + 1 < d; c += 2) odd += a[c] * b[c], even += a[c + 1] * b[c + 1];
    if (c < d) odd += a[c] * b[c];
    return even + odd;
}

/* result[c] = sum_j by[j * step] x_j[c], of d channels and K elements `room` apart. */
INLINED void weighted(const Lanes *by, int64_t step, const Lanes *x, Lanes *result, int64_t K, int64_t room,
                      const int64_t d) {
    for (int64_t first = 0; first < d; first += 8) { /* sums that fit into registers */
        const int64_t some = d - first < 8 ? d - first : 8;
        Lanes sums[8] = {{0}};
        for (int64_t j = 0; j < K; j++)
            for (int64_t c = 0; c < some; c++) sums[c] += by[j * step] * x[j * room + first + c];
        for (int64_t c = 0; c < some; c++) result[first + c] = sums[c];
    }
}

/* softmax_j(q k_j / sqrt(d)). */
INLINED void shares_of(const Lanes *q, const Lanes *keys, Lanes *shares, int64_t K, int64_t room, const int64_t d) {
    const float scale = 1.0f / sqrtf((float)d);
    Lanes top = {0}, sum = {0};
    for (int64_t j = 0; j < K; j++) {
        const Lanes score = product(q, keys + j * room, d) * scale;
        shares[j] = score;
        top = j ? chosen(score > top, score, top) : score;
    }
    for (int64_t j = 0; j < K; j++) sum += shares[j] = exponential(shares[j] - top);
    const Lanes inverse = 1.0f / sum;
    for (int64_t j = 0; j < K; j++) shares[j] *= inverse;
}

INLINED void look_there(const Lanes *q, const Lanes *k, const Lanes *v, Lanes *result, Lanes *shares, int64_t K,
                        int64_t room, const int64_t d) {
    for (int64_t i = 0; i < K; i++) {
        shares_of(q + i * room, k, shares, K, room, d);
        weighted(shares, 1, v, result + i * room, K, room, d);
    }
}

/* The gradients d[0], d[1], d[2] of q, k and v, given `g` of the result. shares, scores: [K, K]. */
INLINED void look_back(const Lanes *q, const Lanes *k, const Lanes *v, const Lanes *g, Lanes *const d_all[3],
                       Lanes *shares, Lanes *scores, int64_t K, int64_t room, const int64_t d) {
    const float scale = 1.0f / sqrtf((float)d);
    for (int64_t i = 0; i < K; i++) {
        Lanes *share = shares + i * K, *score = scores + i * K, along = {0};
        shares_of(q + i * room, k, share, K, room, d);
        for (int64_t j = 0; j < K; j++) {
            score[j] = product(g + i * room, v + j * room, d);
            along += share[j] * score[j];
        }
        for (int64_t j = 0; j < K; j++) score[j] = share[j] * (score[j] - along) * scale;
        weighted(score, 1, k, d_all[0] + i * room, K, room, d);
    }
    for (int64_t j = 0; j < K; j++) {
        weighted(scores + j, K, q, d_all[1] + j * room, K, room, d);
        weighted(shares + j, K, g, d_all[2] + j * room, K, room, d);
    }
}

/* ---------------------------------------------------------------- all of them */

/* Tiles begin to end, there, or back where `back`, of heads with d channels. */
INLINED void looked(const Look *look, Lanes *scratch, int64_t begin, int64_t end, const int back, const int64_t d) {
    const int64_t K = look->elements, P = look->pixels, C = look->channels, tiles = (P + LANES - 1) / LANES;
    const int64_t width = look->group * d, room = (width + LANES - 1) / LANES * LANES, size = K * room;
    Lanes *q = scratch, *k = q + size, *v = k + size, *result = v + size;      /* there */
    Lanes *g = result + 3 * size, *shares = g + size, *scores = shares + K * K; /* back, where there are 3 results */
    for (int64_t at = begin; at < end; at++)
        for (int64_t head = 0; head < look->heads; head += look->group) {
            Tile tile = {at / tiles, at % tiles * LANES, P - at % tiles * LANES, head * d, width, room};
            if (tile.count > LANES) tile.count = LANES;
            gathered(look, look->inward, 3 * C, 0, tile, q);
            gathered(look, look->inward, 3 * C, C, tile, k);
            gathered(look, look->inward, 3 * C, 2 * C, tile, v);
            if (back) gathered(look, look->gradient, C, 0, tile, g);
            for (int64_t c = 0; c < width; c += d)
                if (back) {
                    Lanes *const gradients[3] = {result + c, result + size + c, result + 2 * size + c};
                    look_back(q + c, k + c, v + c, g + c, gradients, shares, scores, K, room, d);
                } else
                    look_there(q + c, k + c, v + c, result + c, g, K, room, d);
            for (int64_t part = 0; part < (back ? 3 : 1); part++)
                spread(look, look->result, back ? 3 * C : C, part * C, tile, result + part * size);
        }
}

/* How many floats of scratch a thread needs, aligned to 64 bytes. */
int64_t look_scratch_floats(const Look *look) {
    const int64_t width = look->group * (look->channels / look->heads), K = look->elements;
    return LANES * (7 * K * ((width + LANES - 1) / LANES * LANES) + 2 * K * K);
}

/* Tiles of LANES pixels from begin to end, counted through the B samples, each of ceil(P / LANES) tiles. */
void look_forward(const Look *look, float *scratch, int64_t begin, int64_t end) {
    const int64_t d = look->channels / look->heads;
    if (d == 8) /* where the compiler knows d, sums stay in registers */
        looked(look, (Lanes *)scratch, begin, end, 0, 8);
    else if (d == 16)
        looked(look, (Lanes *)scratch, begin, end, 0, 16);
    else
        looked(look, (Lanes *)scratch, begin, end, 0, d);
}

void look_backward(const Look *look, float *scratch, int64_t begin, int64_t end) {
    const int64_t d = look->channels / look->heads;
    if (d == 8)
        looked(look, (Lanes *)scratch, begin, end, 1, 8);
    else if (d == 16)
        looked(look, (Lanes *)scratch, begin, end, 1, 16);
    else
        looked(look, (Lanes *)scratch, begin, end, 1, d);
}
