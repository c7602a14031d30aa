/* Indices out of range, which only kernels see: told by whoever waits, once, as the CPU
 * tells them at once. */
#include "cuda_suite.h"

#include "base/try.h"

enum { ROWS = 300, COLUMNS = 3, PLACES = 7, CLASSES = 5, IGNORED = -100 };

static lks_view matrix(lks_device device, int64_t rows, int64_t columns)
{
    const lks_view flat = flat_new(device, LKS_F32, (size_t)(rows * columns));
    lks_view view;

    ck_ok(lks_device_kernels(device)->fill(&flat, 1));
    ck_assert(lks_view_reshape(&flat, &LKS_SHAPE_OF(rows, columns), &view));
    return view;
}

static lks_view indices_on(lks_device device, const int64_t *values)
{
    return flat_of(device, LKS_I64, ROWS, values);
}

typedef lks_status call(lks_device device, const int64_t *index);

static lks_status select_rows(lks_device device, const int64_t *index)
{
    const lks_view x = matrix(device, PLACES, COLUMNS), i = indices_on(device, index);
    const lks_view out = matrix(device, ROWS, COLUMNS);

    return lks_device_kernels(device)->index_select(&x, 0, &i, &out);
}

/* Along the other dimension, backwards. */
static lks_status select_columns(lks_device device, const int64_t *index)
{
    const lks_view x = matrix(device, COLUMNS, PLACES);
    const lks_view i = indices_on(device, index), out = matrix(device, COLUMNS, ROWS);
    const lks_view back = lks_view_slice(&i, 0, ROWS - 1, -1, ROWS);

    return lks_device_kernels(device)->index_select(&x, 1, &back, &out);
}

/* Every element by the same index: strides of 0. */
static lks_status select_one(lks_device device, const int64_t *index)
{
    const lks_view x = matrix(device, PLACES, COLUMNS),
                   out = matrix(device, ROWS, COLUMNS);
    lks_view i = indices_on(device, index);

    i.strides[0] = 0;
    return lks_device_kernels(device)->index_select(&x, 0, &i, &out);
}

static lks_status add_rows(lks_device device, const int64_t *index)
{
    const lks_view x = matrix(device, ROWS, COLUMNS), i = indices_on(device, index);
    const lks_view out = matrix(device, PLACES, COLUMNS);

    return lks_device_kernels(device)->index_add(&x, 0, &i, &out);
}

static lks_status cross_entropy(lks_device device, const int64_t *index)
{
    const lks_view x = matrix(device, ROWS, CLASSES), target = indices_on(device, index);
    const lks_view log_p = matrix(device, ROWS, CLASSES);
    const lks_view loss = flat_new(device, LKS_F32, ROWS);
    const lks_view counted = flat_new(device, LKS_F32, 1);
    lks_view scalar = counted;

    scalar.ndim = 0;
    return lks_device_kernels(device)->cross_entropy(&x, &target, IGNORED, &log_p, &loss,
                                                     &scalar);
}

static call *const calls[] = {select_rows, select_columns, select_one, add_rows,
                              cross_entropy};
enum { N_CALLS = sizeof calls / sizeof *calls };

/* Good ones but for those at `bad`. */
static void make_indices(int64_t *index, const int *bad, int n_bad, int64_t value)
{
    for (int i = 0; i < ROWS; i++)
        index[i] = i % CLASSES;
    for (int i = 0; i < n_bad; i++)
        index[bad[i]] = value - i;
}

/* What the CPU says. */
static const char *text_of_cpu(call *run, const int64_t *index)
{
    static char text[512];

    lks_error_clear();
    ck_assert_int_eq(run(lks_cpu, index), LKS_INVALID);
    snprintf(text, sizeof text, "%s", lks_error_text());
    return text;
}

static void check_told_by_finish(call *run, const int64_t *index)
{
    const char *want = text_of_cpu(run, index);

    lks_error_clear();
    ck_ok(run(gpu, index));
    ck_assert_int_eq(cuda()->finish(0), LKS_INVALID);
    ck_assert_str_eq(lks_error_text(), want);
    ck_ok(cuda()->finish(0)); /* once */
}

static void check_all(const int64_t *index, bool of_one)
{
    for (int i = 0; i < N_CALLS; i++)
        if (of_one || calls[i] != select_one)
            check_told_by_finish(calls[i], index);
}

START_TEST(the_first_index_out_of_range_is_told_as_by_the_cpu)
{
    static const int bad[] = {290, 17, 255, 256};
    static const int64_t values[] = {PLACES, -1, 99999, INT32_MAX, INT32_MIN + 3};
    int64_t index[ROWS];

    for (uint64_t seed = 0; seed < 3; seed++) {
        be_late(seed);
        for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
            make_indices(index, bad, 4, values[v]);
            check_all(index, false);
            index[0] = values[v];
            check_all(index, true);
        }
    }
}
END_TEST

START_TEST(good_indices_are_no_reason_to_complain)
{
    int64_t index[ROWS];

    make_indices(index, NULL, 0, 0);
    for (int i = 0; i < N_CALLS; i++) {
        ck_ok(calls[i](gpu, index));
        ck_ok(cuda()->finish(0));
    }
    index[3] = IGNORED;
    ck_ok(cross_entropy(gpu, index));
    ck_ok(cuda()->finish(0));
}
END_TEST

START_TEST(whoever_copies_out_is_told_and_the_queue_goes_on)
{
    const int bad = 100;
    int64_t index[ROWS];

    for (int i = 0; i < N_CALLS; i++) {
        lks_view x = flat_new(gpu, LKS_F32, ROWS);
        float value = 0;

        make_indices(index, &bad, 1, 12);
        index[0] = 12;
        ck_ok(calls[i](gpu, index));
        ck_ok(cuda()->fill(&x, 2));
        ck_fails(cuda()->copy_out(0, &value, x.data, sizeof value), LKS_INVALID,
                 i < 4 ? "outside dimension" : "outside the 5 classes");
        ck_assert_float_eq(flat_at(&x, ROWS - 1), 2);
        make_indices(index, NULL, 0, 0);
        ck_ok(calls[i](gpu, index));
        ck_ok(cuda()->finish(0));
        flat_free(&x);
    }
}
END_TEST

/* 32 bits of an index are told, and the end of them if it has more. */
START_TEST(huge_indices_are_told_as_the_largest_or_smallest)
{
    const int bad = 1;
    int64_t index[ROWS];

    make_indices(index, &bad, 1, INT64_MAX);
    ck_ok(select_rows(gpu, index));
    ck_fails(
        cuda()->finish(0), LKS_INVALID,
        "index_select: index 2147483647 (number 1) is outside dimension 0 of (7, 3)");
    make_indices(index, &bad, 1, INT64_MIN);
    ck_ok(cross_entropy(gpu, index));
    ck_fails(cuda()->finish(0), LKS_INVALID,
             "cross_entropy: target -2147483648 of row 1 is outside the 5 classes");
}
END_TEST

START_TEST(several_kernels_that_complain_make_one_error)
{
    const int bad = 8;
    int64_t index[ROWS];

    make_indices(index, &bad, 1, 1000);
    for (int i = 0; i < N_CALLS; i++)
        if (calls[i] != select_one)
            ck_ok(calls[i](gpu, index));
    ck_fails(cuda()->finish(0), LKS_INVALID, "index 1000 (number 8)");
    ck_ok(cuda()->finish(0));
}
END_TEST

/* What stood at the places of good indices is moved, that of bad ones is not touched. */
START_TEST(nothing_is_read_or_written_for_a_bad_index)
{
    const lks_view x = matrix(gpu, ROWS, COLUMNS), out = matrix(gpu, PLACES, COLUMNS);
    const lks_view all = lks_view_flat(gpu, out.data, LKS_F32, PLACES * COLUMNS);
    float values[PLACES * COLUMNS];
    int64_t index[ROWS];
    lks_view i;

    for (int k = 0; k < ROWS; k++)
        index[k] = PLACES + k;
    index[4] = 2;
    i = indices_on(gpu, index);
    ck_ok(cuda()->index_add(&x, 0, &i, &out));
    ck_fails(cuda()->finish(0), LKS_INVALID, "index_add: index 7 (number 0)");
    flat_get(&all, values);
    for (int k = 0; k < PLACES * COLUMNS; k++)
        ck_assert_float_eq(values[k], k / COLUMNS == 2 ? 2 : 1);
}
END_TEST

enum { SEQUENCES = 3, STEPS = 4, STATE = 2 };

/* An RNN's forward and backward over sequences of these lengths. */
static lks_status walk(lks_device device, const int64_t *lengths, bool reverse)
{
    const lks_view n = flat_of(device, LKS_I64, SEQUENCES, lengths);
    const lks_view w = matrix(device, STATE, STATE);
    const lks_view h_n = matrix(device, SEQUENCES, STATE);
    const lks_view dh0 = matrix(device, SEQUENCES, STATE);
    const lks_view flat[] = {matrix(device, STEPS * SEQUENCES, STATE),
                             matrix(device, STEPS * SEQUENCES, STATE)};
    lks_view x, y;
    const lks_recurrent r = {.kind = LKS_RNN_TANH,
                             .reverse = reverse,
                             .x = &x,
                             .w_hh = &w,
                             .lengths = &n,
                             .y = &y,
                             .h_n = &h_n};
    const lks_recurrent_grads g = {.dy = &y, .dx = &x, .dh0 = &dh0};

    ck_assert(lks_view_reshape(&flat[0], &LKS_SHAPE_OF(STEPS, SEQUENCES, STATE), &x));
    ck_assert(lks_view_reshape(&flat[1], &LKS_SHAPE_OF(STEPS, SEQUENCES, STATE), &y));
    LKS_TRY(lks_device_kernels(device)->recurrent(&r));
    return lks_device_kernels(device)->recurrent_backward(&r, &g);
}

START_TEST(lengths_out_of_range_are_told_as_by_the_cpu)
{
    static const int64_t bad[] = {0, -3, STEPS + 1, 1 << 30};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const int64_t lengths[SEQUENCES] = {STEPS, bad[i], bad[i]};
        char want[512];

        lks_error_clear();
        ck_assert_int_eq(walk(lks_cpu, lengths, i % 2), LKS_INVALID);
        snprintf(want, sizeof want, "%s", lks_error_text());
        lks_error_clear();
        ck_ok(walk(gpu, lengths, i % 2));
        ck_assert_int_eq(cuda()->finish(0), LKS_INVALID);
        ck_assert_str_eq(lks_error_text(), want);
        ck_ok(cuda()->finish(0));
    }
    ck_ok(walk(gpu, (const int64_t[]){1, STEPS, 2}, true));
    ck_ok(cuda()->finish(0));
}
END_TEST

/* Of two threads each is told its own. */
static void *complain_alone(void *context)
{
    const int bad = 5;
    int64_t index[ROWS];

    make_indices(index, &bad, 1, 50);
    ck_ok(select_rows(gpu, index));
    ck_assert_int_eq(cuda()->finish(0), LKS_INVALID);
    return context;
}

START_TEST(another_threads_complaints_are_its_own)
{
    int64_t index[ROWS];

    make_indices(index, NULL, 0, 0);
    ck_ok(select_rows(gpu, index));
    in_a_thread(complain_alone, NULL);
    ck_ok(cuda()->finish(0));
    in_a_thread(complain_alone, NULL);
}
END_TEST

LKS_SUITE("cuda_complaints", the_first_index_out_of_range_is_told_as_by_the_cpu,
          good_indices_are_no_reason_to_complain,
          whoever_copies_out_is_told_and_the_queue_goes_on,
          huge_indices_are_told_as_the_largest_or_smallest,
          several_kernels_that_complain_make_one_error,
          nothing_is_read_or_written_for_a_bad_index,
          lengths_out_of_range_are_told_as_by_the_cpu,
          another_threads_complaints_are_its_own)
