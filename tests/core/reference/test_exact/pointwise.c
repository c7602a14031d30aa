#include "trial.h"

/* Enough elements for three threads, now and then. */
enum { NUMEL = 400, MANY = 100000 };

static const lks_dtype floats[] = {LKS_F32, LKS_F64, LKS_F16, LKS_BF16};
static const lks_dtype ints[] = {LKS_I64, LKS_I32, LKS_I16, LKS_U8};

static int draw_shape(trial *t, int64_t *sizes)
{
    return draw_sizes(t, 4, chance(t, 40) ? MANY : NUMEL, sizes);
}

void fill_case(trial *t)
{
    int64_t sizes[LKS_MAX_DIMS];
    const int ndim = draw_shape(t, sizes);
    const lks_view out =
        draw_output(t, (lks_dtype)draw(t, 0, LKS_N_DTYPES - 1), ndim, sizes);

    ck_ok(ready(t)->fill(&out, draw_double(t, -300, 300)));
}

void copy_case(trial *t)
{
    const lks_dtype from = (lks_dtype)draw(t, 0, LKS_N_DTYPES - 1);
    const lks_dtype to = (lks_dtype)draw(t, 0, LKS_N_DTYPES - 1);
    int64_t sizes[LKS_MAX_DIMS];
    const int ndim = draw_shape(t, sizes);
    const lks_view x = draw_input(t, from, ndim, sizes);
    const lks_view out = draw_output(t, to, ndim, sizes);

    ck_ok(ready(t)->copy(&x, &out));
}

/* A formula's p and q. */
static const double *draw_numbers(trial *t, double *numbers)
{
    for (int i = 0; i < LKS_UNARY_NUMBERS; i++)
        numbers[i] = draw_double(t, -3, 3);
    return numbers;
}

void unary_case(trial *t)
{
    const lks_unary op = (lks_unary)draw(t, 0, LKS_N_UNARY - 1);
    const bool is_int = op <= LKS_UNARY_relu && chance(t, 3);
    const lks_dtype dtype = is_int ? ints[draw(t, 0, 3)] : floats[draw(t, 0, 3)];
    int64_t sizes[LKS_MAX_DIMS];
    const int ndim = draw_shape(t, sizes);
    lks_view x = draw_input(t, dtype, ndim, sizes);
    const lks_view out = draw_output(t, dtype, ndim, sizes);
    double numbers[LKS_UNARY_NUMBERS];

    ck_ok(ready(t)->unary(op, draw_numbers(t, numbers), &x,
                          chance(t, 8) && !lks_view_repeats(&x) ? &x : &out));
}

void unary_backward_case(trial *t)
{
    const lks_dtype dtype = draw_f32_or_f64(t);
    int64_t sizes[LKS_MAX_DIMS];
    const int ndim = draw_shape(t, sizes);
    const lks_view x = draw_input(t, dtype, ndim, sizes);
    const lks_view y = draw_input(t, dtype, ndim, sizes);
    const lks_view dy = draw_input(t, dtype, ndim, sizes);
    const lks_view dx = draw_output(t, dtype, ndim, sizes);
    const lks_unary op = (lks_unary)draw(t, 0, LKS_N_UNARY - 1);
    double numbers[LKS_UNARY_NUMBERS];

    ck_ok(ready(t)->unary_backward(op, draw_numbers(t, numbers), &x, &y, &dy, &dx));
}

void binary_case(trial *t)
{
    const lks_dtype dtype = chance(t, 3) ? ints[draw(t, 0, 3)] : floats[draw(t, 0, 3)];
    int64_t sizes[LKS_MAX_DIMS];
    const int ndim = draw_shape(t, sizes);
    const lks_view a = draw_input(t, dtype, ndim, sizes);
    const lks_view b = draw_input(t, dtype, ndim, sizes);
    const lks_view out = draw_output(t, dtype, ndim, sizes);

    ck_ok(ready(t)->binary((lks_binary)draw(t, 0, LKS_N_BINARY - 1), &a, &b, &out));
}

void binary_backward_case(trial *t)
{
    const lks_dtype dtype = draw_f32_or_f64(t);
    int64_t sizes[LKS_MAX_DIMS];
    const int ndim = draw_shape(t, sizes);
    const lks_view a = draw_input(t, dtype, ndim, sizes);
    const lks_view b = draw_input(t, dtype, ndim, sizes);
    const lks_view y = draw_input(t, dtype, ndim, sizes);
    const lks_view dy = draw_input(t, dtype, ndim, sizes);
    const lks_view da = draw_output(t, dtype, ndim, sizes);
    const lks_view db = draw_output(t, dtype, ndim, sizes);

    ck_ok(ready(t)->binary_backward((lks_binary)draw(t, 0, LKS_N_BINARY - 1), &a, &b, &y,
                                    &dy, chance(t, 4) ? NULL : &da,
                                    chance(t, 4) ? NULL : &db));
}

static lks_dtype draw_dtype(trial *t)
{
    return (lks_dtype)draw(t, 0, LKS_N_DTYPES - 1);
}

void compare_case(trial *t)
{
    const lks_dtype dtype = draw_dtype(t);
    int64_t sizes[LKS_MAX_DIMS];
    const int ndim = draw_shape(t, sizes);
    const lks_view a = draw_input(t, dtype, ndim, sizes);
    const lks_view b = draw_input(t, dtype, ndim, sizes);
    const lks_view out = draw_output(t, LKS_BOOL, ndim, sizes);

    ck_ok(ready(t)->compare((lks_compare)draw(t, 0, LKS_N_COMPARE - 1), &a,
                            chance(t, 8) ? &a : &b, &out));
}

void where_case(trial *t)
{
    const lks_dtype dtype = draw_dtype(t);
    int64_t sizes[LKS_MAX_DIMS];
    const int ndim = draw_shape(t, sizes);
    const lks_view condition = draw_input(t, LKS_BOOL, ndim, sizes);
    const lks_view a = draw_input(t, dtype, ndim, sizes);
    const lks_view b = draw_input(t, dtype, ndim, sizes);
    const lks_view out = draw_output(t, dtype, ndim, sizes);

    ck_ok(ready(t)->where(&condition, &a, &b, &out));
}

void dropout_case(trial *t)
{
    const lks_dtype dtype = draw_f32_or_f64(t);
    const int64_t n = draw_size(t, chance(t, 40) ? MANY : NUMEL);
    const lks_view x = draw_dense(t, dtype, 1, &n), y = draw_dense(t, dtype, 1, &n);
    const lks_rng rng = {.seed = (uint64_t)draw(t, 0, 1000), .step = 3, .layer = 1};

    ck_ok(ready(t)->dropout(&x, draw_double(t, 0, 1), &rng, &y));
}

void optim_case(trial *t)
{
    const lks_update update = (lks_update)draw(t, 0, LKS_N_UPDATES - 1);
    const lks_dtype dtype = draw_f32_or_f64(t);
    const int64_t n = draw_size(t, chance(t, 20) ? 3 * MANY : NUMEL);
    const lks_view grad = draw_dense(t, dtype, 1, &n);
    const lks_view param = draw_dense(t, dtype, 1, &n);
    lks_view states[LKS_UPDATE_STATES];
    lks_rates rates;

    for (int i = 0; i < LKS_UPDATE_STATES; i++)
        states[i] = draw_dense(t, dtype, 1, &n);
#define DRAW(name) rates.name = chance(t, 4) ? 0 : draw_double(t, 0, 1);
    LKS_RATE_LIST(DRAW)
    if (chance(t, 2)) /* the gradient is only scaled and decayed */
        rates.l1 = 0, rates.clip = (double)INFINITY;
    ck_ok(ready(t)->optim(update, &rates, &grad, &param, states));
}
