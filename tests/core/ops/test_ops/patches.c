#include "cases.h"

static const lks_pool2d_params plain = {.kernel = {2, 3}}, two = {.kernel = {2, 2}},
                               general = {{2, 2}, {1, 2}, {1, 2}, {2, 1}, false},
                               none = {.kernel = {0, 2}},
                               backwards = {.kernel = {2, 2}, .stride = {1, -1}};

F(unfold_plain, lks_unfold(x[0], &plain))
F(unfold_general, lks_unfold(x[0], &general))
F(unfold_two, lks_unfold(x[0], &two))
F(unfold_none, lks_unfold(x[0], &none))
F(unfold_backwards, lks_unfold(x[0], &backwards))
const lks_op_cases lks_op_cases_unfold = {
    .cases = CASES({"plain", unfold_plain, {X(2, 2, 3, 4)}},
                   {"general", unfold_general, {X(1, 2, 3, 4)}},
                   {"single", unfold_two, {X(2, 3, 3)}},
                   {"no_images", unfold_two, {X(0, 2, 3, 3)}}),
    .refusals = REFUSALS({"no room",
                          unfold_plain,
                          {X(1, 2, 2, 2)},
                          LKS_SHAPE,
                          "unfold: (1, 2, 2, 2) has no room for a window of 2 x 3"},
                         {"no window",
                          unfold_none,
                          {X(1, 2, 2, 2)},
                          LKS_SHAPE,
                          "has no room for a window of 0 x 2"},
                         {"backwards",
                          unfold_backwards,
                          {X(1, 2, 2, 2)},
                          LKS_INVALID,
                          "unfold: stride, dilation and padding are not below 0"},
                         {"no image",
                          unfold_two,
                          {X(2, 2)},
                          LKS_SHAPE,
                          "unfold: takes (N, C, H, W) or (C, H, W), not (2, 2)"}),
};

F(shuffle_2, lks_pixel_shuffle(x[0], 2))
F(shuffle_1, lks_pixel_shuffle(x[0], 1))
F(shuffle_0, lks_pixel_shuffle(x[0], 0))
const lks_op_cases lks_op_cases_pixel_shuffle = {
    .cases = CASES({"two", shuffle_2, {X(2, 8, 2, 3)}}, {"one", shuffle_1, {X(2, 2, 3)}},
                   {"more_dims", shuffle_2, {X(2, 1, 4, 2, 2)}}),
    .refusals = REFUSALS({"channels",
                          shuffle_2,
                          {X(2, 6, 2, 3)},
                          LKS_SHAPE,
                          "pixel_shuffle: takes (…, C r r, H, W) for r = 2, not (2, 6, "
                          "2, 3)"},
                         {"factor 0", shuffle_0, {X(2, 6, 2, 3)}, LKS_SHAPE, "r = 0"}),
};
