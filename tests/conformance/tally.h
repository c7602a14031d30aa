/* What came of cases, a line an operation; failing and skipped cases below it. */
#ifndef LKS_TESTS_CONFORMANCE_TALLY_H
#define LKS_TESTS_CONFORMANCE_TALLY_H

#include <stdint.h>
#include <stdio.h>

#include "run.h"

typedef struct tally {
    char name[128]; /* the operation that is being counted, "" for none */
    int counts[N_OUTCOMES];
    char *lines; /* of this operation */
    int total[N_OUTCOMES];
    int n_operations;
} tally;

/* One more case; a new name ends the operation before. `why` of what did not pass. */
lks_status tally_add(tally *t, const char *name, int64_t number, outcome what,
                     const char *why);

/* Print the operation that was counted last. */
void tally_flush(tally *t);

/* Print the totals. */
void tally_end(tally *t);

#endif
