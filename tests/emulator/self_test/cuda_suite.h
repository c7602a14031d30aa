/* What suites of the emulator share: calls that succeed, memory in and out. */
#ifndef LKS_TESTS_EMULATOR_CUDA_SUITE_H
#define LKS_TESTS_EMULATOR_CUDA_SUITE_H

#include <cuda_runtime_api.h>

#include "emulator/control.h"
#include "support/suite.h"

#define ck_cuda(call)                                                                    \
    do {                                                                                 \
        cudaError_t error_ = (call);                                                     \
        ck_assert_msg(error_ == cudaSuccess, "%s: %s", #call,                            \
                      cudaGetErrorString(error_));                                       \
    } while (0)

/* Those values, or zeros, on the current device. */
static inline void *on_device(const void *values, size_t n_bytes)
{
    void *p;

    ck_cuda(cudaMalloc(&p, n_bytes));
    if (values)
        ck_cuda(cudaMemcpy(p, values, n_bytes, cudaMemcpyHostToDevice));
    else
        ck_cuda(cudaMemset(p, 0, n_bytes));
    return p;
}

static inline void to_host(void *values, const void *p, size_t n_bytes)
{
    ck_cuda(cudaMemcpy(values, p, n_bytes, cudaMemcpyDeviceToHost));
}

static inline cudaStream_t new_stream(void)
{
    cudaStream_t stream;

    ck_cuda(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    return stream;
}

static inline cudaEvent_t new_event(void)
{
    cudaEvent_t event;

    ck_cuda(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
    return event;
}

#endif
