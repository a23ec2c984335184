/* A cell's dynamics over one step or over many, with its recurrent product in between.
 *
 * Before this text come `prologue.c` and the cell itself, written from its Python equation
 * (areas/loops/fuse.py):
 *
 *     enum { ARRAYS };
 *     static void cell(long first, long last, long n, real *const *at);
 *
 * the step of rows first..last of n units, which reads and writes the arrays at `at`.
 */

typedef struct {
    const real *weight; /* y += x W, with W[k][j] = weight[k * by_depth + j * by_width] */
    long depth, width, by_depth, by_width;
    real *panels; /* room for the weights as they are read, depth * (width + PANEL) */
    const real *x;
    long x_row, x_step; /* from one row of the batch to the next, from one step to the next */
    real *y;
    long y_row, y_step;
    long after; /* whether the product follows the cell's step or goes before it */
} product;

/* Lay the weights out in panels of PANEL columns, filled up with zeros. */
static void pack(const product *p) {
    for (long j = 0; j < p->width; j += PANEL)
        for (long k = 0; k < p->depth; k++)
            for (long l = 0; l < PANEL; l++)
                p->panels[j * p->depth + k * PANEL + l] =
                    j + l < p->width ? p->weight[k * p->by_depth + (j + l) * p->by_width] : 0;
}

/* So many rows of one panel: what is summed stays in registers. */
static inline __attribute__((always_inline)) void tile(
    const int rows, long depth, const real *x, long x_row, const real *panel, real *y, long y_row) {
    vector sum[ROWS][2];
    EACH(rows) {
        sum[r][0] = *(vector *)(y + r * y_row);
        sum[r][1] = *(vector *)(y + r * y_row + LANES);
    }
    for (long k = 0; k < depth; k++) {
        vector left = *(vector *)(panel + k * PANEL), right = *(vector *)(panel + k * PANEL + LANES);
        EACH(rows) {
            sum[r][0] += x[r * x_row + k] * left;
            sum[r][1] += x[r * x_row + k] * right;
        }
    }
    EACH(rows) {
        *(vector *)(y + r * y_row) = sum[r][0];
        *(vector *)(y + r * y_row + LANES) = sum[r][1];
    }
}

static void tiles(
    long rows, long depth, const real *x, long x_row, const real *panel, real *y, long y_row) {
    for (; rows >= ROWS; rows -= ROWS, x += ROWS * x_row, y += ROWS * y_row)
        tile(ROWS, depth, x, x_row, panel, y, y_row);
#define REST(k) case k: tile(k, depth, x, x_row, panel, y, y_row); break;
    switch (rows) { UP_TO_ROWS(REST) }
}

static void multiply(const product *p, long rows, const real *x, real *y) {
    long j = 0, rest = p->width % PANEL;
    for (; j + PANEL <= p->width; j += PANEL)
        tiles(rows, p->depth, x, p->x_row, p->panels + j * p->depth, y + j, p->y_row);
    for (long r = 0; rest && r < rows; r += ROWS) { /* columns that do not fill a panel */
        long some = rows - r < ROWS ? rows - r : ROWS;
        real edge[ROWS * PANEL] = {0};
        for (long k = 0; k < some; k++)
            memcpy(edge + k * PANEL, y + (r + k) * p->y_row + j, rest * sizeof(real));
        tiles(some, p->depth, x + r * p->x_row, p->x_row, p->panels + j * p->depth, edge, PANEL);
        for (long k = 0; k < some; k++)
            memcpy(y + (r + k) * p->y_row + j, edge + k * PANEL, rest * sizeof(real));
    }
}

/* Steps of some rows, which know nothing of other rows. Strides of arrays count bytes. */
static void steps_of(
    long first, long last, long steps, long n, const product *p, real *const *at,
    const long *stride) {
    real *place[ARRAYS];
    memcpy(place, at, sizeof place);
    const real *x = p ? p->x + first * p->x_row : 0;
    real *y = p ? p->y + first * p->y_row : 0;
    for (long t = 0; t < steps; t++) {
        if (p && !p->after) multiply(p, last - first, x, y);
        cell(first, last, n, place);
        if (p && p->after) multiply(p, last - first, x, y);
        for (int a = 0; a < ARRAYS; a++) 
            place[a] = (real *)((char *)place[a] + stride[a]);
        if (p) x += p->x_step, y += p->y_step;
    }
}

/* Steps of all rows, shared among threads that meet only at the end; p may be null. */
void sweep(
    long rows, long n, long steps, long threads, const product *p, real *const *at,
    const long *stride) {
    if (p) pack(p);
    threads = threads < rows ? threads : rows;
    if (threads < 2) {
        steps_of(0, rows, steps, n, p, at, stride);
        return;
    }
#pragma omp parallel for num_threads(threads) schedule(static, 1)
    for (long k = 0; k < threads; k++)
        steps_of(rows * k / threads, rows * (k + 1) / threads, steps, n, p, at, stride);
}
