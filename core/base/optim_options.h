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
/* clang-format on */

#endif
