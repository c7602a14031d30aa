/* Gradients that are asked for, graphs that are kept, sweeps from several tensors. */
#include "support/test_device.h"

#include "lockstep.h"

static lks_tensor *leaf(double value)
{
    return lks_requires_grad_(lks_full(LKS_SHAPE_OF(3), value, LKS_F32, test_device()));
}

static double first(const lks_tensor *t)
{
    ck_assert_msg(t != NULL, "%s", lks_error_text());
    return tensor_at(t, 0);
}

START_TEST(a_graph_that_is_retained_can_be_swept_again)
{
    const lks_backward_options retain = {.retain_graph = true};

    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(2), *y = lks_sum_all(lks_square(lks_exp(x)));
    ck_ok(lks_backward_with(y, NULL, &retain));
    double once = first(lks_grad(x));
    ck_ok(lks_backward_with(y, NULL, &retain));
    ck_assert_double_eq(first(lks_grad(x)), 2 * once);
    ck_ok(lks_backward(y));
    ck_fails(lks_backward(y), LKS_STATE,
             "backward: the graph of sum was freed by an earlier sweep; let that one "
             "retain_graph");
    lks_scope_close();
}
END_TEST

START_TEST(gradients_of_gradients_are_refused)
{
    const lks_backward_options options = {.create_graph = true};
    const lks_grad_options grad_options = {.create_graph = true};
    lks_tensor *grad;

    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(2), *y = lks_sum_all(lks_square(x));
    ck_fails(lks_backward_with(y, NULL, &options), LKS_INVALID,
             "backward: create_graph: gradients have no history here, so that there are "
             "none of a higher order");
    ck_fails(lks_autograd_grad(&y, 1, NULL, &x, 1, &grad_options, &grad), LKS_INVALID,
             "grad: create_graph: ");
    ck_ok(lks_autograd_grad(&y, 1, NULL, &x, 1, NULL, &grad));
    ck_fails(lks_backward(lks_sum_all(grad)), LKS_INVALID,
             "backward: nothing in the history of the tensor requires a gradient");
    lks_scope_close();
}
END_TEST

START_TEST(a_sweep_may_start_from_several_tensors)
{
    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(2), *shared = lks_square(x);
    lks_tensor *ys[] = {lks_sum_all(shared), lks_mul_scalar(shared, 3), x};
    lks_tensor *cotangents[] = {NULL,
                                lks_full(LKS_SHAPE_OF(3), 2, LKS_F32, test_device()),
                                lks_ones(LKS_SHAPE_OF(3), LKS_F32, test_device())};
    ck_ok(lks_backward_all(ys, cotangents, 3, NULL));
    ck_assert_double_eq(first(lks_grad(x)), 4 + 24 + 1);

    lks_zero_grad(x);
    lks_tensor *twice = lks_sum_all(lks_square(x)), *both[] = {twice, twice};
    ck_ok(lks_backward_all(both, NULL, 2, NULL));
    ck_assert_double_eq(first(lks_grad(x)), 8);
    lks_scope_close();
}
END_TEST

START_TEST(the_tensor_of_several_that_does_not_fit_is_named)
{
    lks_device other;

    ck_ok(lks_device_parse("cpu:1", &other));
    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(2), *y = lks_sum_all(lks_square(x));
    lks_tensor *plain = lks_ones(LKS_SCALAR, LKS_F32, test_device());
    lks_tensor *wide = lks_exp(x);
    struct {
        lks_tensor *second, *cotangent;
        lks_status status;
        const char *says;
    } cases[] = {
        {plain, NULL, LKS_INVALID, "backward: tensor 1: nothing in the history"},
        {wide, NULL, LKS_SHAPE, "backward: tensor 1: starts from one element, not from"},
        {wide, plain, LKS_SHAPE, "backward: tensor 1: cotangent float32 () for a tensor"},
        {y, lks_ones(LKS_SCALAR, LKS_F64, test_device()), LKS_SHAPE,
         "backward: tensor 1: cotangent float64 () for a tensor float32 ()"},
        {y, lks_ones(LKS_SCALAR, LKS_F32, other), LKS_DEVICE,
         "backward: tensor 1: one tensor is on "},
        {NULL, NULL, LKS_INVALID, "backward: tensor 1: given no tensor"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lks_tensor *ys[] = {y, cases[i].second}, *ones[] = {NULL, cases[i].cotangent};
        ck_fails(lks_backward_all(ys, ones, 2, NULL), cases[i].status, cases[i].says);
        ck_assert(!lks_has_grad(x));
    }
    ck_fails(lks_backward_all(&y, NULL, 0, NULL), LKS_INVALID, "backward: of no tensors");
    ck_fails((lks_matmul(x, y), lks_backward_with(y, NULL, NULL)), LKS_SHAPE, "matmul: ");
    ck_ok(lks_backward(y));
    lks_scope_close();
}
END_TEST

START_TEST(gradients_asked_for_leave_those_of_leaves_alone)
{
    lks_tensor *grads[3];

    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(2), *w = leaf(5), *h = lks_mul(x, w), *y = lks_square(h);
    lks_tensor *inputs[] = {x, h, x},
               *dy = lks_ones(LKS_SHAPE_OF(3), LKS_F32, test_device());
    ck_ok(lks_backward(lks_sum_all(lks_mul_scalar(x, 7))));
    ck_ok(lks_autograd_grad(&y, 1, &dy, inputs, 3, NULL, grads));
    ck_assert_double_eq(first(grads[0]), 100); /* 2 x w² */
    ck_assert_double_eq(first(grads[1]), 20);  /* 2 x w */
    ck_assert_double_eq(first(grads[2]), 100);
    ck_assert_double_eq(first(lks_grad(x)), 7);
    ck_assert(!lks_has_grad(w));
    ck_fails(lks_autograd_grad(&y, 1, &dy, inputs, 1, NULL, grads), LKS_STATE,
             "grad: the graph of square was freed by an earlier sweep; let that one "
             "retain_graph");
    ck_assert_ptr_null(grads[0]);
    ck_ok(lks_backward(lks_sum_all(lks_mul_scalar(x, 1))));
    ck_assert_double_eq(first(lks_grad(x)), 8);
    lks_scope_close();
}
END_TEST

static lks_tensor *counted(void *context, lks_tensor *const *x, int n)
{
    (void)context, (void)n;
    return lks_mul_scalar(x[0], 2);
}

static lks_status counted_backward(void *context, lks_tensor *const *x, int n,
                                   lks_tensor *y, lks_tensor *dy, lks_tensor **grads)
{
    (void)x, (void)n, (void)y;
    ++*(int *)context;
    grads[0] = lks_mul_scalar(dy, 2);
    return LKS_OK;
}

START_TEST(what_leads_to_no_input_is_not_computed)
{
    static const lks_function function = {"counted", counted, counted_backward};
    const lks_grad_options retain = {.retain_graph = true};
    lks_tensor *grad;
    int n = 0;

    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(2), *w = leaf(5), *side = lks_apply(&function, &n, &w, 1);
    lks_tensor *h = lks_mul(x, side), *y = lks_sum_all(lks_square(h));
    ck_ok(lks_autograd_grad(&y, 1, NULL, &x, 1, &retain, &grad));
    ck_assert_double_eq(first(grad), 400);
    ck_assert_int_eq(n, 0);
    /* of a result, nothing before it */
    ck_ok(lks_autograd_grad(&y, 1, NULL, &side, 1, &retain, &grad));
    ck_assert_double_eq(first(grad), 80);
    ck_assert_int_eq(n, 0);
    /* and the graph is whole: every edge is there again */
    ck_ok(lks_backward(y));
    ck_assert_int_eq(n, 1);
    ck_assert_double_eq(first(lks_grad(x)), 400);
    ck_assert_double_eq(first(lks_grad(w)), 160);
    lks_scope_close();
}
END_TEST

START_TEST(an_input_that_no_output_depends_on_is_refused_or_null_or_zeros)
{
    const lks_grad_options retain = {.retain_graph = true};
    const lks_grad_options unused = {.retain_graph = true, .allow_unused = true};
    const lks_grad_options zeros = {.retain_graph = true, .materialize_grads = true};
    lks_tensor *grads[2];

    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(2), *other = leaf(1), *inputs[] = {x, other};
    lks_tensor *y = lks_sum_all(lks_square(x));
    lks_tensor *plain = lks_ones(LKS_SHAPE_OF(2), LKS_F32, test_device());
    ck_fails(lks_autograd_grad(&y, 1, NULL, inputs, 2, &retain, grads), LKS_STATE,
             "grad: no output depends on input 1, (3,); allow_unused gives NULL for it, "
             "materialize_grads zeros");
    ck_assert(!grads[0] && !grads[1]);
    ck_ok(lks_autograd_grad(&y, 1, NULL, inputs, 2, &unused, grads));
    ck_assert_double_eq(first(grads[0]), 4);
    ck_assert_ptr_null(grads[1]);
    ck_ok(lks_autograd_grad(&y, 1, NULL, inputs, 2, &zeros, grads));
    ck_assert_double_eq(first(grads[1]), 0);
    ck_assert_int_eq(lks_numel(grads[1]), 3);

    inputs[1] = plain;
    ck_fails(lks_autograd_grad(&y, 1, NULL, inputs, 2, &unused, grads), LKS_STATE,
             "grad: input 1, (2,), requires no gradient");
    inputs[1] = NULL;
    ck_fails(lks_autograd_grad(&y, 1, NULL, inputs, 2, &unused, grads), LKS_INVALID,
             "grad: input 1: given no tensor");
    ck_fails(lks_autograd_grad(&y, 1, NULL, inputs, 0, NULL, grads), LKS_INVALID,
             "grad: of 1 outputs to 0 inputs");
    ck_fails(lks_autograd_grad(&plain, 1, NULL, &x, 1, NULL, grads), LKS_SHAPE,
             "grad: starts from one element, not from shape (2,)");
    lks_scope_close();
}
END_TEST

START_TEST(the_gradient_to_a_root_is_its_cotangent)
{
    lks_tensor *grads[2];

    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(2), *y = lks_square(x), *roots[] = {y, x},
               *dys[] = {lks_full(LKS_SHAPE_OF(3), 3, LKS_F32, test_device()),
                         lks_full(LKS_SHAPE_OF(3), 5, LKS_F32, test_device())};
    ck_ok(lks_autograd_grad(roots, 2, dys, roots, 2, NULL, grads));
    ck_assert_double_eq(first(grads[0]), 3);
    ck_assert_double_eq(first(grads[1]), 17);
    /* a leaf that is a root, and not asked for */
    y = lks_square(leaf(1));
    roots[0] = y;
    ck_ok(lks_autograd_grad(roots, 2, dys, &y, 1, NULL, grads));
    ck_assert_double_eq(first(grads[0]), 3);
    ck_assert(!lks_has_grad(x));
    lks_scope_close();
}
END_TEST

static lks_tensor *ten_times(void *context, lks_tensor *grad)
{
    (void)context;
    return lks_mul_scalar(grad, 10);
}

START_TEST(hooks_change_what_is_asked_for)
{
    lks_tensor *grads[2];

    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(2), *h = lks_mul_scalar(x, 3), *inputs[] = {x, h};
    lks_tensor *y = lks_sum_all(h);
    lks_register_hook(x, ten_times, NULL);
    lks_register_hook(h, ten_times, NULL);
    ck_ok(lks_autograd_grad(&y, 1, NULL, inputs, 2, NULL, grads));
    ck_assert_double_eq(first(grads[0]), 300);
    ck_assert_double_eq(first(grads[1]), 10);
    ck_assert(!lks_has_grad(x));
    lks_scope_close();
}
END_TEST

/* A custom function whose backward asks for gradients over a graph of its own, to a leaf
 * that the sweep around it is in as well. */
static lks_tensor *times_weight(void *context, lks_tensor *const *x, int n)
{
    (void)n;
    return lks_mul(x[0], context);
}

static lks_status times_weight_backward(void *context, lks_tensor *const *x, int n,
                                        lks_tensor *y, lks_tensor *dy, lks_tensor **grads)
{
    bool was = lks_set_grad_enabled(true);
    lks_tensor *again = lks_requires_grad_(lks_detach(x[0])), *inner[2];
    lks_tensor *inputs[] = {again, context}, *z = lks_mul(again, context);
    lks_status st = lks_autograd_grad(&z, 1, &dy, inputs, 2, NULL, inner);

    (void)n, (void)y;
    lks_set_grad_enabled(was);
    grads[0] = inner[0];
    if (st == LKS_OK)
        ck_assert_double_eq(first(inner[1]), 10); /* w x */
    return st;
}

START_TEST(gradients_may_be_asked_for_within_a_sweep)
{
    static const lks_function function = {"times_weight", times_weight,
                                          times_weight_backward};

    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(2), *w = leaf(5), *y = lks_apply(&function, w, &x, 1), *grad;
    ck_ok(lks_backward(lks_sum_all(lks_mul(y, w))));
    ck_assert_double_eq(first(lks_grad(x)), 25);
    ck_assert_double_eq(first(lks_grad(w)), 10); /* y alone, not what was asked for */

    /* and asked for around it */
    y = lks_sum_all(lks_mul(lks_apply(&function, w, &x, 1), w));
    ck_ok(lks_autograd_grad(&y, 1, NULL, &w, 1, NULL, &grad));
    ck_assert_double_eq(first(grad), 10);
    ck_assert_double_eq(first(lks_grad(w)), 10);
    lks_scope_close();
}
END_TEST

START_TEST(a_tensor_is_a_leaf_until_an_operation_gives_it)
{
    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(2), *y = lks_square(x), *view = lks_narrow(y, 0, 0, 2);
    lks_tensor *plain = lks_neg(lks_detach(x));

    ck_assert(lks_is_leaf(x) && lks_is_leaf(plain) && !lks_is_leaf(y));
    ck_assert_ptr_null(lks_grad_fn(x));
    ck_assert_ptr_null(lks_grad_fn(plain));
    ck_assert_str_eq(lks_grad_fn(y), "square");
    ck_assert_ptr_null(lks_detach_(view));
    ck_assert_str_eq(lks_error_text(),
                     "detach_: a view, (2,), cannot lose its history in "
                     "place; lks_detach gives one without");
    ck_assert_ptr_eq(lks_detach_(y), y);
    ck_assert(lks_is_leaf(y) && !lks_requires_grad(y));
    ck_assert_ptr_eq(lks_requires_grad_(y), y);
    ck_ok(lks_backward(lks_sum_all(lks_square(y))));
    ck_assert_double_eq(first(lks_grad(y)), 8);
    ck_assert(!lks_has_grad(x));
    /* of a leaf: requires_grad_(False), whatever graph it is in */
    lks_tensor *z = lks_sum_all(lks_square(x));
    ck_assert(!lks_requires_grad(lks_detach_(x)));
    ck_ok(lks_backward(z));
    ck_assert_ptr_null(lks_grad(x));
    ck_assert_ptr_null(lks_detach_(NULL));
    lks_scope_close();
}
END_TEST

static lks_status try_grad(lks_tensor *x, lks_tensor *w)
{
    const lks_grad_options zeros = {.materialize_grads = true};
    lks_status st = lks_scope_open();
    lks_tensor *y, *grads[3], *inputs[3] = {x, NULL, w};

    if (st != LKS_OK)
        return st;
    inputs[1] = lks_square(x);
    y = lks_sum_all(lks_exp(inputs[1]));
    st =
        y ? lks_autograd_grad(&y, 1, NULL, inputs, 3, &zeros, grads) : lks_error_status();
    lks_scope_close();
    return st;
}

START_TEST(asking_survives_each_allocation_failing)
{
    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(2), *w = leaf(1);
    ck_ok(lks_backward(lks_sum_all(x)));
    for (long n = 0, failed = 1; failed; n++) {
        lks_status st;

        lks_error_clear();
        lks_alloc_fail_after(n);
        st = try_grad(x, w);
        failed = lks_alloc_has_failed();
        lks_alloc_fail_after(-1);
        ck_assert_int_eq(st, failed ? LKS_NOMEM : LKS_OK);
        ck_assert_double_eq(first(lks_grad(x)), 1);
    }
    lks_scope_close();
}
END_TEST

LKS_SUITE("grad", a_graph_that_is_retained_can_be_swept_again,
          gradients_of_gradients_are_refused, a_sweep_may_start_from_several_tensors,
          the_tensor_of_several_that_does_not_fit_is_named,
          gradients_asked_for_leave_those_of_leaves_alone,
          what_leads_to_no_input_is_not_computed,
          an_input_that_no_output_depends_on_is_refused_or_null_or_zeros,
          the_gradient_to_a_root_is_its_cotangent, hooks_change_what_is_asked_for,
          gradients_may_be_asked_for_within_a_sweep,
          a_tensor_is_a_leaf_until_an_operation_gives_it,
          asking_survives_each_allocation_failing)
