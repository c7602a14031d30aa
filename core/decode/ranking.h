/* The best few of many candidates. Private to core/decode. */
#ifndef LKS_DECODE_RANKING_H
#define LKS_DECODE_RANKING_H

#include <stdint.h>

#include "base/status.h"

typedef struct lks_candidate {
    double log_p;
    int64_t row, token;
} lks_candidate;

/* The `capacity` best that have been offered, as a heap with the worst on top until it is
 * sorted. The higher log_p goes first, of equals the smaller row, then the smaller token. */
typedef struct lks_ranking {
    lks_candidate *items;
    int64_t n, capacity;
} lks_ranking;

lks_status lks_ranking_init(lks_ranking *ranking, int64_t capacity);
void lks_ranking_release(lks_ranking *ranking); /* all zero is fine */
void lks_ranking_clear(lks_ranking *ranking);
void lks_ranking_offer(lks_ranking *ranking, lks_candidate candidate);
/* The best first; nothing is offered any more until it is cleared. */
void lks_ranking_sort(lks_ranking *ranking);

#endif
