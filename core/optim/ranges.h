/* Parameter groups as ranges of the flat blocks. For core/optim's own files. */
#ifndef LKS_OPTIM_RANGES_H
#define LKS_OPTIM_RANGES_H

#include "optim/optim.h"

/* Elements [begin, end) of the blocks, gaps included, and whose options they have: 0
 * those of no group, i + 1 group i's. */
typedef struct lks_optim_range {
    size_t begin, end, options;
} lks_optim_range;

/* The group of each parameter, from 1; 0: none; out[parameters].
 *   owner   begins the error's text
 *   errors  LKS_INVALID: a name that no parameter has, a parameter in two groups */
lks_status lks_optim_assign(const lks_optim_group *groups, size_t n_groups,
                            const lks_param_block *block, const char *owner, size_t *out);

/* As few ranges as there can be, into out[parameters]; how many. same[i]: options i are
 * the same as options same[i]. */
size_t lks_optim_cut(const lks_param_block *block, const size_t *group_of,
                     const size_t *same, lks_optim_range *out);

#endif
