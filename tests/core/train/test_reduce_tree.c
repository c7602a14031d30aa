#include "support/suite.h"

#include "train/reduce_tree.h"

START_TEST(a_node_splits_at_the_largest_power_of_two_below_its_size)
{
    static const struct {
        uint64_t begin, end, split;
    } cases[] = {
        {0, 2, 1}, {0, 3, 2}, {0, 4, 2},   {0, 5, 4}, {0, 6, 4},
        {0, 8, 4}, {0, 9, 8}, {8, 11, 10}, {4, 6, 5}, {0, 1ull << 31, 1ull << 30}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_uint_eq(lks_tree_split((lks_range){cases[i].begin, cases[i].end}),
                          cases[i].split);
}
END_TEST

/* The drawing in the header. */
START_TEST(lanes_1_to_4_of_6_are_covered_by_three_subtrees)
{
    lks_range cover[LKS_TREE_MAX_COVER];

    ck_assert_uint_eq(lks_tree_cover((lks_range){1, 5}, 6, cover), 3);
    ck_assert(cover[0].begin == 1 && cover[0].end == 2);
    ck_assert(cover[1].begin == 2 && cover[1].end == 4);
    ck_assert(cover[2].begin == 4 && cover[2].end == 5);
    ck_assert_uint_eq(lks_tree_cover((lks_range){3, 3}, 6, cover), 0);
    ck_assert_uint_eq(lks_tree_cover((lks_range){0, 6}, 6, cover), 1);
}
END_TEST

static bool is_node(lks_range node, lks_range at)
{
    if (node.begin == at.begin && node.end == at.end)
        return true;
    if (at.end - at.begin < 2)
        return false;
    const uint64_t mid = lks_tree_split(at);
    return is_node(node, (lks_range){at.begin, mid}) ||
           is_node(node, (lks_range){mid, at.end});
}

START_TEST(covers_are_whole_maximal_and_without_gaps)
{
    for (uint64_t n = 1; n <= 40; n++)
        for (uint64_t a = 0; a < n; a++)
            for (uint64_t b = a + 1; b <= n; b++) {
                lks_range cover[LKS_TREE_MAX_COVER];
                const size_t k = lks_tree_cover((lks_range){a, b}, n, cover);
                uint64_t at = a;

                for (size_t i = 0; i < k; i++) {
                    ck_assert_uint_eq(cover[i].begin, at);
                    ck_assert(is_node(cover[i], (lks_range){0, n}));
                    at = cover[i].end;
                    if (i > 0)
                        ck_assert(!lks_tree_are_siblings(cover[i - 1], cover[i], n));
                }
                ck_assert_uint_eq(at, b);
            }
}
END_TEST

START_TEST(a_binary_counter_of_siblings_ends_at_the_cover)
{
    for (uint64_t n = 1; n <= 33; n++)
        for (uint64_t a = 0; a < n; a++) {
            lks_range stack[LKS_TREE_MAX_COVER + 1], cover[LKS_TREE_MAX_COVER];
            size_t depth = 0;

            for (uint64_t b = a; b < n; b++) {
                stack[depth++] = (lks_range){b, b + 1};
                while (depth > 1 &&
                       lks_tree_are_siblings(stack[depth - 2], stack[depth - 1], n)) {
                    stack[depth - 2].end = stack[depth - 1].end;
                    depth--;
                }
                ck_assert_uint_eq(lks_tree_cover((lks_range){a, b + 1}, n, cover), depth);
                ck_assert_mem_eq(stack, cover, depth * sizeof *cover);
            }
        }
}
END_TEST

START_TEST(a_sum_is_added_in_tree_order)
{
    /* (1e16 + 1) + (-1e16 + 1) is 0 + ... by the tree; another order gives 1 or 2. */
    const double values[] = {1e16, 1, -1e16, 1, 0.5};

    ck_assert_double_eq(lks_tree_sum(values, (lks_range){0, 4}),
                        (1e16 + 1) + (-1e16 + 1));
    ck_assert_double_eq(lks_tree_sum(values, (lks_range){0, 5}),
                        ((1e16 + 1) + (-1e16 + 1)) + 0.5);
    ck_assert_double_eq(lks_tree_sum(values, (lks_range){2, 2}), 0);
}
END_TEST

LKS_SUITE("reduce_tree", a_node_splits_at_the_largest_power_of_two_below_its_size,
          lanes_1_to_4_of_6_are_covered_by_three_subtrees,
          covers_are_whole_maximal_and_without_gaps,
          a_binary_counter_of_siblings_ends_at_the_cover, a_sum_is_added_in_tree_order)
