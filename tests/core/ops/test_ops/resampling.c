#include "cases.h"

/* interpolate of x[0] to `size`, or by `scale`, 0 of which is not said. */
#define TO(id, mode_, align, ...)                                                        \
    F(id, lks_interpolate(x[0], &(const lks_interpolate_params){                         \
                                    .mode = LKS_INTERPOLATE_##mode_,                     \
                                    .align_corners = align,                              \
                                    __VA_ARGS__,                                         \
                                }))

TO(nearest_size, NEAREST, false, .size = {5})
TO(nearest_scale, NEAREST, false, .scale_factor = {1.7, 0.6})
TO(nearest_exact, NEAREST_EXACT, false, .size = {4, 7})
TO(nearest_volume, NEAREST, false, .size = {1, 3, 2})
TO(linear_size, LINEAR, false, .size = {7})
TO(linear_scale, LINEAR, false, .scale_factor = {1.7})
TO(linear_aligned, LINEAR, true, .size = {1})
TO(bilinear_both, BILINEAR, false, .size = {0, 7}, .scale_factor = {0.5, 0})
TO(bilinear_aligned, BILINEAR, true, .size = {5, 3})
TO(bilinear_same, BILINEAR, true, .size = {2, 3})
TO(bicubic_size, BICUBIC, false, .size = {5, 3})
TO(bicubic_scale, BICUBIC, false, .scale_factor = {1.7, 1.7})
TO(bicubic_aligned, BICUBIC, true, .size = {3, 6})
TO(trilinear_size, TRILINEAR, false, .size = {3, 1, 3})
TO(area_size, AREA, false, .size = {3, 7})
TO(area_line, AREA, false, .scale_factor = {0.4})
TO(no_size, AREA, false, .size = {3})
TO(two_sizes, NEAREST, false, .size = {3}, .scale_factor = {2})
TO(to_nothing, NEAREST, false, .scale_factor = {0.1})
TO(aligned_area, AREA, true, .size = {3})
const lks_op_cases lks_op_cases_interpolate = {
    .cases = CASES({"nearest_size", nearest_size, {X(2, 2, 3)}},
                   {"nearest_scale", nearest_scale, {X(1, 1, 2, 5)}},
                   {"nearest_exact", nearest_exact, {X(1, 1, 3, 3)}},
                   {"nearest_volume", nearest_volume, {X(1, 1, 2, 2, 3)}},
                   {"linear_size", linear_size, {X(1, 2, 3)}},
                   {"linear_scale", linear_scale, {X(1, 1, 3)}},
                   {"linear_aligned", linear_aligned, {X(2, 2, 3)}},
                   {"bilinear_both", bilinear_both, {X(1, 1, 4, 3)}},
                   {"bilinear_aligned", bilinear_aligned, {X(1, 1, 2, 4)}},
                   {"bilinear_same", bilinear_same, {X(1, 1, 2, 3)}},
                   {"bicubic_size", bicubic_size, {X(1, 1, 3, 4)}},
                   {"bicubic_scale", bicubic_scale, {X(1, 1, 2, 3)}},
                   {"bicubic_aligned", bicubic_aligned, {X(1, 1, 1, 3)}},
                   {"trilinear_size", trilinear_size, {X(1, 1, 2, 3, 2)}},
                   {"area_size", area_size, {X(1, 1, 5, 3)}},
                   {"area_line", area_line, {X(1, 1, 8)}}),
    .refusals =
        REFUSALS({"no line",
                  linear_size,
                  {X(2, 2, 3, 3)},
                  LKS_SHAPE,
                  "interpolate: mode linear takes (N, C, …) of 3 dimensions, not 4"},
                 {"too many",
                  nearest_size,
                  {X(1, 1, 1, 1, 1, 2)},
                  LKS_SHAPE,
                  "mode nearest takes (N, C, …) of up to 5 dimensions, not 6"},
                 {"a vector",
                  nearest_size,
                  {X(2, 2)},
                  LKS_SHAPE,
                  "interpolate: takes (N, C, …) of floats, not (2, 2)"},
                 {"nothing said",
                  no_size,
                  {X(1, 2, 3, 3)},
                  LKS_INVALID,
                  "either size or scale_factor is wanted, above 0, of each dimension"},
                 {"both said", two_sizes, {X(1, 2, 3)}, LKS_INVALID, "either size or"},
                 {"to nothing", to_nothing, {X(1, 2, 3)}, LKS_SHAPE, "3 times 0.1 is no"},
                 {"no corners",
                  aligned_area,
                  {X(1, 2, 3)},
                  LKS_INVALID,
                  "align_corners does not go with mode area"}),
};
