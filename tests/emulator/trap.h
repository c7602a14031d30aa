#ifndef LKS_TESTS_EMULATOR_TRAP_H
#define LKS_TESTS_EMULATOR_TRAP_H

#include "fibre.h"

namespace emu
{
void trap_start();
void trap_prepare_thread(); /* each thread of the host, before it may run a kernel */
bool stack_overflows(const void *p);
} // namespace emu

#endif
