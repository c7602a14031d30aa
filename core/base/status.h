/* Status codes, and the text of a thread's first unread failure.
 *
 * The function that first decides an error calls lks_fail; every caller between passes
 * the code on and adds nothing. The text belongs to the calling thread and stays, against
 * later failures, until it is read or cleared: so a chain of expressions reports its
 * first cause. */
#ifndef LKS_BASE_STATUS_H
#define LKS_BASE_STATUS_H

#include <stdarg.h>

#define LKS_STATUS_LIST(X)                                                               \
    X(OK, "ok")                                                                          \
    X(INVALID, "invalid argument")                                                       \
    X(SHAPE, "shape mismatch")                                                           \
    X(DTYPE, "wrong dtype")                                                              \
    X(NOMEM, "out of memory")                                                            \
    X(IO, "input/output error")                                                          \
    X(FORMAT, "malformed data")                                                          \
    X(DEVICE, "device error")                                                            \
    X(COMM, "communication error")                                                       \
    X(STATE, "wrong state")                                                              \
    X(NUMERIC, "not a finite number")                                                    \
    X(CANCELLED, "cancelled")

typedef enum lks_status {
#define LKS_STATUS_ENUM(name, text) LKS_##name,
    LKS_STATUS_LIST(LKS_STATUS_ENUM)
#undef LKS_STATUS_ENUM
} lks_status;

/* A code in words, e.g. "shape mismatch"; static storage. */
const char *lks_status_text(lks_status status);

/* Record why `status` happened, unless an unread failure stands already; returns
 * `status`. The text becomes one line that no terminal acts on (base/plain.h). */
lks_status lks_fail(lks_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
lks_status lks_fail_v(lks_status status, const char *format, va_list args);

/* The standing failure's text, "" if none; marks it read, so that the next one replaces
 * it. Valid until this thread's next failure. */
const char *lks_error_text(void);

/* The standing failure's code, LKS_OK if none or already read. */
lks_status lks_error_status(void);

/* Forget the standing failure: for a caller that recovers from it. */
void lks_error_clear(void);

#endif
