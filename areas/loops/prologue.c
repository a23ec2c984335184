/* What every native loop begins with: numbers, their mathematics, and vectors of them.
 *
 * Before this text `real` is defined, and its mathematics: `exp_`, `log_`, `sqrt_`, and `BORDER`,
 * below which a squared number is too small for tanh by exponentials.
 */

#include <math.h>
#include <string.h>

/* gcc's vector mathematics is asked for by name; other compilers ignore the attribute */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__)
#define VECTOR __attribute__((simd("notinbranch")))
#else
#define VECTOR
#endif
VECTOR float expf(float); VECTOR float logf(float);
VECTOR double exp(double); VECTOR double log(double);

static inline real tanh_(real x) {
    real far = 1 - 2 / (exp_(2 * x) + 1); /* cancels near 0: there the odd series */
    real y = x * x, near = x - x * y * (((real)1 / 3) - y * ((real)2 / 15));
    return y < BORDER ? near : far;
}

#if defined(__AVX512F__)
#define BYTES 64
#elif defined(__AVX__)
#define BYTES 32
#else
#define BYTES 16
#endif
typedef real vector __attribute__((vector_size(BYTES), aligned(sizeof(real)), may_alias));

/* So many rows are summed at once as registers hold; DO(k) stands for each number up to that. */
#if defined(__AVX512F__) || defined(__aarch64__)
#define ROWS 8
#define UP_TO_ROWS(DO) DO(8) DO(7) DO(6) DO(5) DO(4) DO(3) DO(2) DO(1)
#else
#define ROWS 4
#define UP_TO_ROWS(DO) DO(4) DO(3) DO(2) DO(1)
#endif
enum { LANES = BYTES / sizeof(real), PANEL = 2 * LANES };

/* Unrolled, so that what is summed for each row stays in registers from loop to loop. */
#define EACH(rows) _Pragma("GCC unroll 8") for (int r = 0; r < rows; r++)
