#include "support/test_device.h"

#include "lockstep.h"

static lks_tensor *leaf(lks_shape shape, double value)
{
    return lks_requires_grad_(lks_full(shape, value, LKS_F32, test_device()));
}

static float first(const lks_tensor *t)
{
    ck_assert_msg(t != NULL, "%s", lks_error_text());
    return (float)tensor_at(t, 0);
}

#define ck_near(got, want) ck_assert_float_eq_tol(got, want, 1e-6f)

START_TEST(a_chain_is_checked_once_at_its_end)
{
    ck_ok(lks_scope_open());
    lks_tensor *x = lks_ones(LKS_SHAPE_OF(2, 3), LKS_F32, test_device());
    lks_tensor *w = leaf(LKS_SHAPE_OF(4, 5), 1);
    lks_tensor *loss = lks_sum_all(lks_relu(lks_linear(x, w, NULL)));

    ck_assert_ptr_null(loss);
    ck_fails((lks_linear(x, w, NULL), lks_backward(loss)), LKS_SHAPE,
             "linear: input (2, 3) does not go with weight (4, 5): 3 features against 5");
    ck_fails(lks_backward(NULL), LKS_INVALID, "backward: given no tensor");
    lks_scope_close();
}
END_TEST

START_TEST(an_absent_operand_is_not_taken_for_a_failed_one)
{
    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(LKS_SHAPE_OF(2, 3), 1), *w = leaf(LKS_SHAPE_OF(4, 3), 1);
    lks_tensor *b = leaf(LKS_SHAPE_OF(4), 1), *odd = leaf(LKS_SHAPE_OF(3), 1);

    ck_assert_ptr_nonnull(lks_linear(x, w, NULL));
    ck_assert_ptr_null(lks_linear(x, w, lks_add(b, odd)));
    ck_assert_str_eq(lks_error_text(), "add: (4,) does not broadcast with (3,)");
    ck_assert_ptr_nonnull(lks_linear(x, w, NULL));
    lks_scope_close();
}
END_TEST

START_TEST(contributions_add_up_until_zero_grad)
{
    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(LKS_SHAPE_OF(3), 2);

    ck_assert(!lks_has_grad(x));
    ck_assert_ptr_null(lks_grad(x));
    ck_ok(lks_backward(lks_sum_all(lks_mul(x, x))));
    ck_near(first(lks_grad(x)), 4);
    ck_ok(lks_backward(lks_sum_all(x)));
    ck_near(first(lks_grad(x)), 5);
    lks_zero_grad(x);
    ck_assert(!lks_has_grad(x));
    ck_ok(lks_backward(lks_sum_all(lks_mul_scalar(x, 3))));
    ck_near(first(lks_grad(x)), 3);
    lks_scope_close();
}
END_TEST

START_TEST(a_gradient_lands_in_the_memory_given_for_it)
{
    const float nines[8] = {9, 9, 9, 9, 9, 9, 9, 9};
    const lks_view flat = flat_new(test_device(), LKS_F32, 8);
    float block[8];

    ck_ok(lks_scope_open());
    lks_tensor *w = leaf(LKS_SHAPE_OF(2, 2), 1);
    lks_tensor *x = lks_ones(LKS_SHAPE_OF(3, 2), LKS_F32, test_device());
    lks_tensor *grad =
        lks_from_blob(LKS_SHAPE_OF(2, 2), LKS_F32, lks_view_at(&flat, 2), test_device());

    flat_put(&flat, nines);

    ck_ok(lks_set_grad(w, grad));
    ck_assert(!lks_has_grad(w));
    ck_ok(lks_backward(lks_sum_all(lks_linear(x, w, NULL))));
    ck_assert_ptr_eq(lks_grad(w), grad);
    flat_get(&flat, block);
    for (int i = 0; i < 8; i++)
        ck_near(block[i], i >= 2 && i < 6 ? 3 : 9);
    ck_ok(lks_backward(lks_sum_all(lks_linear(x, w, NULL))));
    flat_get(&flat, block);
    ck_near(block[2], 6);
    ck_ok(lks_set_grad(w, NULL));
    ck_assert_ptr_null(lks_grad(w));
    lks_scope_close();
    flat_free(&flat);
}
END_TEST

START_TEST(gradient_memory_that_does_not_fit_is_refused)
{
    ck_ok(lks_scope_open());
    lks_tensor *w = leaf(LKS_SHAPE_OF(2, 3), 1);
    lks_tensor *odd = lks_zeros(LKS_SHAPE_OF(3, 2), LKS_F32, test_device());

    ck_fails(lks_set_grad(w, odd), LKS_SHAPE,
             "set_grad: a float32 gradient (3, 2) for a float32 leaf (2, 3)");
    ck_fails(lks_set_grad(w, lks_transpose(odd, 0, 1)), LKS_SHAPE, "is not dense");
    ck_fails(lks_set_grad(w, lks_zeros(LKS_SHAPE_OF(2, 3), LKS_F64, test_device())),
             LKS_SHAPE, "float64 gradient");
    ck_fails(lks_set_grad(odd, odd), LKS_STATE, "no leaf");
    lks_scope_close();
}
END_TEST

START_TEST(gradients_of_another_device_are_refused)
{
    lks_device other;

    ck_ok(lks_device_parse("cpu:1", &other));
    ck_ok(lks_scope_open());
    lks_tensor *w = leaf(LKS_SHAPE_OF(2), 1);
    lks_tensor *away = lks_ones(LKS_SHAPE_OF(2), LKS_F32, other);

    ck_fails(lks_set_grad(w, away), LKS_DEVICE, "set_grad: one tensor is on ");
    ck_fails(lks_backward_from(lks_exp(w), away), LKS_DEVICE,
             "backward: one tensor is on ");
    ck_assert_ptr_nonnull(strstr(lks_error_text(), ":0, another on cpu:1"));
    ck_assert(!lks_has_grad(w));
    lks_scope_close();
}
END_TEST

START_TEST(only_what_is_wanted_is_computed)
{
    ck_ok(lks_scope_open());
    lks_tensor *x = lks_ones(LKS_SHAPE_OF(2, 3), LKS_F32, test_device());
    lks_tensor *w = leaf(LKS_SHAPE_OF(4, 3), 1);
    lks_tensor *plain = lks_relu(x);

    ck_assert(!lks_requires_grad(plain));
    ck_assert(lks_requires_grad(lks_linear(plain, w, NULL)));
    ck_assert(!lks_requires_grad(lks_argmax(w, 0)));
    ck_assert(!lks_requires_grad(lks_detach(lks_relu(w))));
    ck_fails(lks_backward(lks_sum_all(plain)), LKS_INVALID,
             "nothing in the history of the tensor requires a gradient");
    lks_scope_close();
}
END_TEST

START_TEST(a_sweep_starts_from_one_element_or_a_cotangent)
{
    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(LKS_SHAPE_OF(3), 2);
    lks_tensor *y = lks_mul(x, x);

    ck_fails(lks_backward(y), LKS_SHAPE, "starts from one element, not from shape (3,)");
    ck_fails(lks_backward_from(y, lks_ones(LKS_SHAPE_OF(2), LKS_F32, test_device())),
             LKS_SHAPE, "backward: cotangent float32 (2,) for a tensor float32 (3,)");
    ck_fails(lks_backward_from(y, lks_ones(LKS_SHAPE_OF(3), LKS_F64, test_device())),
             LKS_SHAPE, "backward: cotangent float64 (3,) for a tensor float32 (3,)");
    ck_ok(lks_backward_from(y, lks_full(LKS_SHAPE_OF(3), 0.5, LKS_F32, test_device())));
    ck_near(first(lks_grad(x)), 2);
    lks_scope_close();
}
END_TEST

START_TEST(a_leaf_itself_can_be_swept_from)
{
    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(LKS_SHAPE_OF(1), 2);

    ck_ok(lks_backward(x));
    ck_near(first(lks_grad(x)), 1);
    ck_ok(lks_backward(x));
    ck_near(first(lks_grad(x)), 2);
    lks_scope_close();
}
END_TEST

START_TEST(a_second_sweep_over_a_graph_is_refused)
{
    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(LKS_SHAPE_OF(1), 2);
    lks_tensor *shared = lks_exp(x);
    lks_tensor *one = lks_square(shared), *two = lks_tanh(shared);

    ck_ok(lks_backward(one));
    ck_fails(lks_backward(one), LKS_STATE, "the graph of square was freed by an earlier");
    lks_zero_grad(x);
    ck_fails(lks_backward(two), LKS_STATE, "the graph of exp was freed by an earlier");
    ck_assert_msg(!lks_has_grad(x), "a refused sweep left a gradient");
    lks_scope_close();
}
END_TEST

START_TEST(a_saved_tensor_that_was_changed_is_refused)
{
    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(LKS_SHAPE_OF(3), 2);
    lks_tensor *y = lks_exp(x), *z = lks_sum_all(lks_square(y));

    ck_assert_ptr_nonnull(lks_fill_(y, 1));
    ck_fails(lks_backward(z), LKS_STATE,
             "backward: a tensor that square needs for its gradient was changed in place "
             "since: its input 0, float32 (3,), saved at version 0, is at version 1");

    /* also through a view, also by hand, and not where nothing was saved */
    y = lks_exp(x), z = lks_sum_all(y);
    lks_bump_version(lks_detach(lks_narrow(y, 0, 0, 1)));
    ck_fails(lks_backward(z), LKS_STATE,
             "that exp needs for its gradient was changed in place since: its result, "
             "float32 (3,), saved at version 0, is at version 1");
    y = lks_add(x, x), z = lks_sum_all(y);
    lks_bump_version(y);
    ck_ok(lks_backward(z));
    lks_scope_close();
}
END_TEST

START_TEST(in_place_changes_are_part_of_the_history)
{
    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(LKS_SHAPE_OF(2), 3);
    lks_tensor *y = lks_mul_scalar(x, 2);

    ck_assert_ptr_eq(lks_mul_(y, x), y); /* 2 x² */
    ck_assert_ptr_eq(lks_add_(y, x), y); /* 2 x² + x */
    ck_ok(lks_backward(lks_sum_all(y)));
    ck_near(first(lks_grad(x)), 13);
    lks_scope_close();
}
END_TEST

START_TEST(a_buffer_without_history_gains_one)
{
    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(LKS_SHAPE_OF(2), 3);
    lks_tensor *buffer = lks_zeros(LKS_SHAPE_OF(2), LKS_F32, test_device());

    lks_add_(buffer, lks_square(x));
    ck_assert(lks_requires_grad(buffer));
    ck_ok(lks_backward(lks_sum_all(buffer)));
    ck_near(first(lks_grad(x)), 6);
    lks_scope_close();
}
END_TEST

START_TEST(a_view_taken_before_a_recorded_change_is_refused)
{
    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(LKS_SHAPE_OF(2, 2), 3);
    lks_tensor *y = lks_mul_scalar(x, 2);
    lks_tensor *early = lks_select(y, 0, 0);

    lks_mul_(y, y);
    lks_error_clear();
    ck_assert_ptr_null(lks_exp(early));
    ck_assert_str_eq(lks_error_text(),
                     "exp: given a view of a tensor that was changed in place since; "
                     "take the view again");
    ck_fails(lks_backward_from(early, lks_ones(LKS_SHAPE_OF(2), LKS_F32, test_device())),
             LKS_STATE, "backward: given a view of a tensor that was changed in place");
    ck_assert(!lks_has_grad(x));
    ck_assert_ptr_nonnull(lks_exp(lks_select(y, 0, 0)));

    /* An unrecorded change is no matter: buffers are filled and read through views. */
    lks_tensor *buffer = lks_zeros(LKS_SHAPE_OF(2, 2), LKS_F32, test_device());
    lks_tensor *row = lks_select(buffer, 0, 0);
    lks_fill_(buffer, 5);
    ck_near(first(lks_add_scalar(row, 1)), 6);
    lks_scope_close();
}
END_TEST

START_TEST(leaves_and_views_are_not_changed_in_place_while_recording)
{
    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(LKS_SHAPE_OF(2, 3), 3), *y = lks_mul_scalar(x, 2);
    lks_tensor *plain = lks_zeros(LKS_SHAPE_OF(2, 3), LKS_F32, test_device());
    struct {
        lks_tensor *t;
        const char *says;
    } cases[] = {
        {x, "mul_: a leaf that requires a gradient cannot be changed in place while "
            "operations are recorded; lks_set_grad_enabled(false) first"},
        {lks_narrow(x, 0, 0, 1),
         "mul_: a view of a leaf that requires a gradient cannot be changed in place "
         "while "
         "operations are recorded; lks_set_grad_enabled(false) first"},
        {lks_transpose(lks_narrow(x, 1, 0, 2), 0, 1),
         "mul_: a view of a leaf that requires a gradient cannot"},
        {lks_narrow(y, 0, 0, 1),
         "mul_: a view cannot be changed in place while operations are recorded; work on "
         "its base or on a lks_clone"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_ptr_null(lks_mul_(cases[i].t, leaf(LKS_SCALAR, 2)));
        ck_assert_int_eq(lks_error_status(), LKS_STATE);
        ck_assert_ptr_nonnull(strstr(lks_error_text(), cases[i].says));
    }
    ck_assert_ptr_null(lks_mul_(lks_narrow(plain, 0, 0, 1), leaf(LKS_SCALAR, 2)));
    ck_assert_ptr_nonnull(strstr(lks_error_text(), "mul_: a view cannot be changed"));

    /* unrecorded they are, and what was saved knows it */
    lks_tensor *square = lks_sum_all(lks_square(x));
    bool was = lks_set_grad_enabled(false);
    ck_assert_ptr_nonnull(lks_fill_(lks_narrow(x, 0, 0, 1), 1));
    lks_set_grad_enabled(was);
    ck_near(first(x), 1);
    ck_fails(
        lks_backward(square), LKS_STATE,
        "a tensor that square needs for its gradient was changed in place since: its "
        "input 0, float32 (2, 3), saved at version 0, is at version 1");
    lks_scope_close();
}
END_TEST

typedef struct seen {
    int n;
    lks_tensor *leaves[8];
    float grads[8];
} seen;

static void note(void *context, lks_tensor *t)
{
    seen *s = context;

    ck_assert(s->n < 8);
    s->leaves[s->n] = t;
    s->grads[s->n++] = first(lks_grad(t));
}

START_TEST(a_leaf_is_ready_once_after_its_last_contribution)
{
    seen s = {0};

    ck_ok(lks_scope_open());
    lks_tensor *x = lks_ones(LKS_SHAPE_OF(1, 2), LKS_F32, test_device());
    lks_tensor *shared = leaf(LKS_SHAPE_OF(2, 2), 1), *top = leaf(LKS_SHAPE_OF(1, 2), 1);
    lks_tensor *unused = leaf(LKS_SHAPE_OF(1), 1);

    lks_on_grad_ready(shared, note, &s);
    lks_on_grad_ready(top, note, &s);
    lks_on_grad_ready(unused, note, &s);
    lks_tensor *h = lks_linear(lks_linear(x, shared, NULL), shared, NULL);
    ck_ok(lks_backward(lks_linear(h, top, NULL)));
    ck_assert_int_eq(s.n, 2);
    /* nearest the loss first, and the shared one complete: 2 + 2 + 2 */
    ck_assert_ptr_eq(s.leaves[0], top);
    ck_assert_ptr_eq(s.leaves[1], shared);
    ck_near(s.grads[0], 4);
    ck_near(s.grads[1], first(lks_grad(shared)));

    lks_on_grad_ready(top, NULL, NULL);
    ck_ok(lks_backward(lks_sum_all(top)));
    ck_assert_int_eq(s.n, 2);
    lks_scope_close();
}
END_TEST

START_TEST(the_sweep_goes_in_reverse_program_order)
{
    enum { N = 6 };
    seen s = {0};
    lks_tensor *leaves[N], *sum;

    ck_ok(lks_scope_open());
    sum = lks_zeros(LKS_SCALAR, LKS_F32, test_device());
    for (int i = 0; i < N; i++) {
        leaves[i] = leaf(LKS_SCALAR, i);
        lks_on_grad_ready(leaves[i], note, &s);
    }
    /* The branches are made in order, whatever order they are joined in. */
    lks_tensor *branches[N];
    for (int i = 0; i < N; i++)
        branches[i] = lks_mul_scalar(leaves[i], i);
    for (int i = 0; i < N; i++)
        sum = lks_add(sum, branches[(i * 5 + 2) % N]);
    ck_ok(lks_backward(sum));
    ck_assert_int_eq(s.n, N);
    for (int i = 0; i < N; i++)
        ck_assert_ptr_eq(s.leaves[i], leaves[N - 1 - i]);
    lks_scope_close();
}
END_TEST

static lks_tensor *chain(lks_tensor *x, int n)
{
    for (int i = 0; i < n; i++) {
        lks_tensor *next = lks_neg(x);
        if (i > 0)
            lks_unref(x);
        x = next;
    }
    return x;
}

START_TEST(a_graph_a_million_deep_is_swept_and_freed)
{
    const int depth = 1000000;
    lks_tensor *x = lks_requires_grad_(lks_full(LKS_SCALAR, 3, LKS_F32, lks_cpu));
    lks_tensor *y = chain(x, depth);

    ck_ok(lks_backward(y));
    ck_near(first(lks_grad(x)), 1);
    lks_unref(y);
    y = chain(x, depth);
    lks_unref(y);
    lks_unref(x);
}
END_TEST

START_TEST(a_wide_graph_adds_all_its_branches)
{
    const int width = 1000;

    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(LKS_SHAPE_OF(2), 1), *h = lks_mul_scalar(x, 1), *sum = h;
    for (int i = 1; i < width; i++)
        sum = lks_add(sum, h);
    ck_ok(lks_backward(lks_sum_all(sum)));
    ck_near(first(lks_grad(x)), (float)width);
    lks_scope_close();
}
END_TEST

START_TEST(slices_share_one_gradient)
{
    enum { T = 50 };

    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(LKS_SHAPE_OF(T, 3), 2), *h = lks_mul_scalar(x, 2), *sum = NULL;
    for (int t = 0; t < T; t++) {
        lks_tensor *step = lks_square(lks_select(h, 0, t));
        sum = sum ? lks_add(sum, step) : step;
    }
    ck_ok(lks_backward(lks_sum_all(sum)));
    for (int i = 0; i < 3 * T; i++)
        ck_near((float)tensor_at(lks_grad(x), i), 16);
    lks_scope_close();
}
END_TEST

START_TEST(a_graph_outlives_the_tensors_that_made_it)
{
    lks_tensor *x = leaf(LKS_SHAPE_OF(3), 2), *loss;

    ck_ok(lks_scope_open());
    loss = lks_keep(lks_sum_all(lks_square(lks_square(x))));
    lks_scope_close();
    ck_ok(lks_backward(loss));
    ck_near(first(lks_grad(x)), 32);
    lks_unref(loss);
    lks_unref(x);
}
END_TEST

START_TEST(a_leaf_may_go_before_the_sweep)
{
    seen s = {0};
    lks_tensor *x = leaf(LKS_SHAPE_OF(3), 2), *grad, *loss;

    grad = lks_zeros(LKS_SHAPE_OF(3), LKS_F32, test_device());
    ck_ok(lks_set_grad(x, grad));
    lks_on_grad_ready(x, note, &s);
    ck_ok(lks_scope_open());
    loss = lks_sum_all(lks_square(x));
    lks_unref(x);
    ck_ok(lks_backward(loss));
    lks_scope_close();
    ck_near(first(grad), 4);
    ck_assert_int_eq(s.n, 0);
    lks_unref(grad);
}
END_TEST

START_TEST(only_floats_and_leaves_can_require_gradients)
{
    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(LKS_SHAPE_OF(1), 2);

    ck_assert_ptr_eq(lks_requires_grad_(x), x);
    ck_assert_ptr_null(lks_requires_grad_(lks_square(x)));
    ck_assert_str_eq(lks_error_text(), "requires_grad_: the tensor is the result of an "
                                       "operation, not a leaf; lks_detach it first");
    ck_assert_ptr_null(lks_requires_grad_(lks_arange(3, LKS_I64, test_device())));
    ck_assert_str_eq(lks_error_text(), "requires_grad_: int64 has no gradients, only "
                                       "floating-point dtypes do");
    ck_assert_ptr_null(lks_requires_grad_(NULL));
    lks_scope_close();
}
END_TEST

/* Or what the device tells of it later. */
static lks_status told(lks_status st)
{
    const lks_status late = test_finish();

    return st == LKS_OK ? late : st;
}

/* A network with everything a LeNet has. */
static lks_status train_step(lks_tensor *const *p, lks_tensor *x, lks_tensor *target)
{
    const lks_pool2d_params pool = {.kernel = {2, 2}};
    const lks_rng rng = {.seed = 3};
    lks_status st = lks_scope_open();
    lks_tensor *h;

    if (st != LKS_OK)
        return st;
    h = lks_max_pool2d(lks_relu(lks_conv2d(x, p[0], p[1], NULL)), &pool);
    h = lks_dropout(lks_flatten(h, 1, -1), 0.25, &rng);
    st = lks_backward(lks_cross_entropy(lks_linear(h, p[2], p[3]), target, NULL));
    lks_scope_close();
    return told(st);
}

START_TEST(a_network_survives_each_allocation_failing)
{
    const int64_t labels[] = {1, 0};

    ck_ok(lks_scope_open());
    lks_tensor *p[] = {leaf(LKS_SHAPE_OF(2, 1, 3, 3), 0.1), leaf(LKS_SHAPE_OF(2), 0),
                       leaf(LKS_SHAPE_OF(3, 8), 0.2), leaf(LKS_SHAPE_OF(3), 0)};
    const lks_rng rng = {.seed = 9};
    lks_tensor *x = lks_randn(LKS_SHAPE_OF(2, 1, 6, 6), LKS_F32, &rng, test_device());
    lks_tensor *target = lks_from_data(LKS_SHAPE_OF(2), LKS_I64, labels, test_device());
    float want, n_failures = 0;

    ck_ok(train_step(p, x, target));
    want = first(lks_grad(p[0]));
    for (long n = 0;; n++, n_failures++) {
        for (int i = 0; i < 4; i++)
            ck_ok(lks_set_grad(p[i], NULL));
        lks_error_clear();
        lks_alloc_fail_after(n);
        lks_status st = train_step(p, x, target);
        int failed = lks_alloc_has_failed();
        lks_alloc_fail_after(-1);
        ck_assert_msg(st == (failed ? LKS_NOMEM : LKS_OK), "allocation %ld: %s: %s", n,
                      lks_status_text(st), lks_error_text());
        if (!failed)
            break;
    }
    ck_assert(n_failures > 50);
    ck_assert_float_eq(first(lks_grad(p[0])), want);
    lks_scope_close();
}
END_TEST

/* 65 nodes to visit: the list of them grows just as it comes to the leaf. */
static lks_status sweep_to(lks_tensor *x)
{
    lks_status st = lks_scope_open();
    lks_tensor *y = x;

    if (st != LKS_OK)
        return st;
    for (int i = 0; i < 64; i++)
        y = lks_neg(y);
    st = lks_backward(y);
    lks_scope_close();
    return st;
}

START_TEST(a_leaf_is_ready_after_a_sweep_that_found_no_memory)
{
    lks_status st = LKS_NOMEM;

    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(LKS_SHAPE_OF(1), 1);
    for (long n = 0; st != LKS_OK; n++) {
        seen s = {0};

        lks_error_clear();
        lks_alloc_fail_after(n);
        st = sweep_to(x);
        lks_alloc_fail_after(-1);
        lks_error_clear();
        lks_on_grad_ready(x, note, &s);
        ck_ok(sweep_to(x));
        ck_assert_msg(s.n == 1, "after allocation %ld failed, ready %d times", n, s.n);
        lks_on_grad_ready(x, NULL, NULL);
    }
    lks_scope_close();
}
END_TEST

LKS_SUITE("backward", a_chain_is_checked_once_at_its_end,
          an_absent_operand_is_not_taken_for_a_failed_one,
          contributions_add_up_until_zero_grad,
          a_gradient_lands_in_the_memory_given_for_it,
          gradient_memory_that_does_not_fit_is_refused,
          gradients_of_another_device_are_refused, only_what_is_wanted_is_computed,
          a_sweep_starts_from_one_element_or_a_cotangent, a_leaf_itself_can_be_swept_from,
          a_second_sweep_over_a_graph_is_refused,
          a_saved_tensor_that_was_changed_is_refused,
          in_place_changes_are_part_of_the_history, a_buffer_without_history_gains_one,
          a_view_taken_before_a_recorded_change_is_refused,
          leaves_and_views_are_not_changed_in_place_while_recording,
          a_leaf_is_ready_once_after_its_last_contribution,
          a_leaf_is_ready_after_a_sweep_that_found_no_memory,
          the_sweep_goes_in_reverse_program_order,
          a_graph_a_million_deep_is_swept_and_freed, a_wide_graph_adds_all_its_branches,
          slices_share_one_gradient, a_graph_outlives_the_tensors_that_made_it,
          a_leaf_may_go_before_the_sweep, only_floats_and_leaves_can_require_gradients,
          a_network_survives_each_allocation_failing)
