#include "data/order.h"

#include <assert.h>
#include <math.h>

#include "base/philox.h"

/* With fewer rounds, grids of a few cells show bias (test_order.c measures it). Cells in
 * flight at once: enough to hide what each waits for. */
enum { N_ROUNDS = 8, MANY = 32, SOME = 8 };

/* For the widest instructions that the machine has, chosen when the program is loaded.
 * All is in integers, so that each gives the same. clang 14 has no such copies, and
 * sanitizers come up after the choice. */
#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__) &&              \
    __GNUC__ >= 12 && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define FOR_EACH_ISA __attribute__((target_clones("arch=x86-64-v4", "avx2", "default")))
#else
#define FOR_EACH_ISA
#endif

/* n_rows x n_columns cells, at least n_samples and as square as can be, so that less than
 * a row of them is left over. */
typedef struct grid {
    uint64_t n_rows, n_columns;
} grid;

static grid grid_of(uint64_t n_samples)
{
    uint64_t side = (uint64_t)ceil(sqrt((double)n_samples));

    /* Above 2^53 the number may have been rounded down to a square. */
    while (side * side < n_samples)
        side++;
    return (grid){.n_rows = (n_samples - 1) / side + 1, .n_columns = side};
}

/* of[i] plus a random number for this round and by[i], modulo `bound` <= 2^31. */
LKS_INLINE void add_draws(const lks_order *order, uint64_t epoch, uint32_t round,
                          const uint32_t *by, uint32_t *of, uint32_t bound, int n)
{
    const uint32_t key[2] = {(uint32_t)order->seed, (uint32_t)(order->seed >> 32)};

    for (int i = 0; i < n; i++) {
        const uint32_t counter[4] = {by[i], (uint32_t)epoch,
                                     (uint32_t)(epoch >> 32) << 8 | round, LKS_RNG_ORDER};
        uint32_t bits[4], sum;

        lks_philox_rounds(counter, key, bits);
        sum = of[i] + (uint32_t)((uint64_t)bits[0] * bound >> 32);
        of[i] = sum - (sum >= bound ? bound : 0);
    }
}

/* One keyed permutation of the grid's cells, of n of them at once, whose rounds need not
 * wait for each other: a Feistel network whose halves are row and column, added modulo
 * their number.
 * source: Black & Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002 */
LKS_INLINE void permute(const lks_order *order, uint64_t epoch, grid g, uint64_t *cells,
                        int n)
{
    uint32_t rows[MANY], columns[MANY];

    for (int i = 0; i < n; i++) {
        rows[i] = (uint32_t)(cells[i] / g.n_columns);
        columns[i] = (uint32_t)(cells[i] % g.n_columns);
    }
    for (uint32_t round = 0; round < N_ROUNDS; round += 2) {
        add_draws(order, epoch, round, columns, rows, (uint32_t)g.n_rows, n);
        add_draws(order, epoch, round + 1, rows, columns, (uint32_t)g.n_columns, n);
    }
    for (int i = 0; i < n; i++)
        cells[i] = rows[i] * g.n_columns + columns[i];
}

/* Walk the cycle past the cells left over: what remains is a permutation of [0, n). */
static uint64_t walk(const lks_order *order, uint64_t epoch, grid g, uint64_t cell)
{
    while (cell >= order->n_samples)
        permute(order, epoch, g, &cell, 1);
    return cell;
}

uint64_t lks_order_at(const lks_order *order, uint64_t epoch, uint64_t position)
{
    const grid g = grid_of(order->n_samples);
    uint64_t cell = position;

    assert(position < order->n_samples && order->n_samples <= LKS_ORDER_MAX_SAMPLES);
    if (!order->shuffle)
        return position;
    permute(order, epoch, g, &cell, 1);
    return walk(order, epoch, g, cell);
}

/* `step` positions at once, from `i` on as long as there are so many; where it ends. */
LKS_INLINE size_t run_of(const lks_order *order, uint64_t epoch, grid g, uint64_t first,
                         size_t i, size_t n, int step, uint64_t *out)
{
    for (; i + (size_t)step <= n; i += (size_t)step) {
        for (int lane = 0; lane < step; lane++)
            out[i + (size_t)lane] = first + i + (size_t)lane;
        permute(order, epoch, g, out + i, step);
        for (int lane = 0; lane < step; lane++)
            out[i + (size_t)lane] = walk(order, epoch, g, out[i + (size_t)lane]);
    }
    return i;
}

FOR_EACH_ISA
void lks_order_run(const lks_order *order, uint64_t epoch, uint64_t first, size_t n,
                   uint64_t *out)
{
    const grid g = grid_of(order->n_samples);
    size_t i = 0;

    assert(n == 0 || (first < order->n_samples && n <= order->n_samples - first));
    if (order->shuffle) {
        i = run_of(order, epoch, g, first, i, n, MANY, out);
        i = run_of(order, epoch, g, first, i, n, SOME, out);
    }
    for (; i < n; i++)
        out[i] = lks_order_at(order, epoch, first + i);
}
