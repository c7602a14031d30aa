#include "cpu/cpu.h"

#include "cpu/kernels/philox.h"
#include "cpu/parallel.h"
#include "layout/view.h"

enum { MIN_CHUNKS_PER_THREAD = 128 };

/* One call; a chunk is what one bulk of Philox blocks decides. */
typedef struct dropping {
    const lks_rng *rng;
    double p;
    int64_t n;
    const void *x;
    void *y;
} dropping;

#define DROP_CHUNKS(T)                                                                   \
    static void drop_chunks_##T(int64_t first, int64_t last, void *context)              \
    {                                                                                    \
        const dropping *d = context;                                                     \
        const float p = (float)d->p;                                                     \
        const T scale = (T)(1 / (1 - d->p));                                             \
        float u[LKS_PHILOX_ELEMENTS];                                                    \
                                                                                         \
        for (int64_t chunk = first; chunk < last; chunk++) {                             \
            int64_t at = chunk * LKS_PHILOX_ELEMENTS, left = d->n - at;                  \
            const T *x = (const T *)d->x + at;                                           \
            T *y = (T *)d->y + at;                                                       \
                                                                                         \
            lks_philox_uniform(d->rng, (uint64_t)chunk *LKS_PHILOX_BLOCKS, u);           \
            LKS_SIMD_FOR(i, left < LKS_PHILOX_ELEMENTS ? left : LKS_PHILOX_ELEMENTS)     \
            y[i] = u[i] >= p ? x[i] * scale : 0;                                         \
        }                                                                                \
    }
DROP_CHUNKS(float)
DROP_CHUNKS(double)

lks_status LKS_CPU(dropout)(const lks_view *x, double p, const lks_rng *rng,
                            const lks_view *y)
{
    dropping d = {rng, p, lks_view_count(x), x->data, y->data};
    int64_t n_chunks = (d.n + LKS_PHILOX_ELEMENTS - 1) / LKS_PHILOX_ELEMENTS;

    if (x->dtype != LKS_F32 && x->dtype != LKS_F64)
        return lks_cpu_no_dtype("dropout", x->dtype);
    lks_parallel_for(x->device.index, n_chunks, MIN_CHUNKS_PER_THREAD,
                     x->dtype == LKS_F32 ? drop_chunks_float : drop_chunks_double, &d);
    return LKS_OK;
}
