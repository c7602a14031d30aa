/* A model's inside, for the model_*.c files and for replicas of it. */
#ifndef LKS_NN_MODEL_INTERNAL_H
#define LKS_NN_MODEL_INTERNAL_H

#include "nn/model.h"
#include "nn/state.h"

struct lks_model {
    lks_plan *plan;
    lks_state *state;
    lks_run_mode mode;
    bool defers_buffers;
    bool carries[2]; /* in evaluation, in training */
};

/* lks_model_forward with a state of somebody else's, on x's device, and the random
 * numbers of `more_lanes` further. Observes, but updates nothing; changes nothing of the
 * model: any thread. */
lks_tensor *lks_model_forward_with(const lks_model *model, lks_state *state,
                                   uint32_t more_lanes, lks_tensor *x);

/* Copy `values` (the same shape, any dtype) over a parameter or a buffer, unrecorded.
 * NULL values give the standing error. */
lks_status lks_model_write(lks_tensor *to, lks_tensor *values);

#endif
