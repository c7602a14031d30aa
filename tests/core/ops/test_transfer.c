/* Tensors from a device to another: the test's, its neighbour of the same kind where there
 * is one, the CPUs and the reference. */
#include "support/test_device.h"

#include "lockstep.h"

enum { N_DEVICES = 5 };

static int devices(lks_device *out)
{
    const lks_device first = test_device();
    const lks_device all[N_DEVICES] = {first,
                                       {first.type, first.index + 1},
                                       {LKS_CPU, 0},
                                       {LKS_CPU, 1},
                                       {LKS_REFERENCE, 0}};
    int n = 0;

    for (int i = 0; i < N_DEVICES; i++)
        if (all[i].index < lks_device_count(all[i].type) || i == 0)
            out[n++] = all[i];
    return n;
}

static void is_on(const lks_tensor *t, lks_device device)
{
    ck_assert_msg(t != NULL, "%s", lks_error_text());
    ck_assert_int_eq(lks_tensor_device(t).type, device.type);
    ck_assert_int_eq(lks_tensor_device(t).index, device.index);
}

typedef void (*pair_fn)(lks_device from, lks_device to);

static void for_each_pair(pair_fn f)
{
    lks_device all[N_DEVICES];
    int n = devices(all);

    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) {
            ck_ok(lks_scope_open());
            f(all[i], all[j]);
            lks_scope_close();
        }
}

static void keeps_values(lks_device from, lks_device to)
{
    int16_t got[6] = {0};
    lks_tensor *x = lks_transpose(
        lks_reshape(lks_arange(6, LKS_I16, from), LKS_SHAPE_OF(2, 3)), 0, 1);
    lks_tensor *y = lks_to_device(x, to);
    const lks_shape shape = lks_sizes(y);

    is_on(y, to);
    ck_assert(lks_shape_equal(&shape, &LKS_SHAPE_OF(3, 2)));
    ck_assert_int_eq(lks_tensor_dtype(y), LKS_I16);
    lks_fill_(x, 9); /* a copy, which was taken before; there, the tensor itself */
    ck_ok(lks_to_host(y, got));
    if (y == x)
        ck_assert(got[0] == 9 && got[5] == 9);
    else
        ck_assert(got[0] == 0 && got[1] == 3 && got[2] == 1 && got[5] == 5);
}

START_TEST(values_arrive_as_they_were)
{
    for_each_pair(keeps_values);
}
END_TEST

/* x (2, 3) on one device, its sum with itself squared on the other, back on the first. */
static void gives_gradients(lks_device from, lks_device to)
{
    lks_tensor *x = lks_requires_grad_(lks_full(LKS_SHAPE_OF(2, 3), 3, LKS_F64, from));
    lks_tensor *there = lks_to_device(x, to);
    lks_tensor *y = lks_add(lks_square(there), there); /* two contributions meet there */
    lks_tensor *back = lks_to_device(y, from);

    is_on(back, from);
    ck_ok(lks_backward(lks_sum_all(lks_mul_scalar(back, 2))));
    is_on(lks_grad(x), from);
    ck_assert_double_eq(tensor_at(lks_grad(x), 0), 14);
    ck_assert_double_eq(tensor_at(lks_grad(x), 5), 14);
}

START_TEST(gradients_come_back_the_same_way)
{
    for_each_pair(gives_gradients);
}
END_TEST

static void copies_into(lks_device from, lks_device to)
{
    lks_tensor *x = lks_zeros(LKS_SHAPE_OF(2, 3), LKS_F32, to);
    lks_tensor *source = lks_arange(3, LKS_I64, from);

    ck_assert_ptr_eq(lks_copy_(x, source), x);
    ck_assert(tensor_at(x, 1) == 1 && tensor_at(x, 5) == 2);
}

START_TEST(a_copy_in_place_is_from_any_device)
{
    for_each_pair(copies_into);
}
END_TEST

static void takes_nothing(lks_device from, lks_device to)
{
    lks_tensor *y = lks_to_device(lks_zeros(LKS_SHAPE_OF(0, 3), LKS_F32, from), to);

    is_on(y, to);
    ck_assert_int_eq(lks_numel(y), 0);
}

START_TEST(nothing_travels_too)
{
    for_each_pair(takes_nothing);
    ck_assert_ptr_null(lks_to_device(NULL, lks_cpu));
}
END_TEST

/* A source that is let go at once is not written over before it is read. */
static void survives_its_source(lks_device from, lks_device to)
{
    enum { N = 5000 };
    lks_tensor *y[4];

    for (int i = 0; i < 4; i++) {
        ck_ok(lks_scope_open());
        y[i] = lks_scope_return(
            lks_to_device(lks_full(LKS_SHAPE_OF(N), i + 1, LKS_F32, from), to));
        lks_scope_close();
        lks_full(LKS_SHAPE_OF(N), -1, LKS_F32, from);
    }
    for (int i = 0; i < 4; i++) {
        is_on(y[i], to);
        ck_assert_double_eq(tensor_at(lks_sum_all(y[i]), 0), (double)N * (i + 1));
    }
}

START_TEST(a_source_may_go_at_once)
{
    for_each_pair(survives_its_source);
}
END_TEST

LKS_SUITE("transfer", values_arrive_as_they_were, gradients_come_back_the_same_way,
          a_copy_in_place_is_from_any_device, nothing_travels_too,
          a_source_may_go_at_once)
