#include "support/test_device.h"

#include <math.h>

#include "support/replicas.h"
#include "train/losses.h"
#include "train/reduce_tree.h"

typedef struct task {
    uint32_t n_lanes;
    const double *lanes;
    int wishing_rank;
    lks_wish wish;
    const char *error; /* expected, or NULL */
    double first_count;
    const char *advice; /* of the loss */
} task;

/* A lane whose loss is 0 is one without samples. Of the others' counts, of which each is
 * another, the device knows every second. */
static double count_of(const task *t, uint64_t lane)
{
    return t->lanes[lane] == 0 ? 0 : t->first_count + 1e-3 * (double)lane;
}

static void set(const task *t, lks_losses *losses, uint64_t lane)
{
    const double sum = t->lanes[lane], count = count_of(t, lane);
    lks_tensor *tensor = lks_from_data(LKS_SCALAR, LKS_F64, &count, test_device());
    lks_tensor *loss =
        sum == 0 ? NULL : lks_from_data(LKS_SCALAR, LKS_F64, &sum, test_device());

    ck_ok(lks_losses_set(losses, lane, loss,
                         lane % 2 ? &(lks_loss_count){.tensor = tensor}
                                  : &(lks_loss_count){.known = count}));
    lks_unref(loss);
    lks_unref(tensor);
}

static double sum_of_counts(const task *t)
{
    double counts[16];

    for (uint64_t lane = 0; lane < t->n_lanes; lane++)
        counts[lane] = count_of(t, lane);
    return lks_tree_sum(counts, (lks_range){0, t->n_lanes});
}

static const char *gather(lks_comm *comm, void *context)
{
    const task *t = context;
    const lks_range mine =
        lks_shard_lanes((uint32_t)comm->rank, (uint32_t)comm->size, t->n_lanes);
    lks_losses *losses = NULL;
    const char *text = NULL;
    lks_losses_sum got = {0};
    lks_status st;

    if (lks_losses_create(comm, t->n_lanes, test_device(), t->advice, &losses) != LKS_OK)
        return lks_error_text();
    for (uint64_t lane = mine.begin; lane < mine.end; lane++)
        set(t, losses, lane);
    st = lks_losses_start(losses,
                          comm->rank == t->wishing_rank ? t->wish : LKS_WISH_GO_ON);
    if (st == LKS_OK)
        st = lks_losses_wait(losses, 12, &got);
    if (t->error)
        text = st == LKS_NUMERIC && strcmp(lks_error_text(), t->error) == 0
                   ? NULL
                   : lks_error_text();
    else if (st != LKS_OK)
        text = lks_error_text();
    else if (got.sum != lks_tree_sum(t->lanes, (lks_range){0, t->n_lanes}))
        text = "another sum";
    else if (got.count != sum_of_counts(t))
        text = "another count";
    else if (got.wish != (t->wishing_rank < comm->size ? t->wish : LKS_WISH_GO_ON))
        text = "another wish";
    lks_losses_destroy(losses);
    return text;
}

static double lanes[] = {1e16, 1, -1e16, 1, 0, 3, 7};

START_TEST(all_ranks_get_the_sum_in_tree_order)
{
    for (uint32_t n = 1; n <= 7; n++)
        for (int size = 1; size <= 9; size++)
            run_replicas(size, gather, &(task){n, lanes, 99, LKS_WISH_GO_ON, NULL});
}
END_TEST

START_TEST(a_wish_of_one_rank_is_heard_by_all)
{
    run_replicas(3, gather, &(task){7, lanes, 2, LKS_WISH_LEAVE, NULL});
    run_replicas(9, gather, &(task){7, lanes, 8, LKS_WISH_CANCEL, NULL});
}
END_TEST

START_TEST(a_loss_that_is_not_finite_is_blamed_on_step_rank_and_lane)
{
    lanes[3] = NAN;
    run_replicas(
        2, gather,
        &(task){7, lanes, 99, LKS_WISH_GO_ON,
                "step 12: loss is nan (rank 1, lane 3): training stopped; lower the "
                "learning rate or check the data"});
    lanes[3] = 1;
    lanes[0] = INFINITY;
    run_replicas(
        2, gather,
        &(task){7, lanes, 99, LKS_WISH_GO_ON,
                "step 12: loss is infinite (rank 0, lane 0): training stopped; lower "
                "the learning rate or check the data"});
    lanes[0] = 1e16;
}
END_TEST

START_TEST(the_loss_itself_knows_what_helps)
{
    const double own[] = {NAN};

    run_replicas(
        1, gather,
        &(task){1, own, 99, LKS_WISH_GO_ON,
                "step 12: loss is nan (rank 0, lane 0): training stopped; end the model "
                "with sigmoid; or lower the learning rate or check the data",
                .advice = "end the model with sigmoid"});
}
END_TEST

START_TEST(a_count_that_is_not_finite_is_blamed_too)
{
    run_replicas(2, gather,
                 &(task){7, lanes, 99, LKS_WISH_GO_ON,
                         "step 12: the loss's count is nan (rank 0, lane 0): training "
                         "stopped; lower the learning rate or check the data",
                         NAN});
}
END_TEST

LKS_SUITE("losses", all_ranks_get_the_sum_in_tree_order,
          a_wish_of_one_rank_is_heard_by_all,
          a_loss_that_is_not_finite_is_blamed_on_step_rank_and_lane,
          the_loss_itself_knows_what_helps, a_count_that_is_not_finite_is_blamed_too)
