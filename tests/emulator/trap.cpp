/* What happens when memory is touched that is closed. A kernel may touch blocks of its
 * device: they are opened one by one, at the first touch. Everything else is told: of a
 * kernel it ends the kernel, of the host the process. */
#include "trap.h"

#include "kernel.h"

#include <csignal>
#include <cstdio>
#include <cstring>
#include <ucontext.h>
#include <unistd.h>

namespace emu
{
enum { SIGNAL_STACK_BYTES = 64 << 10 };

/* A signal that comes while a fibre runs needs a stack of its own, of each thread of the
 * host; a sanitizer may have given it one. */
struct signal_stack {
    char *stack = nullptr;
    signal_stack()
    {
        stack_t old = {}, mine = {};

        if (sigaltstack(nullptr, &old) == 0 && !(old.ss_flags & SS_DISABLE))
            return;
        stack = new char[SIGNAL_STACK_BYTES];
        mine.ss_sp = stack;
        mine.ss_size = SIGNAL_STACK_BYTES;
        sigaltstack(&mine, nullptr);
    }
    ~signal_stack()
    {
        stack_t none = {};

        if (!stack)
            return;
        none.ss_flags = SS_DISABLE;
        sigaltstack(&none, nullptr);
        delete[] stack;
    }
};

void trap_prepare_thread()
{
    static thread_local signal_stack mine;
    sigset_t faults; /* threads of the product block all signals */

    (void)mine;
    sigemptyset(&faults);
    sigaddset(&faults, SIGSEGV);
    sigaddset(&faults, SIGBUS);
    pthread_sigmask(SIG_UNBLOCK, &faults, nullptr);
}

static struct sigaction before[2];

static bool open_for_kernel(const void *address)
{
    block *b = block_at(address);

    if (!b || b->state != BLOCK_LIVE || b->is_open || !may_touch(kernel_device(), b))
        return false;
    kernel_opens(b);
    return true;
}

static void describe_trap(const void *address, bool is_nowhere)
{
    const block *b = block_at(address);

    if (is_nowhere) { /* x86 tells no address of 16 bytes that are misaligned */
        trapped_error = cudaErrorMisalignedAddress;
        snprintf(trapped_text, sizeof trapped_text,
                 "a misaligned access of 16 bytes or more, or a wild address");
        return;
    }
    const char *what = "touches";
    std::string where = describe(address);

    if (b && b->state == BLOCK_FREED)
        what = "use after free: touches";
    if (b && b->state == BLOCK_LIVE && !may_touch(kernel_device(), b))
        where += ", memory of another device without peer access";
    trapped_error = cudaErrorIllegalAddress;
    snprintf(trapped_text, sizeof trapped_text, "%s %p, %s", what, address,
             where.c_str());
}

/* The kernel's code goes on in kernel_trapped, on its own stack. */
static bool divert(void *interrupted)
{
#if defined(__x86_64__)
    greg_t *registers = static_cast<ucontext_t *>(interrupted)->uc_mcontext.gregs;

    registers[REG_RSP] = ((registers[REG_RSP] - 256) & ~greg_t{15}) - 8;
    registers[REG_RIP] = reinterpret_cast<greg_t>(kernel_trapped);
    return true;
#else
    (void)interrupted;
    return false;
#endif
}

static void on_trap(int signal, siginfo_t *info, void *interrupted)
{
    const void *address = info->si_addr;

    if (runs_kernel) {
        if (open_for_kernel(address))
            return;
        if (stack_overflows(address)) {
            tell("%s: more than %d bytes of stack", kernel_position().c_str(),
                 FIBRE_STACK_BYTES);
        } else {
            describe_trap(address, info->si_code == SI_KERNEL);
            if (divert(interrupted))
                return;
            tell("%s: %s", kernel_position().c_str(), trapped_text);
        }
    } else if (in_arena(address)) {
        tell("the host touches device memory: %p, %s", address,
             describe(address).c_str());
    }
    sigaction(signal, &before[signal == SIGBUS], nullptr); /* and again, for good */
}

void trap_start()
{
    struct sigaction action = {};

    action.sa_sigaction = on_trap;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    sigaction(SIGSEGV, &action, &before[0]);
    sigaction(SIGBUS, &action, &before[1]);
}
} // namespace emu
