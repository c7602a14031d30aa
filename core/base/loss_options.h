/* The losses there are and what each may be told, as layer_options.h has it of layers.
 * Names and meaning are torch.nn.functional's; `log_var` is ours. */
#ifndef LKS_BASE_LOSS_OPTIONS_H
#define LKS_BASE_LOSS_OPTIONS_H

/* clang-format off */
#define LKS_LOSS_LIST(X)                                                                 \
    X(cross_entropy) X(mse_loss) X(nll_loss) X(l1_loss) X(smooth_l1_loss) X(huber_loss)  \
    X(binary_cross_entropy) X(binary_cross_entropy_with_logits) X(kl_div)                \
    X(gaussian_nll_loss)

/* In the order of lks_reduction. */
#define LKS_LOSS_REDUCTION(X) X(WORD, "reduction", reduction, "mean", "sum")

/* weight: one for each class */
#define LKS_LOSS_CLASSES(X)                                                              \
    X(NUMBERS, "weight", numbers, 0)                                                     \
    X(WHOLE, "ignore_index", ignore_index, -32768, LKS_OPTION_ELSE(-100))

#define LKS_OPTIONS_cross_entropy(X)                                                     \
    LKS_LOSS_CLASSES(X)                                                                  \
    X(REAL, "label_smoothing", label_smoothing, 0, 1, LKS_OPTION_ELSE(0))                \
    LKS_LOSS_REDUCTION(X)

#define LKS_OPTIONS_nll_loss(X)                                                          \
    LKS_LOSS_CLASSES(X)                                                                  \
    LKS_LOSS_REDUCTION(X)

#define LKS_OPTIONS_mse_loss(X)             LKS_LOSS_REDUCTION(X)
#define LKS_OPTIONS_l1_loss(X)              LKS_LOSS_REDUCTION(X)
#define LKS_OPTIONS_binary_cross_entropy(X) LKS_LOSS_REDUCTION(X)

#define LKS_OPTIONS_smooth_l1_loss(X)                                                    \
    X(REAL, "beta", beta, 0, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(1))                      \
    LKS_LOSS_REDUCTION(X)

/* not 0, of which nothing is left */
#define LKS_OPTIONS_huber_loss(X)                                                        \
    X(REAL, "delta", delta, 1e-12, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(1))                \
    LKS_LOSS_REDUCTION(X)

/* pos_weight: one, or one for each place of the model's last dimension */
#define LKS_OPTIONS_binary_cross_entropy_with_logits(X)                                  \
    X(NUMBERS, "pos_weight", numbers, 0)                                                 \
    LKS_LOSS_REDUCTION(X)

#define LKS_OPTIONS_kl_div(X)                                                            \
    X(TOGGLE, "log_target", log_target, LKS_OPTION_ELSE(false))                          \
    X(WORD, "reduction", reduction, "mean", "sum", "batchmean")

/* log_var: the model gives the logarithms of the variances */
#define LKS_OPTIONS_gaussian_nll_loss(X)                                                 \
    X(TOGGLE, "full", full, LKS_OPTION_ELSE(false))                                      \
    X(REAL, "eps", eps, 0, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(1e-06))                    \
    X(TOGGLE, "log_var", log_var, LKS_OPTION_ELSE(false))                                \
    LKS_LOSS_REDUCTION(X)
/* clang-format on */

#endif
