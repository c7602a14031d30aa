/* What of recurrent layers is f32: recurrent.c has the rest. */
#ifndef LKS_CPU_KERNELS_RECURRENT_H
#define LKS_CPU_KERNELS_RECURRENT_H

#include "cpu/cpu.h"

/* Forward, or backward if there are gradients; lengths are checked. */
lks_status LKS_CPU(recurrent_f32)(const lks_recurrent *r, const lks_recurrent_grads *g);

#endif
