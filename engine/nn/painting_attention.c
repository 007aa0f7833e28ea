/* The attention among the elements of a set. It takes 16 pixels at a time, one in each lane of a vector, so that sets and
 * heads may have any size. */

typedef struct {
    const void *elements; /* [B, K, P, C] */
    void *result;         /* the same; not the same memory */
    const float *query_key_value, *query_key_value_bias; /* [3 C, C], [3 C] */
    const float *out, *out_bias, *feed_forward, *feed_forward_bias; /* [C, C], [C] */
    const float *attended_scale, *attended_shift, *out_scale, *out_shift; /* [C] each, of the two layer norms */
    int64_t elements_count, pixels, channels, heads;
    int32_t narrow;
} Attention;

/* result[k][n] = bias[n] + sum_c weight[n][c] * x[k][c], of `rows` elements; 4 elements and 4 outputs at a time. */
INLINED void linear(const Lanes *restrict x, Lanes *restrict result, const float *restrict weight,
                    const float *restrict bias, const int64_t C, const int64_t N, int64_t rows) {
    for (int64_t k = 0; k < rows; k += 4) {
        const int64_t below = rows - k < 4 ? rows - k : 4;
        const Lanes *element[4];
        for (int i = 0; i < 4; i++) element[i] = x + (k + (i < below ? i : below - 1)) * C;
        for (int64_t n = 0; n < N; n += 4) {
            const int64_t left = N - n < 4 ? N - n : 4;
            const float *w[4];
            Lanes sum[4][4];
            for (int i = 0; i < 4; i++) {
                const int64_t at = n + (i < left ? i : left - 1);
                w[i] = weight + at * C;
                for (int e = 0; e < 4; e++) sum[e][i] = (Lanes){0} + bias[at];
            }
            for (int64_t c = 0; c < C; c++) {
                const Lanes a = element[0][c], b = element[1][c], d = element[2][c], f = element[3][c];
#define OUTPUT(i) sum[0][i] += a * w[i][c], sum[1][i] += b * w[i][c], sum[2][i] += d * w[i][c], sum[3][i] += f * w[i][c]
                OUTPUT(0), OUTPUT(1), OUTPUT(2), OUTPUT(3);
#undef OUTPUT
            }
            for (int64_t e = 0; e < below; e++)
                for (int64_t i = 0; i < left; i++) result[(k + e) * N + n + i] = sum[e][i];
        }
    }
}

/* Over the C channels of each lane, in place. */
static inline void layer_norm(Lanes *restrict x, const float *restrict scale, const float *restrict shift, int64_t C) {
    Lanes mean = {0}, square = {0};
    for (int64_t c = 0; c < C; c++) mean += x[c];
    mean /= (float)C;
    for (int64_t c = 0; c < C; c++) square += (x[c] - mean) * (x[c] - mean);
    Lanes rate = square / (float)C + 1e-5f;
    float *rates = (float *)&rate; /* a loop over memory, which compilers know how to turn into one instruction */
    for (int lane = 0; lane < LANES; lane++) rates[lane] = 1.0f / sqrtf(rates[lane]);
    for (int64_t c = 0; c < C; c++) x[c] = (x[c] - mean) * rate * scale[c] + shift[c];
}

/* together[i] = sum_j softmax_j(q_i k_j / sqrt(d)) v_j in each head; of one tile. scores: K lanes. */
INLINED void look(const Lanes *restrict qkv, Lanes *restrict together, Lanes *restrict scores, int64_t K,
                  const int64_t C, const int64_t heads) {
    const int64_t d = C / heads;
    const float scale = 1.0f / sqrtf((float)d);
    for (int64_t head = 0; head < heads; head++)
        for (int64_t i = 0; i < K; i++) {
            const Lanes *q = qkv + i * 3 * C + head * d;
            Lanes top = {0}, sum = {0};
            for (int64_t j = 0; j < K; j++) {
                const Lanes *k = qkv + j * 3 * C + C + head * d;
                Lanes even = q[0] * k[0], odd = {0};
                int64_t c = 1;
                for (; c + 1 < d; c += 2) odd += q[c] * k[c], even += q[c + 1] * k[c + 1];
                if (c < d) odd += q[c] * k[c];
                const Lanes score = (even + odd) * scale;
                scores[j] = score;
                top = j ? chosen(score > top, score, top) : score;
            }
            for (int64_t j = 0; j < K; j++) {
                scores[j] = exponential(scores[j] - top);
                sum += scores[j];
            }
            const Lanes share = 1.0f / sum;
            Lanes *all = together + i * C + head * d;
            for (int64_t first = 0; first < d; first += 8) { /* sums that fit into registers */
                const int64_t some = d - first < 8 ? d - first : 8;
                Lanes sums[8] = {{0}};
                for (int64_t j = 0; j < K; j++) {
                    const Lanes *v = qkv + j * 3 * C + 2 * C + head * d + first;
                    for (int64_t c = 0; c < some; c++) sums[c] += scores[j] * v[c];
                }
                for (int64_t c = 0; c < some; c++) all[first + c] = sums[c] * share;
            }
        }
}

/* `attend`, below, of C channels. */
INLINED void attended(const Attention *a, float *scratch, int64_t begin, int64_t end, const int64_t C,
                      const int64_t heads) {
    const int64_t K = a->elements_count, P = a->pixels, tiles = (P + LANES - 1) / LANES;
    Lanes *x = (Lanes *)scratch, *qkv = x + K * C, *together = qkv + 3 * K * C, *hidden = together + K * C;
    Lanes *scores = hidden + K * C;
    for (int64_t tile = begin; tile < end; tile++) {
        const int64_t sample = tile / tiles, first = tile % tiles * LANES;
        const int64_t count = P - first < LANES ? P - first : LANES;
        for (int64_t k = 0; k < K; k++) {
            const int64_t from = ((sample * K + k) * P + first) * C;
            float *to = (float *)(x + k * C);
            if (count < LANES) memset(to, 0, sizeof(Lanes) * C);
            for (int64_t lane = 0; lane < count; lane++)
                for (int64_t c = 0; c < C; c++)
                    to[c * LANES + lane] = a->narrow ? widened_one(((const uint16_t *)a->elements)[from + lane * C + c])
                                                     : ((const float *)a->elements)[from + lane * C + c];
        }
        linear(x, qkv, a->query_key_value, a->query_key_value_bias, C, 3 * C, K);
        look(qkv, together, scores, K, C, heads);
        linear(together, hidden, a->out, a->out_bias, C, C, K);
        for (int64_t k = 0; k < K; k++) {
            Lanes *h = hidden + k * C;
            for (int64_t c = 0; c < C; c++) h[c] += x[k * C + c];
            layer_norm(h, a->attended_scale, a->attended_shift, C);
        }
        linear(hidden, together, a->feed_forward, a->feed_forward_bias, C, C, K);
        for (int64_t k = 0; k < K; k++) {
            Lanes *h = hidden + k * C;
            const Lanes *more = together + k * C;
            for (int64_t c = 0; c < C; c++) h[c] += chosen(more[c] < 0.0f, (Lanes){0}, more[c]);
            layer_norm(h, a->out_scale, a->out_shift, C);
            const int64_t to = ((sample * K + k) * P + first) * C;
            const float *from = (const float *)h;
            for (int64_t lane = 0; lane < count; lane++)
                for (int64_t c = 0; c < C; c++) {
                    if (a->narrow)
                        ((uint16_t *)a->result)[to + lane * C + c] = narrowed_one(from[c * LANES + lane]);
                    else
                        ((float *)a->result)[to + lane * C + c] = from[c * LANES + lane];
                }
        }
    }
}

/* Tiles of 16 pixels from begin to end, counted through the B samples, each of ceil(P / 16) tiles. scratch: (6 C + 1) K
 * times 16 floats of this thread, aligned to 64 bytes. */
void attend(const Attention *a, float *scratch, int64_t begin, int64_t end) {
    if (a->channels == 32 && a->heads == 4) /* where the compiler knows C, sums stay in registers */
        attended(a, scratch, begin, end, 32, 4);
    else if (a->channels == 64 && a->heads == 4)
        attended(a, scratch, begin, end, 64, 4);
    else
        attended(a, scratch, begin, end, a->channels, a->heads);
}
