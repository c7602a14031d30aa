/* Where a replica's thread runs. */
#ifndef LKS_WORKER_PLACE_H
#define LKS_WORKER_PLACE_H

/* Keep the calling thread, the i-th of n that share this process's cores, on its share of
 * them: those from floor(i c / n) to floor((i + 1) c / n) of c, or, where threads are a
 * multiple of cores, the one at floor(i c / n). Nothing where they do not divide, or for
 * one thread. Threads that it starts from then on stay there, too.
 *
 * Left alone, Linux (seen with 6.18) gathers threads that wait for each other many
 * hundred times a second on one core, and leaves others idle. */
void lks_place_thread(int i, int n);

#endif
