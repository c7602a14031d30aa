/* The reductions over real messages: many ranges at once, larger than a message that MPI
 * sends eagerly, with a pause on one rank so that the others run ahead. */
#include "mpi/mpi_suite.h"
#include "support/test_device.h"

#include <unistd.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "device.h"
#include "train/reduce.h"
#include "train/reduce_tree.h"
#include "worker/comm/comm_mpi.h"

enum { N_LANES = 6, N = 300000, RANGE = 70000 };

static void fill_lane(uint64_t lane, uint32_t step, float *out)
{
    const lks_rng rng = {.seed = 11, .step = step, .lane = (uint32_t)lane};

    lks_rng_uniform_f32(&rng, 0, N, out);
    for (size_t i = 0; i < N; i++)
        out[i] = (out[i] - 0.5f) * (float)(1u << (i % 22));
}

/* The definition. */
static void tree(lks_range node, uint32_t step, float *out)
{
    float *right;
    uint64_t mid;

    if (node.end - node.begin == 1) {
        fill_lane(node.begin, step, out);
        return;
    }
    mid = lks_tree_split(node);
    right = lks_malloc(N * sizeof *right);
    tree((lks_range){node.begin, mid}, step, out);
    tree((lks_range){mid, node.end}, step, right);
    for (size_t i = 0; i < N; i++)
        out[i] += right[i];
    lks_free(right);
}

static void run_step(lks_comm *comm, lks_reducer *reducer, uint32_t step,
                     const lks_view *blocks)
{
    const lks_range mine =
        lks_shard_lanes((uint32_t)comm->rank, (uint32_t)comm->size, N_LANES);
    lks_range cover[LKS_TREE_MAX_COVER];
    const size_t n = lks_tree_cover(mine, N_LANES, cover);

    ck_assert_uint_eq(lks_reducer_n_partials(reducer), n);
    for (size_t k = 0; k < n; k++) {
        float *sum = lks_malloc(N * sizeof *sum);

        tree(cover[k], step, sum);
        flat_put(&blocks[k], sum);
        lks_free(sum);
    }
    if (comm->rank == (int)step % comm->size)
        usleep(30000);
    for (size_t begin = 0; begin < N; begin += RANGE) {
        const size_t length = begin + RANGE < N ? RANGE : N - begin;
        const lks_view home = lks_view_part(&blocks[0], begin, length);
        lks_view at[LKS_TREE_MAX_COVER];

        for (size_t k = 0; k < n; k++)
            at[k] = lks_view_part(&blocks[k], begin, length);
        ck_ok(lks_reducer_start(reducer, at, &home));
        ck_ok(lks_reducer_progress(reducer));
    }
    ck_ok(lks_reducer_wait(reducer));
}

START_TEST(ordered_reductions_give_the_bits_of_the_plain_tree)
{
    lks_comm *comm = NULL;
    lks_reducer *reducer = NULL;
    float *want = lks_malloc(N * sizeof *want), *got = lks_malloc(N * sizeof *got);
    lks_view blocks[4];

    ck_ok(lks_comm_mpi_create(&comm));
    ck_ok(lks_reducer_create(
        &(lks_reducer_options){.comm = comm, .n_lanes = N_LANES, .ordered = true},
        &reducer));
    for (int k = 0; k < 4; k++)
        blocks[k] = flat_new(test_device(), LKS_F32, N);
    for (uint32_t step = 0; step < 4; step++) {
        run_step(comm, reducer, step, blocks);
        tree((lks_range){0, N_LANES}, step, want);
        flat_get(&blocks[0], got);
        ck_assert_mem_eq(got, want, N * sizeof *want);
    }
    for (int k = 0; k < 4; k++)
        flat_free(&blocks[k]);
    lks_free(want);
    lks_free(got);
    lks_reducer_destroy(reducer);
    lks_comm_destroy(comm);
}
END_TEST

LKS_MPI_SUITE("reduce_mpi", ordered_reductions_give_the_bits_of_the_plain_tree)
