/* Average pooling: the reference's page, a plane to a thread. */
#include "cpu/cpu.h"

#include "cpu/parallel.h"
#include "geometry.h"
#include "layout/view.h"

#define T float
#include "reference/avg_pool_of.h"
#undef T
#define T double
#include "reference/avg_pool_of.h"
#undef T

typedef struct planes {
    averaging p;
    const void *in;
    void *out;
} planes;

/* clang-format off */
#define RANGES(T)                                                                        \
    static void forward_##T(int64_t first, int64_t last, void *context)                  \
    {                                                                                    \
        const planes *c = context;                                                       \
        const averaging *p = &c->p;                                                      \
                                                                                         \
        for (int64_t i = first; i < last; i++)                                           \
            avg_pool_##T(p, (const T *)c->in + i * p->in[0] * p->in[1],                  \
                         (T *)c->out + i * p->out[0] * p->out[1]);                       \
    }                                                                                    \
                                                                                         \
    static void backward_##T(int64_t first, int64_t last, void *context)                 \
    {                                                                                    \
        const planes *c = context;                                                       \
        const averaging *p = &c->p;                                                      \
                                                                                         \
        for (int64_t i = first; i < last; i++)                                           \
            avg_pool_backward_##T(p, (const T *)c->in + i * p->out[0] * p->out[1],       \
                                  (T *)c->out + i * p->in[0] * p->in[1]);                \
    }
RANGES(float)
RANGES(double)
/* clang-format on */

/* `x`: the input, or its gradient. */
static void run(const lks_view *x, planes *c, lks_range_fn f32, lks_range_fn f64)
{
    if (lks_view_count(x) > 0) /* else a plane may be beyond all products */
        lks_parallel_for(x->device.index, x->sizes[0] * x->sizes[1],
                         16384 / (c->p.in[0] * c->p.in[1]) + 1,
                         x->dtype == LKS_F32 ? f32 : f64, c);
}

lks_status LKS_CPU(avg_pool2d)(const lks_view *x, const lks_avg_pool2d_params *params,
                               const lks_view *y)
{
    planes c = {averaging_of(x, y, params), x->data, y->data};

    if (x->dtype != LKS_F32 && x->dtype != LKS_F64)
        return lks_cpu_no_dtype("avg_pool2d", x->dtype);
    run(x, &c, forward_float, forward_double);
    return LKS_OK;
}

lks_status LKS_CPU(avg_pool2d_backward)(const lks_view *dy,
                                        const lks_avg_pool2d_params *params,
                                        const lks_view *dx)
{
    planes c = {averaging_of(dx, dy, params), dy->data, dx->data};

    if (dy->dtype != LKS_F32 && dy->dtype != LKS_F64)
        return lks_cpu_no_dtype("avg_pool2d_backward", dy->dtype);
    run(dx, &c, backward_float, backward_double);
    return LKS_OK;
}
