#include <stdio.h>

#include "core/cpu/views.h"

#include "base/alloc.h"
#include "device.h"

/* How a matrix lies in memory. */
typedef enum layout {
    ROWS,     /* dense rows */
    COLUMNS,  /* dense columns */
    PADDED,   /* rows with a gap */
    PADDED_T, /* columns with a gap */
    SPARSE,   /* both strides above 1 */
    REPEATED, /* one row for all */
    BACKWARD, /* rows from the last to the first */
    N_LAYOUTS
} layout;

static lks_view lay_out(const array *a, int64_t rows, int64_t cols, layout how)
{
    lks_view v = {a->view.data, a->view.dtype, 2, {rows, cols}, {cols, 1}};
    int64_t size = (int64_t)lks_dtype_size_bytes(v.dtype);

    switch (how) {
    case COLUMNS:
        v.strides[0] = 1, v.strides[1] = rows;
        break;
    case PADDED:
        v.strides[0] = cols + 3;
        break;
    case PADDED_T:
        v.strides[0] = 1, v.strides[1] = rows + 5;
        break;
    case SPARSE:
        v.strides[0] = 2 * cols, v.strides[1] = 2;
        break;
    case REPEATED:
        v.strides[0] = 0;
        break;
    case BACKWARD:
        v.data = (char *)v.data + (rows - 1) * cols * size;
        v.strides[0] = -cols;
        break;
    default:
        break;
    }
    return v;
}

static array room_for(lks_dtype dtype, int64_t rows, int64_t cols, uint64_t seed)
{
    return array_random(dtype, SIZES((rows + 5) * (cols + 5) * 2), (int)seed % 2, seed);
}

static double at(const lks_view *m, int64_t i, int64_t j)
{
    return get_at(m, i * m->strides[0] + j * m->strides[1]);
}

/* c is the product within its view, and what it was everywhere else. */
static void check_gemm(const lks_kernels *k, const char *isa, lks_dtype dtype, int64_t m,
                       int64_t n, int64_t depth, layout la, layout lb, layout lc,
                       int mode)
{
    array a = room_for(dtype, m, depth, 1), b = room_for(dtype, depth, n, 2);
    array c = room_for(dtype, m, n, 3), before = room_for(dtype, m, n, 3);
    array bias = room_for(dtype, 1, n, 4);
    lks_view va = lay_out(&a, m, depth, la), vb = lay_out(&b, depth, n, lb);
    lks_view vc = lay_out(&c, m, n, lc), old = lay_out(&before, m, n, lc);
    lks_view vbias = {bias.view.data, dtype, 1, {n}, {mode >= 4 ? 2 : 1}};
    bool accumulate = mode & 1, with_bias = mode & 2;
    double tolerance = (dtype == LKS_F32 ? 0x1p-24 : 0x1p-53) * (8 + (double)depth);
    char name[128];

    ck_ok(k->gemm(&va, &vb, with_bias ? &vbias : NULL, accumulate, &vc));
    snprintf(name, sizeof name, "%s: %d x %d x %d, layouts %d %d %d, mode %d", isa,
             (int)m, (int)n, (int)depth, la, lb, lc, mode);
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            double want = accumulate ? at(&old, i, j) : 0, magnitude = fabs(want) + 1;

            for (int64_t d = 0; d < depth; d++) {
                double term = at(&va, i, d) * at(&vb, d, j);

                want += term;
                magnitude += fabs(term);
            }
            if (with_bias)
                want += get_at(&vbias, j * vbias.strides[0]);
            ck_assert_msg(fabs(at(&vc, i, j) - want) <= tolerance * magnitude,
                          "%s: (%d, %d) is %g not %g", name, (int)i, (int)j,
                          at(&vc, i, j), want);
            put_at(&old, i * old.strides[0] + j * old.strides[1], at(&vc, i, j));
        }
    assert_same_bits(name, &c, &before);
    array_free(&a);
    array_free(&b);
    array_free(&c);
    array_free(&before);
    array_free(&bias);
}

START_TEST(any_layout_with_and_without_bias_is_multiplied)
{
    static const layout outputs[] = {ROWS, COLUMNS, PADDED, PADDED_T, SPARSE, BACKWARD};

    FOR_EACH_TABLE(k, isa)
    for (int la = 0; la < N_LAYOUTS; la++)
        for (int lb = 0; lb < N_LAYOUTS; lb++)
            for (size_t lc = 0; lc < sizeof outputs / sizeof *outputs; lc++)
                for (int mode = 0; mode < 8; mode++) {
                    check_gemm(k, isa, LKS_F32, 7, 5, 9, (layout)la, (layout)lb,
                               outputs[lc], mode);
                    check_gemm(k, isa, LKS_F64, 3, 4, 2, (layout)la, (layout)lb,
                               outputs[lc], mode);
                }
}
END_TEST

START_TEST(odd_and_empty_sizes_are_multiplied)
{
    static const int64_t sizes[][3] = {
        {1, 1, 1},    {1, 10, 84}, {64, 10, 84}, {8, 120, 400}, {64, 1, 3},  {1, 70, 1},
        {17, 33, 65}, {3, 130, 7}, {84, 10, 8},  {130, 5, 19},  {0, 3, 3},   {3, 0, 3},
        {3, 4, 0},    {0, 0, 0},   {5, 7, 256},  {16, 16, 16},  {31, 48, 2},
    };

    FOR_EACH_TABLE(k, isa)
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int test = 0; test < 16; test++) {
            const int64_t *s = sizes[i];

            check_gemm(k, isa, LKS_F32, s[0], s[1], s[2], test & 1 ? COLUMNS : ROWS,
                       test & 2 ? COLUMNS : ROWS, ROWS, test >> 2);
            check_gemm(k, isa, LKS_F64, s[0], s[1], s[2], test & 1 ? COLUMNS : ROWS,
                       test & 2 ? COLUMNS : ROWS, ROWS, test >> 2);
        }
}
END_TEST

START_TEST(one_row_by_more_columns_than_a_block_is_multiplied)
{
    FOR_EACH_TABLE(k, isa)
    {
        check_gemm(k, isa, LKS_F32, 1, 1024, 800, ROWS, ROWS, ROWS, 3);
        check_gemm(k, isa, LKS_F32, 1, 1024, 800, ROWS, COLUMNS, ROWS, 3);
    }
}
END_TEST

/* Beside the sizes at which a product takes another way: vectors and tiles (8, 16, 48),
 * few rows, what the first cache holds (128 terms of 48), blocks (1024 terms), factors
 * side by side a power of two apart. */
START_TEST(every_size_and_way_is_multiplied)
{
    static const int64_t sizes[][3] = {
        {16, 8, 8},    {17, 9, 7},    {33, 1, 100}, {48, 16, 31},  {49, 13, 129},
        {100, 3, 1},   {128, 24, 64}, {8, 40, 200}, {300, 21, 33}, {40, 19, 1030},
        {9, 64, 1025}, {3, 50, 77},   {5, 97, 16},  {30, 112, 48}, {10, 1024, 130},
    };

    FOR_EACH_TABLE(k, isa)
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int mode = 0; mode < 4; mode++)
            for (int ways = 0; ways < 8; ways++)
                for (int gaps = 0; gaps < 2; gaps++) {
                    const layout rows = gaps ? PADDED : ROWS;
                    const layout columns = gaps ? PADDED_T : COLUMNS;

                    check_gemm(k, isa, LKS_F32, sizes[i][0], sizes[i][1], sizes[i][2],
                               ways & 1 ? columns : rows, ways & 2 ? columns : rows,
                               ways & 4 ? columns : rows, mode);
                }
}
END_TEST

START_TEST(the_same_product_has_the_same_bits_each_time)
{
    FOR_EACH_TABLE(k, isa)
    {
        array a = array_random(LKS_F32, SIZES(64, 400), 0, 1);
        array a2 = array_random(LKS_F32, SIZES(64, 400), 5, 1);
        array b = array_random(LKS_F32, SIZES(400, 120), 0, 2);
        array b2 = array_random(LKS_F32, SIZES(400, 120), 3, 2);
        array c = array_new(LKS_F32, SIZES(64, 120), 0),
              c2 = array_new(LKS_F32, SIZES(64, 120), 1);

        ck_ok(k->gemm(&a.view, &b.view, NULL, false, &c.view));
        ck_ok(k->gemm(&a2.view, &b2.view, NULL, false, &c2.view));
        assert_same_bits(isa, &c2, &c);
        array_free(&a);
        array_free(&a2);
        array_free(&b);
        array_free(&b2);
        array_free(&c);
        array_free(&c2);
    }
}
END_TEST

START_TEST(what_stood_in_the_output_does_not_matter)
{
    FOR_EACH_TABLE(k, isa)
    {
        array a = array_random(LKS_F32, SIZES(9, 20), 0, 1),
              b = array_random(LKS_F32, SIZES(20, 11), 0, 2);
        array c = array_new(LKS_F32, SIZES(9, 11), 0);

        ck_ok(k->fill(&c.view, (double)NAN));
        ck_ok(k->gemm(&a.view, &b.view, NULL, false, &c.view));
        for (int64_t i = 0; i < 99; i++)
            ck_assert_msg(!isnan(get(&c, i)), "%s", isa);
        array_free(&a);
        array_free(&b);
        array_free(&c);
    }
}
END_TEST

/* Shapes whose bits change with the threads in libraries that split the terms: long sums
 * of small results, one row, the layers of a perceptron. */
START_TEST(threads_do_not_change_the_bits)
{
    static const int64_t sizes[][3] = {
        {130, 201, 300}, {1, 512, 784},   {16, 16, 4096}, {120, 256, 2048},
        {128, 96, 784},  {512, 784, 128}, {7, 300, 900},
    };

    FOR_EACH_TABLE(k, isa)
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int ways = 0; ways < 4; ways++) {
            const int64_t *s = sizes[i];
            array a = room_for(LKS_F32, s[0], s[2], 1);
            array b = room_for(LKS_F32, s[2], s[1], 2);
            lks_view va = lay_out(&a, s[0], s[2], ways & 1 ? COLUMNS : ROWS);
            lks_view vb = lay_out(&b, s[2], s[1], ways & 2 ? COLUMNS : ROWS);
            array one = array_new(LKS_F32, SIZES(s[0], s[1]), 0);
            array many = array_new(LKS_F32, SIZES(s[0], s[1]), 1);

            ck_ok(k->gemm(&va, &vb, NULL, false, &one.view));
            for (int n_threads = 2; n_threads <= 8; n_threads += 3) {
                lks_set_num_threads(lks_cpu, n_threads);
                ck_ok(k->gemm(&va, &vb, NULL, false, &many.view));
                assert_same_bits(isa, &many, &one);
            }
            lks_set_num_threads(lks_cpu, 1);
            array_free(&a);
            array_free(&b);
            array_free(&one);
            array_free(&many);
        }
}
END_TEST

static lks_view transposed(const lks_view *m)
{
    lks_view t = *m;

    t.sizes[0] = m->sizes[1], t.sizes[1] = m->sizes[0];
    t.strides[0] = m->strides[1], t.strides[1] = m->strides[0];
    return t;
}

/* c = a b, and its transpose as b' a'; `ways`: which of a, b and the outputs lie in
 * columns, and whether the outputs count. */
static void check_order(const lks_kernels *k, const char *isa, const int64_t *s, int ways)
{
    const layout lc = ways & 4 ? COLUMNS : ROWS, lct = ways & 8 ? COLUMNS : ROWS;
    array a = room_for(LKS_F32, s[0], s[2], 1), b = room_for(LKS_F32, s[2], s[1], 2);
    array c = room_for(LKS_F32, s[0], s[1], 3), ct = room_for(LKS_F32, s[0], s[1], 4);
    const lks_view va = lay_out(&a, s[0], s[2], ways & 1 ? COLUMNS : ROWS);
    const lks_view vb = lay_out(&b, s[2], s[1], ways & 2 ? COLUMNS : ROWS);
    const lks_view vc = lay_out(&c, s[0], s[1], lc), vct = lay_out(&ct, s[1], s[0], lct);
    const lks_view vat = transposed(&va), vbt = transposed(&vb);
    const bool accumulate = ways & 16;

    for (int64_t i = 0; i < s[0]; i++)
        for (int64_t j = 0; j < s[1]; j++)
            put_at(&vct, j * vct.strides[0] + i * vct.strides[1], at(&vc, i, j));
    ck_ok(k->gemm(&va, &vb, NULL, accumulate, &vc));
    ck_ok(k->gemm(&vbt, &vat, NULL, accumulate, &vct));
    for (int64_t i = 0; i < s[0]; i++)
        for (int64_t j = 0; j < s[1]; j++)
            ck_assert_msg(at(&vc, i, j) == at(&vct, j, i),
                          "%s: %d x %d x %d, ways %d: (%d, %d) has other bits", isa,
                          (int)s[0], (int)s[1], (int)s[2], ways, (int)i, (int)j);
    array_free(&a);
    array_free(&b);
    array_free(&c);
    array_free(&ct);
}

/* Sizes that take every way, few rows on either side and on both among them. */
START_TEST(which_factor_comes_first_does_not_change_the_bits)
{
    static const int64_t sizes[][3] = {
        {1, 1, 1},    {3, 5, 200},   {1, 10, 84},    {2, 70, 1030},  {8, 8, 64},
        {7, 130, 33}, {17, 9, 1025}, {100, 20, 300}, {64, 120, 400},
    };

    FOR_EACH_TABLE(k, isa)
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int ways = 0; ways < 32; ways++)
            check_order(k, isa, sizes[i], ways);
}
END_TEST

START_TEST(nan_passes_even_next_to_zero)
{
    FOR_EACH_TABLE(k, isa)
    {
        array a = array_new(LKS_F32, SIZES(4, 6), 0),
              b = array_new(LKS_F32, SIZES(6, 3), 0);
        array c = array_new(LKS_F32, SIZES(4, 3), 0);

        put_at(&b.view, 4, (double)NAN);
        ck_ok(k->gemm(&a.view, &b.view, NULL, false, &c.view));
        for (int64_t i = 0; i < 12; i++)
            ck_assert_msg(isnan(get(&c, i)) == (i % 3 == 1), "%s", isa);
        array_free(&a);
        array_free(&b);
        array_free(&c);
    }
}
END_TEST

START_TEST(copies_that_find_no_memory_are_reported)
{
    const lks_kernels *k = lks_cpu_kernels();
    array a = room_for(LKS_F32, 8, 8, 1), b = room_for(LKS_F32, 8, 8, 1),
          c = room_for(LKS_F32, 8, 8, 1);
    lks_view va = lay_out(&a, 8, 8, SPARSE), vb = lay_out(&b, 8, 8, SPARSE);
    lks_view vc = lay_out(&c, 8, 8, SPARSE);
    const float before = *(const float *)vc.data;
    int n_failed = 0;

    for (long n = 0;; n++) {
        lks_status st;

        lks_alloc_fail_after(n);
        lks_error_clear();
        st = k->gemm(&va, &vb, NULL, false, &vc);
        if (!lks_alloc_has_failed()) {
            ck_ok(st);
            break;
        }
        ck_assert_int_eq(st, LKS_NOMEM);
        ck_assert(*(const float *)vc.data == before);
        n_failed++;
    }
    lks_alloc_fail_after(-1);
    ck_assert_int_ge(n_failed, 1);
    array_free(&a);
    array_free(&b);
    array_free(&c);
}
END_TEST

START_TEST(integers_are_refused_by_name)
{
    array a = array_new(LKS_I64, SIZES(2, 2), 0);

    ck_fails(lks_cpu_kernels()->gemm(&a.view, &a.view, NULL, false, &a.view), LKS_DTYPE,
             "gemm does not take int64");
    array_free(&a);
}
END_TEST

LKS_SUITE("gemm", any_layout_with_and_without_bias_is_multiplied,
          odd_and_empty_sizes_are_multiplied,
          one_row_by_more_columns_than_a_block_is_multiplied,
          every_size_and_way_is_multiplied, threads_do_not_change_the_bits,
          which_factor_comes_first_does_not_change_the_bits,
          the_same_product_has_the_same_bits_each_time,
          what_stood_in_the_output_does_not_matter, nan_passes_even_next_to_zero,
          copies_that_find_no_memory_are_reported, integers_are_refused_by_name)
