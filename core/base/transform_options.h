/* The transforms of inputs there are and what each may be told, as layer_options.h has it
 * of layers. Names and meaning are torchvision's. */
#ifndef LKS_BASE_TRANSFORM_OPTIONS_H
#define LKS_BASE_TRANSFORM_OPTIONS_H

/* clang-format off */
#define LKS_TRANSFORM_LIST(X) X(to_float) X(normalize) X(random_crop) X(random_horizontal_flip)

/* whole numbers, such as bytes, as float32, divided by this */
#define LKS_OPTIONS_to_float(X)                                                          \
    X(REAL, "divisor", divisor, 1e-30, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(255))

/* of each channel, or one for all */
#define LKS_OPTIONS_normalize(X)                                                         \
    X(REALS, "mean", mean, -LKS_OPTION_NO_MAX, LKS_OPTION_NO_MAX, LKS_OPTION_REQUIRED)   \
    X(REALS, "std", std, 1e-30, LKS_OPTION_NO_MAX, LKS_OPTION_REQUIRED)

/* a part of that size, anywhere in the image with `padding` around it */
#define LKS_OPTIONS_random_crop(X)                                                       \
    X(PAIR, "size", size, 1, LKS_OPTION_REQUIRED)                                        \
    X(PAIR, "padding", padding, 0, LKS_OPTION_ELSE(0))                                   \
    X(REAL, "fill", fill, -LKS_OPTION_NO_MAX, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(0))

#define LKS_OPTIONS_random_horizontal_flip(X)                                            \
    X(PART, "p", p, LKS_OPTION_ELSE(0.5))
/* clang-format on */

#endif
