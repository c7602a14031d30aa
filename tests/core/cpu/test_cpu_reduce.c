#include "core/cpu/views.h"

static const lks_dtype dtypes[] = {LKS_F32, LKS_F64, LKS_F16, LKS_BF16, LKS_I64, LKS_I32};

/* The definition: element by element, in f64. */
static void reduce_plainly(lks_reduce op, const lks_view *x, const array *out)
{
    for (int64_t i = 0; i < view_numel(&out->view); i++)
        put_at(&out->view, i, op == LKS_REDUCE_MAX ? -1e4 : 0);
    for (int64_t i = 0; i < view_numel(x); i++) {
        double v = get_at(x, offset_of(x, i)), sum;
        int64_t rest = i, at = 0;

        for (int d = x->ndim - 1; d >= 0; d--) {
            if (out->view.sizes[d] > 1)
                at += rest % x->sizes[d] * out->view.strides[d];
            rest /= x->sizes[d];
        }
        sum = get_at(&out->view, at);
        if (op == LKS_REDUCE_MAX)
            sum = isnan(sum) || isnan(v) ? (double)NAN : v > sum ? v : sum;
        else
            sum += op == LKS_REDUCE_SUM ? v : v * v;
        put_at(&out->view, at, sum);
    }
}

/* x of `sizes` with its dimensions laid out as number `order` says, reduced over the
 * dimensions in `mask`. */
static void check_reduce(const lks_kernels *k, const char *isa, lks_reduce op,
                         lks_dtype dtype, const int64_t *sizes, int order, int mask)
{
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                     {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    array x = array_random(dtype, 3, sizes, 1, 11), want, got, narrow;
    lks_view vx = x.view;
    int64_t out_sizes[3], n = 1;

    for (int d = 2; d >= 0; d--) {
        vx.strides[orders[order][d]] = n;
        n *= sizes[orders[order][d]];
        out_sizes[d] = mask >> d & 1 ? 1 : sizes[d];
    }
    want = array_new(LKS_F64, 3, out_sizes, 0);
    got = array_new(dtype, 3, out_sizes, 1);
    narrow = array_new(dtype, 3, out_sizes, 0);
    reduce_plainly(op, &vx, &want);
    for (int64_t i = 0; i < view_numel(&want.view); i++)
        put_at(&narrow.view, i, get(&want, i)); /* rounded once */
    ck_ok(k->reduce(op, &vx, &got.view));
    assert_close(isa, &got, &narrow,
                 dtype == LKS_F64   ? 1e-14
                 : dtype == LKS_F32 ? 1e-7
                                    : 0);
    array_free(&x);
    array_free(&want);
    array_free(&got);
    array_free(&narrow);
}

START_TEST(any_dimensions_of_any_layout_are_reduced)
{
    static const int64_t sizes[][3] = {{3, 5, 7}, {17, 1, 33}, {2, 40, 3}, {1, 1, 1}};

    FOR_EACH_TABLE(k, isa)
    for (int d = 0; d < 6; d++)
        for (int test = 0; test < 4 * 6 * 8 * 3; test++)
            check_reduce(k, isa, (lks_reduce)(test / 192), dtypes[d],
                         sizes[test / 48 % 4], test % 6, test / 6 % 8);
}
END_TEST

START_TEST(wide_rows_of_columns_are_reduced)
{
    const int64_t sizes[] = {5, 1, 700};

    FOR_EACH_TABLE(k, isa)
    for (int op = 0; op < 3; op++)
        for (int mask = 0; mask < 8; mask++)
            check_reduce(k, isa, (lks_reduce)op, LKS_F32, sizes, 0, mask);
}
END_TEST

START_TEST(the_sum_of_nothing_is_zero)
{
    FOR_EACH_TABLE(k, isa)
    {
        array x = array_new(LKS_F32, SIZES(3, 0, 2), 0),
              y = array_new(LKS_F32, SIZES(3, 1, 2), 0);

        ck_ok(k->fill(&y.view, 5));
        ck_ok(k->reduce(LKS_REDUCE_SUM, &x.view, &y.view));
        for (int64_t i = 0; i < 6; i++)
            ck_assert_msg(get(&y, i) == 0, "%s", isa);
        array_free(&x);
        array_free(&y);
    }
}
END_TEST

/* A million times 0.1 and a large number first: naive f32 sums lose four digits. */
START_TEST(long_f32_sums_are_right_to_the_last_bits)
{
    enum { N = 1000003 };
    array x = array_new(LKS_F32, SIZES(N), 1), y = array_new(LKS_F32, SIZES(1), 0);
    array two = array_new(LKS_F32, SIZES(1, 2), 0);
    const lks_view pairs = {x.view.data, LKS_F32, 2, {N / 2, 2}, {2, 1}};
    double exact = 0, odd = 0;

    for (int64_t i = 0; i < N; i++) {
        put_at(&x.view, i, i == 0 ? 1e4 : 0.1);
        exact += get(&x, i);
        odd += i % 2 ? get(&x, i) : 0;
    }
    FOR_EACH_TABLE(k, isa)
    {
        ck_ok(k->reduce(LKS_REDUCE_SUM, &x.view, &y.view));
        ck_assert_msg(get(&y, 0) == (double)(float)exact, "%s: %.9g", isa, get(&y, 0));
        ck_ok(k->reduce(LKS_REDUCE_SUM, &pairs, &two.view)); /* by columns */
        ck_assert_msg(get(&two, 1) == (double)(float)odd, "%s: %.9g", isa, get(&two, 1));
    }
    array_free(&x);
    array_free(&y);
    array_free(&two);
}
END_TEST

START_TEST(nan_is_the_largest_and_spoils_sums)
{
    FOR_EACH_TABLE(k, isa)
    for (int64_t at = 0; at < 40; at++) {
        array x = array_random(LKS_F32, SIZES(40), 0, 1),
              y = array_new(LKS_F32, SIZES(1), 0);
        array i = array_new(LKS_I64, 0, NULL, 0);

        put_at(&x.view, at, (double)NAN);
        ck_ok(k->reduce(LKS_REDUCE_MAX, &x.view, &y.view));
        ck_assert_msg(isnan(get(&y, 0)), "%s", isa);
        ck_ok(k->reduce(LKS_REDUCE_SUM, &x.view, &y.view));
        ck_assert(isnan(get(&y, 0)));
        ck_ok(k->arg_reduce(LKS_REDUCE_MAX, &x.view, 0, &i.view));
        ck_assert_int_eq((int)get(&i, 0), (int)at);
        ck_ok(k->arg_reduce(LKS_REDUCE_MIN, &x.view, 0, &i.view));
        ck_assert_int_eq((int)get(&i, 0), (int)at);
        array_free(&x);
        array_free(&y);
        array_free(&i);
    }
}
END_TEST

START_TEST(infinities_are_compared)
{
    FOR_EACH_TABLE(k, isa)
    {
        array x = array_new(LKS_F32, SIZES(20), 0), y = array_new(LKS_F32, SIZES(1), 0);

        ck_ok(k->fill(&x.view, -(double)INFINITY));
        ck_ok(k->reduce(LKS_REDUCE_MAX, &x.view, &y.view));
        ck_assert_msg(get(&y, 0) == -(double)INFINITY, "%s", isa);
        put_at(&x.view, 7, (double)INFINITY);
        ck_ok(k->reduce(LKS_REDUCE_MAX, &x.view, &y.view));
        ck_assert(get(&y, 0) == (double)INFINITY);
        array_free(&x);
        array_free(&y);
    }
}
END_TEST

START_TEST(argmax_finds_the_first_of_the_largest_along_any_dimension)
{
    const int64_t sizes[] = {4, 9, 5};

    FOR_EACH_TABLE(k, isa)
    for (int d = 0; d < 6; d++)
        for (int dim = 0; dim < 3; dim++) {
            array x = array_random(dtypes[d], 3, sizes, 0, 4);
            int64_t out_sizes[2] = {sizes[dim == 0], sizes[dim == 2 ? 1 : 2]};
            array y = array_new(LKS_I64, 2, out_sizes, 0);

            ck_ok(k->arg_reduce(LKS_REDUCE_MAX, &x.view, dim, &y.view));
            for (int64_t i = 0; i < out_sizes[0] * out_sizes[1]; i++) {
                int64_t rest[2] = {i / out_sizes[1], i % out_sizes[1]};
                int64_t at = rest[0] * x.view.strides[dim == 0] +
                             rest[1] * x.view.strides[dim == 2 ? 1 : 2];
                int64_t best = 0;

                for (int64_t j = 1; j < sizes[dim]; j++)
                    if (get_at(&x.view, at + j * x.view.strides[dim]) >
                        get_at(&x.view, at + best * x.view.strides[dim]))
                        best = j;
                ck_assert_msg((int64_t)get(&y, i) == best, "%s: dim %d", isa, dim);
            }
            array_free(&x);
            array_free(&y);
        }
}
END_TEST

/* Few sums, but of many terms, among them two that make the order show. */
START_TEST(sums_do_not_depend_on_the_number_of_threads)
{
    array x = array_random(LKS_F64, SIZES(300, 1000), 0, 1);
    array one = array_new(LKS_F64, SIZES(300, 1), 0),
          three = array_new(LKS_F64, SIZES(300, 1), 0);

    for (int64_t i = 0; i < 300; i++) {
        put_at(&x.view, i * 1000, 1e17);
        put_at(&x.view, i * 1000 + 999, -1e17);
    }
    FOR_EACH_TABLE(k, isa)
    {
        ck_ok(k->reduce(LKS_REDUCE_SUM, &x.view, &one.view));
        lks_set_num_threads(lks_cpu, 3);
        ck_ok(k->reduce(LKS_REDUCE_SUM, &x.view, &three.view));
        lks_set_num_threads(lks_cpu, 1);
        assert_same_bits(isa, &three, &one);
        ck_assert_int_ge(count_threads(), 3); /* else nothing was compared */
    }
    array_free(&x);
    array_free(&one);
    array_free(&three);
}
END_TEST

/* In partial sums, which is fast; one after the other the ones would be lost. */
START_TEST(the_sum_of_all_is_added_up_as_a_row_of_many)
{
    enum { N = 64 };
    array x = array_new(LKS_F64, SIZES(2, N), 0);
    array rows = array_new(LKS_F64, SIZES(2, 1), 0),
          all = array_new(LKS_F64, SIZES(1), 0);
    const lks_view first = {x.view.data, LKS_F64, 1, {N}, {1}};

    for (int64_t i = 0; i < 2 * N; i++)
        put_at(&x.view, i, i % N == 0 ? 1e17 : i % N == N - 1 ? -1e17 : 1);
    FOR_EACH_TABLE(k, isa)
    {
        ck_ok(k->reduce(LKS_REDUCE_SUM, &x.view, &rows.view));
        ck_ok(k->reduce(LKS_REDUCE_SUM, &first, &all.view));
        ck_assert_msg(get(&all, 0) == get(&rows, 0), "%s: %g", isa, get(&all, 0));
    }
    array_free(&x);
    array_free(&rows);
    array_free(&all);
}
END_TEST

START_TEST(long_rows_are_searched_by_several_threads)
{
    array x = array_random(LKS_F32, SIZES(8, 20000), 0, 1);
    array one = array_new(LKS_I64, SIZES(8), 0), three = array_new(LKS_I64, SIZES(8), 0);

    FOR_EACH_TABLE(k, isa)
    {
        ck_ok(k->arg_reduce(LKS_REDUCE_MAX, &x.view, 1, &one.view));
        lks_set_num_threads(lks_cpu, 3);
        ck_ok(k->arg_reduce(LKS_REDUCE_MAX, &x.view, 1, &three.view));
        lks_set_num_threads(lks_cpu, 1);
        assert_same_bits(isa, &three, &one);
        ck_assert_int_ge(count_threads(), 3);
    }
    array_free(&x);
    array_free(&one);
    array_free(&three);
}
END_TEST

/* On two threads a part of them has 65537: one more than whole chunks. */
START_TEST(sums_of_columns_do_not_depend_on_the_number_of_threads)
{
    enum { N = 131074 };
    array x = array_random(LKS_F64, SIZES(3, N), 0, 1);
    array one = array_new(LKS_F64, SIZES(1, N), 0),
          two = array_new(LKS_F64, SIZES(1, N), 0);

    for (int64_t j = 0; j < N; j++) {
        ((double *)x.view.data)[j] = 1e17;
        ((double *)x.view.data)[2 * N + j] = -1e17;
    }
    FOR_EACH_TABLE(k, isa)
    {
        ck_ok(k->reduce(LKS_REDUCE_SUM, &x.view, &one.view));
        lks_set_num_threads(lks_cpu, 2);
        ck_ok(k->reduce(LKS_REDUCE_SUM, &x.view, &two.view));
        lks_set_num_threads(lks_cpu, 1);
        assert_same_bits(isa, &two, &one);
    }
    array_free(&x);
    array_free(&one);
    array_free(&two);
}
END_TEST

START_TEST(rows_are_selected_and_added_by_index)
{
    static const lks_dtype all[] = {LKS_F32, LKS_F64,  LKS_I64, LKS_I32, LKS_I16,
                                    LKS_U8,  LKS_BOOL, LKS_F16, LKS_BF16};
    const int64_t sizes[] = {4, 5, 6}, picks[] = {3, 0, 3, 2, 1, 3, 0};

    FOR_EACH_TABLE(k, isa)
    for (int test = 0; test < 9 * 3; test++) {
        int dim = test % 3;
        int64_t out_sizes[3] = {4, 5, 6};
        array x = array_random(all[test / 3], 3, sizes, 1, 2), y, sums;
        array index = array_new(LKS_I64, SIZES(7), 0);

        out_sizes[dim] = 7;
        y = array_new(all[test / 3], 3, out_sizes, 1);
        sums = array_new(all[test / 3], 3, sizes, 0);
        for (int64_t i = 0; i < 7; i++)
            put_at(&index.view, i, (double)picks[i]);
        ck_ok(k->index_select(&x.view, dim, &index.view, &y.view));
        for (int64_t i = 0; i < view_numel(&y.view); i++) {
            int64_t at = i / y.view.strides[dim] % 7;
            int64_t from = offset_of(&y.view, i),
                    outer = from / (7 * y.view.strides[dim]);

            from = (outer * sizes[dim] + picks[at]) * y.view.strides[dim] +
                   i % y.view.strides[dim];
            ck_assert_msg(get(&y, i) == get_at(&x.view, from), "%s, test %d", isa, test);
        }
        if (all[test / 3] == LKS_F32 || all[test / 3] == LKS_F64) {
            ck_ok(k->index_add(&y.view, dim, &index.view, &sums.view));
            for (int64_t i = 0; i < view_numel(&x.view); i++) {
                const double times[] = {2, 1, 1, 3, 0, 0};
                int64_t at = i / x.view.strides[dim] % sizes[dim];

                ck_assert_double_eq_tol(get(&sums, i), times[at] * get(&x, i), 1e-6);
            }
        } else
            ck_fails(k->index_add(&y.view, dim, &index.view, &sums.view), LKS_DTYPE,
                     "index_add");
        array_free(&x);
        array_free(&y);
        array_free(&sums);
        array_free(&index);
    }
}
END_TEST

START_TEST(narrow_floats_may_be_summed_into_f32)
{
    FOR_EACH_TABLE(k, isa)
    for (int i = 0; i < 4; i++) {
        array x = array_random(i % 2 ? LKS_F16 : LKS_BF16, SIZES(5, 700), 1, 21);
        const int64_t sizes[] = {i / 2 ? 5 : 1, i / 2 ? 1 : 700};
        array got = array_new(LKS_F32, 2, sizes, 1),
              want = array_new(LKS_F64, 2, sizes, 0);

        reduce_plainly(LKS_REDUCE_SUM, &x.view, &want);
        ck_ok(k->reduce(LKS_REDUCE_SUM, &x.view, &got.view));
        assert_close(isa, &got, &want, 1e-7);
        array_free(&x);
        array_free(&got);
        array_free(&want);
    }
}
END_TEST

START_TEST(dtypes_that_are_not_summed_are_refused_by_name)
{
    const lks_kernels *k = lks_cpu_kernels();
    array x = array_new(LKS_BOOL, SIZES(3), 0), y = array_new(LKS_BOOL, SIZES(1), 0);

    ck_fails(k->reduce(LKS_REDUCE_SUM, &x.view, &y.view), LKS_DTYPE,
             "reduce does not take bool");
    array_free(&x);
    array_free(&y);
}
END_TEST

LKS_SUITE("reduce", any_dimensions_of_any_layout_are_reduced,
          wide_rows_of_columns_are_reduced, the_sum_of_nothing_is_zero,
          long_f32_sums_are_right_to_the_last_bits, nan_is_the_largest_and_spoils_sums,
          infinities_are_compared,
          argmax_finds_the_first_of_the_largest_along_any_dimension,
          sums_do_not_depend_on_the_number_of_threads,
          the_sum_of_all_is_added_up_as_a_row_of_many,
          long_rows_are_searched_by_several_threads,
          sums_of_columns_do_not_depend_on_the_number_of_threads,
          rows_are_selected_and_added_by_index, narrow_floats_may_be_summed_into_f32,
          dtypes_that_are_not_summed_are_refused_by_name)
