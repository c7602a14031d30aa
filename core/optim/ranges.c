#include "optim/ranges.h"

#include <stdio.h>
#include <string.h>

#include "base/try.h"

/* `*` stands for any letters, `?` for one. After a mismatch the last `*` takes one more.
 */
static bool matches(const char *pattern, const char *name)
{
    const char *star = NULL, *taken = NULL;

    while (*name) {
        if (*pattern == '*') {
            star = pattern++;
            taken = name;
        } else if (*pattern == '?' || *pattern == *name) {
            pattern++;
            name++;
        } else if (star) {
            pattern = star + 1;
            name = ++taken;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static lks_status refuse_pattern(const lks_param_block *block, const char *owner,
                                 const char *pattern)
{
    char known[512] = "";
    size_t n = 0;

    for (size_t i = 0; i < lks_param_block_count(block) && n < sizeof known; i++)
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "",
                              lks_param_block_at(block, i)->name);
    return lks_fail(LKS_INVALID, "%s: no parameter is called '%s'; there are: %s%s",
                    owner, pattern, known, n < sizeof known ? "" : " …");
}

static lks_status assign(const lks_param_block *block, const char *owner,
                         const char *pattern, size_t group, size_t *out)
{
    bool found = false;

    for (size_t i = 0; i < lks_param_block_count(block); i++) {
        const char *name = lks_param_block_at(block, i)->name;

        if (!matches(pattern, name))
            continue;
        if (out[i] != 0 && out[i] != group)
            return lks_fail(LKS_INVALID, "%s: parameter '%s' is in groups %zu and %zu",
                            owner, name, out[i] - 1, group - 1);
        out[i] = group;
        found = true;
    }
    return found ? LKS_OK : refuse_pattern(block, owner, pattern);
}

lks_status lks_optim_assign(const lks_optim_group *groups, size_t n_groups,
                            const lks_param_block *block, const char *owner, size_t *out)
{
    memset(out, 0, lks_param_block_count(block) * sizeof *out);
    for (size_t g = 0; g < n_groups; g++)
        for (size_t i = 0; i < groups[g].n_params; i++)
            LKS_TRY(assign(block, owner, groups[g].params[i], g + 1, out));
    return LKS_OK;
}

size_t lks_optim_cut(const lks_param_block *block, const size_t *group_of,
                     const size_t *same, lks_optim_range *out)
{
    const size_t n_params = lks_param_block_count(block);
    size_t n = 0;

    for (size_t i = 0; i < n_params; i++) {
        const size_t options = same[group_of[i]];
        const size_t end = i + 1 < n_params ? lks_param_block_at(block, i + 1)->offset
                                            : lks_param_block_numel(block);

        if (n > 0 && out[n - 1].options == options)
            out[n - 1].end = end;
        else
            out[n++] =
                (lks_optim_range){lks_param_block_at(block, i)->offset, end, options};
    }
    return n;
}
