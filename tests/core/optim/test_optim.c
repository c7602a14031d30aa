#include "support/test_device.h"
#include "support/models.h"

#include <math.h>

#include "base/alloc.h"
#include "optim/optim.h"
#include "optim/schedule.h"

#include "golden/optim_trajectories.inc"

static lks_param_block *make_block(void)
{
    const lks_param_spec specs[] = {{"0.weight", LKS_SHAPE_OF(3)},
                                    {"0.bias", LKS_SHAPE_OF(2)}};
    lks_param_block *block;

    ck_ok(lks_param_block_create(specs, 2, test_device(), &block));
    return block;
}

/* Where value i of 5 stands in a flat block. */
static size_t at(const lks_param_block *block, size_t i)
{
    return i < 3 ? lks_param_block_at(block, 0)->offset + i
                 : lks_param_block_at(block, 1)->offset + i - 3;
}

enum { NUMEL = 32 };

static void fill(const lks_param_block *block, const lks_view *flat, const double *values)
{
    float host[NUMEL] = {0};

    ck_assert_uint_eq(lks_param_block_numel(block), NUMEL);
    for (size_t i = 0; i < 5; i++)
        host[at(block, i)] = (float)values[i];
    flat_put(flat, host);
}

static double value_at(const lks_param_block *block, size_t i)
{
    float host[NUMEL];

    ck_ok(lks_param_block_read(block, host));
    return host[at(block, i)];
}

static void assert_gaps_are_zero(const lks_param_block *block, const lks_view *values)
{
    float flat[NUMEL];

    flat_get(values, flat);
    for (size_t i = 0; i < lks_param_block_numel(block); i++) {
        bool is_value = false;

        for (size_t j = 0; j < 5; j++)
            is_value = is_value || at(block, j) == i;
        ck_assert(is_value || flat[i] == 0);
    }
}

static void follow(const struct trajectory *want)
{
    lks_options options = {want->options, want->n_options};
    lks_param_block *block = make_block();
    lks_optim *optim;

    fill(block, lks_param_block_values(block), start);
    ck_ok(lks_optim_create(want->type, options, block, &optim));
    for (int step = 0; step < N_STEPS; step++) {
        if (step + 1 == HALVE_BEFORE)
            lks_optim_set_lr(optim, lks_optim_lr(optim) / 2);
        fill(block, lks_param_block_grads(block), grads[step]);
        ck_ok(lks_optim_step(optim));
        for (size_t i = 0; i < 5; i++)
            ck_assert_double_eq_tol(value_at(block, i), want->values[step][i], 2e-6);
        assert_gaps_are_zero(block, lks_param_block_values(block));
    }
    lks_optim_destroy(optim);
    lks_param_block_destroy(block);
}

START_TEST(trajectories_are_those_of_pytorch)
{
    for (size_t i = 0; i < sizeof trajectories / sizeof *trajectories; i++)
        follow(&trajectories[i]);
}
END_TEST

static lks_status create(const char *type, size_t n, const lks_option *items)
{
    lks_param_block *block = make_block();
    lks_optim *optim = NULL;
    lks_status st = lks_optim_create(type, (lks_options){items, n}, block, &optim);

    lks_optim_destroy(optim);
    lks_param_block_destroy(block);
    return st;
}

#define CREATE(type, ...)                                                                \
    create(type, sizeof((lks_option[]){__VA_ARGS__}) / sizeof(lks_option),               \
           (lks_option[]){__VA_ARGS__})

START_TEST(options_out_of_range_are_refused_by_name)
{
    ck_ok(CREATE("sgd"));
    ck_fails(CREATE("sdg"), LKS_INVALID,
             "no optimizer 'sdg'; there are: sgd, adam, adamw");
    ck_fails(CREATE("sgd", {"lr", 1, {-1}}), LKS_INVALID, "sgd: lr is -1");
    ck_fails(CREATE("sgd", {"momentum", 1, {-0.1}}), LKS_INVALID, "momentum is -0.1");
    ck_fails(CREATE("sgd", {"weight_decay", 1, {-1}}), LKS_INVALID, "weight_decay");
    ck_fails(CREATE("sgd", {"dampening", 1, {NAN}}), LKS_INVALID, "dampening is nan");
    ck_assert_str_eq(lks_error_text(),
                     "sgd: dampening is nan; it must be a finite number");
    ck_fails(CREATE("sgd", {"betas", 1, {0.5}}), LKS_INVALID,
             "sgd has no option 'betas'");
    ck_fails(CREATE("sgd", {"nesterov", 1, {1}}), LKS_INVALID, "nesterov needs");
    ck_fails(CREATE("sgd", {"nesterov", 1, {1}}, {"momentum", 1, {0.9}},
                    {"dampening", 1, {0.1}}),
             LKS_INVALID, "nesterov needs");
    ck_fails(CREATE("adam", {"betas", 2, {0.9, 1}}), LKS_INVALID, "from 0 to below 1");
    ck_fails(CREATE("adam", {"eps", 1, {-1e-8}}), LKS_INVALID, "eps is -1e-08");
    ck_fails(CREATE("adamw", {"l1", 1, {-1}}), LKS_INVALID, "adamw: l1 is -1");
    ck_fails(CREATE("rprop", {"etas", 2, {1.2, 0.5}}), LKS_INVALID,
             "rprop: etas are 1.2 and 0.5");
    ck_fails(CREATE("rprop", {"step_sizes", 2, {1, 0.5}}), LKS_INVALID,
             "rprop: step_sizes are 1 and 0.5");
}
END_TEST

/* ---- groups ---- */

#define ALL_OF(list) ((lks_options){list, sizeof(list) / sizeof *(list)})

static const lks_option decayed[] = {
    {"weight_decay", 1, {0.1}}, {"lr", 1, {0.05}}, {"momentum", 1, {0.9}}};
static const lks_option plain[] = {{"lr", 1, {0.05}}, {"momentum", 1, {0.9}}};
static const lks_option no_decay[] = {{"weight_decay", 1, {0}}};
static const lks_option as_before[] = {{"weight_decay", 1, {0.1}}};
static const lks_option faster[] = {{"lr", 1, {0.1}}};
static const char *const biases[] = {"*.bias"};
static const char *const both[] = {"0.w?ight", "0.b*s"};

/* The five values after three steps; how many passes a step was. */
static size_t train(lks_options options, const lks_optim_group *groups, size_t n_groups,
                    double out[5])
{
    lks_param_block *block = make_block();
    lks_optim *optim;
    size_t n_ranges;

    ck_ok(lks_optim_create_grouped("sgd", options, groups, n_groups, block, &optim));
    for (int step = 0; step < 3; step++) {
        fill(block, lks_param_block_grads(block), grads[step]);
        ck_ok(lks_optim_step(optim));
    }
    for (size_t i = 0; i < 5; i++)
        out[i] = value_at(block, i);
    assert_gaps_are_zero(block, lks_param_block_values(block));
    n_ranges = lks_optim_n_ranges(optim);
    lks_optim_destroy(optim);
    lks_param_block_destroy(block);
    return n_ranges;
}

START_TEST(a_group_has_options_of_its_own_and_the_others_keep_theirs)
{
    const lks_optim_group group = {biases, 1, ALL_OF(no_decay)};
    double grouped[5], with[5], without[5];

    ck_assert_uint_eq(train(ALL_OF(decayed), &group, 1, grouped), 2);
    ck_assert_uint_eq(train(ALL_OF(decayed), NULL, 0, with), 1);
    train(ALL_OF(plain), NULL, 0, without);
    for (size_t i = 0; i < 5; i++)
        ck_assert(grouped[i] == (i < 3 ? with[i] : without[i]));
    ck_assert(with[4] != without[4]);
}
END_TEST

START_TEST(neighbours_of_the_same_options_are_one_range)
{
    const lks_optim_group same = {biases, 1, ALL_OF(as_before)};
    const lks_optim_group all = {both, 2, ALL_OF(no_decay)};
    double a[5], b[5];

    ck_assert_uint_eq(train(ALL_OF(decayed), &same, 1, a), 1);
    train(ALL_OF(decayed), NULL, 0, b);
    ck_assert(memcmp(a, b, sizeof a) == 0);
    ck_assert_uint_eq(train(ALL_OF(decayed), &all, 1, a), 1);
    train(ALL_OF(plain), NULL, 0, b);
    ck_assert(memcmp(a, b, sizeof a) == 0);
}
END_TEST

START_TEST(a_groups_learning_rate_keeps_its_ratio)
{
    const lks_optim_group group = {biases, 1, ALL_OF(faster)};
    lks_param_block *block = make_block();
    lks_optim *optim;

    ck_ok(lks_optim_create_grouped("sgd", ALL_OF(plain), &group, 1, block, &optim));
    lks_optim_set_lr(optim, 0.5);
    ck_assert(lks_optim_lr(optim) == 0.5);
    fill(block, lks_param_block_grads(block), grads[0]);
    ck_ok(lks_optim_step(optim));
    for (size_t i = 0; i < 5; i++)
        ck_assert_double_eq_tol(value_at(block, i), (i < 3 ? -0.5 : -1.0) * grads[0][i],
                                1e-6);
    lks_optim_destroy(optim);
    lks_param_block_destroy(block);
}
END_TEST

START_TEST(groups_that_do_not_go_are_refused)
{
    static const char *const none[] = {"*.bais"};
    static const lks_option negative[] = {{"lr", 1, {-1}}};
    const lks_optim_group absent = {none, 1, ALL_OF(no_decay)};
    const lks_optim_group twice[] = {{biases, 1, ALL_OF(no_decay)},
                                     {both, 2, ALL_OF(faster)}};
    const lks_optim_group wrong = {biases, 1, ALL_OF(negative)};
    lks_param_block *block = make_block();
    lks_optim *optim;

    ck_fails(lks_optim_create_grouped("sgd", ALL_OF(plain), &absent, 1, block, &optim),
             LKS_INVALID,
             "sgd: no parameter is called '*.bais'; there are: 0.weight, 0.bias");
    ck_fails(lks_optim_create_grouped("sgd", ALL_OF(plain), twice, 2, block, &optim),
             LKS_INVALID, "sgd: parameter '0.bias' is in groups 0 and 1");
    ck_fails(lks_optim_create_grouped("sgd", ALL_OF(plain), &wrong, 1, block, &optim),
             LKS_INVALID, "sgd, group 0: lr is -1");
    lks_param_block_destroy(block);
}
END_TEST

/* The subgradient of l1 |p| that is 0 at 0 is as if it stood in the gradient. */
START_TEST(l1_pulls_towards_zero)
{
    static const lks_option with[] = {{"l1", 1, {0.25}}, {"lr", 1, {0.1}}};
    double by_hand[5], pulled[5];
    lks_param_block *block = make_block();
    lks_optim *optim;
    float zeros[NUMEL] = {0};

    ck_ok(lks_optim_create("sgd", ALL_OF(with), block, &optim));
    fill(block, lks_param_block_values(block), start);
    fill(block, lks_param_block_grads(block), grads[0]);
    ck_ok(lks_optim_step(optim));
    for (size_t i = 0; i < 5; i++) {
        by_hand[i] = start[i] - 0.1 * (grads[0][i] + (start[i] > 0 ? 0.25 : -0.25));
        pulled[i] = value_at(block, i);
        ck_assert_double_eq_tol(pulled[i], by_hand[i], 1e-6);
    }
    assert_gaps_are_zero(block, lks_param_block_values(block));
    flat_put(lks_param_block_values(block), zeros);
    flat_put(lks_param_block_grads(block), zeros);
    ck_ok(lks_optim_step(optim));
    for (size_t i = 0; i < 5; i++)
        ck_assert(value_at(block, i) == 0);
    lks_optim_destroy(optim);
    lks_param_block_destroy(block);
}
END_TEST

START_TEST(adam_without_eps_keeps_the_gaps_zero)
{
    const lks_option items[] = {{"eps", 1, {0}}};
    lks_param_block *block = make_block();
    lks_optim *optim;

    ck_ok(lks_optim_create("adam", (lks_options){items, 1}, block, &optim));
    fill(block, lks_param_block_grads(block), grads[0]);
    ck_ok(lks_optim_step(optim));
    assert_gaps_are_zero(block, lks_param_block_values(block));
    /* the first step of Adam is lr against the sign of the gradient */
    for (size_t i = 0; i < 5; i++)
        ck_assert_double_eq_tol(value_at(block, i), grads[0][i] > 0 ? -1e-3 : 1e-3, 1e-8);
    lks_optim_destroy(optim);
    lks_param_block_destroy(block);
}
END_TEST

START_TEST(a_step_is_seen_by_whoever_watches_the_values)
{
    lks_param_block *block = make_block();
    uint64_t before = hash_of(block);
    lks_optim *optim;

    ck_ok(lks_optim_create("sgd", (lks_options){NULL, 0}, block, &optim));
    ck_ok(lks_optim_step(optim)); /* gradients start as zeros */
    ck_assert(hash_of(block) == before);
    fill(block, lks_param_block_grads(block), grads[0]);
    ck_ok(lks_optim_step(optim));
    ck_assert(hash_of(block) != before);
    lks_optim_destroy(optim);
    lks_param_block_destroy(block);
}
END_TEST

START_TEST(grad_norm_is_the_2_norm_of_all_gradients)
{
    lks_param_block *block = make_block();
    double norm, squares = 0;

    ck_ok(lks_grad_norm(block, &norm));
    ck_assert_double_eq(norm, 0);
    fill(block, lks_param_block_grads(block), grads[0]);
    for (size_t i = 0; i < 5; i++)
        squares += grads[0][i] * grads[0][i];
    ck_ok(lks_grad_norm(block, &norm));
    ck_assert_double_eq_tol(norm, sqrt(squares), 1e-12);
    lks_param_block_destroy(block);
}
END_TEST

/* ---- clipping, accumulation ---- */

static double norm_of(const double *values)
{
    double squares = 0;

    for (size_t i = 0; i < 5; i++)
        squares += values[i] * values[i];
    return sqrt(squares);
}

START_TEST(gradients_are_clipped_in_place)
{
    const double norm = norm_of(grads[0]);
    lks_param_block *block = make_block();
    double before;

    fill(block, lks_param_block_grads(block), grads[0]);
    ck_ok(lks_clip_grad_norm(block, 2 * norm, &before));
    ck_assert_double_eq_tol(before, norm, 1e-6);
    ck_ok(lks_grad_norm(block, &before));
    ck_assert_double_eq_tol(before, norm, 1e-6);
    ck_ok(lks_clip_grad_norm(block, 0.5, NULL));
    ck_ok(lks_grad_norm(block, &before));
    ck_assert_double_eq_tol(before, 0.5, 1e-6);
    fill(block, lks_param_block_grads(block), grads[0]);
    ck_ok(lks_clip_grad_value(block, 0.6));
    for (size_t i = 0; i < 5; i++) {
        float flat[NUMEL];

        flat_get(lks_param_block_grads(block), flat);
        ck_assert_double_eq_tol(flat[at(block, i)], fmax(-0.6, fmin(0.6, grads[0][i])),
                                1e-7);
    }
    assert_gaps_are_zero(block, lks_param_block_grads(block));
    lks_param_block_destroy(block);
}
END_TEST

/* One step of sgd with lr 1 from 0: minus the gradient that it saw. */
static void seen(double scale, double clip_norm, double clip_value, double out[5])
{
    const lks_option lr = {"lr", 1, {1}};
    lks_param_block *block = make_block();
    lks_optim *optim;

    ck_ok(lks_optim_create("sgd", (lks_options){&lr, 1}, block, &optim));
    lks_optim_clip(optim, clip_norm, clip_value);
    fill(block, lks_param_block_grads(block), grads[0]);
    ck_ok(lks_optim_step_scaled(optim, scale));
    for (size_t i = 0; i < 5; i++)
        out[i] = -value_at(block, i);
    lks_optim_destroy(optim);
    lks_param_block_destroy(block);
}

START_TEST(a_step_clips_the_norm_then_each_value_of_what_the_scale_makes)
{
    double got[5];

    seen(0.5, 0, 0, got);
    ck_assert_double_eq_tol(norm_of(got), norm_of(grads[0]) / 2, 1e-6);
    seen(0.5, 0.25, 0, got);
    ck_assert_double_eq_tol(norm_of(got), 0.25, 1e-6);
    ck_assert_double_eq_tol(got[1] / got[4], grads[0][1] / grads[0][4], 1e-6);
    seen(0.5, 100, 0.3, got);
    for (size_t i = 0; i < 5; i++)
        ck_assert_double_eq_tol(got[i], fmax(-0.3, fmin(0.3, grads[0][i] / 2)), 1e-7);
    seen(0.5, 0.25, 0.1, got);
    ck_assert_double_eq_tol(got[4], -0.1, 1e-7);
    ck_assert_double_eq_tol(got[1], grads[0][1] * 0.25 / norm_of(grads[0]), 1e-6);
}
END_TEST

START_TEST(accumulated_steps_are_one_with_their_sums)
{
    const lks_option lr = {"lr", 1, {0.1}};
    lks_param_block *block = make_block();
    double divisor, sum[5];
    lks_optim *optim;

    ck_ok(lks_optim_create("sgd", (lks_options){&lr, 1}, block, &optim));
    ck_ok(lks_optim_accumulate(optim, 3));
    fill(block, lks_param_block_values(block), start);
    for (int round = 0; round < 2; round++) {
        double before[5];

        for (size_t i = 0; i < 5; i++)
            before[i] = value_at(block, i);
        for (int step = 0; step < 3; step++) {
            ck_assert_uint_eq(lks_optim_n_steps(optim), (uint64_t)round);
            for (size_t i = 0; i < 5; i++) {
                ck_assert_double_eq(value_at(block, i), before[i]);
                sum[i] = (step > 0 ? sum[i] : 0) + grads[step][i];
            }
            fill(block, lks_param_block_grads(block), grads[step]);
            ck_ok(lks_optim_step_counted(optim, step, &divisor));
        }
        ck_assert_double_eq(divisor, 0 + 1 + 2);
        for (size_t i = 0; i < 5; i++)
            ck_assert_double_eq_tol(value_at(block, i), before[i] - 0.1 * sum[i] / 3,
                                    1e-6);
    }
    lks_optim_destroy(optim);
    lks_param_block_destroy(block);
}
END_TEST

/* ---- schedules ---- */

static double halved(void *context, uint64_t n)
{
    (void)context;
    return n < 2 ? 1 : 0.5;
}

START_TEST(a_schedule_goes_as_it_is_told)
{
    const lks_option decay[] = {{"gamma", 1, {0.5}}};
    lks_schedule *schedule;

    ck_ok(lks_schedule_create_lambda(halved, NULL, 0.1, &schedule));
    for (int n = 0; n < 4; n++, lks_schedule_step(schedule, 0))
        ck_assert_double_eq(lks_schedule_lr(schedule), n < 2 ? 0.1 : 0.05);
    lks_schedule_destroy(schedule);
    ck_ok(lks_schedule_create("exponential_lr", ALL_OF(decay), 1, &schedule));
    ck_ok(lks_schedule_then(schedule, 2, "exponential_lr", ALL_OF(decay)));
    for (int n = 0; n < 4; n++, lks_schedule_step(schedule, 0))
        ck_assert_double_eq(lks_schedule_lr(schedule), n % 2 ? 0.5 : 1);
    lks_schedule_destroy(schedule);
}
END_TEST

START_TEST(schedules_that_do_not_go_are_refused)
{
    const lks_option many = {"milestones", 9, {1}};
    const lks_option gamma = {"gamma", 1, {0.5}};
    lks_schedule *schedule = NULL;

    ck_fails(lks_schedule_create("steplr", (lks_options){NULL, 0}, 1, &schedule),
             LKS_INVALID, "there is no schedule 'steplr'; there are: step_lr, ");
    ck_fails(lks_schedule_create("step_lr", (lks_options){NULL, 0}, 1, &schedule),
             LKS_INVALID, "step_lr needs step_size");
    ck_fails(lks_schedule_create("multi_step_lr", (lks_options){&many, 1}, 1, &schedule),
             LKS_INVALID, "multi_step_lr: milestones has 9 values; it takes 1 to 8");
    ck_assert_ptr_null(schedule);
    ck_ok(lks_schedule_create("exponential_lr", (lks_options){&gamma, 1}, 1, &schedule));
    ck_fails(lks_schedule_then(schedule, 0, "exponential_lr", (lks_options){&gamma, 1}),
             LKS_INVALID, "exponential_lr begins before what it follows has begun");
    lks_schedule_destroy(schedule);
}
END_TEST

START_TEST(create_survives_every_failing_allocation)
{
    const lks_optim_group group = {biases, 1, ALL_OF(no_decay)};
    lks_param_block *block = make_block();
    bool failed = true;

    for (long n = 0; failed; n++) {
        lks_optim *optim = NULL;
        lks_status st;

        ck_assert_int_lt(n, 100);
        lks_alloc_fail_after(n);
        st = lks_optim_create_grouped("adam", (lks_options){NULL, 0}, &group, 1, block,
                                      &optim);
        failed = lks_alloc_has_failed();
        lks_alloc_fail_after(-1);
        ck_assert_int_eq(st, failed ? LKS_NOMEM : LKS_OK);
        ck_assert(failed == (optim == NULL));
        lks_error_clear();
        lks_optim_destroy(optim);
    }
    lks_param_block_destroy(block);
}
END_TEST

LKS_SUITE("optim", gradients_are_clipped_in_place,
          a_step_clips_the_norm_then_each_value_of_what_the_scale_makes,
          accumulated_steps_are_one_with_their_sums, a_schedule_goes_as_it_is_told,
          schedules_that_do_not_go_are_refused, trajectories_are_those_of_pytorch,
          options_out_of_range_are_refused_by_name, l1_pulls_towards_zero,
          adam_without_eps_keeps_the_gaps_zero,
          a_step_is_seen_by_whoever_watches_the_values,
          a_group_has_options_of_its_own_and_the_others_keep_theirs,
          neighbours_of_the_same_options_are_one_range,
          a_groups_learning_rate_keeps_its_ratio, groups_that_do_not_go_are_refused,
          grad_norm_is_the_2_norm_of_all_gradients,
          create_survives_every_failing_allocation)
