/* The fixed tree over a step's lanes in which everything is added: pure arithmetic.
 *
 *     tree(lo, hi) = tree(lo, mid) + tree(mid, hi),  mid = lo + the largest power of two
 *                                                          below hi - lo
 *
 *         [0,6)             A rank owns a run of lanes and adds up the maximal whole
 *        /     \            subtrees in it: of [1,5), here, [1,2) [2,4) and [4,5).
 *     [0,4)   [4,6)
 *     /   \    / \          Lane after lane this is a binary counter: a new lane is
 *  [0,2) [2,4) 4  5         pushed on a stack, and the two topmost sums are added as
 *   / \   / \               long as they are the two halves of a node.
 *  0   1 2   3
 */
#ifndef LKS_TRAIN_REDUCE_TREE_H
#define LKS_TRAIN_REDUCE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/shard_plan.h"

enum { LKS_TREE_MAX_COVER = 64 }; /* nodes that cover a run of fewer than 2^32 leaves */

/* Where a node of at least two leaves splits. */
uint64_t lks_tree_split(lks_range node);

/* Whether two neighbouring ranges are the two halves of one node of the tree over
 * n_leaves. */
bool lks_tree_are_siblings(lks_range left, lks_range right, uint64_t n_leaves);

/* The maximal whole subtrees within a run of leaves, from the left; returns how many. An
 * empty run has none. */
size_t lks_tree_cover(lks_range run, uint64_t n_leaves, lks_range *out);

/* The leaves' sum in tree order; 0 for an empty node. */
double lks_tree_sum(const double *values, lks_range node);

#endif
