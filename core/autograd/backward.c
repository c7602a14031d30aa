#include "autograd/backward.h"

#include "autograd/sweep.h"
#include "base/alloc.h"

/* Of the functions below: NULL in an optional place is a failed expression's if a failure
 * stands. */
static lks_status run(lks_tensor *const *ys, lks_tensor *const *cotangents, int n,
                      const lks_backward_options *options)
{
    const lks_sweep_plan plan = {
        .name = "backward",
        .roots = ys,
        .cotangents = cotangents,
        .n_roots = n,
        .retain_graph = options && options->retain_graph,
        .create_graph = options && options->create_graph,
    };

    for (int i = 0; i < n; i++)
        if (!cotangents[i] && lks_error_status() != LKS_OK)
            return lks_error_status();
    return lks_sweep_run(&plan);
}

lks_status lks_backward(lks_tensor *loss)
{
    return lks_backward_with(loss, NULL, NULL);
}

lks_status lks_backward_from(lks_tensor *y, lks_tensor *cotangent)
{
    if (!y || !cotangent)
        return lks_refuse_null("backward");
    return lks_backward_with(y, cotangent, NULL);
}

lks_status lks_backward_with(lks_tensor *y, lks_tensor *cotangent,
                             const lks_backward_options *options)
{
    return run(&y, &cotangent, 1, options);
}

lks_status lks_backward_all(lks_tensor *const *ys, lks_tensor *const *cotangents, int n,
                            const lks_backward_options *options)
{
    lks_tensor **none = NULL;
    lks_status st;

    if (n < 1)
        return lks_fail(LKS_INVALID, "backward: of no tensors");
    if (!cotangents && !(none = lks_calloc((size_t)n, sizeof *none)))
        return LKS_NOMEM;
    st = run(ys, cotangents ? cotangents : none, n, options);
    lks_free(none);
    return st;
}
