/* Each operation in place beside itself out of place: the same bits, the same gradients,
 * in the same memory. */
#include "support/test_device.h"

#include <math.h>

#include "lockstep.h"

static const lks_rng rng = {.seed = 3, .step = 1, .lane = 0, .layer = 2};

typedef lks_tensor *(*change_fn)(lks_tensor *x);

typedef struct change {
    const char *name;
    change_fn out_of_place, in_place;
} change;

/* (3, 4), in (0.1, 0.9): every function is smooth there and has a value. */
static lks_tensor *numbers(lks_shape shape, uint32_t step, lks_dtype dtype)
{
    const lks_rng stream = {.seed = 11, .step = step};
    lks_tensor *x = lks_rand(shape, LKS_F64, &stream, test_device());

    return lks_to(lks_add_scalar(lks_mul_scalar(x, 0.8), 0.1), dtype);
}

static lks_tensor *beside(const lks_tensor *x, lks_shape shape, uint32_t step)
{
    return numbers(shape, step, lks_tensor_dtype(x));
}

static lks_tensor *matrix(const lks_tensor *x)
{
    return beside(x, LKS_SHAPE_OF(3, 4), 2);
}

static lks_tensor *row(const lks_tensor *x)
{
    return beside(x, LKS_SHAPE_OF(4), 3);
}

static lks_tensor *mask(const lks_tensor *x)
{
    return lks_gt_scalar(matrix(x), 0.5);
}

/* Places of (3, 4) along dimension 0, some twice. */
static lks_tensor *places(const lks_tensor *x)
{
    const int64_t at[] = {2, 0, 2};

    (void)x;
    return lks_from_data(LKS_SHAPE_OF(3), LKS_I64, at, test_device());
}

static lks_tensor *places_of_each(const lks_tensor *x)
{
    return lks_expand(lks_unsqueeze(places(x), 1), LKS_SHAPE_OF(3, 4));
}

#define CHANGE(name, ...)                                                                \
    static lks_tensor *out_of_place_##name(lks_tensor *x)                                \
    {                                                                                    \
        return lks_##name(__VA_ARGS__);                                                  \
    }                                                                                    \
    static lks_tensor *in_place_##name(lks_tensor *x)                                    \
    {                                                                                    \
        return lks_##name##_(__VA_ARGS__);                                               \
    }

#define LKS_UNARY(name, y, dx)      CHANGE(name, x)
#define LKS_UNARY_P(name, y, dx)    CHANGE(name, x, 0.4)
#define LKS_UNARY_PQ(name, y, dx)   CHANGE(name, x, 0.3, 0.7)
#define LKS_BINARY(name, y, da, db) CHANGE(name, x, row(x))
#include "pointwise.def"
CHANGE(add_scalar, x, 0.5)
CHANGE(sub_scalar, x, 0.5)
CHANGE(mul_scalar, x, 0.5)
CHANGE(div_scalar, x, 0.3)
CHANGE(lerp, x, row(x), matrix(x))
CHANGE(lerp_scalar, x, row(x), 0.3)
CHANGE(addcmul, x, matrix(x), row(x), 0.7)
CHANGE(addcdiv, x, matrix(x), row(x), 0.7)
CHANGE(eq, x, row(x))
CHANGE(ne, x, row(x))
CHANGE(lt, x, row(x))
CHANGE(le, x, row(x))
CHANGE(gt, x, row(x))
CHANGE(ge, x, row(x))
CHANGE(eq_scalar, x, 0.5)
CHANGE(ne_scalar, x, 0.5)
CHANGE(lt_scalar, x, 0.5)
CHANGE(le_scalar, x, 0.5)
CHANGE(gt_scalar, x, 0.5)
CHANGE(ge_scalar, x, 0.5)
CHANGE(logical_and, x, lks_floor(lks_mul_scalar(row(x), 2)))
CHANGE(logical_or, x, row(x))
CHANGE(logical_not, x)
CHANGE(masked_fill, x, mask(x), lks_sum_all(row(x)))
CHANGE(masked_fill_scalar, x, mask(x), 0.25)
CHANGE(index_put, x, (lks_tensor *[]){places(x)}, 1, row(x), false)
CHANGE(index_add, x, 0, places(x), matrix(x), 0.5)
CHANGE(scatter, x, 0, places_of_each(x), matrix(x))
CHANGE(scatter_value, x, 0, places_of_each(x), 0.25)
CHANGE(scatter_add, x, 0, places_of_each(x), matrix(x))
CHANGE(tril, x, -1)
CHANGE(triu, x, 1)
CHANGE(cumsum, x, 1)
CHANGE(cumprod, x, -1)
CHANGE(dropout, x, 0.4, &rng)

/* All there are: one without a line above does not compile. */
static const change changes[] = {
#define ROW(name)                   {#name, out_of_place_##name, in_place_##name},
#define LKS_UNARY(name, y, dx)      ROW(name)
#define LKS_BINARY(name, y, da, db) ROW(name)
#include "pointwise.def"
    ROW(add_scalar) ROW(sub_scalar) ROW(mul_scalar) ROW(div_scalar)
#define LISTED(name, parameters, arguments) ROW(name)
        LKS_IN_PLACE_LIST(LISTED)};
enum { N_CHANGES = sizeof changes / sizeof *changes };

static void same_bits(const char *name, const char *what, lks_tensor *got,
                      lks_tensor *want)
{
    const lks_shape shape = lks_sizes(got), want_shape = lks_sizes(want);
    char *a = tensor_get(got), *b = tensor_get(want);

    ck_assert_msg(lks_tensor_dtype(got) == lks_tensor_dtype(want) &&
                      lks_shape_equal(&shape, &want_shape) &&
                      memcmp(a, b,
                             (size_t)lks_numel(got) *
                                 lks_dtype_size_bytes(lks_tensor_dtype(got))) == 0,
                  "%s_: %s differs from out of place", name, what);
    free(a);
    free(b);
}

/* The tensor in its own memory, whatever it was computed in. */
static void changed(const char *name, lks_tensor *x, lks_tensor *y, lks_tensor *want)
{
    ck_assert_msg(y == x, "%s_: %s", name, lks_error_text());
    same_bits(name, "the result", y, lks_to(want, lks_tensor_dtype(x)));
}

START_TEST(in_place_has_the_bits_of_out_of_place)
{
    static const lks_dtype dtypes[] = {LKS_F32, LKS_F64, LKS_F16, LKS_BF16};

    for (int i = 0; i < N_CHANGES; i++)
        for (int d = 0; d < 4; d++) {
            const change *c = &changes[i];

            ck_ok(lks_scope_open());
            lks_tensor *x = numbers(LKS_SHAPE_OF(3, 4), 1, dtypes[d]);
            lks_tensor *want = c->out_of_place(x);
            if (want) {
                changed(c->name, x, c->in_place(x), want);
            } else { /* a narrow float, which some lack */
                ck_assert_msg(d >= 2, "%s: %s", c->name, lks_error_text());
                lks_error_clear();
                ck_assert_ptr_null(c->in_place(x));
                lks_error_clear();
            }
            lks_scope_close();
        }
}
END_TEST

START_TEST(a_view_is_changed_in_its_bases_memory_and_nothing_beside_it)
{
    for (int i = 0; i < N_CHANGES; i++) {
        const change *c = &changes[i];

        ck_ok(lks_scope_open());
        lks_tensor *base = lks_full(LKS_SHAPE_OF(9, 7), 77, LKS_F64, test_device());
        lks_tensor *x = lks_transpose(lks_slice(lks_slice(base, 0, 1, 9, 2), 1, 2, 5, 1),
                                      0, 1); /* (3, 4) */
        lks_tensor *values = numbers(LKS_SHAPE_OF(3, 4), 1, LKS_F64);
        ck_assert_ptr_nonnull(lks_copy_(x, values));
        changed(c->name, x, c->in_place(x), c->out_of_place(values));
        ck_assert_ptr_nonnull(lks_fill_(x, 77));
        same_bits(c->name, "what lies beside", base, lks_full_like(base, 77));
        lks_scope_close();
    }
}
END_TEST

static lks_tensor *gradient(change_fn f, bool clone)
{
    lks_tensor *x = lks_requires_grad_(numbers(LKS_SHAPE_OF(3, 4), 1, LKS_F64));
    lks_tensor *y = f(clone ? lks_clone(x) : x);

    ck_assert_msg(y != NULL, "%s", lks_error_text());
    if (lks_requires_grad(y))
        ck_ok(lks_backward(lks_sum_all(lks_mul(y, matrix(x)))));
    return lks_has_grad(x) ? lks_grad(x) : lks_zeros_like(x);
}

START_TEST(in_place_has_the_gradients_of_out_of_place)
{
    for (int i = 0; i < N_CHANGES; i++) {
        const change *c = &changes[i];

        ck_ok(lks_scope_open());
        lks_tensor *want = gradient(c->out_of_place, false);
        lks_tensor *got = gradient(c->in_place, true);
        same_bits(c->name, "the gradient", got, want);
        lks_scope_close();
    }
}
END_TEST

/* All pairs of dtypes: refused exactly where the result is of a higher kind. */
START_TEST(integers_and_booleans_take_what_they_hold)
{
    for (int i = 0; i < N_CHANGES; i++)
        for (lks_dtype dtype = 0; dtype < LKS_N_DTYPES; dtype++) {
            const change *c = &changes[i];

            if (lks_dtype_is_float(dtype))
                continue;
            ck_ok(lks_scope_open());
            lks_tensor *x = lks_to(
                lks_reshape(lks_arange(12, LKS_I64, test_device()), LKS_SHAPE_OF(3, 4)),
                dtype);
            lks_tensor *want = c->out_of_place(x), *y;
            const bool fits =
                want && lks_dtype_kind(lks_tensor_dtype(want)) <= lks_dtype_kind(dtype);

            lks_error_clear();
            y = c->in_place(x);
            if (fits) {
                changed(c->name, x, y, want);
            } else {
                ck_assert_msg(y == NULL && lks_error_status() != LKS_OK,
                              "%s_ of %s was not refused", c->name,
                              lks_dtype_name(dtype));
                if (want)
                    ck_assert_msg(strstr(lks_error_text(), "does not go into") != NULL,
                                  "%s_ of %s: %s", c->name, lks_dtype_name(dtype),
                                  lks_error_text());
                lks_error_clear();
            }
            lks_scope_close();
        }
}
END_TEST

START_TEST(a_leaf_that_requires_a_gradient_is_not_changed)
{
    for (int i = 0; i < N_CHANGES; i++) {
        const change *c = &changes[i];
        lks_tensor *x, *y;

        ck_ok(lks_scope_open());
        x = lks_requires_grad_(numbers(LKS_SHAPE_OF(3, 4), 1, LKS_F64));
        lks_error_clear();
        y = c->in_place(x);
        ck_assert_msg(y == NULL && lks_error_status() == LKS_STATE, "%s_", c->name);
        ck_assert_msg(strstr(lks_error_text(), "_: a leaf that requires a gradient"),
                      "%s", lks_error_text());
        same_bits(c->name, "the leaf", lks_detach(x),
                  numbers(LKS_SHAPE_OF(3, 4), 1, LKS_F64));
        lks_error_clear();
        bool was = lks_set_grad_enabled(false);
        ck_assert_msg(c->in_place(x) == x, "%s_: %s", c->name, lks_error_text());
        lks_set_grad_enabled(was);
        lks_scope_close();
    }
}
END_TEST

START_TEST(nothing_and_one_number_are_changed_too)
{
    static const change_fn some[] = {in_place_exp, in_place_clamp, in_place_add_scalar,
                                     in_place_logical_not, in_place_eq_scalar};

    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        ck_ok(lks_scope_open());
        lks_tensor *none = lks_zeros(LKS_SHAPE_OF(0, 3), LKS_F32, test_device());
        lks_tensor *one = lks_zeros(LKS_SCALAR, LKS_F32, test_device());
        ck_assert_ptr_eq(some[i](none), none);
        ck_assert_ptr_eq(some[i](one), one);
        ck_assert_int_eq(lks_ndim(one), 0);
        lks_scope_close();
    }
}
END_TEST

START_TEST(a_result_of_another_shape_is_refused)
{
    double item;

    ck_ok(lks_scope_open());
    lks_tensor *x = lks_ones(LKS_SHAPE_OF(3), LKS_F32, test_device());
    lks_tensor *b = lks_ones(LKS_SHAPE_OF(2, 3), LKS_F32, test_device());

    ck_fails(lks_item(lks_lerp_scalar_(x, b, 0.5), &item), LKS_SHAPE,
             "lerp_scalar_: a result (2, 3) does not go into (3,)");
    ck_fails(lks_item(lks_div_(x, b), &item), LKS_SHAPE,
             "div_: (2, 3) does not broadcast to (3,)");
    ck_fails(lks_item(lks_exp_(lks_expand(x, LKS_SHAPE_OF(2, 3))), &item), LKS_INVALID,
             "exp_: several elements of the tensor share memory");
    ck_fails(lks_item(lks_tril_(lks_expand(x, LKS_SHAPE_OF(3, 3)), 0), &item),
             LKS_INVALID, "tril_: several elements of the tensor share memory");
    ck_fails(lks_item(lks_sub_(lks_to(x, LKS_I64), lks_to(x, LKS_BOOL)), &item),
             LKS_DTYPE, "sub: booleans have no difference");
    ck_fails(lks_item(lks_exp_(NULL), &item), LKS_INVALID, "item: given no tensor");
    ck_fails(lks_item(lks_lerp_scalar_(NULL, b, 0.5), &item), LKS_INVALID,
             "item: given no tensor");
    ck_fails(lks_item(lks_lerp_scalar_(x, NULL, 0.5), &item), LKS_INVALID,
             "item: given no tensor");
    ck_assert(tensor_at(x, 0) == 1 && tensor_at(x, 2) == 1);
    lks_scope_close();
}
END_TEST

/* What was saved before is known to have changed, through whichever view. */
START_TEST(a_change_of_what_backward_needs_is_told)
{
    for (int i = 0; i < N_CHANGES; i++) {
        const change *c = &changes[i];

        ck_ok(lks_scope_open());
        lks_tensor *w = lks_requires_grad_(numbers(LKS_SHAPE_OF(3, 4), 1, LKS_F64));
        lks_tensor *x = numbers(LKS_SHAPE_OF(3, 4), 4, LKS_F64);
        lks_tensor *y = lks_mul(w, x);
        ck_assert_ptr_eq(c->in_place(x), x);
        ck_fails(lks_backward(lks_sum_all(y)), LKS_STATE, "was changed in place since");
        lks_scope_close();
    }
}
END_TEST

LKS_SUITE("in_place", in_place_has_the_bits_of_out_of_place,
          a_view_is_changed_in_its_bases_memory_and_nothing_beside_it,
          in_place_has_the_gradients_of_out_of_place,
          integers_and_booleans_take_what_they_hold,
          a_leaf_that_requires_a_gradient_is_not_changed,
          nothing_and_one_number_are_changed_too, a_result_of_another_shape_is_refused,
          a_change_of_what_backward_needs_is_told)
