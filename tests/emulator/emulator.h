/* What the doubles of libraries that stand on libcudart (cuBLAS, NCCL) share with it.
 *
 * Work given to a stream runs under the emulator's one lock, on the thread that happens
 * to wait for it, with nothing else running: it may touch state that other work touches,
 * but must neither block nor call the runtime. It reaches device memory by
 * host_address(). Code outside of such work that shares state with it holds a `guard`
 * meanwhile.
 *
 * Work of a captured graph is copied for each launch: what changes while it runs belongs
 * into the work itself (a mutable lambda), not behind a pointer.
 *
 * Any thread may call all of this. */
#ifndef LKS_TESTS_EMULATOR_EMULATOR_H
#define LKS_TESTS_EMULATOR_EMULATOR_H

#include <cuda_runtime_api.h>

#include <functional>
#include <string>

namespace emu
{
/* Holds the lock; may be nested. */
class guard
{
  public:
    guard();
    ~guard();
    guard(const guard &) = delete;
    guard &operator=(const guard &) = delete;
};

/* Run `work` at its turn in the stream. `name` is what the trace and messages call it.
 *   errors   what the stream's device answers for good; cudaErrorInvalidResourceHandle */
cudaError_t enqueue(cudaStream_t stream, const std::string &name,
                    std::function<void()> work);

/* The same for work that waits for another thread or process: tried at its turn, and
 * again until it says true. */
cudaError_t enqueue_until(cudaStream_t stream, const std::string &name,
                          std::function<bool()> work);

/* The stream's device; of no stream at all the calling thread's; -1: no such stream. */
int device_of(cudaStream_t stream);

/* Where the host may touch what the device calls `device_pointer`; a pointer that is not
 * into device memory is its own. */
void *host_address(const void *device_pointer);

/* Whether a live allocation that `device` may touch has all n bytes; else why not. */
bool is_reachable(int device, const void *pointer, size_t n_bytes, std::string *why);

/* From now on every call of that device answers `error`; the text goes to stderr. */
void fail_device(int device, cudaError_t error, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* To stderr, as one line that begins with "emulator: ". */
void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Let run what can run without waiting, unless work is to be late. For calls that poll.
 */
void make_progress();

/* Count this call of a double's function, and what it is to answer instead of doing its
 * work, if a test said so (emulator_fail in control.h); 0: go on. */
int count_call(const char *function);
} // namespace emu

#endif
