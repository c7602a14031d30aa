/* The final weights, written by a process of their own that outlives this one: whatever
 * ends rank 0 meanwhile (a peer's death, mpirun's SIGKILL, a person) does not undo the
 * run. Rank 0's main thread, once training is over. */
#ifndef LKS_WORKER_SAVER_H
#define LKS_WORKER_SAVER_H

#include "nn/model.h"

/* Write the model's weights to model.safetensors in the directory `run_dir`, and wait
 * until they are there. The process is called lockstep-saver; it has a session of its
 * own, none of our descriptors, and ends by itself. Where there can be none, or it is
 * killed, this process writes them. Errors: lks_model_save's; nothing is left beside. */
lks_status lks_save_weights(const lks_model *model, const char *run_dir);

#endif
