/* Learning rates, and momenta, that change from step to step, or from epoch to epoch: which of the two
 * is the caller's to say. Names, defaults and values are those of
 * torch.optim.lr_scheduler, whose recursive forms are followed to the last bit.
 *
 *     lks_schedule_create("step_lr", options, lks_optim_lr(optim), &schedule)
 *     lks_schedule_tell(schedule, optim);                        before the first step
 *     lks_schedule_step(schedule, metric);                       after each
 *     lks_schedule_tell(schedule, optim);
 *
 * Add one: a row in schedule.c, its name and options in base/optim_options.h. */
#ifndef LKS_OPTIM_SCHEDULE_H
#define LKS_OPTIM_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"
#include "base/option_rule.h"
#include "base/status.h"
#include "optim/optim.h"

typedef struct lks_schedule lks_schedule;

/* LKS_INVALID: unknown type or option, or a value out of range; LKS_NOMEM. */
lks_status lks_schedule_create(const char *type, lks_options options, double base_lr,
                               lks_schedule **out);

/* base_lr times what `factor` says of the number of steps so far. LKS_NOMEM. */
typedef double (*lks_schedule_factor)(void *context, uint64_t n);
lks_status lks_schedule_create_lambda(lks_schedule_factor factor, void *context,
                                      double base_lr, lks_schedule **out);

/* Once `n` steps in all are taken, go on as this type does from its first. */
lks_status lks_schedule_then(lks_schedule *schedule, uint64_t n, const char *type,
                             lks_options options);
/* NULL is fine. */
void lks_schedule_destroy(lks_schedule *schedule);

/* What a type may be told, [*n]; NULL: there is no such type. */
const lks_option_rule *lks_schedule_rules(const char *type, size_t *n);

/* For the step to come. */
double lks_schedule_lr(const lks_schedule *schedule);

/* The momentum that one_cycle_lr and cyclic_lr give at this point of their cycle; false:
 * this schedule moves none. */
bool lks_schedule_momentum(const lks_schedule *schedule, double *out);

/* Give the optimiser its rate, and its momentum if this moves one. LKS_INVALID: the
 * optimiser has no momentum. */
lks_status lks_schedule_tell(const lks_schedule *schedule, lks_optim *optim);

/* One more. `metric`: what reduce_lr_on_plateau watches; others do not read it. */
void lks_schedule_step(lks_schedule *schedule, double metric);

#endif
