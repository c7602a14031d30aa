/* A stack and where on it to go on. A fibre stays on the thread that made it: compilers
 * keep addresses of thread-local variables across calls. */
#ifndef LKS_TESTS_EMULATOR_FIBRE_H
#define LKS_TESTS_EMULATOR_FIBRE_H

#include <cstddef>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace emu
{
enum { FIBRE_STACK_BYTES = 64 << 10 };

#if defined(__x86_64__)
typedef void *context; /* its stack pointer: all else is on the stack */
#else
typedef ucontext_t context;
#endif

struct fibre {
    context at;
    char *stack;
};

fibre *fibre_create(void (*entry)());
void fibre_restart(fibre *f, void (*entry)()); /* whatever it was at */
void fibre_destroy(fibre *f);
bool fibre_has(const fibre *f, const void *p);    /* on its stack */
bool fibre_guards(const fibre *f, const void *p); /* just below its stack */
void context_switch(context *from, context *to);
} // namespace emu

#endif
