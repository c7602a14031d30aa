/* The access checker: every access of a kernel that was compiled with -fsanitize=thread.
 *
 *   bounds          inside one live allocation, pinned memory, shared memory, the own
 *                   stack or a global
 *   uninitialised   shared memory that this block has not written yet
 *   races           the same bytes, two threads, one of them writes, not both atomically,
 *                   and between them neither a barrier of the block nor, in one warp, a
 *                   warp operation of all its lanes; of two blocks always
 *   alignment       to the size of the access
 *
 * What it knows of an access is forgotten by the next launch: launches are ordered. */
#ifndef LKS_TESTS_EMULATOR_CHECK_H
#define LKS_TESTS_EMULATOR_CHECK_H

#include <cstddef>

namespace emu
{
/* Any thread; of the host it must not touch device memory. */
void check_access(const void *p, size_t n_bytes, bool writes, bool atomic, void *pc);
/* What UBSan's hooks tell, with a place of theirs. */
void check_fails(int error, const char *file, unsigned line, const char *text);
} // namespace emu

#endif
