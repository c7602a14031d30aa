/* A loss that options describe: a row of loss.c's table. Private to core/nn. */
#ifndef LKS_NN_LOSS_TYPE_H
#define LKS_NN_LOSS_TYPE_H

#include "base/loss_options.h"
#include "base/option_expand.h"
#include "nn/loss.h"

/* What losses may be told; each has its part of it. */
typedef struct lks_loss_config {
    int reduction; /* lks_reduction, or LKS_LOSS_BATCHMEAN */
    int64_t ignore_index;
    double label_smoothing, beta, delta, eps;
    bool full, log_target, log_var;
    lks_numbers numbers; /* weight, pos_weight: while options are read */
    lks_tensor *weight;  /* (n) f32, the same on the loss's device; NULL: none */
} lks_loss_config;

enum { LKS_LOSS_BATCHMEAN = 2 };

typedef struct lks_loss_type {
    lks_loss loss; /* without options */
    const lks_option_rule *options;
    size_t n_options;
} lks_loss_type;

static inline const lks_loss_config *lks_loss_config_of(const lks_loss *loss)
{
    return (const lks_loss_config *)loss->self;
}

/* What the sum counts, nothing where it is to stay a sum. */
lks_loss_count lks_loss_counted(const lks_loss *loss, double known, lks_tensor *tensor);

/* Has `output` the target's sizes, and classes behind them? */
bool lks_loss_are_rows(const lks_shape *output, const lks_shape *target);

/* lks_loss_<name>, of LKS_OPTIONS_<name>; the rest are members of its lks_loss. */
#define LKS_LOSS_TYPE(name_, ...)                                                        \
    static const lks_option_rule name_##_options[] = {                                   \
        LKS_OPTIONS_##name_(LKS_LOSS_RULE)};                                             \
    static const lks_loss_config name_##_defaults = {                                    \
        LKS_OPTIONS_##name_(LKS_LOSS_DEFAULT)};                                          \
    const lks_loss_type lks_loss_##name_ = {                                             \
        .loss = {.name = #name_, .self = &name_##_defaults, __VA_ARGS__},                \
        .options = name_##_options,                                                      \
        .n_options = sizeof name_##_options / sizeof *name_##_options,                   \
    }

#define LKS_LOSS_RULE(kind, ...)                                        LKS_OPTION_RULE(lks_loss_config, kind, __VA_ARGS__)
#define LKS_LOSS_DEFAULT(kind, ...)                                     LKS_LOSS_DEFAULT_(kind, __VA_ARGS__)
#define LKS_LOSS_DEFAULT_(kind, ...)                                    LKS_LOSS_DEFAULT_##kind(__VA_ARGS__)
#define LKS_LOSS_DEFAULT_WHOLE(key, member, min, required, value)       .member = value,
#define LKS_LOSS_DEFAULT_REAL(key, member, min, below, required, value) .member = value,
#define LKS_LOSS_DEFAULT_TOGGLE(key, member, required, value)           .member = value,
#define LKS_LOSS_DEFAULT_WORD(key, member, ...)                         .member = 0,
#define LKS_LOSS_DEFAULT_NUMBERS(key, member, min)                      .member = {0},

#endif
