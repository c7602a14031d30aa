/* The optimisers there are and what each may be told, as layer_options.h has it of
 * layers. Names and meaning are torch.optim's. */
#ifndef LKS_BASE_OPTIM_OPTIONS_H
#define LKS_BASE_OPTIM_OPTIONS_H

/* clang-format off */
#define LKS_OPTIM_LIST(X) X(sgd) X(adam)

#define LKS_OPTIONS_sgd(X)                                                               \
    X(REAL, "lr", lr, 0, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(0.001))                      \
    X(REAL, "momentum", momentum, 0, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(0))              \
    X(REAL, "dampening", dampening, -LKS_OPTION_NO_MAX, LKS_OPTION_NO_MAX,               \
      LKS_OPTION_ELSE(0))                                                                \
    X(REAL, "weight_decay", weight_decay, 0, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(0))      \
    X(TOGGLE, "nesterov", nesterov, LKS_OPTION_ELSE(false))

#define LKS_OPTIONS_adam(X)                                                              \
    X(REAL, "lr", lr, 0, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(0.001))                      \
    X(REALS2, "betas", beta1, 0, 1, LKS_OPTION_ELSE2(0.9, 0.999))                        \
    X(REAL, "eps", eps, 0, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(1e-08))                    \
    X(REAL, "weight_decay", weight_decay, 0, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(0))
/* clang-format on */

#endif
