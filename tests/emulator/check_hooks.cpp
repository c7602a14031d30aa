/* What compilers call where -fsanitize=thread, alignment or bounds told them to. Those
 * sanitizers' own libraries are not linked. */
#include "check.h"

#include <cuda_runtime_api.h>

#include <cstdint>
#include <cstdio>
#include <cstring>

using emu::check_access;

#define HERE __builtin_return_address(0)
#define HOOKS_OF(kind, n)                                                                \
    void __tsan_##kind##read##n(void *p)                                                 \
    {                                                                                    \
        check_access(p, n, false, false, HERE);                                          \
    }                                                                                    \
    void __tsan_##kind##write##n(void *p)                                                \
    {                                                                                    \
        check_access(p, n, true, false, HERE);                                           \
    }
#define HOOKS(n)                                                                         \
    HOOKS_OF(, n)                                                                        \
    HOOKS_OF(unaligned_, n)                                                              \
    HOOKS_OF(volatile_, n)                                                               \
    HOOKS_OF(unaligned_volatile_, n)                                                     \
    void __tsan_read_write##n(void *p)                                                   \
    {                                                                                    \
        check_access(p, n, false, false, HERE);                                          \
        check_access(p, n, true, false, HERE);                                           \
    }                                                                                    \
    void __tsan_unaligned_read_write##n(void *p)                                         \
    {                                                                                    \
        check_access(p, n, false, false, HERE);                                          \
        check_access(p, n, true, false, HERE);                                           \
    }

/* Of the host's code alone: reference counts, static variables' guards. */
#define ATOMIC_HOOKS(type, n)                                                            \
    type __tsan_atomic##n##_load(const volatile type *p, int)                            \
    {                                                                                    \
        return __atomic_load_n(p, __ATOMIC_SEQ_CST);                                     \
    }                                                                                    \
    void __tsan_atomic##n##_store(volatile type *p, type v, int)                         \
    {                                                                                    \
        __atomic_store_n(p, v, __ATOMIC_SEQ_CST);                                        \
    }                                                                                    \
    type __tsan_atomic##n##_exchange(volatile type *p, type v, int)                      \
    {                                                                                    \
        return __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST);                              \
    }                                                                                    \
    type __tsan_atomic##n##_fetch_add(volatile type *p, type v, int)                     \
    {                                                                                    \
        return __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST);                               \
    }                                                                                    \
    type __tsan_atomic##n##_fetch_sub(volatile type *p, type v, int)                     \
    {                                                                                    \
        return __atomic_fetch_sub(p, v, __ATOMIC_SEQ_CST);                               \
    }                                                                                    \
    int __tsan_atomic##n##_compare_exchange_strong(volatile type *p, type *old, type v,  \
                                                   int, int)                             \
    {                                                                                    \
        return __atomic_compare_exchange_n(p, old, v, false, __ATOMIC_SEQ_CST,           \
                                           __ATOMIC_SEQ_CST);                            \
    }

struct source_place { /* as UBSan lays it out */
    const char *file;
    unsigned line, column;
};
struct type_mismatch {
    source_place at;
    const void *type;
    unsigned char log_alignment, kind;
};
struct bad_index {
    source_place at;
    const void *array, *index;
};

static void misaligned(const type_mismatch *data, uintptr_t p)
{
    char text[160];

    snprintf(text, sizeof text,
             "an access of something aligned to %d bytes at %#llx: "
             "misaligned",
             1 << data->log_alignment, static_cast<unsigned long long>(p));
    emu::check_fails(cudaErrorMisalignedAddress, data->at.file, data->at.line, text);
}

static void index_outside(const bad_index *data, uintptr_t index)
{
    char text[96];

    snprintf(text, sizeof text, "index %lld is outside of its array",
             static_cast<long long>(index));
    emu::check_fails(cudaErrorIllegalAddress, data->at.file, data->at.line, text);
}

extern "C" {

HOOKS(1)
HOOKS(2)
HOOKS(4)
HOOKS(8)
HOOKS(16)
ATOMIC_HOOKS(uint8_t, 8)
ATOMIC_HOOKS(uint32_t, 32)
ATOMIC_HOOKS(uint64_t, 64)

void __tsan_read_range(void *p, size_t n_bytes)
{
    check_access(p, n_bytes, false, false, HERE);
}

void __tsan_write_range(void *p, size_t n_bytes)
{
    check_access(p, n_bytes, true, false, HERE);
}

void *__tsan_memcpy(void *to, const void *from, size_t n_bytes)
{
    check_access(from, n_bytes, false, false, HERE);
    check_access(to, n_bytes, true, false, HERE);
    return memcpy(to, from, n_bytes);
}

void *__tsan_memmove(void *to, const void *from, size_t n_bytes)
{
    check_access(from, n_bytes, false, false, HERE);
    check_access(to, n_bytes, true, false, HERE);
    return memmove(to, from, n_bytes);
}

void *__tsan_memset(void *p, int value, size_t n_bytes)
{
    check_access(p, n_bytes, true, false, HERE);
    return memset(p, value, n_bytes);
}

void __tsan_init()
{
}

void __tsan_func_entry(void *)
{
}

void __tsan_func_exit()
{
}

void __tsan_vptr_update(void **, void *)
{
}

void __tsan_vptr_read(void **)
{
}

void __ubsan_handle_type_mismatch_v1(type_mismatch *data, uintptr_t p)
{
    misaligned(data, p);
}

void __ubsan_handle_type_mismatch_v1_abort(type_mismatch *data, uintptr_t p)
{
    misaligned(data, p);
}

void __ubsan_handle_out_of_bounds(bad_index *data, uintptr_t index)
{
    index_outside(data, index);
}

void __ubsan_handle_out_of_bounds_abort(bad_index *data, uintptr_t index)
{
    index_outside(data, index);
}

} // extern "C"
