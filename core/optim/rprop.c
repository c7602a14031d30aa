/* torch.optim.Rprop: each parameter has a step size, at first lr, that grows by etas[1]
 * while the gradient's sign stays and shrinks by etas[0] where it turns, within
 * step_sizes; p = p - size * sign(g), but where the sign turned.
 * source: Riedmiller & Braun, "A direct adaptive method for faster backpropagation
 * learning: the RPROP algorithm", ICNN 1993 */
#include "optim/optim_type.h"

typedef struct rprop {
    lks_optim_common common;
    double down, up;    /* etas */
    double least, most; /* step_sizes */
} rprop;

static lks_status check(const void *config)
{
    const rprop *params = config;

    if (params->down <= 0 || params->down >= 1 || params->up <= 1)
        return lks_fail(LKS_INVALID,
                        "rprop: etas are %g and %g; they must be between 0 and 1, and "
                        "above 1",
                        params->down, params->up);
    if (params->least > params->most)
        return lks_fail(LKS_INVALID, "rprop: step_sizes are %g and %g; the least first",
                        params->least, params->most);
    return LKS_OK;
}

static lks_update prepare(const void *config, uint64_t step, double *memory,
                          lks_rates *out)
{
    const rprop *params = config;

    (void)step, (void)memory;
    out->down = params->down;
    out->up = params->up;
    out->least = params->least;
    out->most = params->most;
    return LKS_UPDATE_rprop;
}

static void start(const void *config, double *states)
{
    states[1] = ((const rprop *)config)->common.lr;
}

#define RULE(kind, ...) LKS_OPTION_RULE(rprop, kind, __VA_ARGS__)
LKS_OPTIM_TYPE(rprop, .check = check, .prepare = prepare, .start = start);
