#include "cpu/cpu.h"
#include "cpu/loops.h"

enum { CHUNK = 256 };

lks_status LKS_CPU(dropout)(const lks_view *x, double p, const lks_rng *rng,
                            const lks_view *y)
{
    const float threshold = (float)p, scale = (float)(1 / (1 - p));
    int64_t n = lks_view_numel(x);
    float u[CHUNK];

    if (x->dtype != LKS_F32 && x->dtype != LKS_F64)
        return lks_cpu_no_dtype("dropout", x->dtype);
    for (int64_t first = 0; first < n; first += CHUNK) {
        int64_t count = n - first < CHUNK ? n - first : CHUNK;

        lks_rng_uniform_f32(rng, (uint64_t)first, (size_t)count, u);
        for (int64_t i = 0; i < count; i++) {
            if (x->dtype == LKS_F32)
                ((float *)y->data)[first + i] =
                    u[i] >= threshold ? ((const float *)x->data)[first + i] * scale : 0;
            else
                ((double *)y->data)[first + i] =
                    u[i] >= threshold ? ((const double *)x->data)[first + i] / (1 - p)
                                      : 0;
        }
    }
    return LKS_OK;
}
