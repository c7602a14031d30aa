/* A dataset in two parts, and inputs standardised by one of them. */
#include "support/suite.h"

#include <math.h>
#include <stdio.h>

#include "base/alloc.h"
#include "data/split.h"
#include "data/standardise.h"

/* Sample i of n has inputs {i, 7, -2 i} and the target i. */
static lks_status get(const void *self, uint64_t index, lks_field_place *places)
{
    float *x = places[0].data;

    (void)self;
    if (x) {
        x[0] = (float)index;
        x[1] = 7;
        x[2] = -2 * (float)index;
    }
    if (places[1].data)
        *(int64_t *)places[1].data = (int64_t)index;
    return LKS_OK;
}

static uint64_t fingerprint(const void *self)
{
    return self ? 1 : 2;
}

static const char *class_name(const void *self, int64_t number)
{
    (void)self;
    return number == 3 ? "three" : NULL;
}

static lks_dataset *dataset_of(uint64_t n)
{
    static const lks_dataset_ops ops = {
        .get = get, .fingerprint = fingerprint, .class_name = class_name};
    static const lks_field fields[] = {
        {.name = "inputs", .dtype = LKS_F32, .n_dims = 1, .sizes = {3}},
        {.name = "targets", .dtype = LKS_I64}};
    lks_dataset *dataset;

    ck_ok(lks_dataset_create(&ops, NULL, n, fields, 2, &dataset));
    return dataset;
}

static uint64_t sample_of(const lks_dataset *dataset, uint64_t index)
{
    int64_t target;
    lks_field_place places[] = {{.data = NULL}, {.data = &target}};

    ck_ok(lks_dataset_get(dataset, index, places));
    return (uint64_t)target;
}

/* Every sample is in one of the parts, and both keep the order. */
static void check_split(uint64_t n, uint64_t n_held_out, uint64_t seed)
{
    lks_dataset *whole = dataset_of(n), *rest, *held_out;
    uint64_t at[2] = {0}, n_parts[2];
    lks_dataset *parts[2];

    ck_ok(lks_dataset_split(whole, seed, n_held_out, &rest, &held_out));
    parts[0] = rest;
    parts[1] = held_out;
    for (int i = 0; i < 2; i++)
        n_parts[i] = lks_dataset_n_samples(parts[i]);
    ck_assert_uint_eq(n_parts[0], n - n_held_out);
    ck_assert_uint_eq(n_parts[1], n_held_out);
    for (uint64_t sample = 0; sample < n; sample++) {
        const int i = at[0] < n_parts[0] && sample_of(rest, at[0]) == sample ? 0 : 1;

        ck_assert_msg(at[i] < n_parts[i] && sample_of(parts[i], at[i]) == sample,
                      "sample %d of %d, %d held out, is lost", (int)sample, (int)n,
                      (int)n_held_out);
        at[i]++;
    }
    lks_dataset_destroy(rest);
    lks_dataset_destroy(held_out);
    lks_dataset_destroy(whole);
}

START_TEST(each_sample_is_in_one_of_two_parts_in_its_order)
{
    for (uint64_t n = 2; n < 40; n++)
        for (uint64_t v = 1; v < n; v++)
            check_split(n, v, n + v);
    check_split(60000, 6000, 0);
    check_split(9999, 7, 3);
    check_split(9999, 9998, 3);
}
END_TEST

START_TEST(the_seed_decides_which_are_held_out)
{
    enum { N = 1000, HELD_OUT = 100 };
    int n_often[10] = {0}, n_same = 0;

    for (uint64_t seed = 0; seed < 200; seed++) {
        lks_dataset *whole = dataset_of(N), *rest, *held_out;

        ck_ok(lks_dataset_split(whole, seed, HELD_OUT, &rest, &held_out));
        for (uint64_t i = 0; i < HELD_OUT; i++)
            n_often[sample_of(held_out, i) % 10]++; /* which of its block of ten */
        n_same += sample_of(held_out, 0) == 4;
        ck_assert_str_eq(lks_dataset_class_name(held_out, 3), "three");
        ck_assert_uint_ne(lks_dataset_fingerprint(rest),
                          lks_dataset_fingerprint(held_out));
        lks_dataset_destroy(rest);
        lks_dataset_destroy(held_out);
        lks_dataset_destroy(whole);
    }
    for (int i = 0; i < 10; i++) /* 2000 of each, give or take five sigma */
        ck_assert_msg(abs(n_often[i] - 2000) < 5 * 43, "%d: %d", i, n_often[i]);
    ck_assert_int_lt(n_same, 60);
}
END_TEST

START_TEST(parts_that_cannot_be_are_refused)
{
    lks_dataset *whole = dataset_of(5), *rest, *held_out;

    ck_fails(lks_dataset_split(whole, 0, 0, &rest, &held_out), LKS_INVALID,
             "0 samples of 5 cannot be held out");
    ck_fails(lks_dataset_split(whole, 0, 5, &rest, &held_out), LKS_INVALID,
             "5 samples of 5 cannot be held out");
    lks_dataset_destroy(whole);
}
END_TEST

/* of 0 … 4: mean 2, variance 2 */
START_TEST(inputs_are_standardised_by_training_data)
{
    lks_dataset *training = dataset_of(5), *test = dataset_of(9), *shown;
    lks_input_scale *scale;
    float x[3];
    lks_field_place places[] = {{.data = x}, {.data = NULL}};

    ck_ok(lks_input_scale_create(training, &scale));
    ck_assert_int_eq(lks_input_scale_n(scale), 3);
    ck_assert(lks_input_scale_mean(scale)[0] == 2 &&
              lks_input_scale_mean(scale)[1] == 7 &&
              lks_input_scale_mean(scale)[2] == -4);
    ck_assert(lks_input_scale_std(scale)[0] == (float)sqrt(2) &&
              lks_input_scale_std(scale)[1] == 1 &&
              lks_input_scale_std(scale)[2] == (float)sqrt(8));
    ck_ok(lks_dataset_standardise(test, scale, &shown));
    ck_ok(lks_dataset_get(shown, 8, places));
    ck_assert(x[0] == 6 / (float)sqrt(2) && x[1] == 0 && x[2] == -12 / (float)sqrt(8));
    ck_assert_uint_eq(sample_of(shown, 8), 8);
    lks_dataset_destroy(shown);
    lks_input_scale_destroy(scale);
    lks_input_scale_destroy(NULL);
    lks_dataset_destroy(training);
    lks_dataset_destroy(test);
}
END_TEST

START_TEST(no_memory_is_an_error_wherever_it_happens)
{
    lks_dataset *whole = dataset_of(50), *rest = NULL, *held_out = NULL, *shown = NULL;
    lks_input_scale *scale = NULL;

    for (long n = 0;; n++) {
        lks_status st;

        lks_error_clear();
        lks_alloc_fail_after(n);
        st = lks_dataset_split(whole, 0, 5, &rest, &held_out);
        if (st == LKS_OK)
            st = lks_input_scale_create(rest, &scale);
        if (st == LKS_OK)
            st = lks_dataset_standardise(held_out, scale, &shown);
        lks_alloc_fail_after(-1);
        lks_dataset_destroy(shown);
        lks_input_scale_destroy(scale);
        lks_dataset_destroy(rest);
        lks_dataset_destroy(held_out);
        rest = held_out = shown = NULL;
        scale = NULL;
        if (st == LKS_OK)
            break;
        ck_assert_int_eq(st, LKS_NOMEM);
    }
    lks_dataset_destroy(whole);
}
END_TEST

LKS_SUITE("split", each_sample_is_in_one_of_two_parts_in_its_order,
          the_seed_decides_which_are_held_out, parts_that_cannot_be_are_refused,
          inputs_are_standardised_by_training_data,
          no_memory_is_an_error_wherever_it_happens)
