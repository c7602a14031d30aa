/* Recurrent layers: recurrent_of.h, sequence by sequence. */
#include "reference/reference.h"

#include "base/try.h"
#include "formulas.h"
#include "layout/index.h"

#define T float
#include "reference/recurrent_of.h"
#undef T
#define T double
#include "reference/recurrent_of.h"
#undef T

/* Forward, or backward if there are gradients. */
static lks_status run(const char *kernel, const lks_recurrent *r,
                      const lks_recurrent_grads *g)
{
    const lks_dtype dtype = r->y->dtype;
    size_t n_bytes;
    void *scratch;

    if (dtype != LKS_F32 && dtype != LKS_F64)
        return lks_reference_no_dtype(kernel, dtype);
    LKS_TRY(lks_lengths_check(kernel, r->lengths, r->y->sizes[0]));
    n_bytes = dtype == LKS_F32 ? recurrent_scratch_float(r) : recurrent_scratch_double(r);
    scratch = lks_reference_alloc(0, n_bytes);
    if (!scratch)
        return LKS_NOMEM;
    for (int64_t n = 0; n < r->y->sizes[1]; n++)
        if (dtype == LKS_F32 && g)
            recurrent_backward_float(r, g, n, scratch);
        else if (dtype == LKS_F32)
            recurrent_float(r, n, scratch);
        else if (g)
            recurrent_backward_double(r, g, n, scratch);
        else
            recurrent_double(r, n, scratch);
    lks_reference_free(0, scratch, n_bytes);
    return LKS_OK;
}

lks_status lks_reference_recurrent(const lks_recurrent *r)
{
    return run("recurrent", r, NULL);
}

lks_status lks_reference_recurrent_backward(const lks_recurrent *r,
                                            const lks_recurrent_grads *g)
{
    return run("recurrent_backward", r, g);
}
