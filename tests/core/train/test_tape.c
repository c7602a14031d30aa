/* Steps as recordings, on every device that records; the others have no tape. */
#include "support/test_device.h"

#include "base/try.h"
#include "data/dataset.h"
#include "io/npy.h"
#include "ops/ops.h"
#include "support/temp_dir.h"
#include "tensor/scope.h"
#include "train/tape.h"

enum { N_LANES = 2, N_INPUTS = 3, MOST = 8 };

/* A step adds up all inputs of its lanes into the first number of `sums`, dropping some
 * of a row of ones by its number on the way, whose sum goes to the second. */
typedef struct job {
    lks_dataset *data;
    lks_tape *tape;
    lks_view sums; /* [2] f32 */
    uint64_t step;
    int n_calls;
    bool peeks; /* what no recording can have: it looks at its result */
} job;

static lks_dataset *open_data(void)
{
    float inputs[MOST * N_INPUTS] = {0}, targets[MOST] = {0};
    const lks_npy x = {.dtype = LKS_F32,
                       .ndim = 2,
                       .sizes = {MOST, N_INPUTS},
                       .data = inputs,
                       .size_bytes = sizeof inputs};
    const lks_npy y = {.dtype = LKS_F32,
                       .ndim = 1,
                       .sizes = {MOST},
                       .data = targets,
                       .size_bytes = sizeof targets};
    lks_dataset_source source = {.format = "npy", .n_files = 2};
    lks_dataset *data = NULL;

    temp_dir_make();
    ck_ok(lks_npy_write(temp_path("x.npy"), &x));
    ck_ok(lks_npy_write(temp_path("y.npy"), &y));
    source.files[0] = temp_path("x.npy");
    source.files[1] = temp_path("y.npy");
    ck_ok(lks_dataset_open(&source, &data));
    return data;
}

/* False: the device has no recordings, and no tape was made. */
static bool begin(job *j)
{
    const lks_device device = test_device();
    const bool records = lks_device_kernels(device)->record;

    *j = (job){.data = open_data(), .sums = flat_new(device, LKS_F32, 2)};
    ck_ok(lks_tape_create(device, j->data, (lks_range){0, N_LANES}, &j->tape));
    ck_assert_int_eq(j->tape != NULL, records);
    return records;
}

static void end(job *j)
{
    lks_tape_destroy(j->tape);
    flat_free(&j->sums);
    lks_dataset_destroy(j->data);
    ck_ok(test_finish());
}

static lks_status add_to(const job *j, size_t i, lks_tensor *sum)
{
    const lks_kernels *kernels = lks_device_kernels(test_device());
    const lks_view place = lks_view_part(&j->sums, i, 1);
    lks_view from;

    if (!sum)
        return lks_error_status();
    from = lks_view_flat(test_device(), lks_data(sum), LKS_F32, 1);
    return kernels->binary(LKS_BINARY_add, &place, &from, &place);
}

static lks_status lane(job *j, uint64_t at)
{
    const lks_rng rng = {.seed = 3, .step = (uint32_t)j->step, .lane = (uint32_t)at};
    lks_fields fields;
    float seen[2];

    LKS_TRY(lks_tape_batch(j->tape, at, &fields));
    if (!fields.tensors[0])
        return LKS_OK;
    LKS_TRY(add_to(j, 0, lks_sum_all(fields.tensors[0])));
    LKS_TRY(
        add_to(j, 1,
               lks_sum_all(lks_dropout(
                   lks_full(LKS_SHAPE_OF(64), 1, LKS_F32, test_device()), 0.5, &rng))));
    if (j->peeks)
        return lks_device_kernels(test_device())
            ->copy_out(test_device().index, seen, j->sums.data, sizeof seen);
    return LKS_OK;
}

static lks_status passes(void *context)
{
    job *j = context;
    lks_status st = LKS_OK;

    j->n_calls++;
    for (uint64_t at = 0; at < N_LANES && st == LKS_OK; at++) {
        LKS_TRY(lks_scope_open());
        st = lane(j, at);
        lks_scope_close();
    }
    return st;
}

/* Step number `step` of n samples in the first lane and one in the second, all numbers
 * being `value`. */
static void take_step(job *j, uint64_t step, int64_t n, float value, float *out)
{
    const float zero[2] = {0};
    float inputs[MOST * N_INPUTS], targets[MOST] = {0};
    lks_batch batch = {.fields = {{.data = inputs}, {.data = targets}}};

    for (int i = 0; i < MOST * N_INPUTS; i++)
        inputs[i] = value;
    flat_put(&j->sums, zero);
    for (uint64_t at = 0; at < N_LANES; at++) {
        batch.slice.n = at == 0 ? n : 1;
        ck_ok(lks_tape_load(j->tape, at, &batch));
    }
    j->step = step;
    ck_ok(lks_tape_run(j->tape, (uint64_t)n + 1, step, passes, j));
    flat_get(&j->sums, out);
}

/* What dropout leaves of the ones, in those lanes of a step that have samples. */
static float dropped(uint64_t step, uint32_t first_lane)
{
    const lks_kernels *kernels = lks_device_kernels(test_device());
    const lks_view x = flat_new(test_device(), LKS_F32, 64);
    float y[64], sum = 0;

    for (uint32_t at = first_lane; at < N_LANES; at++) {
        const lks_rng rng = {.seed = 3, .step = (uint32_t)step, .lane = at};

        ck_ok(kernels->fill(&x, 1));
        ck_ok(kernels->dropout(&x, 0.5, &rng, &x));
        flat_get(&x, y);
        for (int i = 0; i < 64; i++)
            sum += y[i];
    }
    flat_free(&x);
    return sum;
}

static void expect_step(job *j, uint64_t step, int64_t n, float value)
{
    float got[2];

    take_step(j, step, n, value, got);
    ck_assert_float_eq(got[0], (float)(n + 1) * N_INPUTS * value);
    ck_assert_float_eq(got[1], dropped(step, n == 0));
}

START_TEST(a_size_of_step_is_run_then_recorded_then_replayed)
{
    job j;

    if (begin(&j)) {
        for (uint64_t step = 0; step < 6; step++)
            expect_step(&j, step, 4, (float)step + 1);
        ck_assert_int_eq(j.n_calls, 2);
        for (uint64_t step = 6; step < 12; step++) /* and back */
            expect_step(&j, step, step % 2 ? 4 : 0, (float)step);
        ck_assert_int_eq(j.n_calls, 4);
    }
    end(&j);
}
END_TEST

START_TEST(more_room_makes_recordings_void)
{
    job j;

    if (begin(&j)) {
        for (uint64_t step = 0; step < 3; step++)
            expect_step(&j, step, 2, 1);
        for (uint64_t step = 3; step < 6; step++)
            expect_step(&j, step, 7, 2);
        for (uint64_t step = 6; step < 9; step++)
            expect_step(&j, step, 2, 3);
        ck_assert_int_eq(j.n_calls, 6);
    }
    end(&j);
}
END_TEST

START_TEST(what_cannot_be_recorded_is_run_each_time)
{
    job j;

    if (begin(&j)) {
        j.peeks = true;
        for (uint64_t step = 0; step < 4; step++)
            expect_step(&j, step, 4, (float)step);
        ck_assert_int_eq(j.n_calls, 1 + 2 + 2); /* the second was tried */
    }
    end(&j);
}
END_TEST

START_TEST(recordings_can_be_turned_off)
{
    lks_tape *tape = NULL;
    lks_dataset *data = open_data();

    setenv("LKS_RECORDINGS", "0", 1);
    ck_ok(lks_tape_create(test_device(), data, (lks_range){0, N_LANES}, &tape));
    unsetenv("LKS_RECORDINGS");
    ck_assert_ptr_null(tape);
    lks_dataset_destroy(data);
}
END_TEST

LKS_SUITE("tape", a_size_of_step_is_run_then_recorded_then_replayed,
          more_room_makes_recordings_void, what_cannot_be_recorded_is_run_each_time,
          recordings_can_be_turned_off)
