/* The three ways a systems function leaves on an error. A function that uses LKS_GO or
 * LKS_FAIL declares `lks_status st` and ends in one `cleanup:` label. */
#ifndef LKS_BASE_TRY_H
#define LKS_BASE_TRY_H

#include "base/status.h"

/* Run `call`; on failure go to cleanup with its code in st. */
#define LKS_GO(call)                                                                     \
    do {                                                                                 \
        if ((st = (call)) != LKS_OK)                                                     \
            goto cleanup;                                                                \
    } while (0)

/* Record a failure and go to cleanup: LKS_FAIL(LKS_IO, "%s: %s", path, strerror(errno)).
 */
#define LKS_FAIL(code, ...)                                                              \
    do {                                                                                 \
        st = lks_fail(code, __VA_ARGS__);                                                \
        goto cleanup;                                                                    \
    } while (0)

/* Run `call` where there is nothing to clean up; on failure return its code. */
#define LKS_TRY(call)                                                                    \
    do {                                                                                 \
        lks_status try_st_ = (call);                                                     \
        if (try_st_ != LKS_OK)                                                           \
            return try_st_;                                                              \
    } while (0)

#endif
