#include "support/test_device.h"

#include <math.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "base/try.h"
#include "support/replicas.h"
#include "train/reduce.h"
#include "train/reduce_tree.h"

enum { MAX_LANES = 16, MAX_N = 1100 };

/* Numbers of very different sizes, so that another order of addition shows. */
static void fill_lane(uint32_t lane, size_t n, float *out)
{
    const lks_rng rng = {.seed = 5, .lane = lane};

    lks_rng_uniform_f32(&rng, 0, n, out);
    for (size_t i = 0; i < n; i++)
        out[i] = (out[i] - 0.5f) * (float)(1u << (lks_rng_bits(&rng, i) % 24));
}

/* The reference: the definition, over all lanes' vectors. */
static void reference(float (*lanes)[MAX_N], uint32_t lo, uint32_t hi, size_t n,
                      float *out)
{
    uint32_t half = 1;
    static float right[8][MAX_N];
    static int depth;

    if (hi - lo == 1) {
        memcpy(out, lanes[lo], n * sizeof *out);
        return;
    }
    while (2 * half < hi - lo)
        half *= 2;
    reference(lanes, lo, lo + half, n, out);
    depth++;
    reference(lanes, lo + half, hi, n, right[depth]);
    for (size_t i = 0; i < n; i++)
        out[i] += right[depth][i];
    depth--;
}

typedef struct task {
    uint32_t n_lanes;
    bool ordered;
    size_t n;
    size_t cuts[4]; /* ranges end here; started from the last to the first */
    size_t n_cuts;
    const float *want;
    float tolerance; /* relative to the largest; 0: the same bytes */
} task;

/* The sums of this rank's maximal whole subtrees, or of all its lanes. */
static size_t own_partials(const lks_comm *comm, const task *t, float (*out)[MAX_N])
{
    const lks_range mine =
        lks_shard_lanes((uint32_t)comm->rank, (uint32_t)comm->size, t->n_lanes);
    lks_range cover[LKS_TREE_MAX_COVER];
    float(*lanes)[MAX_N] = calloc(MAX_LANES, sizeof *lanes);
    size_t n_partials = lks_tree_cover(mine, t->n_lanes, cover);
    static pthread_mutex_t reference_is_not_reentrant = PTHREAD_MUTEX_INITIALIZER;

    for (uint64_t l = mine.begin; l < mine.end; l++)
        fill_lane((uint32_t)l, t->n, lanes[l]);
    if (!t->ordered && n_partials > 0) {
        memcpy(out[0], lanes[mine.begin], t->n * sizeof(float));
        for (uint64_t l = mine.begin + 1; l < mine.end; l++)
            for (size_t i = 0; i < t->n; i++)
                out[0][i] += lanes[l][i];
        n_partials = 1;
    } else {
        pthread_mutex_lock(&reference_is_not_reentrant);
        for (size_t k = 0; k < n_partials; k++)
            reference(lanes, (uint32_t)cover[k].begin, (uint32_t)cover[k].end, t->n,
                      out[k]);
        pthread_mutex_unlock(&reference_is_not_reentrant);
    }
    free(lanes);
    return n_partials;
}

enum { MAX_PARTIALS = 8 };

/* blocks[0]: where the sum lands, the first partial sum at first. */
static lks_status reduce_blocks(const task *t, lks_reducer *reducer,
                                const lks_view *blocks, size_t n_partials)
{
    for (size_t i = t->n_cuts; i-- > 0;) {
        const size_t begin = i ? t->cuts[i - 1] : 0, n = t->cuts[i] - begin;
        const lks_view home = lks_view_part(&blocks[0], begin, n);
        lks_view at[MAX_PARTIALS];

        for (size_t k = 0; k < n_partials; k++)
            at[k] = lks_view_part(&blocks[k], begin, n);
        LKS_TRY(lks_reducer_start(reducer, at, &home));
        LKS_TRY(lks_reducer_progress(reducer));
    }
    return lks_reducer_wait(reducer);
}

static lks_status reduce(lks_comm *comm, const task *t, lks_reducer *reducer, float *out)
{
    float(*partials)[MAX_N] = calloc(MAX_PARTIALS, sizeof *partials);
    const size_t n_partials = own_partials(comm, t, partials);
    lks_view blocks[MAX_PARTIALS];
    lks_status st;

    if (lks_reducer_n_partials(reducer) != n_partials)
        return lks_fail(LKS_STATE, "%zu partial sums, %zu expected",
                        lks_reducer_n_partials(reducer), n_partials);
    for (size_t k = 0; k < MAX_PARTIALS; k++) {
        blocks[k] = flat_new(test_device(), LKS_F32, MAX_N);
        flat_put(&blocks[k], partials[k]);
    }
    st = reduce_blocks(t, reducer, blocks, n_partials);
    flat_get(&blocks[0], out);
    for (size_t k = 0; k < MAX_PARTIALS; k++)
        flat_free(&blocks[k]);
    free(partials);
    return st;
}

static const char *check(const task *t, const float *got)
{
    float largest = 0;

    if (t->tolerance == 0)
        return memcmp(got, t->want, t->n * sizeof *got) ? "other bits" : NULL;
    for (size_t i = 0; i < t->n; i++)
        largest = largest > fabsf(t->want[i]) ? largest : fabsf(t->want[i]);
    for (size_t i = 0; i < t->n; i++)
        if (fabsf(got[i] - t->want[i]) > t->tolerance * largest)
            return "another sum";
    return NULL;
}

/* Two steps with one reducer, as a run does. */
static const char *reduce_twice(lks_comm *comm, void *context)
{
    const task *t = context;
    const lks_reducer_options options = {
        .comm = comm, .n_lanes = t->n_lanes, .ordered = t->ordered};
    lks_reducer *reducer = NULL;
    const char *text = NULL;

    if (lks_reducer_create(&options, &reducer) != LKS_OK)
        return lks_error_text();
    for (int i = 0; i < 2 && !text; i++) {
        float *home = calloc(MAX_N, sizeof *home);

        text =
            reduce(comm, t, reducer, home) == LKS_OK ? check(t, home) : lks_error_text();
        free(home);
    }
    lks_reducer_destroy(reducer);
    return text;
}

static void check_all_sizes(task t)
{
    static float lanes[MAX_LANES][MAX_N], want[MAX_N];

    for (uint32_t l = 0; l < t.n_lanes; l++)
        fill_lane(l, t.n, lanes[l]);
    reference(lanes, 0, t.n_lanes, t.n, want);
    t.want = want;
    for (int size = 1; size <= 9; size++)
        run_replicas(size, reduce_twice, &t);
}

START_TEST(any_ranks_give_the_bits_of_the_plain_tree)
{
    for (uint32_t n_lanes = 1; n_lanes <= MAX_LANES; n_lanes++)
        check_all_sizes((task){
            .n_lanes = n_lanes, .ordered = true, .n = 37, .cuts = {37}, .n_cuts = 1});
}
END_TEST

START_TEST(the_cuts_into_ranges_do_not_change_the_bits)
{
    static const size_t cuts[][4] = {
        {1100}, {64, 1100}, {1, 2, 1099, 1100}, {16, 500, 501, 1100}};
    static const size_t n_cuts[] = {1, 2, 4, 4};

    for (size_t i = 0; i < 4; i++) {
        task t = {.n_lanes = 7, .ordered = true, .n = 1100};

        memcpy(t.cuts, cuts[i], sizeof t.cuts);
        t.n_cuts = n_cuts[i];
        check_all_sizes(t);
    }
}
END_TEST

START_TEST(slices_may_be_empty)
{
    for (size_t n = 1; n < 5; n++)
        check_all_sizes(
            (task){.n_lanes = 8, .ordered = true, .n = n, .cuts = {n}, .n_cuts = 1});
}
END_TEST

START_TEST(fast_gives_the_same_sum_but_for_rounding)
{
    for (uint32_t n_lanes = 1; n_lanes <= MAX_LANES; n_lanes += 3)
        check_all_sizes((task){.n_lanes = n_lanes,
                               .n = 100,
                               .cuts = {30, 100},
                               .n_cuts = 2,
                               .tolerance = 1e-6f});
}
END_TEST

START_TEST(without_memory_a_reducer_is_refused)
{
    lks_comm comm = {.rank = 0, .size = 1}; /* of which it asks no more */
    const lks_reducer_options options = {.comm = &comm, .n_lanes = 4, .ordered = true};

    for (long n = 0;; n++) {
        lks_reducer *reducer = NULL;
        lks_status st;

        lks_alloc_fail_after(n);
        st = lks_reducer_create(&options, &reducer);
        const int failed = lks_alloc_has_failed();
        lks_alloc_fail_after(-1);
        ck_assert_int_eq(st, failed ? LKS_NOMEM : LKS_OK);
        ck_assert((reducer != NULL) == !failed);
        lks_reducer_destroy(reducer);
        lks_error_clear();
        if (!failed)
            break;
    }
}
END_TEST

LKS_SUITE("reduce", any_ranks_give_the_bits_of_the_plain_tree,
          the_cuts_into_ranges_do_not_change_the_bits, slices_may_be_empty,
          fast_gives_the_same_sum_but_for_rounding, without_memory_a_reducer_is_refused)
