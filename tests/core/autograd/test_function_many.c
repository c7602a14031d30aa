#include "support/test_device.h"

#include "lockstep.h"

/* Product and sum of x0 and x1, and the index of the largest x0. */
typedef struct counts {
    int backward, released;
    bool needs[2]; /* as backward was told */
    bool fails, gives_nothing, is_wrong;
} counts;

static lks_status both(void *context, lks_tensor *const *x, int n, lks_tensor **out)
{
    const counts *c = context;

    ck_assert_int_eq(n, 2);
    ck_assert(!lks_grad_enabled());
    if (c->fails)
        return lks_fail(LKS_NUMERIC, "both: cannot");
    out[0] = lks_mul(x[0], x[1]);
    out[1] = c->gives_nothing ? NULL : lks_add(x[0], x[1]);
    out[2] = lks_argmax(x[0], 0);
    return LKS_OK;
}

static lks_status both_backward(const lks_function_call *call, lks_tensor **grads)
{
    counts *c = call->context;
    lks_tensor *const *x = call->inputs, *const *dy = call->cotangents;

    ck_assert_int_eq(call->n_inputs, 2);
    ck_assert_int_eq(call->n_outputs, 3);
    ck_assert_int_eq(lks_numel(call->outputs[0]), 3);
    ck_assert_ptr_null(dy[2]);
    c->backward++;
    for (int i = 0; i < 2; i++) {
        c->needs[i] = call->needs_input_grad[i];
        if (c->needs[i])
            grads[i] = lks_add(lks_mul(dy[0], x[1 - i]), dy[1]);
    }
    if (c->is_wrong)
        grads[0] = lks_sum_all(grads[0]);
    return LKS_OK;
}

static void release(void *context)
{
    ((counts *)context)->released++;
}

static const lks_function_many both_function = {
    .name = "both",
    .n_outputs = 3,
    .forward = both,
    .backward = both_backward,
    .release = release,
};

static lks_tensor *leaf(double value)
{
    return lks_requires_grad_(lks_full(LKS_SHAPE_OF(3), value, LKS_F64, test_device()));
}

static double first(const lks_tensor *t)
{
    ck_assert_msg(t != NULL, "%s", lks_error_text());
    return tensor_at(t, 0);
}

START_TEST(every_output_has_its_part_in_the_gradient)
{
    counts c = {0};

    ck_ok(lks_scope_open());
    lks_tensor *x[] = {leaf(2), leaf(5)}, *y[3];
    ck_ok(lks_apply_many(&both_function, &c, x, 2, y));
    ck_assert_double_eq(first(y[0]), 10);
    ck_assert_double_eq(first(y[1]), 7);
    ck_assert(!lks_requires_grad(y[2]));
    ck_assert_str_eq(lks_grad_fn(y[0]), "both");
    /* y0 twice, y1 once: 3 x1 + 10 */
    ck_ok(lks_backward(
        lks_sum_all(lks_add(lks_mul_scalar(y[0], 3), lks_mul_scalar(y[1], 10)))));
    ck_assert_int_eq(c.backward, 1);
    ck_assert_double_eq(first(lks_grad(x[0])), 25);
    ck_assert_double_eq(first(lks_grad(x[1])), 16);
    ck_assert_int_eq(c.released, 1);
    lks_scope_close();
    ck_assert_int_eq(c.released, 1);
}
END_TEST

static lks_tensor *apply_both(void *context, lks_tensor *const *x, int n)
{
    lks_tensor *y[3];

    if (lks_apply_many(&both_function, context, x, n, y) != LKS_OK)
        return NULL;
    return lks_add(lks_square(y[0]), lks_mul(y[0], y[1]));
}

START_TEST(it_agrees_with_central_differences)
{
    counts c = {0};

    ck_ok(lks_scope_open());
    lks_tensor *x[] = {leaf(2), leaf(5)};
    ck_ok(lks_gradcheck(apply_both, &c, x, 2, 1e-6));
    lks_scope_close();
}
END_TEST

START_TEST(an_output_that_is_not_used_has_a_cotangent_of_zeros)
{
    counts c = {0};

    ck_ok(lks_scope_open());
    lks_tensor *x[] = {leaf(2), leaf(5)}, *y[3];
    ck_ok(lks_apply_many(&both_function, &c, x, 2, y));
    ck_ok(lks_backward(lks_sum_all(y[1])));
    ck_assert_double_eq(first(lks_grad(x[0])), 1);
    ck_fails(lks_backward(lks_sum_all(y[0])), LKS_STATE,
             "backward: the graph of both was freed by an earlier sweep");
    lks_scope_close();
}
END_TEST

START_TEST(backward_is_told_which_gradients_are_wanted)
{
    counts c = {0};
    const lks_grad_options retain = {.retain_graph = true};

    ck_ok(lks_scope_open());
    lks_tensor *x[] = {lks_detach(leaf(2)), leaf(5)}, *y[3], *grad;
    ck_ok(lks_apply_many(&both_function, &c, x, 2, y));
    ck_ok(lks_backward(lks_sum_all(y[0])));
    ck_assert(!c.needs[0] && c.needs[1]);

    lks_tensor *both[] = {leaf(2), leaf(5)};
    ck_ok(lks_apply_many(&both_function, &c, both, 2, y));
    lks_tensor *sum = lks_sum_all(y[0]);
    ck_ok(lks_autograd_grad(&sum, 1, NULL, &both[0], 1, &retain, &grad));
    ck_assert(c.needs[0] && !c.needs[1]);
    ck_assert_double_eq(first(grad), 5);
    ck_ok(lks_autograd_grad(&sum, 1, NULL, &y[0], 1, &retain, &grad));
    ck_assert_int_eq(c.backward, 2);
    ck_ok(lks_backward(sum));
    ck_assert(c.needs[0] && c.needs[1]);
    lks_scope_close();
}
END_TEST

static lks_tensor *refuse(void *context, lks_tensor *grad)
{
    (void)context, (void)grad;
    lks_fail(LKS_NUMERIC, "refused");
    return NULL;
}

/* What came to an output in a sweep that failed does not count in the next. */
START_TEST(a_sweep_after_one_that_failed_starts_anew)
{
    const lks_backward_options retain = {.retain_graph = true};
    counts c = {0};

    ck_ok(lks_scope_open());
    lks_tensor *x[] = {leaf(2), leaf(5)}, *y[3];
    ck_ok(lks_apply_many(&both_function, &c, x, 2, y));
    lks_tensor *sum = lks_sum_all(lks_add(y[0], y[1]));
    int64_t hook = lks_register_hook(y[0], refuse, NULL); /* after y[1]'s turn */
    ck_fails(lks_backward_with(sum, NULL, &retain), LKS_NUMERIC, "refused");
    ck_assert_int_eq(c.backward, 0);
    ck_assert(lks_remove_hook(y[0], hook));
    ck_ok(lks_backward(lks_sum_all(y[0])));
    ck_assert_double_eq(first(lks_grad(x[0])), 5);
    lks_scope_close();
}
END_TEST

START_TEST(what_goes_wrong_is_told_and_leaves_nothing)
{
    const lks_device other = {.type = LKS_CPU, .index = 1};

    ck_ok(lks_scope_open());
    lks_tensor *x[] = {leaf(2), leaf(5)}, *with_null[] = {x[0], NULL}, *y[3];
    lks_tensor *apart[] = {x[0], lks_ones(LKS_SHAPE_OF(3), LKS_F64, other)};
    counts fails = {.fails = true}, nothing = {.gives_nothing = true}, null = {0};
    counts away = {0}, wrong = {.is_wrong = true}, changed = {0};

    ck_fails(lks_apply_many(&both_function, &fails, x, 2, y), LKS_NUMERIC,
             "both: cannot");
    ck_assert(!y[0] && !y[1] && !y[2] && fails.released == 1);
    ck_fails(lks_apply_many(&both_function, &nothing, x, 2, y), LKS_INVALID,
             "both: its forward gave no output 1");
    ck_assert(!y[0] && nothing.released == 1);
    ck_fails(lks_apply_many(&both_function, &null, with_null, 2, y), LKS_INVALID,
             "both: given no tensor");
    ck_assert_int_eq(null.released, 1);
    ck_fails(lks_apply_many(&both_function, &away, apart, 2, y), LKS_DEVICE,
             "both: one tensor is on ");
    ck_assert_int_eq(away.released, 1);
    ck_ok(lks_apply_many(&both_function, &wrong, x, 2, y));
    ck_fails(lks_backward(lks_sum_all(y[0])), LKS_SHAPE,
             "both: its backward gave a float64 gradient () for input 0, float64 (3,)");
    ck_ok(lks_apply_many(&both_function, &changed, x, 2, y));
    lks_bump_version(y[1]);
    ck_fails(lks_backward(lks_sum_all(y[0])), LKS_STATE,
             "a tensor that both needs for its gradient was changed in place since: its "
             "output 1, float64 (3,), saved at version 0, is at version 1");
    lks_scope_close();
    ck_assert_int_eq(changed.released, 1);
}
END_TEST

START_TEST(without_a_gradient_to_want_nothing_is_recorded)
{
    counts c = {0};
    bool was;

    ck_ok(lks_scope_open());
    lks_tensor *x[] = {leaf(2), leaf(5)}, *y[3];
    was = lks_set_grad_enabled(false);
    ck_ok(lks_apply_many(&both_function, &c, x, 2, y));
    lks_set_grad_enabled(was);
    ck_assert(!lks_requires_grad(y[0]));
    ck_assert_int_eq(c.released, 1);
    lks_scope_close();
}
END_TEST

/* As many inputs as one likes, and nothing kept: each output is one of them. */
static lks_status pass_on(void *context, lks_tensor *const *x, int n, lks_tensor **out)
{
    (void)context, (void)n;
    out[0] = x[0];
    out[1] = x[19];
    return LKS_OK;
}

static lks_status pass_back(const lks_function_call *call, lks_tensor **grads)
{
    ck_assert(!call->inputs && !call->outputs);
    grads[0] = call->cotangents[0];
    grads[19] = call->cotangents[1];
    return LKS_OK;
}

START_TEST(a_function_may_keep_nothing_and_give_back_its_inputs)
{
    static const lks_function_many function = {.name = "pass",
                                               .n_outputs = 2,
                                               .forward = pass_on,
                                               .backward = pass_back,
                                               .keeps_nothing = true};
    lks_tensor *x[20], *y[2];

    ck_ok(lks_scope_open());
    for (int i = 0; i < 20; i++)
        x[i] = leaf(i);
    ck_ok(lks_apply_many(&function, NULL, x, 20, y));
    ck_assert_ptr_ne(y[0], x[0]);
    ck_ok(lks_backward(lks_sum_all(lks_mul(y[0], y[1]))));
    ck_assert_double_eq(first(lks_grad(x[0])), 19);
    ck_assert_double_eq(first(lks_grad(x[19])), 0);
    ck_assert(!lks_has_grad(x[7]));
    lks_scope_close();
}
END_TEST

static lks_status try_both(lks_tensor *const *x, counts *c, bool in_scope)
{
    lks_tensor *y[3] = {NULL, NULL, NULL};
    lks_status st = LKS_OK;

    if (in_scope && (st = lks_scope_open()) != LKS_OK)
        return st;
    st = lks_apply_many(&both_function, c, x, 2, y);
    if (in_scope) {
        if (st == LKS_OK)
            st = lks_backward(lks_sum_all(lks_add(y[0], y[1])));
        lks_scope_close();
    }
    for (int i = 0; i < 3 && !in_scope; i++)
        lks_unref(y[i]);
    return st;
}

START_TEST(it_survives_each_allocation_failing)
{
    ck_ok(lks_scope_open());
    lks_tensor *x[] = {lks_keep(leaf(2)), lks_keep(leaf(5))};
    lks_scope_close();
    for (int in_scope = 0; in_scope < 2; in_scope++)
        for (long n = 0, failed = 1; failed; n++) {
            counts c = {0};
            lks_status st;

            lks_error_clear();
            lks_alloc_fail_after(n);
            st = try_both(x, &c, in_scope);
            failed = lks_alloc_has_failed();
            lks_alloc_fail_after(-1);
            ck_assert_int_eq(st, failed ? LKS_NOMEM : LKS_OK);
            ck_assert(c.released == 1 || (in_scope && n == 0));
        }
    lks_unref(x[0]);
    lks_unref(x[1]);
}
END_TEST

static lks_status fail_silently(void *context, lks_tensor *const *x, int n,
                                lks_tensor **out)
{
    (void)context, (void)x, (void)n, (void)out;
    return LKS_STATE;
}

static lks_status backward_silently(const lks_function_call *call, lks_tensor **grads)
{
    (void)call, (void)grads;
    return LKS_NUMERIC;
}

START_TEST(a_function_that_fails_without_a_text_is_named)
{
    const lks_function_many no_output = {
        .name = "no_output", .n_outputs = 3, .forward = fail_silently};
    const lks_function_many no_gradient = {.name = "no_gradient",
                                           .n_outputs = 3,
                                           .forward = both,
                                           .backward = backward_silently};
    counts c = {0};

    ck_ok(lks_scope_open());
    lks_tensor *x[] = {leaf(2), leaf(5)}, *y[3];
    ck_fails(lks_apply_many(&no_output, &c, x, 2, y), LKS_STATE,
             "no_output: its forward failed: wrong state");
    ck_ok(lks_apply_many(&no_gradient, &c, x, 2, y));
    ck_fails(lks_backward(lks_sum_all(y[0])), LKS_NUMERIC,
             "no_gradient: its backward failed: not a finite number");
    lks_scope_close();
}
END_TEST

LKS_SUITE("function_many", every_output_has_its_part_in_the_gradient,
          it_agrees_with_central_differences,
          an_output_that_is_not_used_has_a_cotangent_of_zeros,
          backward_is_told_which_gradients_are_wanted,
          a_sweep_after_one_that_failed_starts_anew,
          what_goes_wrong_is_told_and_leaves_nothing,
          without_a_gradient_to_want_nothing_is_recorded,
          a_function_may_keep_nothing_and_give_back_its_inputs,
          it_survives_each_allocation_failing,
          a_function_that_fails_without_a_text_is_named)
