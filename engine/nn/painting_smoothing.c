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

/* The gradient of planes, given that of what `smooth` made of them: a symmetric window is its own transpose, but that what
 * goes on beyond the edges comes back to them. Both float32 [count, H, W]. room: (H + 2 radius + 2) (W + 4 radius + 32)
 * floats. A call takes planes from begin to end. */
void smooth_back(const float *gradient, float *result, const float *shares, float *room, int64_t H, int64_t W,
                 int64_t radius, int64_t begin, int64_t end) {
    float *rows = room + radius * W, *row = room + (H + 2 * radius) * W, *sums = row + W + 4 * radius + LANES;
    for (int64_t plane = begin; plane < end; plane++) {
        const float *given = gradient + plane * H * W;
        for (int64_t y = -radius; y < H + radius; y++)
            for (int64_t x = 0; x < W; x += LANES) {
                Lanes sum = {0};
                for (int64_t i = -radius; i <= radius; i++)
                    if (y + i >= 0 && y + i < H)
                        sum += loaded_part(given, (y + i) * W + x, W - x, 0) * shares[radius + i];
                store_part(rows, y * W + x, sum, W - x, 0);
            }
        for (int64_t i = 1; i <= radius; i++)
            for (int64_t x = 0; x < W; x++)
                rows[x] += rows[x - i * W], rows[(H - 1) * W + x] += rows[(H - 1 + i) * W + x];
        for (int64_t y = 0; y < H; y++) {
            memset(row, 0, sizeof(float) * (W + 4 * radius + LANES));
            memcpy(row + 2 * radius, rows + y * W, sizeof(float) * W);
            for (int64_t x = 0; x < W + 2 * radius; x += LANES) {
                const int64_t count = W + 2 * radius - x;
                Lanes sum = {0};
                for (int64_t i = 0; i <= 2 * radius; i++) sum += loaded_part(row, x + i, count, 0) * shares[i];
                store_part(sums, x, sum, count, 0);
            }
            for (int64_t i = 0; i < radius; i++)
                sums[radius] += sums[i], sums[radius + W - 1] += sums[radius + W + i];
            memcpy(result + (plane * H + y) * W, sums + radius, sizeof(float) * W);
        }
    }
}
