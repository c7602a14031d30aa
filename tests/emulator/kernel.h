/* The kernel that runs, of which there is one at most, and what its checks need of it. */
#ifndef LKS_TESTS_EMULATOR_KERNEL_H
#define LKS_TESTS_EMULATOR_KERNEL_H

#include "memory.h"
#include "state.h"

#include <vector_types.h>

namespace emu
{
struct launch_plan {
    const void *kernel;
    int device;
    dim3 grid, block;
    size_t dynamic_bytes;
    void (*run)(void *);
    std::string params;
    uint64_t dice_seed;
};

/* Set while this thread of the host is inside a kernel's code. */
extern thread_local bool runs_kernel;

/* Run it all. False: it failed, and its device with it. */
bool kernel_run(const launch_plan &plan);

int kernel_device();
const char *kernel_name();
std::string kernel_position(); /* "kernel …, block (0,0,0), thread (1,0,0)" */
int kernel_thread();
unsigned kernel_block();
/* How many barriers the block, and how many warp operations of all its lanes the thread's
 * warp has passed: what is ordered by them, is ordered. */
unsigned kernel_epoch(unsigned *warp_epoch);
bool on_own_stack(const void *p);
bool in_params(const void *p);
size_t kernel_dynamic_bytes();
/* Opened for the kernel; closed when it ends. */
void kernel_opens(block *b);
/* What the signal handler makes the kernel's code go on with. */
[[noreturn]] void kernel_trapped();
extern cudaError_t trapped_error;
extern char trapped_text[512];

/* The access checker, where it is linked. */
struct checker {
    void (*launch_begins)();
    void (*access)(const void *p, size_t n, bool writes, bool atomic, void *pc);
    void (*forget_shared)(const void *p, size_t n); /* not written any more */
    void (*forget_block)(const block *b);
};
extern const checker *the_checker;

/* ---- names of what is in the program (symbols.cpp) ---- */

std::string name_of_function(const void *address);
std::string line_of(const void *pc); /* "gemm.cu:17" */
} // namespace emu

#endif
