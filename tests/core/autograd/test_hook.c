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

static lks_status sweep(lks_tensor *y)
{
    return lks_backward(lks_sum_all(y));
}

/* What a hook saw, and what it does to it. */
typedef struct seen {
    int n;
    double grads[8];
    double factor; /* 0: leaves it */
} seen;

static lks_tensor *look(void *context, lks_tensor *grad)
{
    seen *s = context;

    ck_assert(s->n < 8);
    ck_assert(!lks_grad_enabled());
    s->grads[s->n++] = first(grad);
    return s->factor == 0 ? NULL : lks_mul_scalar(grad, s->factor);
}

START_TEST(a_hook_sees_a_results_gradient_and_may_replace_it)
{
    seen s = {0};

    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(2), *y = lks_square(x);
    ck_assert_int_eq(lks_register_hook(y, look, &s), 1);
    ck_ok(sweep(lks_mul_scalar(y, 3)));
    ck_assert_int_eq(s.n, 1);
    ck_assert_double_eq(s.grads[0], 3);
    ck_assert_double_eq(first(lks_grad(x)), 12);

    lks_zero_grad(x);
    s = (seen){.factor = 10};
    y = lks_square(x);
    lks_register_hook(y, look, &s);
    ck_ok(sweep(lks_mul_scalar(y, 3)));
    ck_assert_double_eq(first(lks_grad(x)), 120);
    lks_scope_close();
}
END_TEST

START_TEST(hooks_are_called_in_the_order_they_came_in)
{
    seen one = {.factor = 2}, two = {.factor = 5}, three = {0};

    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(2), *y = lks_neg(x);
    ck_assert_int_eq(lks_register_hook(y, look, &one), 1);
    ck_assert_int_eq(lks_register_hook(y, look, &two), 2);
    ck_assert_int_eq(lks_register_hook(y, look, &three), 3);
    ck_ok(sweep(y));
    ck_assert_double_eq(one.grads[0], 1);
    ck_assert_double_eq(two.grads[0], 2);
    ck_assert_double_eq(three.grads[0], 10);
    ck_assert_double_eq(first(lks_grad(x)), -10);
    lks_scope_close();
}
END_TEST

/* As in PyTorch: a sweep's sum, without what was there before. */
START_TEST(a_leafs_hook_sees_the_whole_of_one_sweep_alone)
{
    seen s = {.factor = 0.5};

    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(2);
    ck_ok(sweep(lks_mul_scalar(x, 7)));
    lks_register_hook(x, look, &s);
    ck_ok(sweep(lks_add(lks_mul_scalar(x, 3), lks_square(x))));
    ck_assert_int_eq(s.n, 1);
    ck_assert_double_eq(s.grads[0], 7);
    ck_assert_double_eq(first(lks_grad(x)), 10.5);
    ck_ok(sweep(x));
    ck_assert_double_eq(s.grads[1], 1);
    ck_assert_double_eq(first(lks_grad(x)), 11);
    lks_scope_close();
}
END_TEST

static void note_ready(void *context, lks_tensor *t)
{
    *(double *)context = first(lks_grad(t));
}

START_TEST(a_leaf_with_hooks_keeps_its_memory_and_is_ready_after_them)
{
    seen s = {.factor = 2};
    double ready = 0;

    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(2), *grad = lks_zeros(LKS_SHAPE_OF(3), LKS_F32, test_device());
    ck_ok(lks_set_grad(x, grad));
    lks_on_grad_ready(x, note_ready, &ready);
    lks_register_hook(x, look, &s);
    ck_ok(sweep(lks_mul_scalar(x, 3)));
    ck_assert_ptr_eq(lks_grad(x), grad);
    ck_assert_double_eq(ready, 6);
    lks_scope_close();
}
END_TEST

START_TEST(a_removed_hook_is_called_no_more)
{
    seen one = {0}, two = {0};

    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(2);
    int64_t hook = lks_register_hook(x, look, &one);
    lks_register_hook(x, look, &two);
    ck_assert(lks_remove_hook(x, hook));
    ck_assert(!lks_remove_hook(x, hook));
    ck_assert(!lks_remove_hook(x, 77));
    ck_assert(!lks_remove_hook(lks_detach(x), 1));
    ck_assert(!lks_remove_hook(NULL, 1));
    ck_ok(sweep(x));
    ck_assert_int_eq(one.n, 0);
    ck_assert_int_eq(two.n, 1);
    ck_assert(lks_remove_hook(x, 2));
    ck_ok(sweep(x));
    ck_assert_int_eq(two.n, 1);
    lks_scope_close();
}
END_TEST

typedef struct remover {
    lks_tensor *t;
    int n;
} remover;

static lks_tensor *remove_all(void *context, lks_tensor *grad)
{
    remover *r = context;

    (void)grad;
    r->n++;
    ck_assert(lks_remove_hook(r->t, 1));
    ck_assert(lks_remove_hook(r->t, 2));
    return NULL;
}

START_TEST(a_hook_may_remove_itself_and_the_next)
{
    seen two = {0}, three = {0};

    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(2);
    remover r = {x, 0};
    lks_register_hook(x, remove_all, &r);
    lks_register_hook(x, look, &two);
    lks_register_hook(x, look, &three);
    ck_ok(sweep(x));
    ck_ok(sweep(x));
    ck_assert_int_eq(r.n, 1);
    ck_assert_int_eq(two.n, 0);
    ck_assert_int_eq(three.n, 2);
    lks_scope_close();
}
END_TEST

static lks_tensor *give_sum(void *context, lks_tensor *grad)
{
    (void)context;
    return lks_sum_all(grad);
}

static lks_tensor *give_double(void *context, lks_tensor *grad)
{
    (void)context;
    return lks_to(grad, LKS_F64);
}

static lks_tensor *give_away(void *context, lks_tensor *grad)
{
    const lks_device other = {.type = LKS_CPU, .index = 1};

    (void)context;
    return lks_ones(lks_sizes(grad), LKS_F32, other);
}

static lks_tensor *go_wrong(void *context, lks_tensor *grad)
{
    (void)context;
    return lks_matmul(grad, lks_ones(LKS_SHAPE_OF(4), LKS_F32, test_device()));
}

START_TEST(what_a_hook_gives_is_checked)
{
    static const struct {
        lks_hook hook;
        lks_status status;
        const char *says;
    } cases[] = {
        {give_sum, LKS_SHAPE,
         "backward: hook 1 of exp gave float32 () for a gradient float32 (3,)"},
        {give_double, LKS_SHAPE,
         "backward: hook 1 of exp gave float64 (3,) for a gradient float32 (3,)"},
        {give_away, LKS_DEVICE, "backward: hook 1: one tensor is on "},
        {go_wrong, LKS_SHAPE, "matmul: "},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_ok(lks_scope_open());
        lks_tensor *x = leaf(2), *y = lks_exp(x);
        lks_register_hook(y, cases[i].hook, NULL);
        ck_fails(sweep(y), cases[i].status, cases[i].says);
        lks_scope_close();
    }
}
END_TEST

START_TEST(a_leaf_is_as_before_after_a_hook_that_failed)
{
    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(2);
    ck_ok(sweep(lks_mul_scalar(x, 3)));
    int64_t hook = lks_register_hook(x, give_sum, NULL);
    ck_fails(sweep(x), LKS_SHAPE,
             "backward: hook 1 of a leaf gave float32 () for a gradient float32 (3,)");
    ck_assert_double_eq(first(lks_grad(x)), 3);
    ck_assert(lks_remove_hook(x, hook));
    ck_ok(sweep(x));
    ck_assert_double_eq(first(lks_grad(x)), 4);
    lks_scope_close();
}
END_TEST

START_TEST(only_what_requires_a_gradient_takes_hooks)
{
    ck_ok(lks_scope_open());
    lks_tensor *plain = lks_ones(LKS_SHAPE_OF(3), LKS_F32, test_device());
    ck_assert_int_eq(lks_register_hook(plain, look, NULL), 0);
    ck_assert_str_eq(lks_error_text(),
                     "register_hook: the tensor (3,) requires no gradient");
    ck_fails(lks_retain_grad(plain), LKS_STATE,
             "retain_grad: the tensor (3,) requires no gradient");
    ck_fails(lks_retain_grad(NULL), LKS_INVALID, "retain_grad: given no tensor");
    lks_scope_close();
}
END_TEST

START_TEST(a_result_may_keep_its_gradient)
{
    seen s = {.factor = 10};

    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(2), *y = lks_square(x), *z;
    const lks_backward_options retain = {.retain_graph = true};

    ck_assert(!lks_has_grad(y));
    ck_assert_ptr_null(lks_grad(y));
    ck_assert_str_eq(lks_error_text(),
                     "grad: the tensor (3,) is the result of square, not a leaf, and "
                     "keeps no gradient; lks_retain_grad it before backward");
    ck_ok(lks_retain_grad(y));
    ck_ok(lks_retain_grad(x));
    ck_assert(lks_retains_grad(y) && !lks_retains_grad(x));
    ck_assert_ptr_null(lks_grad(y));
    lks_register_hook(y, look, &s); /* though it came later */
    z = lks_sum_all(lks_mul_scalar(y, 3));
    ck_ok(lks_backward_with(z, NULL, &retain));
    ck_assert_double_eq(first(lks_grad(y)), 30);
    ck_assert_double_eq(first(lks_grad(x)), 120);
    ck_ok(lks_backward_with(z, NULL, &retain));
    ck_assert_double_eq(first(lks_grad(y)), 60);
    lks_zero_grad(y);
    ck_assert(!lks_has_grad(y));
    ck_ok(lks_backward(z));
    ck_assert_double_eq(first(lks_grad(y)), 30);
    lks_scope_close();
}
END_TEST

/* And the hook stays with the value that it was registered on: as in PyTorch. */
START_TEST(a_kept_gradient_is_of_the_tensor_as_it_was_changed_last)
{
    seen s = {0};

    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(2), *y = lks_mul_scalar(x, 1), *factor = leaf(5);
    lks_register_hook(y, look, &s);
    ck_ok(lks_retain_grad(y));
    ck_assert_ptr_eq(lks_mul_(y, factor), y);
    ck_assert(lks_retains_grad(y));
    ck_ok(sweep(lks_mul_scalar(y, 3)));
    ck_assert_double_eq(first(lks_grad(y)), 3);
    ck_assert_int_eq(s.n, 1);
    ck_assert_double_eq(s.grads[0], 15);
    lks_scope_close();
}
END_TEST

static lks_status try_hooks(lks_tensor *x)
{
    seen s = {.factor = 2};
    lks_status st = lks_scope_open();
    lks_tensor *y, *factor;

    if (st != LKS_OK)
        return st;
    y = lks_mul_scalar(x, 1);
    factor = lks_mul_scalar(x, 2);
    if (!y || !factor || !lks_register_hook(y, look, &s))
        st = lks_error_status();
    if (st == LKS_OK)
        st = lks_retain_grad(y);
    if (st == LKS_OK)
        st = sweep(lks_mul_(y, factor));
    lks_scope_close();
    return st;
}

START_TEST(hooks_survive_each_allocation_failing)
{
    seen s = {.factor = 2};

    ck_ok(lks_scope_open());
    lks_tensor *x = leaf(2);
    lks_register_hook(x, look, &s);
    for (long n = 0, failed = 1; failed; n++) {
        lks_status st;

        lks_error_clear();
        s.n = 0;
        lks_zero_grad(x);
        lks_alloc_fail_after(n);
        st = try_hooks(x);
        failed = lks_alloc_has_failed();
        lks_alloc_fail_after(-1);
        ck_assert_int_eq(st, failed ? LKS_NOMEM : LKS_OK);
    }
    /* d(2 x x)/dx = 8, of which half goes through the hook of y; and doubled */
    ck_assert_double_eq(first(lks_grad(x)), 24);
    lks_scope_close();
}
END_TEST

LKS_SUITE("hook", a_hook_sees_a_results_gradient_and_may_replace_it,
          hooks_are_called_in_the_order_they_came_in,
          a_leafs_hook_sees_the_whole_of_one_sweep_alone,
          a_leaf_with_hooks_keeps_its_memory_and_is_ready_after_them,
          a_removed_hook_is_called_no_more, a_hook_may_remove_itself_and_the_next,
          what_a_hook_gives_is_checked, a_leaf_is_as_before_after_a_hook_that_failed,
          only_what_requires_a_gradient_takes_hooks, a_result_may_keep_its_gradient,
          a_kept_gradient_is_of_the_tensor_as_it_was_changed_last,
          hooks_survive_each_allocation_failing)
