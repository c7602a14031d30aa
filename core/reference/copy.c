/* Casts, copies and fills. */
#include "reference/reference.h"

#include <string.h>

#include "base/try.h"
#include "reference/copy_of.h"

/* out[i] = x[i], rounded to nearest even; to f16 and bf16 by way of f32. Of one dtype,
 * the same bits. */
lks_status lks_reference_copy(const lks_view *x, const lks_view *out)
{
    for (int64_t i = 0; i < lks_view_count(out); i++) {
        const char *from = lks_reference_at(x, i);
        char *to = lks_reference_at(out, i);

        if (x->dtype == out->dtype)
            memcpy(to, from, lks_dtype_size_bytes(x->dtype));
        else
            store_number(out->dtype, load_number(x->dtype, from), to);
    }
    return LKS_OK;
}

lks_status lks_reference_fill(const lks_view *out, double value)
{
    for (int64_t i = 0; i < lks_view_count(out); i++)
        store_number(out->dtype, (number){.is_float = true, .f = value},
                     lks_reference_at(out, i));
    return LKS_OK;
}
