/* Atomic functions. Threads of a block do not preempt one another, hence read and write
 * apart are one step; the checker knows the access for an atomic one. */
#ifndef LKS_TESTS_EMULATOR_ATOMICS_H
#define LKS_TESTS_EMULATOR_ATOMICS_H

namespace emu
{
template <class T, class F>
__attribute__((noinline, no_sanitize("thread"))) T atomically(T *p, F next)
{
    note_atomic(p, sizeof *p, __builtin_return_address(0));
    const T old = *p;
    *p = next(old);
    return old;
}
/* The type of the pointer alone decides: atomicAdd(counter, 1) with an unsigned counter.
 */
template <class T> using same = std::common_type_t<T>;
} // namespace emu

#define EMULATED_ATOMIC(name, result)                                                    \
    template <class T> inline T name(T *p, emu::same<T> v)                               \
    {                                                                                    \
        return emu::atomically(p, [=](T x) { return static_cast<T>(result); });          \
    }                                                                                    \
    template <class T> inline T name##_block(T *p, emu::same<T> v)                       \
    {                                                                                    \
        return name(p, v);                                                               \
    }                                                                                    \
    template <class T> inline T name##_system(T *p, emu::same<T> v)                      \
    {                                                                                    \
        return name(p, v);                                                               \
    }
EMULATED_ATOMIC(atomicAdd, x + v)
EMULATED_ATOMIC(atomicSub, x - v)
EMULATED_ATOMIC(atomicMax, x > v ? x : v)
EMULATED_ATOMIC(atomicMin, x < v ? x : v)
EMULATED_ATOMIC(atomicAnd, x &v)
EMULATED_ATOMIC(atomicOr, x | v)
EMULATED_ATOMIC(atomicXor, x ^ v)
EMULATED_ATOMIC(atomicExch, ((void)x, v))
EMULATED_ATOMIC(atomicInc, x >= v ? 0 : x + 1)
EMULATED_ATOMIC(atomicDec, x == 0 || x > v ? v : x - 1)
#undef EMULATED_ATOMIC

template <class T> inline T atomicCAS(T *p, emu::same<T> expected, emu::same<T> v)
{
    return emu::atomically(p, [=](T x) { return x == expected ? v : x; });
}

#endif
