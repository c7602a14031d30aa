#include "trial.h"

static const lks_dtype dtypes[] = {LKS_F32,  LKS_F32, LKS_F64, LKS_F64, LKS_F16,
                                   LKS_BF16, LKS_I64, LKS_I32, LKS_I16, LKS_U8};

void reduce_case(trial *t)
{
    const lks_dtype dtype = dtypes[draw(t, 0, 9)];
    const bool is_float = lks_dtype_is_float(dtype);
    const bool is_narrow = dtype == LKS_F16 || dtype == LKS_BF16;
    int64_t sizes[LKS_MAX_DIMS], kept[LKS_MAX_DIMS];
    int ndim = draw_sizes(t, 4, chance(t, 30) ? 100000 : 3000, sizes);
    lks_view x, out;

    if (chance(t, 8)) { /* several chunks of a few rows or columns */
        const int across = (int)draw(t, 0, 1);

        ndim = 2;
        sizes[across] = draw(t, 1, 3);
        sizes[1 - across] = draw(t, 4090, 17000);
    }
    for (int d = 0; d < ndim; d++)
        kept[d] = chance(t, 2) ? 1 : sizes[d];
    x = draw_input(t, dtype, ndim, sizes);
    out = draw_output(t,
                      is_float && chance(t, 4)    ? LKS_F64
                      : is_narrow && chance(t, 2) ? LKS_F32
                                                  : dtype,
                      ndim, kept);
    ck_ok(ready(t)->reduce((lks_reduce)draw(t, 0, LKS_N_REDUCE - 1), &x, &out));
}

void arg_reduce_case(trial *t)
{
    int64_t sizes[LKS_MAX_DIMS], kept[LKS_MAX_DIMS];
    const int ndim = draw_sizes(t, 4, 1000, sizes), dim = (int)draw(t, 0, ndim - 1);
    const lks_view x = draw_input(t, dtypes[draw(t, 0, 9)], ndim, sizes);
    lks_view out;

    for (int d = 0; d < ndim - 1; d++)
        kept[d] = sizes[d < dim ? d : d + 1];
    out = draw_output(t, LKS_I64, ndim - 1, kept);
    ck_ok(ready(t)->arg_reduce(chance(t, 2) ? LKS_REDUCE_MIN : LKS_REDUCE_MAX, &x, dim,
                               &out));
}

/* Lines of some chunks, now and then. */
static int draw_lines(trial *t, int64_t *sizes, int *dim)
{
    const int ndim = draw_sizes(t, 4, 1000, sizes);

    *dim = (int)draw(t, 0, ndim - 1);
    if (chance(t, 4))
        sizes[*dim] = draw(t, 1, 300);
    return ndim;
}

void scan_case(trial *t)
{
    const lks_dtype dtype = dtypes[draw(t, 0, 9)];
    int64_t sizes[LKS_MAX_DIMS];
    int dim, ndim = draw_lines(t, sizes, &dim);
    const lks_view x = draw_input(t, dtype, ndim, sizes);
    const lks_view out = draw_output(t, dtype, ndim, sizes);

    ck_ok(ready(t)->scan((lks_reduce)draw(t, 0, LKS_N_REDUCE - 1), &x, dim, &out));
}

void sort_case(trial *t)
{
    const lks_dtype dtype = chance(t, 11) ? LKS_BOOL : dtypes[draw(t, 0, 9)];
    int64_t sizes[LKS_MAX_DIMS];
    int dim, ndim = draw_lines(t, sizes, &dim);
    const lks_view x = draw_input(t, dtype, ndim, sizes);
    const lks_view values = draw_output(t, dtype, ndim, sizes);
    const lks_view index = draw_output(t, LKS_I64, ndim, sizes);

    ck_ok(ready(t)->sort(&x, dim, chance(t, 2), &values, &index));
}

/* n indices below `limit`. */
static lks_view draw_index(trial *t, int64_t n, int64_t limit)
{
    const lks_view index = draw_input(t, LKS_I64, 1, &n);

    for (int64_t i = 0; i < n; i++)
        put_i64(t, &index, i, draw(t, 0, limit - 1));
    return index;
}

/* The same of more dimensions: dense, or one line that all share. */
static lks_view draw_places(trial *t, int ndim, const int64_t *sizes, int dim,
                            int64_t limit)
{
    const bool is_shared = chance(t, 4);
    lks_view places = {.ndim = ndim};
    lks_view flat;
    int64_t n = is_shared ? sizes[dim] : 1;

    for (int d = ndim; d-- > 0;) {
        places.sizes[d] = sizes[d];
        places.strides[d] = is_shared ? d == dim : n;
        n *= is_shared ? 1 : sizes[d];
    }
    flat = draw_index(t, n, limit);
    places.data = flat.data;
    places.dtype = LKS_I64;
    places.device = flat.device;
    for (int d = 0; d < ndim; d++)
        places.strides[d] *= flat.strides[0];
    return places;
}

void index_select_case(trial *t)
{
    const lks_dtype dtype = dtypes[draw(t, 0, 9)];
    int64_t sizes[LKS_MAX_DIMS];
    const int ndim = draw_sizes(t, 4, 1000, sizes), dim = (int)draw(t, 0, ndim - 1);
    const lks_view x = draw_input(t, dtype, ndim, sizes);
    const lks_view index = draw_index(t, draw(t, 1, 20), sizes[dim]);
    lks_view out;

    sizes[dim] = index.sizes[0];
    out = draw_output(t, dtype, ndim, sizes);
    ck_ok(ready(t)->index_select(&x, dim, &index, &out));
}

void index_add_case(trial *t)
{
    const lks_dtype dtype = draw_f32_or_f64(t);
    int64_t sizes[LKS_MAX_DIMS];
    const int ndim = draw_sizes(t, 4, 1000, sizes), dim = (int)draw(t, 0, ndim - 1);
    const lks_view out = draw_output(t, dtype, ndim, sizes);
    const lks_view index = draw_index(t, draw(t, 1, 20), sizes[dim]);
    lks_view x;

    sizes[dim] = index.sizes[0];
    x = draw_input(t, dtype, ndim, sizes);
    ck_ok(ready(t)->index_add(&x, dim, &index, &out));
}

void gather_case(trial *t)
{
    const lks_dtype dtype = chance(t, 11) ? LKS_BOOL : dtypes[draw(t, 0, 9)];
    int64_t sizes[LKS_MAX_DIMS];
    const int ndim = draw_sizes(t, 4, 1000, sizes), dim = (int)draw(t, 0, ndim - 1);
    const lks_view x = draw_input(t, dtype, ndim, sizes);
    lks_view index, out;

    sizes[dim] = draw(t, 1, 20);
    index = draw_places(t, ndim, sizes, dim, x.sizes[dim]);
    out = draw_output(t, dtype, ndim, sizes);
    ck_ok(ready(t)->gather(&x, dim, &index, &out));
}

void scatter_case(trial *t)
{
    const bool add = chance(t, 2);
    const lks_dtype dtype = !add && chance(t, 11) ? LKS_BOOL : dtypes[draw(t, 0, 9)];
    int64_t sizes[LKS_MAX_DIMS];
    const int ndim = draw_sizes(t, 4, 1000, sizes), dim = (int)draw(t, 0, ndim - 1);
    const lks_view out = draw_output(t, dtype, ndim, sizes);
    lks_view index, x;

    sizes[dim] = draw(t, 1, 20);
    index = draw_places(t, ndim, sizes, dim, out.sizes[dim]);
    x = draw_input(t, dtype, ndim, sizes);
    ck_ok(ready(t)->scatter(&x, dim, &index, add, &out));
}

/* Sizes beside those of vectors, tiles and blocks: a few terms of many rows, or many of
 * few; now and then enough for three threads. */
void gemm_case(trial *t)
{
    const lks_dtype dtype = draw_f32_or_f64(t);
    const bool is_deep = chance(t, 6), is_large = chance(t, 20);
    const int ndim = (int)draw(t, 2, 4);
    const int64_t m = draw_size(t, is_large ? 150 : is_deep ? 12 : 60);
    const int64_t n = draw_size(t, is_large ? 150 : is_deep ? 60 : 110);
    const int64_t k = is_deep ? draw(t, 1000, 2100) : draw(t, 0, 60);
    int64_t sizes[LKS_MAX_DIMS];
    lks_view a, b, c, bias;

    for (int d = 0; d < ndim - 2; d++)
        sizes[d] = draw(t, 1, is_large || is_deep ? 1 : 5);
    sizes[ndim - 2] = m, sizes[ndim - 1] = k;
    a = draw_input(t, dtype, ndim, sizes);
    sizes[ndim - 2] = k, sizes[ndim - 1] = n;
    b = draw_input(t, dtype, ndim, sizes);
    sizes[ndim - 2] = m, sizes[ndim - 1] = n;
    c = draw_output(t, dtype, ndim, sizes);
    bias = draw_input(t, dtype, 1, &n);
    ck_ok(ready(t)->gemm(&a, &b, chance(t, 2) ? &bias : NULL, chance(t, 2), &c));
}

/* Rows shorter than the lanes, around them, and long. */
static lks_view draw_rows(trial *t, lks_dtype dtype, int64_t *n_rows, int64_t *n)
{
    *n = chance(t, 2) ? draw(t, 1, 18) : draw_size(t, chance(t, 8) ? 5000 : 200);
    *n_rows = draw(t, 1, *n > 1000 ? 3 : chance(t, 20) ? 3000 : 40);
    return draw_dense(t, dtype, SIZES(*n_rows, *n));
}

void softmax_case(trial *t)
{
    const lks_dtype dtype = draw_f32_or_f64(t);
    int64_t n_rows, n;
    const lks_view x = draw_rows(t, dtype, &n_rows, &n);
    const lks_view y = draw_dense(t, dtype, SIZES(n_rows, n));

    ck_ok(ready(t)->softmax(&x, chance(t, 2), &y));
}

void softmax_backward_case(trial *t)
{
    const lks_dtype dtype = draw_f32_or_f64(t);
    int64_t n_rows, n;
    const lks_view y = draw_rows(t, dtype, &n_rows, &n);
    const lks_view dy = draw_dense(t, dtype, SIZES(n_rows, n));
    const lks_view dx = draw_dense(t, dtype, SIZES(n_rows, n));

    ck_ok(ready(t)->softmax_backward(&y, &dy, chance(t, 2), &dx));
}

enum { IGNORED = -100 };

/* Classes, some of them to be ignored. */
static lks_view draw_target(trial *t, int64_t n_rows, int64_t n)
{
    const lks_view target = draw_input(t, LKS_I64, 1, &n_rows);

    for (int64_t i = 0; i < n_rows; i++)
        put_i64(t, &target, i, chance(t, 6) ? IGNORED : draw(t, 0, n - 1));
    return target;
}

void cross_entropy_case(trial *t)
{
    const lks_dtype dtype = draw_f32_or_f64(t);
    int64_t n_rows, n;
    const lks_view x = draw_rows(t, dtype, &n_rows, &n);
    const lks_view target = draw_target(t, n_rows, n);
    const lks_view log_p = draw_dense(t, dtype, SIZES(n_rows, n));
    const lks_view loss = draw_output(t, dtype, 1, &n_rows);
    const lks_view n_counted = draw_dense(t, dtype, 0, NULL);

    ck_ok(ready(t)->cross_entropy(&x, &target, IGNORED, &log_p, &loss,
                                  chance(t, 2) ? &n_counted : NULL));
}

void cross_entropy_backward_case(trial *t)
{
    const lks_dtype dtype = draw_f32_or_f64(t);
    int64_t n_rows, n;
    const lks_view log_p = draw_rows(t, dtype, &n_rows, &n);
    const lks_view target = draw_target(t, n_rows, n);
    const lks_view scale = draw_input(t, dtype, 1, &n_rows);
    const lks_view dx = draw_dense(t, dtype, SIZES(n_rows, n));

    ck_ok(ready(t)->cross_entropy_backward(&log_p, &target, IGNORED, &scale, &dx));
}
