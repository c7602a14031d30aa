/* Text that grows as it is written. A failed allocation sticks, so that a long text is
 * written without checks and asked once at the end: its `failed`, or lks_text_take. */
#ifndef LKS_BASE_TEXT_H
#define LKS_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* All zero: empty. */
typedef struct lks_text {
    char *bytes; /* the owner's to lks_free; not ended by a zero; NULL while empty */
    size_t n_bytes, capacity;
    bool failed; /* LKS_NOMEM is recorded */
} lks_text;

/* One that is all zero is fine. */
void lks_text_release(lks_text *text);

/* The whole as a string; *out is the caller's to lks_free. Leaves the text empty either
 * way. */
lks_status lks_text_take(lks_text *text, char **out);

/* Bytes behind it. */
void lks_text_append(lks_text *text, const char *bytes, size_t n_bytes);

/* A string. */
void lks_text_put(lks_text *text, const char *string);

/* The quick ones: a long reply has tens of thousands of numbers. */
void lks_text_add_count(lks_text *text, uint64_t value);

/* Nine digits, enough to bring a float32 back. NaN and infinities as printf has them. */
void lks_text_add_real(lks_text *text, double value);

/* A duration or a rate: rounded to six decimals, none of them a trailing zero. What is
 * too large or too small for that, or not finite, as lks_text_add_real. */
void lks_text_add_decimal(lks_text *text, double value);

/* As printf has it. */
void lks_text_add(lks_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* printf behind the string in out[0..size), cut to what fits. */
void lks_append(char *out, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
