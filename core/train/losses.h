/* The losses of a step's lanes, sums and counts, gathered from all ranks while backward
 * runs, and with them what each rank wants: so that all ranks know the same about a step,
 * and agree on the one they stop at. */
#ifndef LKS_TRAIN_LOSSES_H
#define LKS_TRAIN_LOSSES_H

#include "nn/loss.h"
#include "tensor/tensor.h"
#include "train/comm.h"

/* What a rank wants; the largest one wins. */
typedef enum lks_wish {
    LKS_WISH_GO_ON,
    LKS_WISH_CANCEL, /* asked for by the coordinator */
    LKS_WISH_LEAVE,  /* interrupted by a signal */
    LKS_WISH_FAIL,   /* something failed on the rank, which will tell when all stopped */
} lks_wish;

typedef struct lks_losses lks_losses;

/* `device`: where this rank's losses are computed. `advice`: of the loss, or NULL; it
 * outlives them. */
lks_status lks_losses_create(lks_comm *comm, uint32_t n_lanes, lks_device device,
                             const char *advice, lks_losses **out);
void lks_losses_destroy(lks_losses *losses);

/* One of this rank's lanes: the sum of its samples' losses, a tensor of one element on
 * the device, and what that counts; NULLs if the lane is empty. Nobody waits for them
 * here. */
lks_status lks_losses_set(lks_losses *losses, uint64_t lane, const lks_tensor *sum,
                          const lks_loss_count *count);

/* All of this rank's lanes are set: wait for them, and start the gathering. */
lks_status lks_losses_start(lks_losses *losses, lks_wish wish);

/* What a step's lanes make together. */
typedef struct lks_losses_sum {
    double sum, count; /* in tree order: the same bits on any number of ranks */
    lks_wish wish;     /* the strongest of all ranks' */
} lks_losses_sum;

/* Wait for all lanes.
 *   errors  LKS_NUMERIC: a lane's loss or count is not finite; names step, rank and lane
 */
lks_status lks_losses_wait(lks_losses *losses, uint64_t step, lks_losses_sum *out);

#endif
