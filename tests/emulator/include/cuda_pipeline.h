/* Of the toolkit's header, the primitives. */
#ifndef LKS_TESTS_EMULATOR_CUDA_PIPELINE_H
#define LKS_TESTS_EMULATOR_CUDA_PIPELINE_H

#include <cuda_pipeline_primitives.h>

#endif
