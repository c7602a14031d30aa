/* Optimisers: one pass over a model's flat blocks. Meaning and defaults are
 * torch.optim's.
 *
 * Add one: a file in optim/ with a const lks_optim_type, its name and options in
 * base/optim_options.h. */
#ifndef LKS_OPTIM_OPTIM_H
#define LKS_OPTIM_OPTIM_H

#include "base/option.h"
#include "nn/param_block.h"
#include "optim/clip.h"

typedef struct lks_optim lks_optim;

/* `type`: "sgd", "adam", "adamw" … with the options of base/optim_options.h. All take
 * `maximize`, and `l1`: the weight of the parameters' 1-norm, whose subgradient sign(p) is
 * added to the gradient (0 at 0). The block, f32 or f64, is borrowed and outlives the
 * optimiser. LKS_INVALID: unknown type or option, or a value out of range; LKS_NOMEM. */
lks_status lks_optim_create(const char *type, lks_options options, lks_param_block *block,
                            lks_optim **out);

/* Parameters with options of their own; what a group does not say is as for the others.
 * params: names as of the block, or patterns with * and ?: "*.bias". Borrowed. */
typedef struct lks_optim_group {
    const char *const *params;
    size_t n_params;
    lks_options options;
} lks_optim_group;

/* The same with groups: ranges of the flat blocks, one pass each; neighbours of the same
 * options are one range. LKS_INVALID also: a name or pattern that no parameter has, a
 * parameter in two groups. */
lks_status lks_optim_create_grouped(const char *type, lks_options options,
                                    const lks_optim_group *groups, size_t n_groups,
                                    lks_param_block *block, lks_optim **out);
/* NULL is fine. */
void lks_optim_destroy(lks_optim *optim);

/* Update the values from the block's gradients. Gradients that no contribution reached
 * must be zero: lks_param_block_fill_missing_grads. LKS_DEVICE: the device failed (never
 * a CPU); the values are then undefined. */
lks_status lks_optim_step(lks_optim *optim);

/* The same where the block holds the gradients divided by `grad_scale`: sums, say, with a
 * scale of 1 / count. The scaling costs no pass of its own. */
lks_status lks_optim_step_scaled(lks_optim *optim, double grad_scale);

/* From now on gradients are clipped in each step, first so that their norm is at most
 * `norm`, then each between -value and value; 0: not. Their scale counts, they stay in the
 * block as they are. The norm costs a pass over them, and the host waits for it. */
void lks_optim_clip(lks_optim *optim, double norm, double value);

/* Let n steps' gradients be added up, in their order, for one update by the last of them.
 * LKS_NOMEM; LKS_DEVICE as above. */
lks_status lks_optim_accumulate(lks_optim *optim, uint64_t n);

/* A step whose gradients are sums over `count` of something; with accumulation an update
 * or, most often, none.
 *   divisor   what the block's gradients are to be divided by: all they count, or 1 for
 *             nothing. They are those of all the steps after an update, else this one's */
lks_status lks_optim_step_counted(lks_optim *optim, double count, double *divisor);

/* Updates so far. */
uint64_t lks_optim_n_steps(const lks_optim *optim);

/* Of the parameters in no group. A group with an lr of its own keeps its ratio to it. */
double lks_optim_lr(const lks_optim *optim);
void lks_optim_set_lr(lks_optim *optim, double lr);

/* What sgd and rmsprop call momentum and the adams beta1, of all parameters.
 * LKS_INVALID: the optimiser has none, or was made without one. */
lks_status lks_optim_set_momentum(lks_optim *optim, double momentum);

/* Passes of a step. */
size_t lks_optim_n_ranges(const lks_optim *optim);

#endif
