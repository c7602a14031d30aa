#include "fibre.h"

#include <cstdlib>
#include <sys/mman.h>

namespace emu
{
enum { PAGE = 4096 };

#if defined(__x86_64__)
/* Six registers are all a call must keep; ucontext also asks the kernel for the signal
 * mask, and takes nine times as long. */
extern "C" void emulator_switch(void **save, void *load);
asm(".text\n"
    ".globl emulator_switch\n"
    ".type emulator_switch, @function\n"
    "emulator_switch:\n"
    "pushq %rbp; pushq %rbx; pushq %r12; pushq %r13; pushq %r14; pushq %r15\n"
    "movq %rsp, (%rdi); movq %rsi, %rsp\n"
    "popq %r15; popq %r14; popq %r13; popq %r12; popq %rbx; popq %rbp\n"
    "ret\n"
    ".size emulator_switch, .-emulator_switch\n");

void context_switch(context *from, context *to)
{
    emulator_switch(from, *to);
}

void fibre_restart(fibre *f, void (*entry)())
{
    void **top = reinterpret_cast<void **>(f->stack + FIBRE_STACK_BYTES);

    top -= 2; /* `entry` finds the stack as after a call */
    *top = reinterpret_cast<void *>(entry);
    f->at = top - 6;
}
#else
void context_switch(context *from, context *to)
{
    swapcontext(from, to);
}

void fibre_restart(fibre *f, void (*entry)())
{
    getcontext(&f->at);
    f->at.uc_stack.ss_sp = f->stack;
    f->at.uc_stack.ss_size = FIBRE_STACK_BYTES;
    f->at.uc_link = nullptr;
    makecontext(&f->at, entry, 0);
}
#endif

fibre *fibre_create(void (*entry)())
{
    fibre *f = new fibre;
    void *pages = mmap(nullptr, FIBRE_STACK_BYTES + PAGE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (pages == MAP_FAILED || mprotect(pages, PAGE, PROT_NONE))
        abort();
    f->stack = static_cast<char *>(pages) + PAGE;
    fibre_restart(f, entry);
    return f;
}

void fibre_destroy(fibre *f)
{
    munmap(f->stack - PAGE, FIBRE_STACK_BYTES + PAGE);
    delete f;
}

bool fibre_has(const fibre *f, const void *p)
{
    const char *at = static_cast<const char *>(p);

    return at >= f->stack && at < f->stack + FIBRE_STACK_BYTES;
}

bool fibre_guards(const fibre *f, const void *p)
{
    const char *at = static_cast<const char *>(p);

    return at >= f->stack - PAGE && at < f->stack;
}
} // namespace emu
