#include "proto/job_node.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "proto/nearest.h"
#include "proto/scalar.h"

bool lks_node_is_plain(const lks_node *node)
{
    return node->kind == LKS_NODE_SCALAR && !node->quoted;
}

lks_status lks_node_expected(const lks_node *node, const char *name, const char *expected)
{
    char shown[LKS_SHOWN_TEXT];
    double number;
    bool flag;
    bool needs_no_quotes =
        node->kind == LKS_NODE_SCALAR && node->quoted &&
        (lks_scalar_real(node->text, &number) || lks_scalar_flag(node->text, &flag));

    return lks_node_fail(node, "%s is %s, it must be %s%s", name,
                         lks_node_shown(node, shown), expected,
                         needs_no_quotes ? ", without quotes" : "");
}

const char *lks_node_digits_hint(const lks_node *node)
{
    lks_whole whole;
    bool looks_like_one =
        lks_node_is_plain(node) && isdigit((unsigned char)node->text[0]);

    return looks_like_one && !lks_scalar_whole(node->text, &whole) ? ", in plain digits"
                                                                   : "";
}

lks_status lks_node_flag(const lks_node *node, const char *name, bool *out)
{
    if (!lks_node_is_plain(node) || !lks_scalar_flag(node->text, out))
        return lks_node_expected(node, name, "true or false");
    return LKS_OK;
}

lks_status lks_node_real(const lks_node *node, const char *name, const char *expected,
                         double *out)
{
    if (!lks_node_is_plain(node) || !lks_scalar_real(node->text, out))
        return lks_node_expected(node, name, expected);
    return LKS_OK;
}

lks_status lks_node_whole(const lks_node *node, const char *name, const char *or_else,
                          uint64_t min, uint64_t max, uint64_t *out)
{
    lks_whole whole;
    char expected[128];
    bool is_whole = lks_node_is_plain(node) && lks_scalar_whole(node->text, &whole);

    if (is_whole && !whole.negative && !whole.huge && whole.magnitude >= min &&
        whole.magnitude <= max) {
        *out = whole.magnitude;
        return LKS_OK;
    }
    if (max < INT32_MAX || (is_whole && !whole.negative && whole.magnitude > 0))
        snprintf(expected, sizeof expected,
                 "%sa whole number from %" PRIu64 " to %" PRIu64, or_else, min, max);
    else
        snprintf(expected, sizeof expected, "%sa whole number of at least %" PRIu64,
                 or_else, min);
    lks_append(expected, sizeof expected, "%s", lks_node_digits_hint(node));
    return lks_node_expected(node, name, expected);
}

lks_status lks_node_text(const lks_node *node, const char *name, const char **out)
{
    if (node->kind != LKS_NODE_SCALAR || node->text[0] == '\0')
        return lks_node_expected(node, name, "a text");
    *out = node->text;
    return LKS_OK;
}

const char *lks_job_hint(const char *word, const char *const *known, size_t n,
                         const char *lead, char *out, size_t size)
{
    const char *near[LKS_NEAREST_MAX];
    const size_t n_near = lks_nearest_words(word, known, n, near);

    for (size_t i = 0; i < n_near; i++) {
        const char *lead_in = i == 0 ? "; did you mean" : i + 1 == n_near ? " or" : ",";

        if (i == 0)
            *out = '\0';
        lks_append(out, size, "%s '%s'%s", lead_in, near[i], i + 1 == n_near ? "?" : "");
    }
    if (n_near > 0)
        return out;
    if (n == 0)
        return "; it takes none";
    snprintf(out, size, "; %s ", lead);
    for (size_t i = 0; i < n; i++)
        lks_append(out, size, "%s%s", i ? ", " : "", known[i]);
    return out;
}
