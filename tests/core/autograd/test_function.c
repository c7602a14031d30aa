#include "support/test_device.h"

#include "lockstep.h"

/* y = x0 * x1 by hand; counts what happens to its context. */
typedef struct counts {
    int forward, backward, released;
    bool wrong, away; /* give a gradient of another shape, on another device */
} counts;

static lks_tensor *times(void *context, lks_tensor *const *x, int n)
{
    counts *c = context;

    ck_assert_int_eq(n, 2);
    c->forward++;
    return lks_mul(x[0], x[1]);
}

static lks_status times_backward(void *context, lks_tensor *const *x, int n,
                                 lks_tensor *y, lks_tensor *dy, lks_tensor **grads)
{
    const lks_device other = {.type = LKS_CPU, .index = 1};
    counts *c = context;

    (void)n;
    ck_assert(lks_size(y, 0) == lks_size(x[0], 0));
    c->backward++;
    grads[0] = c->wrong ? lks_sum_all(dy) : lks_mul(dy, x[1]);
    grads[1] = c->away ? lks_ones(LKS_SHAPE_OF(3), LKS_F64, other) : lks_mul(dy, x[0]);
    return LKS_OK;
}

static void release(void *context)
{
    ((counts *)context)->released++;
}

static const lks_function times_function = {"times", times, times_backward, release};

static lks_tensor *apply_times(void *context, lks_tensor *const *x, int n)
{
    return lks_apply(&times_function, context, x, n);
}

static lks_tensor *leaf(double value)
{
    return lks_requires_grad_(lks_full(LKS_SHAPE_OF(3), value, LKS_F64, test_device()));
}

START_TEST(a_custom_function_is_differentiated_by_its_own_backward)
{
    counts c = {0};

    ck_ok(lks_scope_open());
    lks_tensor *x[] = {leaf(2), leaf(5)};
    ck_ok(lks_gradcheck(apply_times, &c, x, 2, 1e-6));
    ck_assert_int_eq(c.backward, 1);
    ck_assert_int_eq(c.forward, c.released);
    lks_scope_close();
}
END_TEST

START_TEST(a_context_is_released_once_in_every_case)
{
    counts c = {0};

    ck_ok(lks_scope_open());
    lks_tensor *x[] = {leaf(2), leaf(5)}, *with_null[] = {x[0], NULL};

    /* swept */
    ck_ok(lks_backward(lks_sum_all(lks_apply(&times_function, &c, x, 2))));
    ck_assert_int_eq(c.released, 1);
    /* never swept */
    ck_ok(lks_scope_open());
    ck_assert_ptr_nonnull(lks_apply(&times_function, &c, x, 2));
    ck_assert_int_eq(c.released, 1);
    lks_scope_close();
    ck_assert_int_eq(c.released, 2);
    /* not recorded */
    lks_set_grad_enabled(false);
    ck_assert_ptr_nonnull(lks_apply(&times_function, &c, x, 2));
    lks_set_grad_enabled(true);
    ck_assert_int_eq(c.released, 3);
    /* not run */
    ck_assert_ptr_null(lks_apply(&times_function, &c, with_null, 2));
    ck_assert_int_eq(c.released, 4);
    lks_scope_close();
    ck_assert_int_eq(c.released, 4);
}
END_TEST

START_TEST(a_gradient_of_the_wrong_shape_is_refused)
{
    counts c = {.wrong = true};

    ck_ok(lks_scope_open());
    lks_tensor *x[] = {leaf(2), leaf(5)};
    ck_fails(lks_backward(lks_sum_all(lks_apply(&times_function, &c, x, 2))), LKS_SHAPE,
             "times: its backward gave a float64 gradient () for input 0, float64 (3,)");
    lks_scope_close();
    ck_assert_int_eq(c.released, 1);
}
END_TEST

START_TEST(a_gradient_on_another_device_is_refused)
{
    counts c = {.away = true};

    ck_ok(lks_scope_open());
    lks_tensor *x[] = {leaf(2), leaf(5)};
    ck_fails(lks_backward(lks_sum_all(lks_apply(&times_function, &c, x, 2))), LKS_DEVICE,
             "times: one tensor is on ");
    ck_assert_ptr_nonnull(strstr(lks_error_text(), ":0, another on cpu:1"));
    lks_scope_close();
}
END_TEST

START_TEST(an_input_changed_since_is_refused)
{
    counts c = {0};

    ck_ok(lks_scope_open());
    lks_tensor *x[] = {leaf(2), leaf(5)}, *y = lks_apply(&times_function, &c, x, 2);
    lks_bump_version(x[1]);
    ck_fails(lks_backward(lks_sum_all(y)), LKS_STATE,
             "a tensor that times needs for its gradient was changed in place since: its "
             "input 1, float64 (3,), saved at version 0, is at version 1");
    lks_scope_close();
}
END_TEST

/* What only looks at values would not notice by itself. */
static lks_tensor *doubled(void *context, lks_tensor *const *x, int n)
{
    (void)context;
    (void)n;
    return lks_mul_scalar(lks_detach(x[0]), 2);
}

static lks_status doubled_backward(void *context, lks_tensor *const *x, int n,
                                   lks_tensor *y, lks_tensor *dy, lks_tensor **grads)
{
    (void)context;
    (void)x;
    (void)n;
    (void)y;
    grads[0] = lks_mul_scalar(dy, 2);
    return LKS_OK;
}

START_TEST(a_view_taken_before_a_recorded_change_is_refused)
{
    static const lks_function function = {"doubled", doubled, doubled_backward, release};
    counts c = {0};

    ck_ok(lks_scope_open());
    lks_tensor *base = lks_mul_scalar(leaf(2), 1), *early = lks_narrow(base, 0, 0, 3);
    lks_mul_(base, base);
    lks_error_clear();
    ck_assert_ptr_null(lks_apply(&function, &c, &early, 1));
    ck_assert_str_eq(lks_error_text(),
                     "doubled: given a view of a tensor that was changed in place "
                     "since; take the view again");
    ck_assert_int_eq(c.released, 1);
    lks_scope_close();
}
END_TEST

static lks_tensor *largest(void *context, lks_tensor *const *x, int n)
{
    (void)context;
    (void)n;
    return lks_argmax(x[0], 0);
}

START_TEST(an_integer_result_has_no_history)
{
    static const lks_function function = {"largest", largest, doubled_backward, release};
    counts c = {0};

    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(5), *y = lks_apply(&function, &c, &x, 1);
    ck_assert_int_eq(lks_tensor_dtype(y), LKS_I64);
    ck_assert(!lks_requires_grad(y));
    ck_assert_int_eq(c.released, 1);
    lks_scope_close();
}
END_TEST

START_TEST(a_result_is_named_for_its_function)
{
    counts c = {0};

    ck_ok(lks_scope_open());
    lks_tensor *x[] = {leaf(2), leaf(5)};
    ck_assert_str_eq(lks_grad_fn(lks_apply(&times_function, &c, x, 2)), "times");
    lks_scope_close();
}
END_TEST

START_TEST(a_custom_function_survives_each_allocation_failing)
{
    ck_ok(lks_scope_open());
    lks_tensor *x[] = {leaf(2), leaf(5)};

    for (long n = 0, failed = 1; failed; n++) {
        counts c = {0};
        lks_status st;

        lks_error_clear();
        lks_alloc_fail_after(n);
        st = lks_scope_open();
        if (st == LKS_OK) {
            st = lks_backward(lks_sum_all(lks_apply(&times_function, &c, x, 2)));
            lks_scope_close();
            ck_assert_int_eq(c.released, 1);
        }
        failed = lks_alloc_has_failed();
        lks_alloc_fail_after(-1);
        ck_assert_int_eq(st, failed ? LKS_NOMEM : LKS_OK);
    }
    lks_scope_close();
}
END_TEST

/* Runs its own forward again in backward, over the same leaf: a checkpoint. */
static lks_tensor *replay(void *context, lks_tensor *const *x, int n)
{
    (void)n;
    return lks_mul(x[0], context);
}

static lks_status replay_backward(void *context, lks_tensor *const *x, int n,
                                  lks_tensor *y, lks_tensor *dy, lks_tensor **grads)
{
    bool was = lks_set_grad_enabled(true);
    lks_tensor *again = lks_requires_grad_(lks_detach(x[0]));
    lks_status st = lks_backward_from(lks_mul(again, context), dy);

    (void)n;
    (void)y;
    lks_set_grad_enabled(was);
    grads[0] = again ? lks_grad(again) : NULL;
    return st;
}

static const lks_function replay_function = {"replay", replay, replay_backward, NULL};

START_TEST(a_backward_may_run_a_sweep_of_its_own)
{
    double w_grad, x_grad;

    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(2), *w = leaf(5);
    lks_tensor *y = lks_apply(&replay_function, w, &x, 1);
    ck_ok(lks_backward(lks_sum_all(lks_mul(y, w))));
    x_grad = tensor_at(lks_grad(x), 0);
    w_grad = tensor_at(lks_grad(w), 0);
    ck_assert_double_eq(x_grad, 25); /* w² */
    ck_assert_double_eq(w_grad, 20); /* 2 w x */
    lks_scope_close();
}
END_TEST

static lks_tensor *wrong_square(void *context, lks_tensor *const *x, int n)
{
    (void)context;
    (void)n;
    return lks_square(lks_detach(x[0]));
}

static lks_status half_gradient(void *context, lks_tensor *const *x, int n, lks_tensor *y,
                                lks_tensor *dy, lks_tensor **grads)
{
    (void)context;
    (void)n;
    (void)y;
    grads[0] = lks_mul(dy, x[0]);
    return LKS_OK;
}

static const lks_function wrong_function = {"wrong", wrong_square, half_gradient, NULL};

static lks_tensor *apply_wrong(void *context, lks_tensor *const *x, int n)
{
    return lks_apply(&wrong_function, context, x, n);
}

START_TEST(gradcheck_finds_a_wrong_gradient)
{
    ck_ok(lks_scope_open());
    lks_tensor *x[] = {leaf(3)};
    ck_fails(lks_gradcheck(apply_wrong, NULL, x, 1, 1e-6), LKS_NUMERIC,
             "gradcheck: input 0, element 0: backward gives");
    lks_scope_close();
}
END_TEST

START_TEST(gradcheck_finds_a_wrong_gradient_however_small)
{
    ck_ok(lks_scope_open());
    lks_tensor *x[] = {leaf(1e-8)};
    ck_fails(lks_gradcheck(apply_wrong, NULL, x, 1, 1e-6), LKS_NUMERIC,
             "gradcheck: input 0, element 0: backward gives");
    lks_scope_close();
}
END_TEST

static lks_tensor *reciprocal(void *context, lks_tensor *const *x, int n)
{
    (void)context;
    (void)n;
    return lks_div(lks_ones(LKS_SCALAR, LKS_F64, test_device()), x[0]);
}

START_TEST(gradcheck_does_not_agree_with_infinity)
{
    ck_ok(lks_scope_open());
    lks_tensor *x[] = {leaf(1e-5)}; /* x - h is 0 */
    ck_fails(lks_gradcheck(reciprocal, NULL, x, 1, 1e-6), LKS_NUMERIC,
             "gradcheck: input 0, element 0: backward gives");
    lks_scope_close();
}
END_TEST

START_TEST(gradcheck_wants_double_precision)
{
    ck_ok(lks_scope_open());
    lks_tensor *x = lks_requires_grad_(lks_ones(LKS_SHAPE_OF(2), LKS_F32, test_device()));
    ck_fails(lks_gradcheck(apply_wrong, NULL, &x, 1, 1e-6), LKS_DTYPE,
             "gradcheck: input 0 is float32, not float64");
    lks_scope_close();
}
END_TEST

/* The sum of as many inputs as one likes; context: how many. */
static lks_tensor *total(void *context, lks_tensor *const *x, int n)
{
    lks_tensor *sum = x[0];

    ck_assert_int_eq(n, *(int *)context);
    for (int i = 1; i < n; i++)
        sum = lks_add(sum, x[i]);
    return sum;
}

static lks_status total_backward(void *context, lks_tensor *const *x, int n,
                                 lks_tensor *y, lks_tensor *dy, lks_tensor **grads)
{
    ck_assert_int_eq(n, *(int *)context);
    ck_assert(!x && !y);
    for (int i = 0; i < n; i++)
        grads[i] = dy;
    return LKS_OK;
}

START_TEST(a_function_that_keeps_nothing_takes_any_number_of_inputs)
{
    static const lks_function kept = {"total", total, total_backward};
    static const lks_function function = {"total", total, total_backward,
                                          .keeps_nothing = true};
    int n = 20;
    lks_tensor *x[20];

    ck_ok(lks_scope_open());
    for (int i = 0; i < n; i++)
        x[i] = leaf(i);
    ck_ok(lks_backward(lks_sum_all(lks_apply(&function, &n, x, n))));
    for (int i = 0; i < n; i++) {
        double grad[3];

        ck_ok(lks_to_host(lks_grad(x[i]), grad));
        ck_assert_double_eq(grad[0], 1);
    }
    ck_assert_ptr_null(lks_apply(&kept, &n, x, n));
    ck_assert_str_eq(lks_error_text(),
                     "total: 20 inputs; a custom function takes at most 8");
    lks_scope_close();
}
END_TEST

static lks_tensor *give_nothing(void *context, lks_tensor *const *x, int n)
{
    (void)context, (void)x, (void)n;
    return NULL;
}

static lks_status fail_silently(void *context, lks_tensor *const *x, int n, lks_tensor *y,
                                lks_tensor *dy, lks_tensor **grads)
{
    (void)context, (void)x, (void)n, (void)y, (void)dy, (void)grads;
    return LKS_INVALID;
}

START_TEST(a_function_that_fails_without_a_text_is_named)
{
    const lks_function no_output = {"no_output", give_nothing, fail_silently};
    const lks_function no_gradient = {"no_gradient", times, fail_silently};
    counts c = {0};
    double item;

    ck_ok(lks_scope_open());
    lks_tensor *x[] = {leaf(2), leaf(5)};
    ck_fails(lks_item(lks_apply(&no_output, NULL, x, 2), &item), LKS_INVALID,
             "no_output: its forward gave no output");
    ck_fails(lks_backward(lks_sum_all(lks_apply(&no_gradient, &c, x, 2))), LKS_INVALID,
             "no_gradient: its backward failed: invalid argument");
    lks_scope_close();
}
END_TEST

LKS_SUITE("function", a_custom_function_is_differentiated_by_its_own_backward,
          a_context_is_released_once_in_every_case,
          a_gradient_of_the_wrong_shape_is_refused,
          a_gradient_on_another_device_is_refused, an_input_changed_since_is_refused,
          an_integer_result_has_no_history, a_result_is_named_for_its_function,
          a_view_taken_before_a_recorded_change_is_refused,
          a_custom_function_survives_each_allocation_failing,
          a_backward_may_run_a_sweep_of_its_own,
          a_function_that_keeps_nothing_takes_any_number_of_inputs,
          gradcheck_finds_a_wrong_gradient,
          gradcheck_finds_a_wrong_gradient_however_small,
          gradcheck_does_not_agree_with_infinity, gradcheck_wants_double_precision,
          a_function_that_fails_without_a_text_is_named)
