#include "support/suite.h"
#include <math.h>

#include "optim/optim.h"
#include "optim/schedule.h"

#include "golden/cycles.inc"

static lks_param_block *one_number(double value)
{
    const lks_param_spec spec = {"p", LKS_SHAPE_OF(1)};
    lks_param_block *block;

    ck_ok(lks_param_block_create_typed(&spec, 1, LKS_F64, lks_cpu, &block));
    *(double *)lks_param_block_values(block)->data = value;
    return block;
}

static void follow(const struct cycle *want)
{
    lks_param_block *block = one_number(1);
    const double *p = lks_param_block_values(block)->data;
    lks_optim *optim;
    lks_schedule *schedule;
    double momentum;

    ck_ok(lks_optim_create(want->optim,
                           (lks_options){want->optim_options, want->n_optim_options},
                           block, &optim));
    ck_ok(lks_schedule_create(want->schedule,
                              (lks_options){want->options, want->n_options},
                              lks_optim_lr(optim), &schedule));
    for (int step = 0; step < CYCLE_STEPS; step++) {
        ck_ok(lks_schedule_tell(schedule, optim));
        ck_assert_double_eq(lks_optim_lr(optim), want->at[step].lr);
        if (lks_schedule_momentum(schedule, &momentum))
            ck_assert_double_eq(momentum, want->at[step].momentum);
        *(double *)lks_param_block_grads(block)->data = step - 2;
        ck_ok(lks_optim_step(optim));
        ck_assert_msg(fabs(*p - want->at[step].p) < 1e-12, "%s %d %.17g", want->optim,
                      step, *p);
        lks_schedule_step(schedule, 0);
    }
    lks_schedule_destroy(schedule);
    lks_optim_destroy(optim);
    lks_param_block_destroy(block);
}

START_TEST(cycles_of_rate_and_momentum_are_pytorchs)
{
    for (size_t i = 0; i < sizeof cycles / sizeof *cycles; i++)
        follow(&cycles[i]);
}
END_TEST

START_TEST(a_momentum_is_cycled_only_where_there_is_one)
{
    static const lks_option cycle[] = {
        {"base_lr", 1, {0.1}}, {"max_lr", 1, {0.4}}, {"cycle_momentum", 1, {0}}};
    static const char *const without[] = {"sgd", "adagrad"};
    static const char *const texts[] = {
        "sgd has no momentum that a schedule could move; give it one, or the schedule "
        "cycle_momentum: false",
        "adagrad has no momentum that a schedule could move; give the schedule "
        "cycle_momentum: false"};
    double momentum;

    for (size_t i = 0; i < 2; i++) {
        lks_param_block *block = one_number(1);
        lks_optim *optim;
        lks_schedule *cycling, *still;

        ck_ok(lks_optim_create(without[i], (lks_options){0}, block, &optim));
        ck_ok(lks_schedule_create("cyclic_lr", (lks_options){cycle, 2}, 0.1, &cycling));
        ck_fails(lks_schedule_tell(cycling, optim), LKS_INVALID, texts[i]);
        ck_ok(lks_schedule_create("cyclic_lr", (lks_options){cycle, 3}, 0.1, &still));
        ck_assert(!lks_schedule_momentum(still, &momentum));
        ck_ok(lks_schedule_tell(still, optim));
        lks_schedule_destroy(still);
        lks_schedule_destroy(cycling);
        lks_optim_destroy(optim);
        lks_param_block_destroy(block);
    }
}
END_TEST

START_TEST(what_follows_begins_anew_from_the_optimisers_rate)
{
    static const lks_option up[] = {{"start_factor", 1, {0.5}}, {"total_iters", 1, {2}}};
    static const lks_option down[] = {{"step_size", 1, {1}}, {"gamma", 1, {0.25}}};
    static const double want[] = {4, 6, 8, 2, 0.5};
    lks_schedule *schedule;

    ck_ok(lks_schedule_create("linear_lr", (lks_options){up, 2}, 8, &schedule));
    ck_fails(lks_schedule_then(schedule, 0, "step_lr", (lks_options){down, 2}),
             LKS_INVALID, "step_lr begins before what it follows has begun");
    ck_ok(lks_schedule_then(schedule, 2, "step_lr", (lks_options){down, 2}));
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        ck_assert_double_eq(lks_schedule_lr(schedule), want[i]);
        lks_schedule_step(schedule, 0);
    }
    lks_schedule_destroy(schedule);
}
END_TEST

LKS_SUITE("schedule", cycles_of_rate_and_momentum_are_pytorchs,
          a_momentum_is_cycled_only_where_there_is_one,
          what_follows_begins_anew_from_the_optimisers_rate)
