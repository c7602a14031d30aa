#include "optim/optim.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/optim_options.h"
#include "base/try.h"
#include "nn/flat.h"
#include "optim/optim_type.h"

#define DECLARE(name) extern const lks_optim_type lks_optim_##name;
LKS_OPTIM_LIST(DECLARE)

static const lks_optim_type *const types[] = {
#define ADDRESS(name) &lks_optim_##name,
    LKS_OPTIM_LIST(ADDRESS)};

enum { N_TYPES = sizeof types / sizeof *types };

struct lks_optim {
    const lks_optim_type *type;
    lks_param_block *block;
    uint64_t n_steps;                      /* taken */
    lks_view states[LKS_OPTIM_MAX_STATES]; /* flat; without memory where there is none */
    union {
        double lr; /* every configuration begins with it */
        _Alignas(max_align_t) char bytes[LKS_OPTIM_MAX_CONFIG];
    } config;
};

static lks_status find_type(const char *name, const lks_optim_type **out)
{
    char known[256];
    size_t n = 0;

    for (size_t i = 0; i < N_TYPES; i++) {
        if (strcmp(types[i]->name, name) == 0) {
            *out = types[i];
            return LKS_OK;
        }
        if (n < sizeof known)
            n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "",
                                  types[i]->name);
    }
    return lks_fail(LKS_INVALID, "there is no optimizer '%s'; there are: %s", name,
                    known);
}

static lks_status make_states(lks_optim *optim)
{
    const int n = optim->type->n_states(&optim->config);

    for (int i = 0; i < n; i++)
        LKS_TRY(lks_flat_create(lks_param_block_device(optim->block),
                                lks_param_block_numel(optim->block), &optim->states[i]));
    return LKS_OK;
}

lks_status lks_optim_create(const char *type, lks_options options, lks_param_block *block,
                            lks_optim **out)
{
    lks_optim *optim = lks_calloc(1, sizeof *optim);
    lks_status st;

    if (!optim)
        return LKS_NOMEM;
    optim->block = block;
    LKS_GO(find_type(type, &optim->type));
    LKS_GO(lks_option_read(optim->type->options, optim->type->n_options, options, type,
                           &optim->config));
    if (optim->type->check)
        LKS_GO(optim->type->check(&optim->config));
    LKS_GO(make_states(optim));
    *out = optim;
    optim = NULL;
cleanup:
    lks_optim_destroy(optim);
    return st;
}

void lks_optim_destroy(lks_optim *optim)
{
    if (!optim)
        return;
    for (int i = 0; i < LKS_OPTIM_MAX_STATES; i++)
        lks_flat_release(&optim->states[i]);
    lks_free(optim);
}

lks_status lks_optim_step(lks_optim *optim)
{
    return lks_optim_step_scaled(optim, 1);
}

lks_status lks_optim_step_scaled(lks_optim *optim, double grad_scale)
{
    lks_param_block *block = optim->block;

    LKS_TRY(optim->type->step(lks_device_kernels(lks_param_block_device(block)),
                              &optim->config, optim->n_steps + 1, grad_scale,
                              lks_param_block_grads(block), lks_param_block_values(block),
                              optim->states));
    optim->n_steps++;
    lks_param_block_touch(block);
    return LKS_OK;
}

double lks_optim_lr(const lks_optim *optim)
{
    return optim->config.lr;
}

void lks_optim_set_lr(lks_optim *optim, double lr)
{
    optim->config.lr = lr;
}

lks_status lks_grad_norm(const lks_param_block *block, double *out)
{
    const lks_device device = lks_param_block_device(block);
    const lks_kernels *kernels = lks_device_kernels(device);
    double squares, *sum = kernels->alloc(device.index, sizeof *sum);
    const lks_view total = lks_view_flat(device, sum, LKS_F64, 1);
    lks_status st;

    if (!sum)
        return LKS_NOMEM;
    LKS_GO(kernels->reduce(LKS_REDUCE_SUM_SQUARES, lks_param_block_grads(block), &total));
    LKS_GO(kernels->copy_out(device.index, &squares, sum, sizeof squares));
    *out = sqrt(squares);
cleanup:
    kernels->free(device.index, sum, sizeof *sum);
    return st;
}
