/* What recurrent networks must hold as whole: gradients through many steps, sequences cut
 * into windows, and sequences of several lengths beside each other. */
#include "support/suite.h"

#include <math.h>

#include "lockstep.h"

enum { I = 2, H = 3, MAX_WEIGHTS = 16 };

static const lks_recurrence kinds[] = {LKS_RNN_TANH, LKS_LSTM, LKS_GRU, LKS_RNN_RELU};
enum { N_KINDS = sizeof kinds / sizeof *kinds, N_SMOOTH = N_KINDS - 1 };

/* Drawn numbers in [-scale, scale). */
static lks_tensor *drawn(lks_shape shape, lks_dtype dtype, uint32_t which, double scale)
{
    const lks_rng rng = {.seed = 5, .layer = which};
    lks_tensor *u = lks_rand(shape, dtype, &rng, lks_cpu);

    return lks_mul_scalar(lks_add_scalar(u, -0.5), 2 * scale);
}

static lks_tensor *leaf(lks_shape shape, lks_dtype dtype, uint32_t which)
{
    return lks_requires_grad_(lks_detach(drawn(shape, dtype, which, 0.6)));
}

/* Weights of `layers` layers; how many. */
static int make_weights(lks_recurrence kind, int layers, bool both, lks_dtype dtype,
                        lks_tensor **out)
{
    const int64_t GH = lks_recurrence_gates(kind) * H;
    int n = 0;

    for (int i = 0; i < layers * (both ? 2 : 1); i++) {
        const int64_t in = i < (both ? 2 : 1) ? I : both ? 2 * H : H;

        out[n] = leaf(LKS_SHAPE_OF(GH, in), dtype, (uint32_t)n), n++;
        out[n] = leaf(LKS_SHAPE_OF(GH, H), dtype, (uint32_t)n), n++;
        out[n] = leaf(LKS_SHAPE_OF(GH), dtype, (uint32_t)n), n++;
        out[n] = leaf(LKS_SHAPE_OF(GH), dtype, (uint32_t)n), n++;
    }
    return n;
}

static double *numbers_of(lks_tensor *t)
{
    double *out = calloc((size_t)lks_numel(t) + 1, sizeof *out);

    ck_assert_msg(t != NULL, "%s", lks_error_text());
    ck_ok(lks_to_host(lks_to(t, LKS_F64), out));
    return out;
}

/* The largest difference, relative to the largest number. */
static double distance(lks_tensor *a, lks_tensor *b)
{
    double *x = numbers_of(a), *y = numbers_of(b), most = 0, scale = 0;

    ck_assert_int_eq(lks_numel(a), lks_numel(b));
    for (int64_t i = 0; i < lks_numel(a); i++) {
        most = fmax(most, isnan(x[i]) ? INFINITY : fabs(x[i] - y[i]));
        scale = fmax(scale, fabs(y[i]));
    }
    free(x);
    free(y);
    return scale > 0 ? most / scale : most;
}

/* ---- many steps ---- */

static lks_tensor *run_kind(void *context, lks_tensor *const *in, int n)
{
    const lks_recurrence kind = *(const lks_recurrence *)context;
    const lks_rnn_params p = {.kind = kind, .bias = true, .weights = in + 2};

    (void)n;
    return lks_rnn(in[0], in[1], NULL, &p, NULL, NULL);
}

START_TEST(the_gradient_of_500_steps_agrees_with_central_differences)
{
    lks_recurrence kind = kinds[_i];
    lks_tensor *in[2 + MAX_WEIGHTS];
    int n = 2;

    ck_ok(lks_scope_open());
    in[0] = leaf(LKS_SHAPE_OF(500, 1, I), LKS_F64, 90);
    in[1] = leaf(LKS_SHAPE_OF(1, 1, H), LKS_F64, 91);
    n += make_weights(kind, 1, false, LKS_F64, in + 2);
    ck_assert_msg(lks_gradcheck(run_kind, &kind, in, n, 1e-6) == LKS_OK, "%s",
                  lks_error_text());
    lks_scope_close();
}
END_TEST

/* ---- windows ---- */

enum { T = 12, N = 2 };

/* Backward of the weighted sum of all outputs, window by window, the state carried from
 * one to the next, as numbers or with its history. The gradients stay in the weights. */
static void run_windows(lks_recurrence kind, lks_tensor *const *weights, int n_weights,
                        int64_t window, bool detaches)
{
    const lks_rnn_params p = {.kind = kind, .bias = true, .weights = weights};
    lks_tensor *x = drawn(LKS_SHAPE_OF(T, N, I), LKS_F64, 80, 1);
    lks_tensor *weight = drawn(LKS_SHAPE_OF(T, N, H), LKS_F64, 81, 1);
    lks_tensor *h = NULL, *c = NULL, *loss = NULL;

    for (int i = 0; i < n_weights; i++)
        lks_zero_grad(weights[i]);
    for (int64_t t = 0; t < T; t += window) {
        lks_tensor *y = lks_rnn(lks_narrow(x, 0, t, window), h, c, &p, &h, &c);
        lks_tensor *part = lks_sum_all(lks_mul(y, lks_narrow(weight, 0, t, window)));

        if (detaches)
            ck_ok(lks_backward(part));
        h = detaches ? lks_detach(h) : h;
        c = detaches && c ? lks_detach(c) : c;
        loss = loss ? lks_add(loss, part) : part;
    }
    if (!detaches)
        ck_ok(lks_backward(loss));
}

static void copy_grads(lks_tensor *const *weights, int n, lks_tensor **out)
{
    for (int i = 0; i < n; i++)
        out[i] = lks_clone(lks_grad(weights[i]));
}

static double farthest(lks_tensor *const *weights, int n, lks_tensor *const *grads)
{
    double most = 0;

    for (int i = 0; i < n; i++)
        most = fmax(most, distance(lks_grad(weights[i]), grads[i]));
    return most;
}

START_TEST(truncated_bptt_is_full_bptt_where_the_window_is_the_whole_sequence)
{
    lks_tensor *w[MAX_WEIGHTS], *full[MAX_WEIGHTS];
    int n;

    ck_ok(lks_scope_open());
    n = make_weights(kinds[_i], 1, false, LKS_F64, w);
    run_windows(kinds[_i], w, n, T, false);
    copy_grads(w, n, full);
    run_windows(kinds[_i], w, n, T, true);
    ck_assert(farthest(w, n, full) == 0);
    run_windows(kinds[_i], w, n, 4, false);
    ck_assert(farthest(w, n, full) < 1e-13);
    run_windows(kinds[_i], w, n, 4, true); /* so the above can tell */
    ck_assert(farthest(w, n, full) > 1e-3);
    lks_scope_close();
}
END_TEST

/* ---- lengths ---- */

enum { N_ROWS = 4, N_LAYERS = 2, N_STEPS = 6 };
static const int64_t lengths[N_ROWS] = {3, 6, 1, 5};

/* A call and what its backward left. */
typedef struct outcome {
    lks_tensor *y, *h_n, *c_n, *dx;
} outcome;

/* Sequences [first, first + n) of the batch, each `steps` long; lengths or NULL. */
static outcome run_rows(lks_recurrence kind, lks_tensor *const *weights, int64_t first,
                        int64_t n, int64_t steps, bool has_lengths)
{
    lks_rnn_params p = {.kind = kind,
                        .num_layers = N_LAYERS,
                        .bias = true,
                        .bidirectional = true,
                        .weights = weights};
    lks_tensor *all = drawn(LKS_SHAPE_OF(N_STEPS, N_ROWS, I), LKS_F64, 70, 1);
    lks_tensor *cotangent = drawn(LKS_SHAPE_OF(N_STEPS, N_ROWS, 2 * H), LKS_F64, 71, 1);
    lks_tensor *x = lks_narrow(lks_narrow(all, 0, 0, steps), 1, first, n);
    outcome o;

    if (has_lengths) /* and numbers in the padding that would be seen */
        p.lengths = lks_from_data(LKS_SHAPE_OF(n), LKS_I64, lengths + first, lks_cpu);
    x = lks_requires_grad_(lks_detach(x));
    o.y = lks_rnn(x, NULL, NULL, &p, &o.h_n, &o.c_n);
    cotangent = lks_narrow(lks_narrow(cotangent, 0, 0, steps), 1, first, n);
    ck_ok(lks_backward(
        lks_add(lks_sum_all(lks_mul(o.y, cotangent)), lks_sum_all(lks_square(o.h_n)))));
    o.dx = lks_grad(x);
    return o;
}

/* Sequence `row` of a result, as long as it is. */
static lks_tensor *part_of(lks_tensor *t, int64_t row, int64_t first, int64_t n)
{
    return lks_narrow(lks_narrow(t, 1, row, 1), 0, first, n);
}

static void check_row(const outcome *all, const outcome *one, int64_t row)
{
    const int64_t n = lengths[row], rest = N_STEPS - n;
    lks_tensor *const results[] = {all->y, all->dx};

    ck_assert(distance(part_of(all->y, row, 0, n), one->y) == 0);
    ck_assert(distance(part_of(all->dx, row, 0, n), one->dx) == 0);
    ck_assert(distance(lks_narrow(all->h_n, 1, row, 1), one->h_n) == 0);
    if (one->c_n)
        ck_assert(distance(lks_narrow(all->c_n, 1, row, 1), one->c_n) == 0);
    for (int i = 0; i < 2; i++) {
        lks_tensor *padding = part_of(results[i], row, n, rest);

        ck_assert(rest == 0 || distance(padding, lks_zeros_like(padding)) == 0);
    }
}

START_TEST(sequences_of_several_lengths_are_each_as_if_alone)
{
    lks_tensor *w[MAX_WEIGHTS], *together[MAX_WEIGHTS];
    outcome all;
    int n;

    ck_ok(lks_scope_open());
    n = make_weights(kinds[_i], N_LAYERS, true, LKS_F64, w);
    all = run_rows(kinds[_i], w, 0, N_ROWS, N_STEPS, true);
    copy_grads(w, n, together);
    for (int i = 0; i < n; i++)
        lks_zero_grad(w[i]);
    for (int64_t row = 0; row < N_ROWS; row++) {
        const outcome one = run_rows(kinds[_i], w, row, 1, lengths[row], false);

        check_row(&all, &one, row);
    }
    ck_assert(farthest(w, n, together) < 1e-13);
    lks_scope_close();
}
END_TEST

START_TEST(a_batch_that_comes_first_has_the_same_bits)
{
    lks_tensor *w[MAX_WEIGHTS], *grads[MAX_WEIGHTS], *x, *y[2], *h[2];
    int n;

    ck_ok(lks_scope_open());
    n = make_weights(kinds[_i], 1, false, LKS_F32, w);
    x = drawn(LKS_SHAPE_OF(T, N, I), LKS_F32, 80, 1);
    for (int first = 0; first < 2; first++) {
        const lks_rnn_params p = {
            .kind = kinds[_i], .bias = true, .batch_first = first, .weights = w};

        for (int i = 0; i < n; i++)
            lks_zero_grad(w[i]);
        y[first] =
            lks_rnn(first ? lks_transpose(x, 0, 1) : x, NULL, NULL, &p, &h[first], NULL);
        ck_ok(lks_backward(lks_sum_all(lks_square(y[first]))));
        if (!first)
            copy_grads(w, n, grads);
    }
    ck_assert(distance(lks_transpose(y[1], 0, 1), y[0]) == 0);
    ck_assert(distance(h[1], h[0]) == 0);
    ck_assert(farthest(w, n, grads) < 1e-5); /* sums over other orders */
    lks_scope_close();
}
END_TEST

/* ---- wide layers, whose rows of gates lie apart ---- */

enum {
    WIDE = 16,
    N_WIDE = 4
}; /* 64 numbers in a row of an LSTM's gates, and its weights */

static lks_tensor *gate(lks_tensor *sums, int k)
{
    return lks_narrow(sums, 1, k * WIDE, WIDE);
}

/* An LSTM of operations. */
static lks_tensor *lstm_by_hand(lks_tensor *x, lks_tensor *const *w)
{
    lks_tensor *h = lks_zeros(LKS_SHAPE_OF(N, WIDE), LKS_F32, lks_cpu), *c = h, *y[T];

    for (int t = 0; t < T; t++) {
        lks_tensor *sums = lks_add(lks_linear(lks_select(x, 0, t), w[0], w[2]),
                                   lks_linear(h, w[1], w[3]));
        lks_tensor *in = lks_mul(lks_sigmoid(gate(sums, 0)), lks_tanh(gate(sums, 2)));

        c = lks_add(lks_mul(lks_sigmoid(gate(sums, 1)), c), in);
        y[t] = h = lks_mul(lks_sigmoid(gate(sums, 3)), lks_tanh(c));
    }
    return lks_stack(y, T, 0);
}

START_TEST(an_lstm_whose_rows_lie_apart_is_that_of_its_formulas)
{
    const lks_shape shapes[N_WIDE] = {LKS_SHAPE_OF(4 * WIDE, I),
                                      LKS_SHAPE_OF(4 * WIDE, WIDE),
                                      LKS_SHAPE_OF(4 * WIDE), LKS_SHAPE_OF(4 * WIDE)};
    lks_tensor *w[N_WIDE], *grads[N_WIDE], *x, *y, *want, *dx;
    const lks_rnn_params p = {.kind = LKS_LSTM, .bias = true, .weights = w};

    ck_ok(lks_scope_open());
    for (uint32_t i = 0; i < N_WIDE; i++)
        w[i] = leaf(shapes[i], LKS_F32, i);
    x = leaf(LKS_SHAPE_OF(T, N, I), LKS_F32, 90);
    want = lstm_by_hand(x, w);
    ck_ok(lks_backward(lks_sum_all(lks_square(want))));
    copy_grads(w, N_WIDE, grads);
    dx = lks_clone(lks_grad(x));
    for (int i = 0; i < N_WIDE; i++)
        lks_zero_grad(w[i]);
    lks_zero_grad(x);
    y = lks_rnn(x, NULL, NULL, &p, NULL, NULL);
    ck_ok(lks_backward(lks_sum_all(lks_square(y))));
    ck_assert(distance(y, want) < 1e-6);
    ck_assert(distance(lks_grad(x), dx) < 1e-5);
    ck_assert(farthest(w, N_WIDE, grads) < 1e-5);
    lks_scope_close();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rnn");
    TCase *tcase = tcase_create("rnn");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, the_gradient_of_500_steps_agrees_with_central_differences,
                        0, N_SMOOTH);
    tcase_add_loop_test(
        tcase, truncated_bptt_is_full_bptt_where_the_window_is_the_whole_sequence, 0,
        N_KINDS);
    tcase_add_loop_test(tcase, sequences_of_several_lengths_are_each_as_if_alone, 0,
                        N_KINDS);
    tcase_add_loop_test(tcase, a_batch_that_comes_first_has_the_same_bits, 0, N_KINDS);
    tcase_add_test(tcase, an_lstm_whose_rows_lie_apart_is_that_of_its_formulas);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
