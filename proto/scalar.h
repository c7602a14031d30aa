/* What the text of a YAML scalar means. YAML 1.1 and 1.2 readers disagree on 010, 1_000,
 * yes and 1e3: such spellings are refused rather than guessed at. Private to proto. */
#ifndef LKS_PROTO_SCALAR_H
#define LKS_PROTO_SCALAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A whole number: digits without leading zero, perhaps a minus sign. */
typedef struct lks_whole {
    bool negative;
    uint64_t magnitude; /* saturated at UINT64_MAX, with `huge` */
    bool huge;
} lks_whole;

bool lks_scalar_whole(const char *text, lks_whole *out);

/* A finite decimal number: 3, -0.5, .5, 1e-3. */
bool lks_scalar_real(const char *text, double *out);

/* true or false. */
bool lks_scalar_flag(const char *text, bool *out);

/* Nothing, ~ or null. */
bool lks_scalar_is_null(const char *text);

/* The shortest decimal that reads back as the same double; finite values only. */
enum { LKS_REAL_TEXT = 32 };
void lks_real_text(double value, char out[LKS_REAL_TEXT]);

#endif
