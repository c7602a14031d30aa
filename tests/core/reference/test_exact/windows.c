#include "trial.h"

#include "reference/reference.h"

/* A convolution that has an output. */
typedef struct conv {
    lks_dtype dtype;
    int64_t n, c, h, w, o, kh, kw, oh, ow; /* c and o over all groups */
    lks_conv2d_params params;
} conv;

static int64_t out_size(int64_t in, int64_t kernel, int64_t stride, int64_t padding,
                        int64_t dilation)
{
    return (in + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1;
}

/* Mostly small; now and then a batch of several chunks, planes of several bands, or rows
 * of more pixels than a block. */
static conv draw_conv(trial *t)
{
    const int kind = (int)draw(t, 0, 11);
    const int64_t groups = chance(t, 4) ? draw(t, 2, 3) : 1;
    conv c = {
        .dtype = draw_f32_or_f64(t),
        .n = kind == 0 ? draw(t, 17, 50) : draw(t, 1, 3),
        .c = groups * (kind == 1 ? draw(t, 20, 40) : draw(t, 1, 4)),
        .h = kind == 1   ? draw(t, 30, 40)
             : kind == 2 ? draw(t, 2, 4)
             : kind == 3 ? draw(t, 40, 60)
                         : draw(t, 1, 12),
        .w = kind == 1   ? draw(t, 30, 40)
             : kind == 2 ? draw(t, 1000, 1100)
             : kind == 3 ? draw(t, 30, 60)
                         : draw(t, 1, 14),
        .o = groups * (kind == 0 || kind == 1 ? draw(t, 1, 2) : draw_size(t, 34)),
        .params.groups = groups,
    };
    const int64_t sizes[2] = {c.h, c.w};
    int64_t kernel[2], out[2];

    for (int d = 0; d < 2; d++) {
        c.params.stride[d] = chance(t, 2) ? 1 : draw(t, 1, 4);
        c.params.dilation[d] = chance(t, 3) ? draw(t, 1, 3) : 1;
        c.params.padding[d] = chance(t, 2) ? 0 : draw(t, 0, 4);
        kernel[d] = draw(
            t, 1, (sizes[d] + 2 * c.params.padding[d] - 1) / c.params.dilation[d] + 1);
        if (kernel[d] > 7)
            kernel[d] = draw(t, 1, 7);
        out[d] = out_size(sizes[d], kernel[d], c.params.stride[d], c.params.padding[d],
                          c.params.dilation[d]);
        /* One fewer than there is room for, as of a transposed one's output_padding. */
        if (chance(t, 4) && out[d] > 1)
            out[d]--;
    }
    c.kh = kernel[0], c.kw = kernel[1], c.oh = out[0], c.ow = out[1];
    return c;
}

static lks_view draw_x(trial *t, const conv *c)
{
    return draw_dense(t, c->dtype, SIZES(c->n, c->c, c->h, c->w));
}

static lks_view draw_w(trial *t, const conv *c)
{
    return draw_dense(t, c->dtype, SIZES(c->o, c->c / c->params.groups, c->kh, c->kw));
}

static lks_view draw_y(trial *t, const conv *c)
{
    return draw_dense(t, c->dtype, SIZES(c->n, c->o, c->oh, c->ow));
}

void conv2d_case(trial *t)
{
    const conv c = draw_conv(t);
    const lks_view x = draw_x(t, &c), w = draw_w(t, &c), y = draw_y(t, &c);
    const lks_view bias = draw_dense(t, c.dtype, 1, &c.o);

    ck_ok(ready(t)->conv2d(&x, &w, chance(t, 3) ? NULL : &bias, &c.params, &y));
}

void conv2d_backward_data_case(trial *t)
{
    const conv c = draw_conv(t);
    const lks_view dx = draw_x(t, &c), w = draw_w(t, &c), dy = draw_y(t, &c);

    ck_ok(ready(t)->conv2d_backward_data(&dy, &w, &c.params, &dx));
}

void conv2d_backward_weight_case(trial *t)
{
    const conv c = draw_conv(t);
    const lks_view x = draw_x(t, &c), dw = draw_w(t, &c), dy = draw_y(t, &c);
    const lks_view dbias = draw_dense(t, c.dtype, 1, &c.o);

    ck_ok(ready(t)->conv2d_backward_weight(&x, &dy, &c.params, chance(t, 2), &dw,
                                           chance(t, 3) ? NULL : &dbias));
}

/* A pooling; windows of 2 x 2 side by side as often as all others. */
typedef struct pool {
    lks_dtype dtype;
    int64_t n, c, h, w, oh, ow;
    lks_pool2d_params params;
} pool;

static pool draw_pool(trial *t)
{
    const bool is_2x2 = chance(t, 2);
    pool p = {
        .dtype = draw_f32_or_f64(t),
        .n = draw(t, 1, 3),
        .c = draw(t, 1, chance(t, 20) ? 40 : 3),
        .h = draw(t, 2, 40),
        .w = draw(t, 2, 40),
    };
    const int64_t sizes[2] = {p.h, p.w};
    int64_t out[2];

    for (int d = 0; d < 2; d++) {
        lks_pool2d_params *k = &p.params;

        k->kernel[d] = is_2x2 ? 2 : draw(t, 1, 4);
        k->stride[d] = is_2x2 ? 2 : draw(t, 1, 4);
        k->padding[d] = is_2x2 ? 0 : draw(t, 0, k->kernel[d] / 2);
        k->dilation[d] = is_2x2 || chance(t, 2) ? 1 : draw(t, 1, 2);
        while (k->dilation[d] * (k->kernel[d] - 1) >= sizes[d])
            k->dilation[d] = k->kernel[d] = 1, k->padding[d] = 0;
        out[d] =
            out_size(sizes[d], k->kernel[d], k->stride[d], k->padding[d], k->dilation[d]);
        /* A last window that goes beyond, as by ceil_mode. */
        if (chance(t, 3) && out[d] * k->stride[d] < sizes[d])
            out[d]++;
    }
    p.oh = out[0], p.ow = out[1];
    return p;
}

void max_pool2d_case(trial *t)
{
    const pool p = draw_pool(t);
    const lks_view x = draw_dense(t, p.dtype, SIZES(p.n, p.c, p.h, p.w));
    const lks_view y = draw_dense(t, p.dtype, SIZES(p.n, p.c, p.oh, p.ow));
    const lks_view index = draw_dense(t, LKS_I32, SIZES(p.n, p.c, p.oh, p.ow));

    ck_ok(ready(t)->max_pool2d(&x, &p.params, &y, &index));
}

void max_pool2d_backward_case(trial *t)
{
    const pool p = draw_pool(t);
    const lks_view x = draw_dense(t, p.dtype, SIZES(p.n, p.c, p.h, p.w));
    const lks_view y = draw_dense(t, p.dtype, SIZES(p.n, p.c, p.oh, p.ow));
    const lks_view dy = draw_dense(t, p.dtype, SIZES(p.n, p.c, p.oh, p.ow));
    const lks_view index = draw_dense(t, LKS_I32, SIZES(p.n, p.c, p.oh, p.ow));
    const lks_view dx = draw_dense(t, p.dtype, SIZES(p.n, p.c, p.h, p.w));
    const lks_kernels *k;

    k = ready(t);
    ck_ok(k->max_pool2d(&x, &p.params, &y, &index));
    ck_ok(k->max_pool2d_backward(&dy, &index, &p.params, &dx));
}

/* Windows as above, or adaptive ones, of any number. */
static pool draw_means(trial *t, lks_avg_pool2d_params *out)
{
    pool p = draw_pool(t);

    *out = (lks_avg_pool2d_params){
        .divisor_override = chance(t, 4) ? draw(t, -3, 3) : 0,
        .leave_out_padding = chance(t, 2),
        .adaptive = chance(t, 3),
    };
    for (int d = 0; d < 2; d++) {
        const int64_t size = d == 0 ? p.h : p.w;
        int64_t *n = d == 0 ? &p.oh : &p.ow;

        out->kernel[d] = p.params.kernel[d];
        out->stride[d] = p.params.stride[d];
        out->padding[d] = p.params.padding[d];
        *n = out_size(size, out->kernel[d], out->stride[d], out->padding[d], 1);
        if (chance(t, 3) && *n * out->stride[d] < size)
            (*n)++;
        if (out->adaptive)
            *n = draw(t, 1, chance(t, 2) ? size : 2 * size);
    }
    return p;
}

void avg_pool2d_case(trial *t)
{
    lks_avg_pool2d_params params;
    const pool p = draw_means(t, &params);
    const lks_view x = draw_dense(t, p.dtype, SIZES(p.n, p.c, p.h, p.w));
    const lks_view y = draw_dense(t, p.dtype, SIZES(p.n, p.c, p.oh, p.ow));

    ck_ok(ready(t)->avg_pool2d(&x, &params, &y));
}

void avg_pool2d_backward_case(trial *t)
{
    lks_avg_pool2d_params params;
    const pool p = draw_means(t, &params);
    const lks_view dy = draw_dense(t, p.dtype, SIZES(p.n, p.c, p.oh, p.ow));
    const lks_view dx = draw_dense(t, p.dtype, SIZES(p.n, p.c, p.h, p.w));

    ck_ok(ready(t)->avg_pool2d_backward(&dy, &params, &dx));
}
