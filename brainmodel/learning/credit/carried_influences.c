/* Influences of synapses on their units: moved on over a window, and credited (carried_influences.py).
 *
 * Of each stream they are [lane, row, source]: how what is in a lane of a unit, a field of its
 * state say, depends on the synapses that end on a row of currents. Row r is of unit r % units.
 */

#include <stdint.h>
#include <stdlib.h>
#if defined(__AVX512F__)
#include <immintrin.h>
#define STREAM(at, value) _mm512_stream_si512((__m512i *)(at), (__m512i)(value))
#define FENCE _mm_sfence()
#elif defined(__AVX__)
#include <immintrin.h>
#define STREAM(at, value) _mm256_stream_si256((__m256i *)(at), (__m256i)(value))
#define FENCE _mm_sfence()
#else
#define STREAM(at, value) (*(vector *)(at) = (value))
#define FENCE
#endif
enum { CACHED = 1 << 21 }; /* bytes; more are written past the caches, which they would flood */

typedef struct {
    long batch, lanes, fields, rows, units, sources, steps;
    const real *old; /* [batch, lane, row, source] */
    real *moved; /* likewise */
    const real *const *back; /* of each lane and field [batch, unit] */
    long back_batch, back_unit; /* strides, here and below */
    const real *const *weights; /* of each lane [time, batch, row] */
    long weights_step, weights_batch;
    const real *signal; /* [time, batch, source] */
    long signal_step, signal_batch;
} window;

/* Where some rows of a panel are read and written: first elements, strides of fields and rows;
 * whether they are written past the caches. */
typedef struct {
    const real *old;
    long old_field, old_row;
    real *moved;
    long moved_row, past;
} place;

static inline long some(long left, long most) { return left < most ? left : most; }

static inline __attribute__((always_inline)) void fetch(const real *at, const int to_write) {
    __builtin_prefetch(at, to_write);
    __builtin_prefetch(at + LANES, to_write);
}

/* Some rows of one panel: sum of back x old over fields, and of weights x signal over steps. */
static inline __attribute__((always_inline)) void fill(
    const int rows, const window *w, const place *p, const real *back, const real *weights,
    const real *panel) {
    vector sum[ROWS][2];
    EACH(rows) {
        sum[r][0] = sum[r][1] = (vector){0};
        fetch(p->old + (ROWS + r) * p->old_row, 0); /* the rows that come next */
        if (!p->past) fetch(p->moved + (ROWS + r) * p->moved_row, 1);
    }
    for (long f = 0; f < w->fields; f++)
        EACH(rows) {
            const real *at = p->old + f * p->old_field + r * p->old_row;
            sum[r][0] += back[f * ROWS + r] * *(vector *)at;
            sum[r][1] += back[f * ROWS + r] * *(vector *)(at + LANES);
        }
    for (long t = 0; t < w->steps; t++, panel += PANEL, weights += ROWS) {
        vector left = *(vector *)panel, right = *(vector *)(panel + LANES);
        EACH(rows) {
            sum[r][0] += weights[r] * left;
            sum[r][1] += weights[r] * right;
        }
    }
    EACH(rows) {
        real *at = p->moved + r * p->moved_row;
        if (p->past) {
            STREAM(at, sum[r][0]);
            STREAM(at + LANES, sum[r][1]);
        } else {
            *(vector *)at = sum[r][0];
            *(vector *)(at + LANES) = sum[r][1];
        }
    }
}

static void fill_rows(
    long rows, const window *w, const place *p, const real *back, const real *weights,
    const real *panel) {
#define FILL(k) case k: fill(k, w, p, back, weights, panel); break;
    switch (rows) { UP_TO_ROWS(FILL) }
}

/* The same for sources that do not fill a panel, by way of one that they begin. */
static void fill_edge(
    long rows, long sources, const window *w, const place *p, const real *back, const real *weights,
    const real *panel, real *edge) {
    long size = sources * sizeof(real), field = ROWS * PANEL;
    place q = {edge, field, PANEL, edge + w->fields * field, PANEL, 0};
    for (long f = 0; f < w->fields; f++)
        for (long r = 0; r < rows; r++)
            memcpy(edge + f * field + r * PANEL, p->old + f * p->old_field + r * p->old_row, size);
    fill_rows(rows, w, &q, back, weights, panel);
    for (long r = 0; r < rows; r++) memcpy(p->moved + r * p->moved_row, q.moved + r * PANEL, size);
}

/* Lay out what one stream's loops read, in the order of reading: panels of the signal, then of
 * each lane blocks of ROWS weights. */
static void pack(const window *w, long b, real *panels, real *blocks, long high) {
    for (long t = 0; t < w->steps; t++) {
        const real *signal = w->signal + t * w->signal_step + b * w->signal_batch;
        for (long j = 0; j < w->sources; j += PANEL) {
            long size = some(w->sources - j, PANEL) * sizeof(real);
            memcpy(panels + j * w->steps + t * PANEL, signal + j, size);
        }
        for (long l = 0; l < w->lanes; l++) {
            const real *from = w->weights[l] + t * w->weights_step + b * w->weights_batch;
            real *to = blocks + l * high * w->steps + t * ROWS;
            long r = 0;
            for (; r + ROWS <= w->rows; r += ROWS)
                memcpy(to + r * w->steps, from + r, ROWS * sizeof(real));
            memcpy(to + r * w->steps, from + r, (w->rows - r) * sizeof(real));
        }
    }
}

/* All influences of one stream. */
static void move_stream(const window *w, long b) {
    long wide = (w->sources + PANEL - 1) / PANEL * PANEL, high = (w->rows / ROWS + 1) * ROWS;
    long lane = w->rows * w->sources, block = w->fields * ROWS;
    long room = (wide + w->lanes * high) * w->steps + block + (block + ROWS) * PANEL;
    real *panels = calloc(room, sizeof(real)), *blocks = panels + wide * w->steps;
    real *back = blocks + w->lanes * high * w->steps, *edge = back + block;
    long whole = (uintptr_t)w->moved % BYTES == 0 && w->sources % LANES == 0;
    long past = whole && w->batch * w->lanes * lane * (long)sizeof(real) > CACHED;
    pack(w, b, panels, blocks, high);
    for (long first = 0; first < w->rows; first += ROWS)
        for (long l = 0; l < w->lanes; l++) {
            long rows = some(w->rows - first, ROWS), at = b * w->lanes * lane + first * w->sources;
            const real *weights = blocks + (l * high + first) * w->steps;
            for (long f = 0; f < w->fields; f++) {
                const real *from = w->back[l * w->fields + f] + b * w->back_batch;
                for (long r = 0; r < rows; r++)
                    back[f * ROWS + r] = from[(first + r) % w->units * w->back_unit];
            }
            for (long j = 0; j < w->sources; j += PANEL) {
                const real *panel = panels + j * w->steps;
                place p = {
                    w->old + at + j, lane, w->sources,
                    w->moved + at + l * lane + j, w->sources, past};
                if (w->sources - j < PANEL)
                    fill_edge(rows, w->sources - j, w, &p, back, weights, panel, edge);
                else
                    fill_rows(rows, w, &p, back, weights, panel);
            }
        }
    free(panels);
    FENCE;
}

/* The same where there are few sources: here rows fill the vectors. */
static void move_few(const window *w, long b) {
    long lane = w->rows * w->sources;
    real *sum = malloc(w->rows * sizeof(real));
    for (long l = 0; l < w->lanes; l++)
        for (long j = 0; j < w->sources; j++) {
            memset(sum, 0, w->rows * sizeof(real));
            for (long t = 0; t < w->steps; t++) {
                const real *weights = w->weights[l] + t * w->weights_step + b * w->weights_batch;
                real signal = w->signal[t * w->signal_step + b * w->signal_batch + j];
                for (long r = 0; r < w->rows; r++) sum[r] += weights[r] * signal;
            }
            for (long f = 0; f < w->fields; f++) {
                const real *back = w->back[l * w->fields + f] + b * w->back_batch;
                const real *old = w->old + (b * w->lanes + f) * lane + j;
                for (long r = 0; r < w->rows; r++)
                    sum[r] += back[r % w->units * w->back_unit] * old[r * w->sources];
            }
            real *moved = w->moved + (b * w->lanes + l) * lane + j;
            for (long r = 0; r < w->rows; r++) moved[r * w->sources] = sum[r];
        }
    free(sum);
}

/* Influences after a window, from those before it. */
void move(
    long batch, long lanes, long fields, long rows, long units, long sources, long steps,
    const real *old, real *moved, const real *const *back, long back_batch, long back_unit,
    const real *const *weights, long weights_step, long weights_batch,
    const real *signal, long signal_step, long signal_batch, long threads) {
    const window w = {
        batch, lanes, fields, rows, units, sources, steps, old, moved, back, back_batch, back_unit,
        weights, weights_step, weights_batch, signal, signal_step, signal_batch};
#pragma omp parallel for num_threads(threads) schedule(static)
    for (long b = 0; b < batch; b++) (2 * sources < LANES ? move_few : move_stream)(&w, b);
}

typedef struct {
    long batch, fields, rows, units, sources;
    const real *kept; /* [batch, field, row, source] */
    long kept_batch, kept_field;
    const real *const *bars; /* of each field [batch, unit] */
    long bars_batch, bars_unit;
    real *found; /* [row, source] */
} judgement;

/* Some rows: found += sum over streams and fields of bar x influence, four of them at a time. */
static void credit_rows(const judgement *w, long first, long last) {
    long count = w->batch * w->fields;
    for (long k = 0; k < count; k += 4)
        for (long r = first; r < last; r++) {
            real *restrict found = w->found + r * w->sources;
            const real *at[4];
            real by[4];
            for (long i = 0; i < 4; i++) {
                long one = k + i < count ? k + i : k, b = one / w->fields, f = one % w->fields;
                at[i] = w->kept + b * w->kept_batch + f * w->kept_field + r * w->sources;
                by[i] = w->bars[f][b * w->bars_batch + r % w->units * w->bars_unit];
                if (k + i >= count) by[i] = 0;
            }
            for (long j = 0; j < w->sources; j++)
                found[j] += (by[0] * at[0][j] + by[1] * at[1][j]) +
                            (by[2] * at[2][j] + by[3] * at[3][j]);
        }
}

/* Gradients of synapses from derivatives by fields, and influences on them. */
void credit(
    long batch, long fields, long rows, long units, long sources,
    const real *kept, long kept_batch, long kept_field,
    const real *const *bars, long bars_batch, long bars_unit, real *found, long threads) {
    const judgement w = {
        batch, fields, rows, units, sources, kept, kept_batch, kept_field,
        bars, bars_batch, bars_unit, found};
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (long k = 0; k < threads; k++)
        credit_rows(&w, rows * k / threads, rows * (k + 1) / threads);
}
