/* The options of those who decode, on the worker's command line: --generate, --translate,
 * and --evaluate with a beam. The worker's own. */
#ifndef LKS_WORKER_DECODE_OPTIONS_H
#define LKS_WORKER_DECODE_OPTIONS_H

#include <getopt.h>

#include "worker/worker.h"

/* Entries of getopt's table: `val` is LKS_DECODE_OPTION_FIRST and what follows. */
enum { LKS_DECODE_OPTION_FIRST = 1 << 10, LKS_DECODE_N_OPTIONS = 10 };
#define LKS_DECODE_OPTION(name, i)                                                       \
    {                                                                                    \
        name, required_argument, NULL, LKS_DECODE_OPTION_FIRST + i                       \
    }
#define LKS_DECODE_OPTIONS                                                               \
    LKS_DECODE_OPTION("prompt", 0), LKS_DECODE_OPTION("prompt-file", 1),                 \
        LKS_DECODE_OPTION("length", 2), LKS_DECODE_OPTION("temperature", 3),             \
        LKS_DECODE_OPTION("top-k", 4), LKS_DECODE_OPTION("top-p", 5),                    \
        LKS_DECODE_OPTION("seed", 6), LKS_DECODE_OPTION("beam", 7),                      \
        LKS_DECODE_OPTION("n-best", 8), LKS_DECODE_OPTION("length-penalty", 9)

/* What is told by those that were given: one bit each. */
typedef struct lks_decode_given {
    unsigned bits;
} lks_decode_given;

/* Take the value of one. False, and why in `why`: it cannot be that. */
bool lks_decode_option_take(int val, const char *value, lks_decode_given *given,
                            lks_decode_options *to, char *why, size_t size);

/* What was not given becomes what it is without; false, and why: options that do not go
 * with this work, or with one another, or one that is missing. */
bool lks_decode_options_settle(const lks_work *work, const lks_decode_given *given,
                               lks_decode_options *to, char *why, size_t size);

#endif
