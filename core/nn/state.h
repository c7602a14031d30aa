/* What a plan works on: parameters with their gradients and what a lane observes,
 * buffers, what each lane carries from step to step, and the table of the run that goes
 * on. For core/nn's own files. One run at a time. */
#ifndef LKS_NN_STATE_H
#define LKS_NN_STATE_H

#include "nn/buffer_block.h"
#include "nn/param_block.h"
#include "nn/plan.h"

typedef struct lks_state lks_state;

/* Parameters and buffers have their first values: a pure function of `seed`. The plan is
 * borrowed. LKS_NOMEM; LKS_DEVICE. */
lks_status lks_state_create(const lks_plan *plan, uint64_t seed, lks_device device,
                            lks_state **out);
/* A state of parameters and buffers that somebody else has; both are borrowed. */
lks_status lks_state_create_of(const lks_plan *plan, lks_param_block *params,
                               lks_buffer_block *buffers, lks_state **out);
void lks_state_destroy(lks_state *state); /* NULL is fine */

lks_param_block *lks_state_params(const lks_state *state);
lks_buffer_block *lks_state_buffers(const lks_state *state);

/* How all layers of a run are meant; rng.layer is each layer's own. */
typedef struct lks_run_mode {
    bool training, carries;
    lks_rng rng;
} lks_run_mode;

/* What a run takes: the batch's fields, and how long their samples are; `lengths`, and each
 * of them, may be NULL (lks_model_run_padded). */
typedef struct lks_run_inputs {
    lks_tensor *const *fields;
    lks_tensor *const *lengths;
} lks_run_inputs;

/* Run all layers; outputs are the last layer's, which belong to the scope around. */
lks_status lks_state_run(lks_state *state, const lks_run_mode *mode,
                         const lks_run_inputs *inputs, lks_tensor **outputs);

/* Let the layers turn what stands in the parameter block's own observed sums into new
 * buffers. */
lks_status lks_state_update_buffers(lks_state *state);

/* What lanes carry, in training or in evaluation, is as at the beginning. */
void lks_state_forget_carried(lks_state *state, bool training);
/* As lks_model_select_carried. */
lks_status lks_state_select_carried(lks_state *state, const lks_run_mode *mode,
                                    lks_tensor *rows);

#endif
