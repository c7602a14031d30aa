/* Optimisers beside PyTorch's: the parameters of a small net, step by step, and learning
 * rates step by step. The files' form is told in README.md. */
#ifndef LKS_TESTS_CONFORMANCE_TRAJECTORY_H
#define LKS_TESTS_CONFORMANCE_TRAJECTORY_H

#include "tally.h"
#include "text.h"

/* From a line "optimizer …" or "schedule …"; the text then stands behind it. LKS_FORMAT.
 */
lks_status run_trajectory(text *t, lks_device device, tally *counts);
lks_status run_schedule(text *t, tally *counts);

#endif
