#include "support/test_device.h"

#include <math.h>
#include <pthread.h>

#include "lockstep.h"
#include "layout/view.h"

START_TEST(a_shape_counts_its_elements_or_says_why_not)
{
    int64_t n = -1;

    ck_ok(lks_shape_numel(&LKS_SHAPE_OF(2, 3, 4), &n));
    ck_assert_int_eq(n, 24);
    ck_ok(lks_shape_numel(&LKS_SCALAR, &n));
    ck_assert_int_eq(n, 1);
    ck_ok(lks_shape_numel(&LKS_SHAPE_OF(INT64_MAX, 4, 0), &n));
    ck_assert_int_eq(n, 0);
    ck_fails(lks_shape_numel(&LKS_SHAPE_OF(2, -3), &n), LKS_SHAPE,
             "shape (2, -3) has a negative size");
    ck_fails(lks_shape_numel(&LKS_SHAPE_OF(INT64_MAX, 2), &n), LKS_SHAPE,
             "has more than 2^63 - 1 elements");
    ck_fails(lks_shape_numel(&(lks_shape){9, {0}}, &n), LKS_SHAPE, "9 dimensions");
    ck_assert_int_eq(n, 0);
}
END_TEST

START_TEST(shapes_broadcast_as_in_pytorch)
{
    lks_shape out;

    ck_ok(lks_shape_broadcast(&LKS_SHAPE_OF(2, 1, 3), &LKS_SHAPE_OF(4, 1), &out));
    ck_assert(lks_shape_equal(&out, &LKS_SHAPE_OF(2, 4, 3)));
    ck_ok(lks_shape_broadcast(&LKS_SCALAR, &LKS_SHAPE_OF(0), &out));
    ck_assert(lks_shape_equal(&out, &LKS_SHAPE_OF(0)));
    ck_fails(lks_shape_broadcast(&LKS_SHAPE_OF(2, 3), &LKS_SHAPE_OF(2), &out), LKS_SHAPE,
             "(2, 3) does not broadcast with (2,)");
}
END_TEST

START_TEST(a_shape_is_written_as_in_python)
{
    char text[8];

    ck_assert_str_eq(lks_shape_text(&LKS_SCALAR, text, sizeof text), "()");
    ck_assert_str_eq(lks_shape_text(&LKS_SHAPE_OF(5), text, sizeof text), "(5,)");
    ck_assert_str_eq(lks_shape_text(&LKS_SHAPE_OF(2, 3), text, sizeof text), "(2, 3)");
    ck_assert_str_eq(lks_shape_text(&LKS_SHAPE_OF(100, 300), text, sizeof text),
                     "(100, 3");
}
END_TEST

START_TEST(a_shape_of_too_many_dimensions_is_refused_by_their_number)
{
    const lks_shape vast = {.ndim = 1000}, negative = {.ndim = -1};
    double item;

    ck_ok(lks_scope_open());
    lks_tensor *x = lks_ones(LKS_SHAPE_OF(2), LKS_F32, test_device());

    ck_fails(lks_item(lks_reshape(x, vast), &item), LKS_SHAPE,
             "reshape: (2,) does not fit into (1000 dimensions)");
    ck_fails(lks_item(lks_expand(x, vast), &item), LKS_SHAPE,
             "expand: (2,) does not broadcast to (1000 dimensions)");
    ck_fails(lks_item(lks_reshape(x, negative), &item), LKS_SHAPE,
             "reshape: (2,) does not fit into (-1 dimensions)");
    lks_scope_close();
}
END_TEST

START_TEST(a_new_tensor_holds_what_was_asked_for)
{
    const float values[] = {1, 2, 3, 4, 5, 6};
    float out[6];
    double item;

    ck_ok(lks_scope_open());
    lks_tensor *t = lks_from_data(LKS_SHAPE_OF(2, 3), LKS_F32, values, test_device());
    ck_assert_int_eq(lks_ndim(t), 2);
    ck_assert_int_eq(lks_numel(t), 6);
    ck_assert_int_eq(lks_size(t, -1), 3);
    ck_assert_int_eq(lks_stride(t, 0), 3);
    ck_assert(lks_is_contiguous(t));
    ck_assert_int_eq(lks_tensor_device(t).type, test_device().type);
    ck_ok(lks_to_host(lks_transpose(t, 0, 1), out));
    ck_assert(out[0] == 1 && out[1] == 4 && out[2] == 2 && out[5] == 6);
    ck_ok(lks_item(lks_select(lks_select(t, 0, 1), 0, 2), &item));
    ck_assert_double_eq(item, 6);
    ck_fails(lks_item(t, &item), LKS_SHAPE, "item: the tensor has 6 elements, not one");
    ck_fails(lks_item(NULL, &item), LKS_INVALID, "item: given no tensor");
    ck_fails(lks_to_host(NULL, out), LKS_INVALID, "to_host: given no tensor");
    ck_fails(lks_item(lks_select(t, 5, 0), &item), LKS_SHAPE, "no dimension 5");
    ck_ok(lks_item(lks_sum_all(lks_arange(5, LKS_I32, test_device())), &item));
    ck_assert_double_eq(item, 10);
    ck_ok(
        lks_item(lks_sum_all(lks_ones(LKS_SHAPE_OF(4), LKS_BF16, test_device())), &item));
    ck_assert_double_eq(item, 4);
    lks_scope_close();
}
END_TEST

START_TEST(a_tensor_too_large_is_refused)
{
    lks_error_clear();
    ck_assert_ptr_null(lks_zeros(LKS_SHAPE_OF(INT64_MAX), LKS_F64, test_device()));
    ck_assert_str_eq(lks_error_text(), "a float64 tensor of shape (9223372036854775807,) "
                                       "does not fit in memory");
    ck_assert_ptr_null(lks_zeros(LKS_SHAPE_OF(-1), LKS_F64, test_device()));
    ck_assert_str_eq(lks_error_text(), "shape (-1,) has a negative size");
}
END_TEST

START_TEST(the_callers_memory_is_used_and_left)
{
    float values[] = {1, 2, 3, 4};

    ck_ok(lks_scope_open());
    lks_tensor *t = lks_from_blob(LKS_SHAPE_OF(2, 2), LKS_F32, values, lks_cpu);
    lks_tensor *column = lks_select(t, 1, 1);
    ck_assert_ptr_eq(lks_data(t), values);
    ck_assert_ptr_eq(lks_data(column), values + 1);
    lks_fill_(column, 9);
    lks_scope_close();
    ck_assert(values[0] == 1 && values[1] == 9 && values[2] == 3 && values[3] == 9);
}
END_TEST

START_TEST(views_share_memory_and_copies_do_not)
{
    ck_ok(lks_scope_open());
    lks_tensor *t = lks_arange(24, LKS_F32, test_device());
    lks_tensor *cube = lks_reshape(t, LKS_SHAPE_OF(2, 3, 4));
    lks_tensor *turned = lks_transpose(cube, 0, 2);

    ck_assert_ptr_eq(lks_data(cube), lks_data(t));
    ck_assert(!lks_is_contiguous(turned));
    ck_assert_ptr_ne(lks_data(lks_reshape(turned, LKS_SHAPE_OF(24))), lks_data(t));
    ck_assert_ptr_ne(lks_data(lks_contiguous(turned)), lks_data(t));
    ck_assert_ptr_eq(lks_contiguous(cube), cube);
    ck_assert_ptr_ne(lks_data(lks_clone(cube)), lks_data(cube));
    /* joining the two dimensions that are still one run of memory takes no copy */
    ck_assert_ptr_eq(lks_data(lks_flatten(lks_permute(cube, (int[]){1, 2, 0}), 0, 1)),
                     lks_data(t));
    ck_assert_int_eq(lks_stride(lks_expand(lks_narrow(t, 0, 0, 1), LKS_SHAPE_OF(5)), 0),
                     0);
    lks_scope_close();
}
END_TEST

START_TEST(reshape_finds_every_view_there_is)
{
    static const struct {
        lks_view from;
        lks_shape to;
        bool possible;
        int64_t strides[4];
    } cases[] = {
        {{.ndim = 2, .sizes = {4, 3}, .strides = {6, 2}}, {1, {12}}, true, {2}},
        {{.ndim = 2, .sizes = {4, 3}, .strides = {6, 2}},
         {3, {2, 2, 3}},
         true,
         {12, 6, 2}},
        {{.ndim = 2, .sizes = {4, 3}, .strides = {1, 4}}, {1, {12}}, false, {0}},
        {{.ndim = 2, .sizes = {4, 3}, .strides = {1, 4}},
         {3, {2, 2, 3}},
         true,
         {2, 1, 4}},
        {{.ndim = 2, .sizes = {4, 3}, .strides = {1, 4}},
         {3, {4, 1, 3}},
         true,
         {1, 1, 4}},
        {{.ndim = 2, .sizes = {4, 6}, .strides = {8, 1}}, {2, {6, 4}}, false, {0}},
        {{.ndim = 1, .sizes = {6}, .strides = {-1}}, {2, {2, 3}}, true, {-3, -1}},
        {{.ndim = 2, .sizes = {2, 3}, .strides = {0, 0}}, {1, {6}}, true, {0}},
        {{.ndim = 2, .sizes = {2, 3}, .strides = {0, 1}}, {1, {6}}, false, {0}},
        {{.ndim = 2, .sizes = {0, 3}, .strides = {9, 9}}, {2, {3, 0}}, true, {1, 1}},
        {{.ndim = 0}, {2, {1, 1}}, true, {1, 1}},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lks_view out;
        bool possible = lks_view_reshape(&cases[i].from, &cases[i].to, &out);

        ck_assert_msg(possible == cases[i].possible, "case %zu", i);
        for (int d = 0; possible && d < cases[i].to.ndim; d++)
            ck_assert_msg(cases[i].to.sizes[d] == 1 ||
                              out.strides[d] == cases[i].strides[d],
                          "case %zu, stride %d is %ld", i, d, (long)out.strides[d]);
    }
}
END_TEST

START_TEST(sizes_beside_nothing_do_not_overflow)
{
    const int64_t large = INT64_C(1) << 40;

    ck_ok(lks_scope_open());
    lks_tensor *first = lks_zeros(LKS_SHAPE_OF(0, large, large), LKS_F32, test_device());
    lks_tensor *last = lks_zeros(LKS_SHAPE_OF(large, large, 0), LKS_F32, test_device());
    ck_assert(lks_is_contiguous(first) && lks_is_contiguous(last));
    ck_assert_int_gt(lks_stride(first, 0), 0);
    ck_assert_int_eq(lks_numel(lks_reshape(first, LKS_SHAPE_OF(0))), 0);
    ck_assert_int_eq(lks_numel(lks_reshape(last, LKS_SHAPE_OF(0))), 0);
    lks_tensor *part = lks_slice(first, 1, large / 2, large, large / 4);
    ck_assert_int_eq(lks_size(part, 1), 2);
    ck_assert_ptr_eq(lks_data(part), lks_data(first));
    lks_scope_close();
}
END_TEST

static lks_status status_of(const lks_tensor *t)
{
    return t ? LKS_OK : lks_error_status();
}

START_TEST(dimensions_beside_nothing_are_joined_or_refused)
{
    const int64_t large = INT64_C(1) << 40;
    lks_view matrix;

    ck_ok(lks_scope_open());
    lks_tensor *first = lks_zeros(LKS_SHAPE_OF(0, large, large), LKS_F32, test_device());
    lks_tensor *last = lks_zeros(LKS_SHAPE_OF(large, large, 0), LKS_F32, test_device());

    ck_assert_int_eq(lks_size(lks_flatten(last, 0, -1), 0), 0);
    ck_assert_int_eq(lks_size(lks_flatten(last, 1, -1), 0), large);
    ck_assert_int_eq(lks_ndim(lks_unsqueeze(last, 0)), 4);
    ck_fails(status_of(lks_flatten(first, 1, -1)), LKS_SHAPE,
             "flatten: dimensions 1 to 2 of (0, 1099511627776, 1099511627776) have more "
             "than 2^63 - 1 places");
    ck_fails(status_of(lks_reshape(last, LKS_SHAPE_OF(large, large))), LKS_SHAPE,
             "reshape: (1099511627776, 1099511627776, 0) does not fit into");

    const lks_shape shape = lks_sizes(last);
    const lks_view view = lks_view_dense(lks_cpu, lks_data(last), LKS_F32, &shape);
    ck_assert(!lks_view_matrix(&view, 2, &matrix));
    ck_assert(lks_view_matrix(&view, 1, &matrix));
    ck_assert(matrix.sizes[0] == large && matrix.sizes[1] == 0);
    lks_scope_close();
}
END_TEST

START_TEST(products_and_joins_of_nothing_take_no_time)
{
    const int64_t large = INT64_C(1) << 40;

    ck_ok(lks_scope_open());
    lks_tensor *rows = lks_zeros(LKS_SHAPE_OF(large, 0, 3), LKS_F32, test_device());
    lks_tensor *columns = lks_zeros(LKS_SHAPE_OF(large, 3, 0), LKS_F32, test_device());
    ck_assert_int_eq(lks_numel(lks_matmul(rows, columns)), 0);

    lks_tensor *wide = lks_zeros(LKS_SHAPE_OF(0, INT64_MAX / 2), LKS_F32, test_device());
    lks_tensor *three[] = {wide, wide, wide};
    ck_assert_int_eq(lks_size(lks_cat(three, 2, 1), 1), INT64_MAX - 1);
    ck_fails(status_of(lks_cat(three, 3, 1)), LKS_SHAPE,
             "cat: dimension 1 would be larger than 2^63 - 1");
    lks_scope_close();
}
END_TEST

START_TEST(a_step_beyond_the_end_takes_the_first)
{
    ck_ok(lks_scope_open());
    lks_tensor *x =
        lks_reshape(lks_arange(40, LKS_F32, test_device()), LKS_SHAPE_OF(10, 4));
    lks_tensor *up = lks_slice(x, 0, 0, 10, INT64_MAX);
    lks_tensor *down = lks_slice(x, 0, -1, -11, INT64_MIN);
    double item;

    ck_assert(lks_size(up, 0) == 1 && lks_size(down, 0) == 1);
    ck_assert(lks_stride(up, 0) == 4 && lks_stride(down, 0) == 4);
    ck_ok(lks_item(lks_sum_all(up), &item));
    ck_assert_double_eq(item, 0 + 1 + 2 + 3);
    ck_ok(lks_item(lks_sum_all(down), &item));
    ck_assert_double_eq(item, 36 + 37 + 38 + 39);
    lks_scope_close();
}
END_TEST

START_TEST(random_numbers_are_a_function_of_place)
{
    enum { N = 20000 };
    const lks_rng rng = {.seed = 5, .step = 6, .lane = 7, .layer = 8};
    double mean = 0, square = 0, fourth = 0;

    ck_ok(lks_scope_open());
    double *few = tensor_get(lks_randn(LKS_SHAPE_OF(10), LKS_F64, &rng, test_device()));
    double *many = tensor_get(lks_randn(LKS_SHAPE_OF(N), LKS_F64, &rng, test_device()));
    float *uniform = tensor_get(lks_rand(LKS_SHAPE_OF(N), LKS_F32, &rng, test_device()));

    ck_assert_mem_eq(few, many, 10 * sizeof *few);
    for (int i = 0; i < N; i++) {
        ck_assert(uniform[i] >= 0 && uniform[i] < 1);
        mean += many[i] / N;
        square += many[i] * many[i] / N;
        fourth += pow(many[i], 4) / N;
    }
    /* standard errors 0.007, 0.01, 0.07 */
    ck_assert_double_eq_tol(mean, 0, 0.03);
    ck_assert_double_eq_tol(square, 1, 0.05);
    ck_assert_double_eq_tol(fourth, 3, 0.3);
    free(few);
    free(many);
    free(uniform);
    ck_assert_ptr_null(lks_rand(LKS_SHAPE_OF(2), LKS_I64, &rng, test_device()));
    ck_assert_str_eq(lks_error_text(), "rand: int64 is no floating-point dtype");
    ck_assert_int_eq(
        lks_tensor_dtype(lks_rand(LKS_SHAPE_OF(2), LKS_F16, &rng, test_device())),
        LKS_F16);
    lks_scope_close();
}
END_TEST

START_TEST(tensors_of_two_devices_do_not_mix)
{
    lks_device other;

    ck_ok(lks_device_parse("cpu:1", &other));
    ck_ok(lks_scope_open());
    lks_tensor *a = lks_ones(LKS_SHAPE_OF(2), LKS_F32, lks_cpu);
    lks_tensor *b = lks_ones(LKS_SHAPE_OF(2), LKS_F32, other);
    ck_assert_ptr_null(lks_add(a, b));
    ck_assert_str_eq(lks_error_text(), "add: one tensor is on cpu:0, another on cpu:1");
    ck_assert_int_eq(lks_tensor_device(lks_add(b, b)).index, 1);
    lks_scope_close();
}
END_TEST

START_TEST(a_device_that_is_not_there_is_an_error)
{
    ck_assert_ptr_null(lks_ones(LKS_SHAPE_OF(2), LKS_F32, (lks_device){LKS_CUDA, 77}));
    ck_assert_int_eq(lks_error_status(), LKS_DEVICE);
    lks_error_clear();
}
END_TEST

/* Readers on other threads hold the tensor a while. */
static void *read_often(void *t)
{
    for (int i = 0; i < 10000; i++) {
        lks_tensor *mine = lks_ref(t);
        if (((const float *)lks_data(mine))[1] != 1)
            return t;
        lks_unref(mine);
    }
    return NULL;
}

START_TEST(a_tensor_may_be_read_from_any_thread)
{
    pthread_t threads[3];
    lks_tensor *t = lks_ones(LKS_SHAPE_OF(2), LKS_F32, lks_cpu);

    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_often, t), 0);
    for (int i = 0; i < 3; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        ck_assert_ptr_null(wrong);
    }
    lks_unref(t);
}
END_TEST

START_TEST(creation_survives_each_allocation_failing)
{
    const float values[] = {1, 2};
    const lks_rng rng = {.seed = 1};

    for (long n = 0, failed = 1; failed; n++) {
        lks_status st;

        lks_error_clear();
        lks_alloc_fail_after(n);
        if (lks_scope_open() == LKS_OK) {
            lks_ones(LKS_SHAPE_OF(2), LKS_F32, test_device());
            lks_from_data(LKS_SHAPE_OF(2), LKS_F32, values, test_device());
            lks_from_blob(LKS_SHAPE_OF(2), LKS_F32, (void *)values, lks_cpu);
            lks_arange(3, LKS_I16, test_device());
            lks_randn(LKS_SHAPE_OF(3), LKS_F16, &rng, test_device());
            lks_detach(lks_empty(LKS_SHAPE_OF(3), LKS_BOOL, test_device()));
            lks_requires_grad_(lks_zeros(LKS_SHAPE_OF(3), LKS_F32, test_device()));
            lks_scope_close();
        }
        st = lks_error_status();
        failed = lks_alloc_has_failed();
        lks_alloc_fail_after(-1);
        ck_assert_int_eq(st, failed ? LKS_NOMEM : LKS_OK);
    }
}
END_TEST

/* The failure that made the NULL stands until it is read. */
START_TEST(no_tensor_is_asked_and_changed_in_vain)
{
    const lks_rng rng = {0};
    char text[8];

    ck_ok(lks_scope_open());
    lks_tensor *x = lks_ones(LKS_SHAPE_OF(2), LKS_F32, test_device());
    lks_tensor *none = lks_select(x, 5, 0);

    ck_assert_ptr_null(none);
    ck_assert(lks_ndim(none) == 0 && lks_sizes(none).ndim == 0 && lks_numel(none) == 0);
    ck_assert(lks_size(none, 0) == 0 && lks_stride(none, -1) == 0);
    ck_assert_int_eq(lks_tensor_dtype(none), LKS_F32);
    ck_assert_int_eq(lks_tensor_device(none).type, lks_cpu.type);
    ck_assert(!lks_is_contiguous(none) && !lks_is_read_only(none) && !lks_is_leaf(none));
    ck_assert(!lks_requires_grad(none) && !lks_has_grad(none));
    ck_assert(!lks_data(none) && !lks_grad(none) && !lks_grad_fn(none));
    lks_bump_version(none);
    lks_zero_grad(none);
    ck_assert_ptr_null(lks_dropout(none, 0.5, &rng));
    ck_assert_int_eq(lks_print(none, text, sizeof text), -1);
    ck_assert_int_eq(lks_set_grad(none, x), LKS_SHAPE);
    ck_assert_str_eq(lks_error_text(), "select: no dimension 5 in a tensor of 1");
    ck_fails(lks_set_grad(none, x), LKS_INVALID, "set_grad: given no tensor");
    ck_assert_int_eq(lks_print(none, text, sizeof text), -1);
    ck_assert_str_eq(lks_error_text(), "print: given no tensor");
    lks_scope_close();
}
END_TEST

START_TEST(a_size_of_no_dimension_is_refused)
{
    ck_ok(lks_scope_open());
    lks_tensor *x = lks_ones(LKS_SHAPE_OF(2, 3), LKS_F32, test_device());

    lks_error_clear();
    ck_assert(lks_size(x, -2) == 2 && lks_stride(x, 0) == 3);
    ck_assert_int_eq(lks_error_status(), LKS_OK);
    ck_assert_int_eq(lks_size(x, 5), 0);
    ck_assert_int_eq(lks_error_status(), LKS_SHAPE);
    ck_assert_str_eq(lks_error_text(), "size: no dimension 5 in a tensor of 2");
    ck_assert_int_eq(lks_stride(x, -3), 0);
    ck_assert_str_eq(lks_error_text(), "stride: no dimension -3 in a tensor of 2");
    lks_scope_close();
}
END_TEST

#define REFUSED(call, text)                                                              \
    do {                                                                                 \
        lks_error_clear();                                                               \
        ck_assert_ptr_null(call);                                                        \
        ck_assert_int_eq(lks_error_status(), LKS_INVALID);                               \
        ck_assert_str_eq(lks_error_text(), text);                                        \
    } while (0)

START_TEST(numbers_from_nowhere_are_refused)
{
    const lks_device device = test_device();
    const lks_shape three = LKS_SHAPE_OF(3);

    ck_ok(lks_scope_open());
    REFUSED(lks_rand(three, LKS_F32, NULL, device), "rand: given no rng");
    REFUSED(lks_randn(three, LKS_F32, NULL, device), "randn: given no rng");
    REFUSED(lks_randint(0, 2, three, LKS_I64, NULL, device), "randint: given no rng");
    REFUSED(lks_randperm(3, LKS_I64, NULL, device), "randperm: given no rng");
    REFUSED(lks_dropout(lks_ones(three, LKS_F32, device), 0.5, NULL),
            "dropout: given no rng");
    REFUSED(lks_from_data(three, LKS_F32, NULL, device), "from_data: given no values");
    REFUSED(lks_from_blob(three, LKS_F32, NULL, device), "from_blob: given no memory");
    ck_assert_ptr_nonnull(lks_from_data(LKS_SHAPE_OF(0), LKS_F32, NULL, device));
    lks_scope_close();
}
END_TEST

LKS_SUITE("tensor", a_shape_counts_its_elements_or_says_why_not,
          shapes_broadcast_as_in_pytorch, a_shape_is_written_as_in_python,
          a_shape_of_too_many_dimensions_is_refused_by_their_number,
          a_new_tensor_holds_what_was_asked_for, a_tensor_too_large_is_refused,
          the_callers_memory_is_used_and_left, views_share_memory_and_copies_do_not,
          reshape_finds_every_view_there_is, sizes_beside_nothing_do_not_overflow,
          dimensions_beside_nothing_are_joined_or_refused,
          products_and_joins_of_nothing_take_no_time,
          a_step_beyond_the_end_takes_the_first, random_numbers_are_a_function_of_place,
          tensors_of_two_devices_do_not_mix, a_device_that_is_not_there_is_an_error,
          a_tensor_may_be_read_from_any_thread, no_tensor_is_asked_and_changed_in_vain,
          a_size_of_no_dimension_is_refused, numbers_from_nowhere_are_refused,
          creation_survives_each_allocation_failing)
