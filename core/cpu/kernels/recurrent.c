/* Recurrent layers: f64, which is for gradient checks, by the reference's page, the threads
 * sharing the sequences; f32 by recurrent_f32.c. */
#include "cpu/kernels/recurrent.h"

#include "base/try.h"
#include "cpu/parallel.h"
#include "formulas.h"
#include "layout/index.h"

#define T double
#include "reference/recurrent_of.h"
#undef T

typedef struct sequences {
    const lks_recurrent *r;
    const lks_recurrent_grads *g; /* NULL: forward */
    int64_t n_parts;
    char *scratch; /* [n_parts][scratch_bytes] */
    size_t scratch_bytes;
} sequences;

static void run_parts(int64_t first, int64_t last, void *context)
{
    const sequences *s = context;
    const int64_t N = s->r->y->sizes[1];

    for (int64_t part = first; part < last; part++) {
        void *scratch = s->scratch + (size_t)part * s->scratch_bytes;

        for (int64_t n = N * part / s->n_parts; n < N * (part + 1) / s->n_parts; n++)
            if (s->g)
                recurrent_backward_double(s->r, s->g, n, scratch);
            else
                recurrent_double(s->r, n, scratch);
    }
}

static lks_status run_f64(const lks_recurrent *r, const lks_recurrent_grads *g)
{
    const int index = r->y->device.index;
    sequences s = {.r = r, .g = g};

    s.n_parts = lks_parallel_parts(index, r->y->sizes[1], 1);
    s.scratch_bytes = recurrent_scratch_double(r);
    s.scratch = lks_cpu_alloc(index, (size_t)s.n_parts * s.scratch_bytes);
    if (!s.scratch)
        return LKS_NOMEM;
    lks_parallel_for(index, s.n_parts, 1, run_parts, &s);
    lks_cpu_free(index, s.scratch, (size_t)s.n_parts * s.scratch_bytes);
    return LKS_OK;
}

static lks_status run(const char *kernel, const lks_recurrent *r,
                      const lks_recurrent_grads *g)
{
    const lks_dtype dtype = r->y->dtype;

    if (dtype != LKS_F32 && dtype != LKS_F64)
        return lks_cpu_no_dtype(kernel, dtype);
    LKS_TRY(lks_lengths_check(kernel, r->lengths, r->y->sizes[0]));
    return dtype == LKS_F32 ? LKS_CPU(recurrent_f32)(r, g) : run_f64(r, g);
}

lks_status LKS_CPU(recurrent)(const lks_recurrent *r)
{
    return run("recurrent", r, NULL);
}

lks_status LKS_CPU(recurrent_backward)(const lks_recurrent *r,
                                       const lks_recurrent_grads *g)
{
    return run("recurrent_backward", r, g);
}
