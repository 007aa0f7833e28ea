/* Planes under a Gaussian window: down the columns and then along the rows, as weighted sums of neighbours. */

/* planes: [count, H, W]; result: the same size, float32. shares: [2 radius + 1], of the neighbours, symmetric. Beyond the
 * edges planes go on. row: room for W + 2 radius + 32 floats. A call takes rows from begin to end, counted through the
 * planes. */
void smooth(const void *planes, float *result, const float *shares, float *row, int64_t H, int64_t W, int64_t radius,
            int32_t narrow, int64_t begin, int64_t end) {
    for (int64_t at = begin; at < end; at++) {
        const int64_t plane = at / H, y = at % H;
        for (int64_t x = 0; x < W; x += LANES) {
            const int64_t count = W - x < LANES ? W - x : LANES;
            Lanes sum = {0};
            for (int64_t i = -radius; i <= radius; i++) {
                const int64_t near = y + i < 0 ? 0 : y + i >= H ? H - 1 : y + i, from = (plane * H + near) * W + x;
                sum += loaded_part(planes, from, count, narrow) * shares[radius + i];
            }
            memcpy(row + radius + x, &sum, sizeof(float) * count);
        }
        for (int64_t i = 0; i < radius; i++) row[i] = row[radius], row[radius + W + i] = row[radius + W - 1];
        for (int64_t x = 0; x < W; x += LANES) {
            const int64_t count = W - x < LANES ? W - x : LANES;
            Lanes sum = {0};
            for (int64_t i = 0; i <= 2 * radius; i++) sum += loaded_part(row, x + i, LANES, 0) * shares[i];
            memcpy(result + at * W + x, &sum, sizeof(float) * count);
        }
    }
}
