#include "compare.h"

#include <math.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/try.h"

/* By how much a difference leaves what is allowed: above 1 it does. */
static double excess(double got, double want, bounds allowed)
{
    double bound = allowed.relative * fabs(want) + allowed.absolute;

    if (got == want || (isnan(got) && isnan(want)))
        return 0;
    if (!isfinite(got) || !isfinite(want))
        return INFINITY;
    return bound > 0 ? fabs(got - want) / bound : INFINITY;
}

bool compare_numbers(const char *what, const double *got, const double *want, size_t n,
                     bounds allowed, char *why, size_t size)
{
    size_t n_wrong = 0, worst = 0;
    double most = 1;

    for (size_t i = 0; i < n; i++) {
        const double e = excess(got[i], want[i], allowed);

        n_wrong += e > 1;
        if (e > most) {
            most = e;
            worst = i;
        }
    }
    if (n_wrong > 0)
        snprintf(why, size,
                 "%s: %zu of %zu elements differ; worst [%zu]: %.17g, wanted %.17g, "
                 "difference %.3g",
                 what, n_wrong, n, worst, got[worst], want[worst],
                 fabs(got[worst] - want[worst]));
    return n_wrong == 0;
}

static double value_at(const void *values, lks_dtype dtype, size_t i)
{
    switch (dtype) {
    case LKS_F64:
        return ((const double *)values)[i];
    case LKS_F32:
        return ((const float *)values)[i];
    case LKS_I64:
        return (double)((const int64_t *)values)[i];
    case LKS_I32:
        return ((const int32_t *)values)[i];
    case LKS_I16:
        return ((const int16_t *)values)[i];
    default:
        return ((const uint8_t *)values)[i];
    }
}

static lks_status compare_values(const char *what, const lks_tensor *got,
                                 const item *want, bounds allowed, bool *same, char *why,
                                 size_t size)
{
    const size_t n = (size_t)lks_numel(got);
    double *a = lks_calloc(n + 1, sizeof *a), *b = lks_calloc(n + 1, sizeof *b);
    void *host = lks_calloc(n + 1, LKS_MAX_ELEMENT_BYTES);
    lks_status st = LKS_NOMEM;

    if (!a || !b || !host)
        goto cleanup;
    LKS_GO(lks_to_host(got, host));
    for (size_t i = 0; i < n; i++) {
        a[i] = value_at(host, want->dtype, i);
        b[i] = value_at(want->values, want->dtype, i);
    }
    if (!lks_dtype_is_float(want->dtype))
        allowed = (bounds){0, 0};
    *same = compare_numbers(what, a, b, n, allowed, why, size);
cleanup:
    lks_free(a);
    lks_free(b);
    lks_free(host);
    return st;
}

lks_status compare_tensor(const char *what, const lks_tensor *got, const item *want,
                          bounds allowed, bool *same, char *why, size_t size)
{
    const lks_shape shape = lks_sizes(got);
    char have_text[LKS_SHAPE_TEXT], want_text[LKS_SHAPE_TEXT];

    *same = false;
    if (lks_shape_equal(&shape, &want->shape) && lks_tensor_dtype(got) == want->dtype)
        return compare_values(what, got, want, allowed, same, why, size);
    snprintf(
        why, size, "%s: %s %s, wanted %s %s", what, lks_dtype_name(lks_tensor_dtype(got)),
        lks_shape_text(&shape, have_text, sizeof have_text), lks_dtype_name(want->dtype),
        lks_shape_text(&want->shape, want_text, sizeof want_text));
    return LKS_OK;
}
