#include "data/order.h"

#include <assert.h>
#include <math.h>

#include "base/rng.h"

/* With fewer, grids of a few cells show bias (test_order.c measures it). */
enum { N_ROUNDS = 8 };

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

/* A random number below `bound` <= 2^32 for this round and coordinate. */
static uint64_t draw(const lks_order *order, uint64_t epoch, uint32_t round,
                     uint64_t coordinate, uint64_t bound)
{
    const uint32_t counter[4] = {(uint32_t)coordinate, (uint32_t)epoch,
                                 (uint32_t)(epoch >> 32) << 8 | round, LKS_RNG_ORDER};
    const uint32_t key[2] = {(uint32_t)order->seed, (uint32_t)(order->seed >> 32)};
    uint32_t bits[4];

    lks_philox(counter, key, bits);
    return bits[0] * bound >> 32;
}

/* One keyed permutation of the grid's cells: a Feistel network whose halves are row and
 * column, added modulo their number.
 * source: Black & Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002 */
static uint64_t permute(const lks_order *order, uint64_t epoch, grid g, uint64_t cell)
{
    uint64_t row = cell / g.n_columns, column = cell % g.n_columns;

    for (uint32_t round = 0; round < N_ROUNDS; round += 2) {
        row += draw(order, epoch, round, column, g.n_rows);
        row -= row >= g.n_rows ? g.n_rows : 0;
        column += draw(order, epoch, round + 1, row, g.n_columns);
        column -= column >= g.n_columns ? g.n_columns : 0;
    }
    return row * g.n_columns + column;
}

uint64_t lks_order_at(const lks_order *order, uint64_t epoch, uint64_t position)
{
    uint64_t cell = position;

    assert(position < order->n_samples && order->n_samples <= LKS_ORDER_MAX_SAMPLES);
    if (!order->shuffle)
        return position;
    /* Walk the cycle past the cells left over: what remains is a permutation of [0, n).
     */
    do {
        cell = permute(order, epoch, grid_of(order->n_samples), cell);
    } while (cell >= order->n_samples);
    return cell;
}
