#include "train/reduce_tree.h"

uint64_t lks_tree_split(lks_range node)
{
    uint64_t half = 1;

    while (2 * half < node.end - node.begin)
        half *= 2;
    return node.begin + half;
}

static bool contains(lks_range outer, lks_range inner)
{
    return outer.begin <= inner.begin && inner.end <= outer.end;
}

bool lks_tree_are_siblings(lks_range left, lks_range right, uint64_t n_leaves)
{
    const lks_range parent = {left.begin, right.end};
    lks_range node = {0, n_leaves};

    while (contains(node, parent)) {
        const uint64_t mid = lks_tree_split(node);

        if (node.begin == parent.begin && node.end == parent.end)
            return left.end == mid && right.begin == mid;
        node = parent.begin < mid ? (lks_range){node.begin, mid}
                                  : (lks_range){mid, node.end};
    }
    return false;
}

static size_t cover(lks_range node, lks_range run, lks_range *out)
{
    uint64_t mid;
    size_t n;

    if (run.end <= node.begin || node.end <= run.begin)
        return 0;
    if (contains(run, node)) {
        out[0] = node;
        return 1;
    }
    mid = lks_tree_split(node);
    n = cover((lks_range){node.begin, mid}, run, out);
    return n + cover((lks_range){mid, node.end}, run, out + n);
}

size_t lks_tree_cover(lks_range run, uint64_t n_leaves, lks_range *out)
{
    if (run.begin >= run.end)
        return 0;
    return cover((lks_range){0, n_leaves}, run, out);
}

double lks_tree_sum(const double *values, lks_range node)
{
    uint64_t mid;

    if (node.begin >= node.end)
        return 0;
    if (node.end - node.begin == 1)
        return values[node.begin];
    mid = lks_tree_split(node);
    return lks_tree_sum(values, (lks_range){node.begin, mid}) +
           lks_tree_sum(values, (lks_range){mid, node.end});
}
