/* The optimisers there are and what each may be told, as layer_options.h has it of
 * layers. Names and meaning are torch.optim's; `l1`, the weight of the parameters' 1-norm,
 * is ours. */
#ifndef LKS_BASE_OPTIM_OPTIONS_H
#define LKS_BASE_OPTIM_OPTIONS_H

/* clang-format off */
#define LKS_OPTIM_LIST(X)                                                                \
    X(sgd) X(adam) X(adamw) X(nadam) X(radam) X(adamax) X(adagrad) X(adadelta)           \
    X(rmsprop) X(rprop) X(asgd)

#define LKS_OPTIM_REAL(X, key, member, value)                                            \
    X(REAL, key, member, 0, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(value))
#define LKS_OPTIM_LR(X, value)    LKS_OPTIM_REAL(X, "lr", common.lr, value)
#define LKS_OPTIM_DECAY(X, value) LKS_OPTIM_REAL(X, "weight_decay", common.weight_decay, value)
#define LKS_OPTIM_BETAS(X)                                                               \
    X(REALS2, "betas", beta1, 0, 1, LKS_OPTION_ELSE2(0.9, 0.999))

/* What all take beside these. */
#define LKS_OPTIM_COMMON(X)                                                              \
    LKS_OPTIM_REAL(X, "l1", common.l1, 0)                                                \
    X(TOGGLE, "maximize", common.maximize, LKS_OPTION_ELSE(false))

#define LKS_OPTIONS_sgd(X)                                                               \
    LKS_OPTIM_LR(X, 0.001)                                                               \
    LKS_OPTIM_REAL(X, "momentum", momentum, 0)                                           \
    X(REAL, "dampening", dampening, -LKS_OPTION_NO_MAX, LKS_OPTION_NO_MAX,               \
      LKS_OPTION_ELSE(0))                                                                \
    LKS_OPTIM_DECAY(X, 0)                                                                \
    X(TOGGLE, "nesterov", nesterov, LKS_OPTION_ELSE(false))                              \
    LKS_OPTIM_COMMON(X)

#define LKS_OPTIONS_adam(X)                                                              \
    LKS_OPTIM_LR(X, 0.001)                                                               \
    LKS_OPTIM_BETAS(X)                                                                   \
    LKS_OPTIM_REAL(X, "eps", eps, 1e-08)                                                 \
    LKS_OPTIM_DECAY(X, 0)                                                                \
    X(TOGGLE, "amsgrad", amsgrad, LKS_OPTION_ELSE(false))                                \
    LKS_OPTIM_COMMON(X)

#define LKS_OPTIONS_adamw(X)                                                             \
    LKS_OPTIM_LR(X, 0.001)                                                               \
    LKS_OPTIM_BETAS(X)                                                                   \
    LKS_OPTIM_REAL(X, "eps", eps, 1e-08)                                                 \
    LKS_OPTIM_DECAY(X, 0.01)                                                             \
    X(TOGGLE, "amsgrad", amsgrad, LKS_OPTION_ELSE(false))                                \
    LKS_OPTIM_COMMON(X)

#define LKS_OPTIONS_nadam(X)                                                             \
    LKS_OPTIM_LR(X, 0.002)                                                               \
    LKS_OPTIM_BETAS(X)                                                                   \
    LKS_OPTIM_REAL(X, "eps", eps, 1e-08)                                                 \
    LKS_OPTIM_DECAY(X, 0)                                                                \
    LKS_OPTIM_REAL(X, "momentum_decay", momentum_decay, 0.004)                           \
    X(TOGGLE, "decoupled_weight_decay", decoupled, LKS_OPTION_ELSE(false))               \
    LKS_OPTIM_COMMON(X)

#define LKS_OPTIONS_radam(X)                                                             \
    LKS_OPTIM_LR(X, 0.001)                                                               \
    LKS_OPTIM_BETAS(X)                                                                   \
    LKS_OPTIM_REAL(X, "eps", eps, 1e-08)                                                 \
    LKS_OPTIM_DECAY(X, 0)                                                                \
    X(TOGGLE, "decoupled_weight_decay", decoupled, LKS_OPTION_ELSE(false))               \
    LKS_OPTIM_COMMON(X)

#define LKS_OPTIONS_adamax(X)                                                            \
    LKS_OPTIM_LR(X, 0.002)                                                               \
    LKS_OPTIM_BETAS(X)                                                                   \
    LKS_OPTIM_REAL(X, "eps", eps, 1e-08)                                                 \
    LKS_OPTIM_DECAY(X, 0)                                                                \
    LKS_OPTIM_COMMON(X)

#define LKS_OPTIONS_adagrad(X)                                                           \
    LKS_OPTIM_LR(X, 0.01)                                                                \
    LKS_OPTIM_REAL(X, "lr_decay", lr_decay, 0)                                           \
    LKS_OPTIM_DECAY(X, 0)                                                                \
    LKS_OPTIM_REAL(X, "initial_accumulator_value", start, 0)                             \
    LKS_OPTIM_REAL(X, "eps", eps, 1e-10)                                                 \
    LKS_OPTIM_COMMON(X)

#define LKS_OPTIONS_adadelta(X)                                                          \
    LKS_OPTIM_LR(X, 1)                                                                   \
    X(REAL, "rho", rho, 0, 1, LKS_OPTION_ELSE(0.9))                                      \
    LKS_OPTIM_REAL(X, "eps", eps, 1e-06)                                                 \
    LKS_OPTIM_DECAY(X, 0)                                                                \
    LKS_OPTIM_COMMON(X)

#define LKS_OPTIONS_rmsprop(X)                                                           \
    LKS_OPTIM_LR(X, 0.01)                                                                \
    LKS_OPTIM_REAL(X, "alpha", alpha, 0.99)                                              \
    LKS_OPTIM_REAL(X, "eps", eps, 1e-08)                                                 \
    LKS_OPTIM_DECAY(X, 0)                                                                \
    LKS_OPTIM_REAL(X, "momentum", momentum, 0)                                           \
    X(TOGGLE, "centered", centered, LKS_OPTION_ELSE(false))                              \
    LKS_OPTIM_COMMON(X)

#define LKS_OPTIONS_rprop(X)                                                             \
    LKS_OPTIM_LR(X, 0.01)                                                                \
    X(REALS2, "etas", down, 0, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE2(0.5, 1.2))            \
    X(REALS2, "step_sizes", least, 0, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE2(1e-06, 50))    \
    LKS_OPTIM_COMMON(X)

#define LKS_OPTIONS_asgd(X)                                                              \
    LKS_OPTIM_LR(X, 0.01)                                                                \
    LKS_OPTIM_REAL(X, "lambd", lambd, 0.0001)                                            \
    LKS_OPTIM_REAL(X, "alpha", alpha, 0.75)                                              \
    LKS_OPTIM_REAL(X, "t0", t0, 1000000)                                                 \
    LKS_OPTIM_DECAY(X, 0)                                                                \
    LKS_OPTIM_COMMON(X)

/* Schedules of the learning rate: torch.optim.lr_scheduler's. Where that takes a word
 * (mode, threshold_mode), here is a flag. */
#define LKS_LR_SCHEDULE_LIST(X)                                                          \
    X(step_lr) X(multi_step_lr) X(constant_lr) X(linear_lr) X(exponential_lr)            \
    X(polynomial_lr) X(cosine_annealing_lr) X(cosine_annealing_warm_restarts)            \
    X(reduce_lr_on_plateau)
/* These move the momentum too. */
#define LKS_CYCLE_SCHEDULE_LIST(X) X(one_cycle_lr) X(cyclic_lr)
#define LKS_SCHEDULE_LIST(X)       LKS_LR_SCHEDULE_LIST(X) LKS_CYCLE_SCHEDULE_LIST(X)

#define LKS_OPTIONS_step_lr(X)                                                           \
    X(WHOLE, "step_size", step_size, 1, LKS_OPTION_REQUIRED)                             \
    LKS_OPTIM_REAL(X, "gamma", gamma, 0.1)

#define LKS_OPTIONS_multi_step_lr(X)                                                     \
    X(WHOLES, "milestones", milestones, 1, LKS_OPTION_REQUIRED)                          \
    LKS_OPTIM_REAL(X, "gamma", gamma, 0.1)

#define LKS_OPTIONS_constant_lr(X)                                                       \
    LKS_OPTIM_REAL(X, "factor", factor, 0.3333333333333333)                              \
    X(WHOLE, "total_iters", total_iters, 0, LKS_OPTION_ELSE(5))

#define LKS_OPTIONS_linear_lr(X)                                                         \
    X(REAL, "start_factor", start, 1e-12, LKS_OPTION_NO_MAX,                             \
      LKS_OPTION_ELSE(0.3333333333333333))                                               \
    LKS_OPTIM_REAL(X, "end_factor", end, 1)                                              \
    X(WHOLE, "total_iters", total_iters, 1, LKS_OPTION_ELSE(5))

#define LKS_OPTIONS_exponential_lr(X)                                                    \
    X(REAL, "gamma", gamma, 0, LKS_OPTION_NO_MAX, LKS_OPTION_REQUIRED)

#define LKS_OPTIONS_polynomial_lr(X)                                                     \
    X(WHOLE, "total_iters", total_iters, 1, LKS_OPTION_ELSE(5))                          \
    LKS_OPTIM_REAL(X, "power", power, 1)

#define LKS_OPTIONS_cosine_annealing_lr(X)                                               \
    X(WHOLE, "T_max", t_max, 1, LKS_OPTION_REQUIRED)                                     \
    LKS_OPTIM_REAL(X, "eta_min", eta_min, 0)

#define LKS_OPTIONS_cosine_annealing_warm_restarts(X)                                    \
    X(WHOLE, "T_0", t_0, 1, LKS_OPTION_REQUIRED)                                         \
    X(WHOLE, "T_mult", t_mult, 1, LKS_OPTION_ELSE(1))                                    \
    LKS_OPTIM_REAL(X, "eta_min", eta_min, 0)

#define LKS_SCHEDULE_MOMENTUM(X, low, high)                                              \
    X(TOGGLE, "cycle_momentum", cycle_momentum, LKS_OPTION_ELSE(true))                   \
    X(REAL, "base_momentum", base_momentum, 0, 1, LKS_OPTION_ELSE(low))                  \
    X(REAL, "max_momentum", max_momentum, 0, 1, LKS_OPTION_ELSE(high))

#define LKS_OPTIONS_one_cycle_lr(X)                                                      \
    X(REAL, "max_lr", max_lr, 0, LKS_OPTION_NO_MAX, LKS_OPTION_REQUIRED)                 \
    X(WHOLE, "total_steps", total_steps, 1, LKS_OPTION_REQUIRED)                         \
    X(REAL, "pct_start", pct_start, 0, 1, LKS_OPTION_ELSE(0.3))                          \
    X(REAL, "div_factor", div_factor, 1e-12, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(25))     \
    X(REAL, "final_div_factor", final_div_factor, 1e-12, LKS_OPTION_NO_MAX,              \
      LKS_OPTION_ELSE(10000))                                                            \
    X(TOGGLE, "three_phase", three_phase, LKS_OPTION_ELSE(false))                        \
    LKS_SCHEDULE_MOMENTUM(X, 0.85, 0.95)

#define LKS_OPTIONS_cyclic_lr(X)                                                         \
    X(REAL, "base_lr", low, 0, LKS_OPTION_NO_MAX, LKS_OPTION_REQUIRED)                   \
    X(REAL, "max_lr", high, 0, LKS_OPTION_NO_MAX, LKS_OPTION_REQUIRED)                   \
    X(WHOLE, "step_size_up", up, 1, LKS_OPTION_ELSE(2000))                               \
    X(WHOLE, "step_size_down", down, 1, LKS_OPTION_UNSET)                                \
    LKS_SCHEDULE_MOMENTUM(X, 0.8, 0.9)

#define LKS_OPTIONS_reduce_lr_on_plateau(X)                                              \
    X(REAL, "factor", factor, 0, 1, LKS_OPTION_ELSE(0.1))                                \
    X(WHOLE, "patience", patience, 0, LKS_OPTION_ELSE(10))                               \
    LKS_OPTIM_REAL(X, "threshold", threshold, 0.0001)                                    \
    X(WHOLE, "cooldown", cooldown, 0, LKS_OPTION_ELSE(0))                                \
    LKS_OPTIM_REAL(X, "min_lr", min_lr, 0)                                               \
    LKS_OPTIM_REAL(X, "eps", eps, 1e-08)                                                 \
    X(TOGGLE, "mode_max", of_largest, LKS_OPTION_ELSE(false))                            \
    X(TOGGLE, "threshold_abs", is_absolute, LKS_OPTION_ELSE(false))
/* clang-format on */

#endif
