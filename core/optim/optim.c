#include "optim/optim.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/optim_options.h"
#include "base/try.h"
#include "nn/flat.h"
#include "optim/clip.h"
#include "optim/optim_type.h"
#include "optim/ranges.h"

#define DECLARE(name) extern const lks_optim_type lks_optim_##name;
LKS_OPTIM_LIST(DECLARE)

static const lks_optim_type *const types[] = {
#define ADDRESS(name) &lks_optim_##name,
    LKS_OPTIM_LIST(ADDRESS)};

enum { N_TYPES = sizeof types / sizeof *types };

/* What a type's options fill. */
typedef union config {
    lks_optim_common common;
    _Alignas(max_align_t) char bytes[LKS_OPTIM_MAX_CONFIG];
} config;

/* One step of these options. */
typedef struct pass {
    lks_update update;
    lks_rates rates;
    double memory[LKS_OPTIM_MAX_MEMORY]; /* from step to step */
} pass;

struct lks_optim {
    const lks_optim_type *type;
    lks_param_block *block;
    uint64_t n_steps;                   /* taken */
    lks_view states[LKS_UPDATE_STATES]; /* flat; without memory where there is none */
    config *configs;                    /* [n_configs]: of no group, then each group's */
    double *first_lr;                   /* [n_configs] */
    pass *passes;                       /* [n_configs] */
    size_t n_configs;
    lks_optim_range *ranges;
    size_t n_ranges;
    double clip_norm, clip_value; /* INFINITY: none */
    /* Of several steps that make one, all but the last. */
    struct {
        uint64_t n, n_added; /* steps */
        double count;        /* what their gradients counted */
        lks_view sums;       /* flat; without memory for n 1 */
    } gathered;
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

/* ---- options ---- */

static lks_status read_config(const lks_optim_type *type, lks_options options,
                              const char *owner, config *out)
{
    LKS_TRY(lks_option_read(type->options, type->n_options, options, owner, out));
    return type->check ? type->check(out) : LKS_OK;
}

/* A group's options first, for the first of a key counts. */
static lks_status read_group(const lks_optim_type *type, lks_options options,
                             const lks_optim_group *group, size_t index, config *out)
{
    const lks_options own = group->options;
    lks_option *all = lks_calloc(own.n_items + options.n_items, sizeof *all);
    char owner[64];
    lks_status st;

    if (!all)
        return LKS_NOMEM;
    for (size_t i = 0; i < own.n_items; i++)
        all[i] = own.items[i];
    for (size_t i = 0; i < options.n_items; i++)
        all[own.n_items + i] = options.items[i];
    snprintf(owner, sizeof owner, "%s, group %zu", type->name, index);
    st = read_config(type, (lks_options){all, own.n_items + options.n_items}, owner, out);
    lks_free(all);
    return st;
}

static lks_status make_configs(lks_optim *optim, lks_options options,
                               const lks_optim_group *groups, size_t n_groups)
{
    const lks_optim_type *type = optim->type;

    optim->configs = lks_calloc(1 + n_groups, sizeof *optim->configs);
    optim->first_lr = lks_calloc(1 + n_groups, sizeof *optim->first_lr);
    optim->passes = lks_calloc(1 + n_groups, sizeof *optim->passes);
    if (!optim->configs || !optim->first_lr || !optim->passes)
        return LKS_NOMEM;
    optim->n_configs = 1 + n_groups;
    LKS_TRY(read_config(type, options, type->name, &optim->configs[0]));
    for (size_t i = 0; i < n_groups; i++)
        LKS_TRY(read_group(type, options, &groups[i], i, &optim->configs[1 + i]));
    for (size_t i = 0; i < optim->n_configs; i++)
        optim->first_lr[i] = optim->configs[i].common.lr;
    return LKS_OK;
}

/* The first options that are as the i-th. */
static size_t first_like(const lks_optim *optim, size_t i)
{
    size_t k = 0;

    while (memcmp(&optim->configs[k], &optim->configs[i], sizeof(config)) != 0)
        k++;
    return k;
}

static lks_status make_ranges(lks_optim *optim, const lks_optim_group *groups,
                              size_t n_groups)
{
    const size_t n_params = lks_param_block_count(optim->block);
    size_t *group_of = lks_calloc(n_params, sizeof *group_of);
    size_t *same = lks_calloc(optim->n_configs, sizeof *same);
    lks_status st = LKS_NOMEM;

    optim->ranges = lks_calloc(n_params, sizeof *optim->ranges);
    if (!group_of || !same || !optim->ranges)
        goto cleanup;
    LKS_GO(lks_optim_assign(groups, n_groups, optim->block, optim->type->name, group_of));
    for (size_t i = 0; i < optim->n_configs; i++)
        same[i] = first_like(optim, i);
    optim->n_ranges = lks_optim_cut(optim->block, group_of, same, optim->ranges);
cleanup:
    lks_free(same);
    lks_free(group_of);
    return st;
}

/* ---- states ---- */

static int n_states_of(lks_update update)
{
    static const int n[] = {
#define N_STATES(name, n_states) [LKS_UPDATE_##name] = n_states,
        LKS_UPDATE_LIST(N_STATES)};

    return n[update];
}

/* Of step `step`, from 1, of the i-th options. */
static void prepare(const lks_optim *optim, size_t i, uint64_t step, double grad_scale,
                    pass *out)
{
    const lks_optim_common *common = &optim->configs[i].common;

    out->rates = (lks_rates){
        .scale = common->maximize ? -grad_scale : grad_scale,
        .clip = optim->clip_value,
        .decay = common->weight_decay,
        .l1 = common->l1,
        .keep = 1,
        .lr = common->lr,
    };
    out->update =
        optim->type->prepare(&optim->configs[i], step, out->memory, &out->rates);
    /* With eps = 0 the gaps between parameters would become 0 / 0. */
    out->rates.eps = fmax(out->rates.eps, FLT_MIN);
}

/* A range of the states, as many as its formula needs. */
static int states_of(const lks_optim *optim, const lks_optim_range *range,
                     lks_update update, lks_view *out)
{
    const int n = n_states_of(update);

    for (int i = 0; i < n; i++)
        out[i] =
            lks_view_part(&optim->states[i], range->begin, range->end - range->begin);
    return n;
}

static lks_status start_states(const lks_optim *optim, const lks_optim_range *range)
{
    const lks_device device = lks_param_block_device(optim->block);
    double values[LKS_UPDATE_STATES] = {0};
    lks_view states[LKS_UPDATE_STATES];
    pass first = {0};
    int n;

    prepare(optim, range->options, 1, 1, &first);
    n = states_of(optim, range, first.update, states);
    optim->type->start(&optim->configs[range->options], values);
    for (int i = 0; i < n; i++)
        if (values[i] != 0)
            LKS_TRY(lks_device_kernels(device)->fill(&states[i], values[i]));
    return LKS_OK;
}

/* As many as the options that need most; the ranges of others leave them zero. */
static lks_status make_states(lks_optim *optim)
{
    int n = 0;

    for (size_t i = 0; i < optim->n_configs; i++) {
        pass first = {0};

        prepare(optim, i, 1, 1, &first);
        if (n_states_of(first.update) > n)
            n = n_states_of(first.update);
    }
    for (int i = 0; i < n; i++)
        LKS_TRY(lks_flat_create(lks_param_block_device(optim->block),
                                lks_param_block_values(optim->block)->dtype,
                                lks_param_block_numel(optim->block), &optim->states[i]));
    for (size_t i = 0; optim->type->start && i < optim->n_ranges; i++)
        LKS_TRY(start_states(optim, &optim->ranges[i]));
    return LKS_OK;
}

/* ---- an optimiser ---- */

lks_status lks_optim_create_grouped(const char *type, lks_options options,
                                    const lks_optim_group *groups, size_t n_groups,
                                    lks_param_block *block, lks_optim **out)
{
    lks_optim *optim = lks_calloc(1, sizeof *optim);
    lks_status st;

    if (!optim)
        return LKS_NOMEM;
    optim->block = block;
    optim->clip_norm = optim->clip_value = (double)INFINITY;
    optim->gathered.n = 1;
    LKS_GO(find_type(type, &optim->type));
    LKS_GO(make_configs(optim, options, groups, n_groups));
    LKS_GO(make_ranges(optim, groups, n_groups));
    LKS_GO(make_states(optim));
    *out = optim;
    optim = NULL;
cleanup:
    lks_optim_destroy(optim);
    return st;
}

lks_status lks_optim_create(const char *type, lks_options options, lks_param_block *block,
                            lks_optim **out)
{
    return lks_optim_create_grouped(type, options, NULL, 0, block, out);
}

void lks_optim_destroy(lks_optim *optim)
{
    if (!optim)
        return;
    for (int i = 0; i < LKS_UPDATE_STATES; i++)
        lks_flat_release(&optim->states[i]);
    lks_flat_release(&optim->gathered.sums);
    lks_free(optim->ranges);
    lks_free(optim->passes);
    lks_free(optim->first_lr);
    lks_free(optim->configs);
    lks_free(optim);
}

lks_status lks_optim_step(lks_optim *optim)
{
    return lks_optim_step_scaled(optim, 1);
}

static lks_status step_range(const lks_optim *optim, const lks_optim_range *range)
{
    const lks_param_block *block = optim->block;
    const pass *now = &optim->passes[range->options];
    const size_t begin = range->begin, n = range->end - range->begin;
    const lks_view grads = lks_view_part(lks_param_block_grads(block), begin, n);
    const lks_view values = lks_view_part(lks_param_block_values(block), begin, n);
    lks_view states[LKS_UPDATE_STATES] = {0};

    states_of(optim, range, now->update, states);
    return lks_device_kernels(lks_param_block_device(block))
        ->optim(now->update, &now->rates, &grads, &values, states);
}

/* What gradients that count times `scale` count times once their norm is clipped. */
static lks_status clip_scale(const lks_optim *optim, double *scale)
{
    double norm, clip;

    if (isinf(optim->clip_norm))
        return LKS_OK;
    LKS_TRY(lks_grad_norm(optim->block, &norm));
    clip = lks_clip_factor(norm * fabs(*scale), optim->clip_norm);
    if (clip < 1)
        *scale *= clip;
    return LKS_OK;
}

lks_status lks_optim_step_scaled(lks_optim *optim, double grad_scale)
{
    LKS_TRY(clip_scale(optim, &grad_scale));
    for (size_t i = 0; i < optim->n_configs; i++)
        prepare(optim, i, optim->n_steps + 1, grad_scale, &optim->passes[i]);
    for (size_t i = 0; i < optim->n_ranges; i++)
        LKS_TRY(step_range(optim, &optim->ranges[i]));
    optim->n_steps++;
    lks_param_block_touch(optim->block);
    return LKS_OK;
}

void lks_optim_clip(lks_optim *optim, double norm, double value)
{
    optim->clip_norm = norm > 0 ? norm : (double)INFINITY;
    optim->clip_value = value > 0 ? value : (double)INFINITY;
}

/* ---- several steps that make one ---- */

lks_status lks_optim_accumulate(lks_optim *optim, uint64_t n)
{
    const lks_param_block *block = optim->block;

    if (n > 1 && !optim->gathered.sums.data)
        LKS_TRY(lks_flat_create(lks_param_block_device(block),
                                lks_param_block_values(block)->dtype,
                                lks_param_block_numel(block), &optim->gathered.sums));
    optim->gathered.n = n;
    optim->gathered.n_added = 0;
    optim->gathered.count = 0;
    return LKS_OK;
}

/* The block's gradients and those so far, in the order of the steps, into `out`. */
static lks_status add_gathered(const lks_optim *optim, const lks_view *out)
{
    const lks_view *grads = lks_param_block_grads(optim->block);
    const lks_kernels *kernels = lks_device_kernels(lks_param_block_device(optim->block));

    return optim->gathered.n_added == 0
               ? kernels->copy(grads, out)
               : kernels->binary(LKS_BINARY_add, &optim->gathered.sums, grads, out);
}

static double divisor_of(double count)
{
    return count > 0 ? count : 1;
}

lks_status lks_optim_step_counted(lks_optim *optim, double count, double *divisor)
{
    double total = count;

    *divisor = divisor_of(count);
    if (optim->gathered.n > 1) {
        total += optim->gathered.count;
        if (optim->gathered.n_added + 1 < optim->gathered.n) {
            LKS_TRY(add_gathered(optim, &optim->gathered.sums));
            optim->gathered.count = total;
            optim->gathered.n_added++;
            return LKS_OK;
        }
        LKS_TRY(add_gathered(optim, lks_param_block_grads(optim->block)));
        optim->gathered.n_added = 0;
        optim->gathered.count = 0;
        *divisor = divisor_of(total);
    }
    return lks_optim_step_scaled(optim, 1 / *divisor);
}

uint64_t lks_optim_n_steps(const lks_optim *optim)
{
    return optim->n_steps;
}

double lks_optim_lr(const lks_optim *optim)
{
    return optim->configs[0].common.lr;
}

void lks_optim_set_lr(lks_optim *optim, double lr)
{
    const double *first = optim->first_lr;

    for (size_t i = 0; i < optim->n_configs; i++)
        if (first[i] == first[0])
            optim->configs[i].common.lr = lr;
        else if (first[0] > 0)
            optim->configs[i].common.lr = lr * (first[i] / first[0]);
}

static double *momentum_of(const lks_optim *optim, size_t i)
{
    return (double *)(optim->configs[i].bytes + optim->type->momentum);
}

lks_status lks_optim_set_momentum(lks_optim *optim, double momentum)
{
    if (optim->type->momentum == 0)
        return lks_fail(
            LKS_INVALID,
            "%s has no momentum that a schedule could move; give the schedule "
            "cycle_momentum: false",
            optim->type->name);
    for (size_t i = 0; i < optim->n_configs; i++)
        if (*momentum_of(optim, i) == 0)
            return lks_fail(LKS_INVALID,
                            "%s has no momentum that a schedule could move; give it one, "
                            "or the schedule cycle_momentum: false",
                            optim->type->name);
    for (size_t i = 0; i < optim->n_configs; i++)
        *momentum_of(optim, i) = momentum;
    return LKS_OK;
}

size_t lks_optim_n_ranges(const lks_optim *optim)
{
    return optim->n_ranges;
}
