#include "core/cpu/views.h"

typedef struct pool_case {
    int64_t n, c, h, w;
    lks_pool2d_params params;
} pool_case;

static const pool_case cases[] = {
    /* LeNet's, then 2 x 2 with every rest of vectors, rows and columns */
    {2, 6, 24, 24, {{2, 2}, {2, 2}, {0, 0}, {1, 1}}},
    {3, 16, 8, 8, {{2, 2}, {2, 2}, {0, 0}, {1, 1}}},
    {2, 2, 7, 5, {{2, 2}, {2, 2}, {0, 0}, {1, 1}}},
    {1, 3, 3, 31, {{2, 2}, {2, 2}, {0, 0}, {1, 1}}},
    {1, 1, 2, 2, {{2, 2}, {2, 2}, {0, 0}, {1, 1}}},
    {1, 1, 6, 58, {{2, 2}, {2, 2}, {0, 0}, {1, 1}}},
    /* overlapping, padded, dilated, uneven */
    {2, 3, 9, 10, {{3, 3}, {2, 2}, {1, 1}, {1, 1}}},
    {1, 2, 8, 7, {{3, 2}, {1, 3}, {1, 0}, {2, 1}}},
    {1, 2, 7, 7, {{2, 2}, {2, 2}, {1, 1}, {1, 1}}},
    {1, 1, 5, 5, {{5, 5}, {1, 1}, {0, 0}, {1, 1}}},
    {1, 1, 6, 6, {{3, 3}, {2, 2}, {1, 1}, {2, 2}}},
    /* windows of one element, which no dilation spreads */
    {2, 1, 3, 4, {{1, 1}, {1, 2}, {0, 0}, {INT64_MAX, INT64_MAX}}},
    {0, 2, 4, 4, {{2, 2}, {2, 2}, {0, 0}, {1, 1}}},
};

enum { N_CASES = sizeof cases / sizeof *cases };

static int64_t out_size(const pool_case *c, int d)
{
    const lks_pool2d_params *p = &c->params;

    return ((d ? c->w : c->h) + 2 * p->padding[d] - p->dilation[d] * (p->kernel[d] - 1) -
            1) /
               p->stride[d] +
           1;
}

/* The place of output i's maximum, by the definition. */
static int64_t place_of(const pool_case *c, const array *x, int64_t i)
{
    const lks_pool2d_params *p = &c->params;
    int64_t oh = out_size(c, 0), ow = out_size(c, 1), plane = i / (oh * ow), best = -1;

    for (int64_t kh = 0; kh < p->kernel[0]; kh++)
        for (int64_t kw = 0; kw < p->kernel[1]; kw++) {
            int64_t h = i / ow % oh * p->stride[0] - p->padding[0] + kh * p->dilation[0];
            int64_t w = i % ow * p->stride[1] - p->padding[1] + kw * p->dilation[1];
            double v, old;

            if (h < 0 || h >= c->h || w < 0 || w >= c->w)
                continue;
            v = get(x, (plane * c->h + h) * c->w + w);
            old = best < 0 ? 0 : get(x, plane * c->h * c->w + best);
            if (best < 0 || v > old || (isnan(v) && !isnan(old)))
                best = h * c->w + w;
        }
    return best;
}

static void check_pool(const lks_kernels *k, const char *isa, const pool_case *c,
                       array *x)
{
    lks_dtype dtype = x->view.dtype;
    array y = array_new(dtype, SIZES(c->n, c->c, out_size(c, 0), out_size(c, 1)), 1);
    array index = array_new(LKS_I32, 4, y.view.sizes, 3);
    array dy = array_random(dtype, 4, y.view.sizes, 1, 8);
    array dx = array_random(dtype, 4, x->view.sizes, 1, 9),
          want = array_new(dtype, 4, x->view.sizes, 0);
    int64_t out = out_size(c, 0) * out_size(c, 1);

    ck_ok(k->max_pool2d(&x->view, &c->params, &y.view, &index.view));
    for (int64_t i = 0; i < view_numel(&y.view); i++) {
        int64_t place = place_of(c, x, i), at = i / out * c->h * c->w + place;
        double v = get(x, at);

        ck_assert_msg((int64_t)get(&index, i) == place,
                      "%s: output %d is from %d, not %d", isa, (int)i,
                      (int)get(&index, i), (int)place);
        ck_assert(get(&y, i) == v || (isnan(v) && isnan(get(&y, i))));
        put_at(&want.view, at, get(&want, at) + get(&dy, i));
    }
    ck_ok(k->max_pool2d_backward(&dy.view, &index.view, &c->params, &dx.view));
    assert_close(isa, &dx, &want, dtype == LKS_F32 ? 1e-6 : 1e-15);
    array_free(&y);
    array_free(&index);
    array_free(&dy);
    array_free(&dx);
    array_free(&want);
}

START_TEST(windows_give_their_maximum_and_its_place)
{
    FOR_EACH_TABLE(k, isa)
    for (int i = 0; i < N_CASES; i++)
        for (int d = 0; d < 2; d++) {
            const pool_case *c = &cases[i];
            array x =
                array_random(d ? LKS_F64 : LKS_F32, SIZES(c->n, c->c, c->h, c->w), 1, 3);

            check_pool(k, isa, c, &x);
            array_free(&x);
        }
}
END_TEST

START_TEST(the_first_of_equals_and_of_nans_wins)
{
    const double palette[] = {0, 1, -1, (double)NAN, -(double)INFINITY, (double)INFINITY};

    FOR_EACH_TABLE(k, isa)
    for (int i = 0; i < N_CASES; i++)
        for (int n_values = 1; n_values <= 6; n_values++) {
            const pool_case *c = &cases[i];
            array x = array_random(LKS_F32, SIZES(c->n, c->c, c->h, c->w), 0, 3);

            for (int64_t j = 0; j < view_numel(&x.view); j++)
                put_at(&x.view, j, palette[(int)((get(&x, j) + 1) * 500) % n_values]);
            check_pool(k, isa, c, &x);
            array_free(&x);
        }
}
END_TEST

START_TEST(integers_are_refused_by_name)
{
    array x = array_new(LKS_I32, SIZES(1, 1, 2, 2), 0),
          y = array_new(LKS_I32, SIZES(1, 1, 1, 1), 0);

    ck_fails(lks_cpu_kernels()->max_pool2d(&x.view, &cases[0].params, &y.view, &y.view),
             LKS_DTYPE, "max_pool2d does not take int32");
    array_free(&x);
    array_free(&y);
}
END_TEST

LKS_SUITE("pool", windows_give_their_maximum_and_its_place,
          the_first_of_equals_and_of_nans_wins, integers_are_refused_by_name)
