/* How good a model translates a split of pairs, by BLEU. The worker's own. */
#ifndef LKS_WORKER_CORPUS_BLEU_H
#define LKS_WORKER_CORPUS_BLEU_H

#include "text/bleu.h"
#include "worker/replica.h"

/* Translate all sources of what the replica's model is applied to, with the beam that the
 * options say, and hold them against the targets; a word that the vocabulary lacks matches
 * none. The same on any number of replicas, all of which call.
 *   errors  LKS_INVALID: the data are no pairs; lks_translate's. Only a replica that has
 *           failed returns its failure, so that the caller lets them agree. LKS_COMM: the
 *           others wait for this one. */
lks_status lks_corpus_bleu(lks_replica *replica, lks_bleu *out);

#endif
