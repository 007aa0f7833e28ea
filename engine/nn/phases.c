/* What lies together by phases, as the convolution at half the resolution gives it, and the planes that it stands for.
 * phases_kernel.py compiles and calls it; up_convolution.py holds the same as copies of torch.
 *
 * phases: [B, h, w, 2, 2, D], float32 or bfloat16 (`narrow`). planes: [B, count, 2 h, 2 w], float32, of the channels
 * from `first` on. A call goes over lines begin to end of the B * 2 h lines of all planes.
 */
#define ACROSS 64 /* pixels of a line that are turned at a time; with LANES channels they stay in the first cache */

typedef struct {
    void *phases;
    float *planes;
    int64_t height, width, channels, first, count; /* h, w, D */
    int32_t narrow;
} Turned;

/* Where the outputs of the pixel at x of a line begin. */
static inline int64_t place(const Turned *t, int64_t line, int64_t x) {
    const int64_t b = line / (2 * t->height), y = line % (2 * t->height);
    return ((((b * t->height + y / 2) * t->width + x / 2) * 2 + y % 2) * 2 + x % 2) * t->channels + t->first;
}

static inline float *line_of(const Turned *t, int64_t line, int64_t channel) {
    const int64_t b = line / (2 * t->height), y = line % (2 * t->height);
    return t->planes + ((b * t->count + channel) * 2 * t->height + y) * 2 * t->width;
}

static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

void phases_to_planes(const Turned *t, int64_t begin, int64_t end) {
    uint32_t room[LANES][ACROSS];
    for (int64_t line = begin; line < end; line++)
        for (int64_t x = 0; x < 2 * t->width; x += ACROSS)
            for (int64_t channel = 0; channel < t->count; channel += LANES) {
                const int64_t across = least(ACROSS, 2 * t->width - x), deep = least(LANES, t->count - channel);
                for (int64_t i = 0; i < across; i++) {
                    const int64_t at = place(t, line, x + i) + channel;
                    if (t->narrow)
                        for (int64_t k = 0; k < deep; k++)
                            room[k][i] = (uint32_t)((const uint16_t *)t->phases)[at + k] << 16;
                    else
                        for (int64_t k = 0; k < deep; k++) room[k][i] = ((const uint32_t *)t->phases)[at + k];
                }
                for (int64_t k = 0; k < deep; k++) memcpy(line_of(t, line, channel + k) + x, room[k], 4 * across);
            }
}

void planes_to_phases(const Turned *t, int64_t begin, int64_t end) {
    uint32_t room[LANES][ACROSS];
    uint16_t narrow[LANES][ACROSS];
    memset(room, 0, sizeof room);
    for (int64_t line = begin; line < end; line++)
        for (int64_t x = 0; x < 2 * t->width; x += ACROSS)
            for (int64_t channel = 0; channel < t->count; channel += LANES) {
                const int64_t across = least(ACROSS, 2 * t->width - x), deep = least(LANES, t->count - channel);
                for (int64_t k = 0; k < deep; k++) {
                    memcpy(room[k], line_of(t, line, channel + k) + x, 4 * across);
                    for (int64_t i = 0; t->narrow && i < ACROSS; i += LANES) {
                        const Narrow rounded = narrowed(loaded(room[k], i, 0));
                        memcpy(narrow[k] + i, &rounded, sizeof rounded);
                    }
                }
                for (int64_t i = 0; i < across; i++) {
                    const int64_t at = place(t, line, x + i) + channel;
                    if (t->narrow)
                        for (int64_t k = 0; k < deep; k++) ((uint16_t *)t->phases)[at + k] = narrow[k][i];
                    else
                        for (int64_t k = 0; k < deep; k++) ((uint32_t *)t->phases)[at + k] = room[k][i];
                }
            }
}
