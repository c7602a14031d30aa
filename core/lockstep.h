/* liblockstep's public header. */
#ifndef LKS_LOCKSTEP_H
#define LKS_LOCKSTEP_H

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/option.h"
#include "base/rng.h"
#include "base/status.h"
#include "device.h"
#include "tensor/scope.h"
#include "tensor/tensor.h"
#include "autograd/anomaly.h"
#include "autograd/backward.h"
#include "autograd/function.h"
#include "autograd/gradcheck.h"
#include "autograd/hook.h"
#include "ops/ops.h"
#include "nn/layer.h"
#include "nn/model.h"
#include "nn/param_block.h"
#include "nn/data_parallel.h"
#include "nn/loss.h"
#include "optim/clip.h"
#include "optim/optim.h"
#include "optim/schedule.h"
#include "data/dataset.h"
#include "data/loader.h"
#include "data/order.h"
#include "io/npy.h"
#include "io/safetensors.h"

#endif
