#include "support/suite.h"

#include <stdint.h>
#include <unistd.h>

#include "base/alloc.h"
#include "data/loader.h"
#include "io/npy.h"
#include "support/temp_dir.h"

enum { N_SAMPLES = 103 };

/* Sample i is {i, -i} with target i. */
static lks_dataset *open_dataset(void)
{
    const lks_dataset_source source = {
        .format = "npy", .root = temp_dir, .n_files = 2, .files = {"x.npy", "y.npy"}};
    float x[N_SAMPLES][2];
    int64_t y[N_SAMPLES];
    lks_dataset *dataset;

    for (int i = 0; i < N_SAMPLES; i++) {
        x[i][0] = (float)i;
        x[i][1] = (float)-i;
        y[i] = i;
    }
    temp_dir_make();
    ck_ok(lks_npy_write(temp_path("x.npy"),
                        &(lks_npy){LKS_F32, 2, {N_SAMPLES, 2}, x, sizeof x}));
    ck_ok(lks_npy_write(temp_path("y.npy"),
                        &(lks_npy){LKS_I64, 1, {N_SAMPLES}, y, sizeof y}));
    ck_ok(lks_dataset_open(&source, &dataset));
    temp_dir_remove();
    return dataset;
}

/* Two epochs of batches of up to 10, an empty one after each. */
enum { BATCH = 10, PER_EPOCH = 12, N_ITEMS = 2 * PER_EPOCH };

static bool two_epochs(const void *context, uint64_t item, lks_batch_slice *out)
{
    const uint64_t first = item % PER_EPOCH * BATCH;

    (void)context;
    out->epoch = item / PER_EPOCH;
    out->first = first < N_SAMPLES ? first : N_SAMPLES;
    out->n = first + BATCH <= N_SAMPLES ? BATCH : (int64_t)(N_SAMPLES - out->first);
    return item < N_ITEMS;
}

static lks_loader_options options_for(const lks_dataset *dataset)
{
    return (lks_loader_options){
        .dataset = dataset,
        .order = {.seed = 4, .n_samples = N_SAMPLES, .shuffle = true},
        .plan = two_epochs,
        .max_batch = BATCH,
        .n_ahead = 2,
    };
}

static void check_batch(const lks_batch *batch, const lks_order *order)
{
    const float *inputs = batch->fields[0].data;
    const int64_t *targets = batch->fields[1].data;

    for (int64_t i = 0; i < batch->slice.n; i++) {
        const uint64_t sample =
            lks_order_at(order, batch->slice.epoch, batch->slice.first + (uint64_t)i);

        ck_assert_int_eq(targets[i], (int64_t)sample);
        ck_assert(inputs[2 * i] == (float)sample);
        ck_assert(inputs[2 * i + 1] == -(float)sample);
    }
}

START_TEST(batches_come_in_the_plans_order_with_short_and_empty_ones)
{
    static const int ahead[] = {1, 2, 5, 100};
    lks_dataset *dataset = open_dataset();

    for (size_t k = 0; k < sizeof ahead / sizeof *ahead; k++) {
        lks_loader_options options = options_for(dataset);
        lks_loader *loader;
        const lks_batch *batch;
        int64_t n_seen = 0;

        options.n_ahead = ahead[k];
        ck_ok(lks_loader_create(&options, &loader));
        for (uint64_t item = 0; item < N_ITEMS; item++) {
            lks_batch_slice want;

            two_epochs(NULL, item, &want);
            ck_ok(lks_loader_next(loader, &batch));
            ck_assert_ptr_nonnull(batch);
            ck_assert_uint_eq(batch->slice.epoch, want.epoch);
            ck_assert_uint_eq(batch->slice.first, want.first);
            ck_assert_int_eq(batch->slice.n, want.n);
            ck_assert_uint_eq((uintptr_t)batch->fields[0].data % 64, 0);
            if (item % 5 == 0)
                usleep(500); /* let the thread run full */
            check_batch(batch, &options.order);
            n_seen += batch->slice.n;
        }
        ck_assert_int_eq(n_seen, 2 * N_SAMPLES);
        for (int again = 0; again < 3; again++) {
            ck_ok(lks_loader_next(loader, &batch));
            ck_assert_ptr_null(batch);
        }
        lks_loader_destroy(loader);
    }
    lks_dataset_destroy(dataset);
}
END_TEST

START_TEST(a_loader_can_be_destroyed_at_any_moment)
{
    lks_dataset *dataset = open_dataset();
    const lks_loader_options options = options_for(dataset);
    const lks_batch *batch;

    for (int n_taken = 0; n_taken <= N_ITEMS + 1; n_taken++) {
        for (int pause_us = 0; pause_us <= 200; pause_us += 100) {
            lks_loader *loader;

            ck_ok(lks_loader_create(&options, &loader));
            for (int i = 0; i < n_taken; i++)
                ck_ok(lks_loader_next(loader, &batch));
            if (pause_us)
                usleep((useconds_t)pause_us);
            lks_loader_destroy(loader);
        }
    }
    lks_loader_destroy(NULL);
    lks_dataset_destroy(dataset);
}
END_TEST

static bool endless(const void *context, uint64_t item, lks_batch_slice *out)
{
    (void)context;
    *out = (lks_batch_slice){.epoch = item, .first = 0, .n = 1};
    return true;
}

START_TEST(an_endless_plan_is_only_gathered_as_far_ahead_as_asked)
{
    lks_dataset *dataset = open_dataset();
    lks_loader_options options = options_for(dataset);
    lks_loader *loader;
    const lks_batch *batch;

    options.plan = endless;
    ck_ok(lks_loader_create(&options, &loader));
    for (uint64_t item = 0; item < 500; item++) {
        ck_ok(lks_loader_next(loader, &batch));
        ck_assert_uint_eq(batch->slice.epoch, item);
        check_batch(batch, &options.order);
    }
    lks_loader_destroy(loader);
    lks_dataset_destroy(dataset);
}
END_TEST

/* The third slice is *context. */
static bool third_is(const void *context, uint64_t item, lks_batch_slice *out)
{
    *out = item == 2 ? *(const lks_batch_slice *)context : (lks_batch_slice){0, 0, 1};
    return true;
}

START_TEST(a_slice_outside_the_epoch_fails_when_its_turn_comes_and_ever_after)
{
    static const struct {
        lks_batch_slice slice;
        const char *text;
    } cases[] = {
        {{0, 100, 4}, "positions 100 to 104 of an epoch of 103 samples"},
        {{0, UINT64_MAX, 1}, "of an epoch of 103 samples"},
        {{0, 0, BATCH + 1}, "a batch of 11 samples; at most 10 fit"},
        {{0, 0, -1}, "a batch of -1 samples"},
    };
    lks_dataset *dataset = open_dataset();

    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        lks_loader_options options = options_for(dataset);
        lks_loader *loader;
        const lks_batch *batch;

        options.plan = third_is;
        options.plan_context = &cases[k].slice;
        ck_ok(lks_loader_create(&options, &loader));
        ck_ok(lks_loader_next(loader, &batch));
        ck_ok(lks_loader_next(loader, &batch));
        ck_fails(lks_loader_next(loader, &batch), LKS_INVALID, cases[k].text);
        ck_fails(lks_loader_next(loader, &batch), LKS_INVALID, cases[k].text);
        lks_loader_destroy(loader);
    }
    lks_dataset_destroy(dataset);
}
END_TEST

/* A dataset of no files: sample i is i + 1 numbers 1, or a failure. */
static lks_status get_ones(const void *self, uint64_t index, lks_field_place *places)
{
    if (index == *(const uint64_t *)self)
        return lks_fail(LKS_IO, "sample %d cannot be had", (int)index);
    for (uint64_t i = 0; i <= index; i++)
        ((int32_t *)places[0].data)[i] = 1;
    places[0].length = (int64_t)index + 1;
    return LKS_OK;
}

static bool all_at_once(const void *context, uint64_t item, lks_batch_slice *out)
{
    (void)context;
    *out = (lks_batch_slice){.epoch = item, .first = item, .n = 2};
    return item < 4;
}

/* Samples i and i + 1 in batch i, until sample 4 fails. */
START_TEST(a_programs_own_samples_are_padded_and_their_failures_told_in_turn)
{
    static const lks_dataset_ops ops = {.get = get_ones};
    static const lks_field tokens = {.name = "tokens",
                                     .dtype = LKS_I32,
                                     .n_dims = 1,
                                     .sizes = {8},
                                     .varies = true,
                                     .pad = -7};
    uint64_t bad = 99;
    lks_loader_options options;
    lks_loader *loader;
    lks_dataset *dataset;
    const lks_batch *batch;

    ck_ok(lks_dataset_create(&ops, &bad, 8, &tokens, 1, &dataset));
    options = options_for(dataset);
    options.plan = all_at_once;
    options.order = (lks_order){.n_samples = 8};
    bad = 4;
    ck_ok(lks_loader_create(&options, &loader));
    for (int item = 0; item < 3; item++) {
        const int32_t *values;

        ck_ok(lks_loader_next(loader, &batch));
        values = batch->fields[0].data;
        ck_assert_int_eq(batch->fields[0].longest, item + 2);
        ck_assert(batch->fields[0].lengths[0] == item + 1 &&
                  batch->fields[0].lengths[1] == item + 2);
        for (int i = 0; i < 2 * (item + 2); i++)
            ck_assert_int_eq(values[i], i == item + 1 ? -7 : 1);
    }
    for (int again = 0; again < 2; again++)
        ck_fails(lks_loader_next(loader, &batch), LKS_IO, "sample 4 cannot be had");
    lks_loader_destroy(loader);
    lks_dataset_destroy(dataset);
}
END_TEST

START_TEST(options_that_make_no_sense_are_refused)
{
    lks_dataset *dataset = open_dataset();
    lks_loader_options options = options_for(dataset);
    lks_loader *loader;

    options.n_ahead = 0;
    ck_fails(lks_loader_create(&options, &loader), LKS_INVALID, "n_ahead 0");
    options = options_for(dataset);
    options.max_batch = 0;
    ck_fails(lks_loader_create(&options, &loader), LKS_INVALID, "max_batch 0");
    options.max_batch = INT64_MAX;
    ck_fails(lks_loader_create(&options, &loader), LKS_INVALID, "is too large");
    options = options_for(dataset);
    options.order.n_samples = N_SAMPLES + 1;
    ck_fails(lks_loader_create(&options, &loader), LKS_INVALID,
             "an order of 104 samples over a dataset of 103");
    lks_dataset_destroy(dataset);
}
END_TEST

START_TEST(no_memory_is_an_error_wherever_it_happens)
{
    lks_dataset *dataset = open_dataset();
    const lks_loader_options options = options_for(dataset);
    lks_loader *loader;

    for (long n = 0;; n++) {
        lks_alloc_fail_after(n);
        lks_error_clear();
        if (lks_loader_create(&options, &loader) == LKS_OK)
            break;
        ck_assert_int_eq(lks_error_status(), LKS_NOMEM);
    }
    ck_assert(!lks_alloc_has_failed());
    lks_alloc_fail_after(-1);
    lks_loader_destroy(loader);
    lks_dataset_destroy(dataset);
}
END_TEST

/* Sample i is i, after a while that differs; sample 77 fails where `self` says so. */
static lks_status get_slowly(const void *self, uint64_t index, lks_field_place *places)
{
    const bool *fails = self;

    if (*fails && index == 77)
        return lks_fail(LKS_IO, "sample 77 is gone");
    usleep((unsigned)(index * 37 % 5) * 50);
    *(int64_t *)places[0].data = (int64_t)index;
    return LKS_OK;
}

static uint64_t no_fingerprint(const void *self)
{
    return self != NULL;
}

static lks_dataset *slow_dataset(bool *fails)
{
    static const lks_dataset_ops ops = {.get = get_slowly, .fingerprint = no_fingerprint};
    static const lks_field field = {.name = "inputs", .dtype = LKS_I64};
    lks_dataset *dataset;

    ck_ok(lks_dataset_create(&ops, fails, N_SAMPLES, &field, 1, &dataset));
    return dataset;
}

START_TEST(batches_come_in_their_order_from_any_number_of_threads)
{
    bool fails = false;
    lks_dataset *dataset = slow_dataset(&fails);

    for (int n_workers = 1; n_workers <= 9; n_workers += 2) {
        lks_loader_options options = options_for(dataset);
        const lks_batch *batch;
        lks_loader *loader;

        options.n_workers = n_workers;
        options.n_ahead = 1 + n_workers / 3;
        ck_ok(lks_loader_create(&options, &loader));
        for (uint64_t item = 0;; item++) {
            lks_batch_slice want;

            ck_ok(lks_loader_next(loader, &batch));
            if (!batch) {
                ck_assert_uint_eq(item, N_ITEMS);
                break;
            }
            ck_assert(two_epochs(NULL, item, &want));
            ck_assert(batch->slice.n == want.n && batch->slice.first == want.first &&
                      batch->slice.epoch == want.epoch);
            for (int64_t i = 0; i < want.n; i++)
                ck_assert_int_eq(((const int64_t *)batch->fields[0].data)[i],
                                 (int64_t)lks_order_at(&options.order, want.epoch,
                                                       want.first + (uint64_t)i));
        }
        ck_ok(lks_loader_next(loader, &batch));
        ck_assert_ptr_null(batch);
        lks_loader_destroy(loader);
    }
    lks_dataset_destroy(dataset);
}
END_TEST

START_TEST(the_first_failure_of_several_threads_comes_in_its_turn)
{
    bool fails = true;
    lks_dataset *dataset = slow_dataset(&fails);

    for (int n_workers = 1; n_workers <= 8; n_workers++) {
        lks_loader_options options = options_for(dataset);
        const lks_batch *batch;
        lks_loader *loader;

        options.order.shuffle = false;
        options.n_workers = n_workers;
        ck_ok(lks_loader_create(&options, &loader));
        for (int item = 0; item < 7; item++) {
            ck_ok(lks_loader_next(loader, &batch));
            ck_assert_ptr_nonnull(batch);
        }
        for (int again = 0; again < 2; again++)
            ck_fails(lks_loader_next(loader, &batch), LKS_IO, "sample 77 is gone");
        lks_loader_destroy(loader);
    }
    lks_dataset_destroy(dataset);
}
END_TEST

START_TEST(several_threads_may_be_left_at_any_time)
{
    bool fails = false;
    lks_dataset *dataset = slow_dataset(&fails);

    for (int n_taken = 0; n_taken < 20; n_taken++) {
        lks_loader_options options = options_for(dataset);
        const lks_batch *batch;
        lks_loader *loader;

        options.n_workers = 1 + n_taken % 4;
        ck_ok(lks_loader_create(&options, &loader));
        for (int i = 0; i < n_taken; i++)
            ck_ok(lks_loader_next(loader, &batch));
        lks_loader_destroy(loader);
    }
    lks_dataset_destroy(dataset);
}
END_TEST

START_TEST(a_plan_of_batches_is_pytorchs)
{
    const lks_batches whole = {.n_samples = 10, .n_epochs = 2, .batch_size = 4};
    const lks_batches dropped = {
        .n_samples = 10, .n_epochs = 2, .batch_size = 4, .drop_last = true};
    const lks_batches none = {
        .n_samples = 3, .n_epochs = 2, .batch_size = 4, .drop_last = true};
    static const int64_t sizes[] = {4, 4, 2};
    lks_batch_slice slice;

    for (uint64_t item = 0; item < 6; item++) {
        ck_assert(lks_batches_plan(&whole, item, &slice));
        ck_assert(slice.epoch == item / 3 && slice.first == item % 3 * 4 &&
                  slice.n == sizes[item % 3]);
    }
    ck_assert(!lks_batches_plan(&whole, 6, &slice));
    for (uint64_t item = 0; item < 4; item++) {
        ck_assert(lks_batches_plan(&dropped, item, &slice));
        ck_assert(slice.epoch == item / 2 && slice.n == 4);
    }
    ck_assert(!lks_batches_plan(&dropped, 4, &slice));
    ck_assert(!lks_batches_plan(&none, 0, &slice));
}
END_TEST

/* Two samples in one batch as their sum, twice; drawn: plus the epoch. */
static lks_status sum_up(const void *self, const lks_draws *draws,
                         const uint64_t *indices, int64_t n, lks_field_batch *fields)
{
    int64_t sum = draws ? (int64_t)draws->epoch : 0;

    (void)self;
    for (int64_t i = 0; i < n; i++)
        sum += (int64_t)indices[i];
    for (int64_t i = 0; i < n; i++)
        ((int64_t *)fields[0].data)[i] = sum;
    return LKS_OK;
}

START_TEST(a_dataset_makes_its_batches_itself)
{
    static const lks_dataset_ops ops = {
        .get = get_slowly, .collate = sum_up, .fingerprint = no_fingerprint};
    static const lks_field field = {.name = "inputs", .dtype = LKS_I64};
    const lks_batches plan = {.n_samples = 10, .n_epochs = 2, .batch_size = 5};
    const lks_batch *batch;
    lks_dataset *dataset;
    lks_loader *loader;
    bool fails = false;

    ck_ok(lks_dataset_create(&ops, &fails, 10, &field, 1, &dataset));
    ck_ok(lks_loader_create(&(lks_loader_options){.dataset = dataset,
                                                  .order = {.n_samples = 10},
                                                  .plan = lks_batches_plan,
                                                  .plan_context = &plan,
                                                  .max_batch = 5,
                                                  .n_ahead = 2,
                                                  .draws = true},
                            &loader));
    for (int item = 0; item < 4; item++) {
        ck_ok(lks_loader_next(loader, &batch));
        ck_assert_int_eq(*(const int64_t *)batch->fields[0].data,
                         item / 2 + (item % 2 ? 35 : 10));
    }
    lks_loader_destroy(loader);
    lks_dataset_destroy(dataset);
}
END_TEST

LKS_SUITE("loader", batches_come_in_their_order_from_any_number_of_threads,
          the_first_failure_of_several_threads_comes_in_its_turn,
          several_threads_may_be_left_at_any_time, a_plan_of_batches_is_pytorchs,
          a_dataset_makes_its_batches_itself,
          batches_come_in_the_plans_order_with_short_and_empty_ones,
          a_loader_can_be_destroyed_at_any_moment,
          an_endless_plan_is_only_gathered_as_far_ahead_as_asked,
          a_slice_outside_the_epoch_fails_when_its_turn_comes_and_ever_after,
          a_programs_own_samples_are_padded_and_their_failures_told_in_turn,
          options_that_make_no_sense_are_refused,
          no_memory_is_an_error_wherever_it_happens)
