#include "base/try.h"
#include "ops/op.h"

typedef struct dropout {
    double p;
    lks_rng rng;
} dropout;

static lks_status dropout_forward(lks_call *call)
{
    const dropout *params = call->params;

    return call->kernels->dropout(&call->in[0]->view, params->p, &params->rng,
                                  &call->out->view);
}

/* The same elements fall again, the same ones are scaled. */
static lks_status dropout_backward(lks_backprop *bp)
{
    const dropout *params = bp->params;
    lks_tensor *dy = lks_contiguous(bp->dy);
    lks_landing dx;

    if (!dy)
        return LKS_NOMEM;
    LKS_TRY(lks_land_open(bp, 0, false, &dx));
    return lks_land_close(
        bp, &dx, bp->kernels->dropout(&dy->view, params->p, &params->rng, &dx.view));
}

const lks_op lks_op_dropout = {
    .name = "dropout",
    .params_size = sizeof(dropout),
    .infer = lks_infer_same,
    .forward = dropout_forward,
    .backward = dropout_backward,
};

lks_tensor *lks_dropout(lks_tensor *x, double p, const lks_rng *rng)
{
    dropout params = {.p = p};
    lks_tensor *y;

    if (!(p >= 0 && p <= 1)) {
        lks_fail(LKS_INVALID, "dropout: p = %g is not in [0, 1]", p);
        return NULL;
    }
    if (!x || lks_check_rng("dropout", rng) != LKS_OK || lks_scope_open() != LKS_OK)
        return NULL;
    params.rng = *rng;
    x = lks_contiguous(x);
    y = lks_scope_return(lks_op_apply(&lks_op_dropout, &x, 1, &params));
    lks_scope_close();
    return y;
}
