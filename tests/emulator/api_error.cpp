/* Names and texts of errors. */
#include <cuda_runtime_api.h>

#define EMULATED_ERRORS(each)                                                               \
    each(cudaSuccess, "no error") each(cudaErrorInvalidValue, "invalid argument") each(     \
        cudaErrorMemoryAllocation,                                                          \
        "out of memory") each(cudaErrorInitializationError,                                 \
                              "initialization error") each(cudaErrorInvalidConfiguration,   \
                                                           "invalid configuration "         \
                                                           "argument")                      \
        each(cudaErrorInvalidDeviceFunction, "invalid device function") each(               \
            cudaErrorInvalidMemcpyDirection,                                                \
            "invalid copy direction for memcpy") each(cudaErrorInsufficientDriver,          \
                                                      "CUDA driver version is "             \
                                                      "insufficient for CUDA runtime "      \
                                                      "version") each(cudaErrorNoDevice,    \
                                                                      "no CUDA-capable "    \
                                                                      "device is "          \
                                                                      "detected")           \
            each(cudaErrorInvalidDevice, "invalid device ordinal") each(                    \
                cudaErrorPeerAccessAlreadyEnabled,                                          \
                "peer access is already enabled") each(cudaErrorPeerAccessNotEnabled,       \
                                                       "peer access has not been "          \
                                                       "enabled")                           \
                each(cudaErrorInvalidResourceHandle, "invalid resource handle") each(       \
                    cudaErrorNotReady,                                                      \
                    "device not ready") each(cudaErrorIllegalAddress,                       \
                                             "an illegal memory access was encountered")    \
                    each(cudaErrorLaunchOutOfResources,                                     \
                         "too many resources requested "                                    \
                         "for launch") each(cudaErrorLaunchTimeout,                         \
                                            "the launch timed out and was terminated")      \
                        each(cudaErrorLaunchFailure, "unspecified launch failure") each(    \
                            cudaErrorMisalignedAddress,                                     \
                            "misaligned address") each(cudaErrorIllegalInstruction,         \
                                                       "an illegal instruction was "        \
                                                       "encountered") each(cudaErrorAssert, \
                                                                           "device-"        \
                                                                           "side "          \
                                                                           "assert "        \
                                                                           "triggered")     \
                            each(cudaErrorECCUncorrectable,                                 \
                                 "uncorrectable ECC error "                                 \
                                 "encountered") each(cudaErrorNotPermitted,                 \
                                                     "operation not permitted")             \
                                each(                                                       \
                                    cudaErrorNotSupported,                                  \
                                    "operation not "                                        \
                                    "supported") each(cudaErrorStreamCaptureUnsupported,    \
                                                      "operation not "                      \
                                                      "permitted "                          \
                                                      "when stream "                        \
                                                      "is capturing")                       \
                                    each(                                                   \
                                        cudaErrorStreamCaptureInvalidated,                  \
                                        "operation failed due to a previous error "         \
                                        "during "                                           \
                                        "capture") each(cudaErrorStreamCaptureMerge,        \
                                                        "operation would result in a "      \
                                                        "merge "                            \
                                                        "of separate capture sequences")    \
                                        each(                                               \
                                            cudaErrorStreamCaptureUnmatched,                \
                                            "capture was "                                  \
                                            "not ended "                                    \
                                            "in the same "                                  \
                                            "stream") each(cudaErrorStreamCaptureUnjoined,  \
                                                           "capturing stream has "          \
                                                           "unjoined work")                 \
                                            each(cudaErrorStreamCaptureIsolation,           \
                                                 "dependency created on uncaptured "        \
                                                 "work in "                                 \
                                                 "another stream")                          \
                                                each(                                       \
                                                    cudaErrorStreamCaptureImplicit,         \
                                                    "operation would make the legacy "      \
                                                    "stream depend on a capturing "         \
                                                    "blocking "                             \
                                                    "stream") each(cudaErrorCapturedEvent,  \
                                                                   "operation not "         \
                                                                   "permitted on an "       \
                                                                   "event "                 \
                                                                   "last recorded in a "    \
                                                                   "capturing stream")      \
                                                    each(                                   \
                                                        cudaErrorStreamCaptureWrongThread,  \
                                                        "attempt to terminate a "           \
                                                        "thread-local capture sequence "    \
                                                        "from another thread")              \
                                                        each(cudaErrorUnknown,              \
                                                             "unknown error")

static const struct {
    cudaError_t error;
    const char *name, *text;
} errors[] = {
#define EMULATED_ROW(error, text) {error, #error, text},
    EMULATED_ERRORS(EMULATED_ROW)
#undef EMULATED_ROW
};

extern "C" {

const char *cudaGetErrorName(cudaError_t error)
{
    for (const auto &one : errors)
        if (one.error == error)
            return one.name;
    return "unrecognized error code";
}

const char *cudaGetErrorString(cudaError_t error)
{
    for (const auto &one : errors)
        if (one.error == error)
            return one.text;
    return "unrecognized error code";
}

} // extern "C"
