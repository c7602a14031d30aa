/* Images at another size. */
#include "table.h"

#include <string.h>

static lks_interpolation mode_of(const char *name)
{
    static const char *const names[] = {
        [LKS_INTERPOLATE_NEAREST] = "nearest",
        [LKS_INTERPOLATE_NEAREST_EXACT] = "nearest-exact",
        [LKS_INTERPOLATE_LINEAR] = "linear",
        [LKS_INTERPOLATE_BILINEAR] = "bilinear",
        [LKS_INTERPOLATE_BICUBIC] = "bicubic",
        [LKS_INTERPOLATE_TRILINEAR] = "trilinear",
        [LKS_INTERPOLATE_AREA] = "area",
    };
    size_t i = 0;

    while (i + 1 < sizeof names / sizeof *names && strcmp(names[i], name) != 0)
        i++;
    return (lks_interpolation)i;
}

/* What size and scale_factor, which may be one for all dimensions, say. */
static void interpolate(call *c, place size, place scale, lks_interpolate_params p)
{
    lks_tensor *x = input(c);
    int64_t sizes[MAX_LIST] = {0};
    const int n = given(c, size) ? integers(c, size, sizes) : 0;
    const double factor = given(c, scale) ? number(c, scale, 0) : 0;

    for (int i = 0; i < 3; i++) {
        p.size[i] = n > 1 ? sizes[i] : n == 1 ? sizes[0] : 0;
        p.scale_factor[i] = factor;
    }
    give(c, lks_interpolate(x, &p));
}

static void run_interpolate(call *c)
{
    interpolate(c, arg(0, "size"), arg(1, "scale_factor"),
                (lks_interpolate_params){
                    .mode = mode_of(word(c, arg(2, "mode"), "nearest")),
                    .align_corners = given(c, arg(3, "align_corners")) &&
                                     flag(c, arg(3, "align_corners"), false),
                });
}

static void run_upsample_nearest(call *c)
{
    interpolate(c, arg(0, "size"), arg(1, "scale_factor"), (lks_interpolate_params){0});
}

static void run_upsample_bilinear(call *c)
{
    interpolate(c, arg(0, "size"), arg(1, "scale_factor"),
                (lks_interpolate_params){.mode = LKS_INTERPOLATE_BILINEAR,
                                         .align_corners = true});
}

static const row rows[] = {
    {"nn.functional.interpolate/area", .run = run_interpolate},
    {"nn.functional.interpolate/bicubic", .run = run_interpolate},
    {"nn.functional.interpolate/bilinear", .run = run_interpolate},
    {"nn.functional.interpolate/linear", .run = run_interpolate},
    {"nn.functional.interpolate/nearest", .run = run_interpolate},
    {"nn.functional.interpolate/trilinear", .run = run_interpolate},
    {"nn.functional.upsample_bilinear", .run = run_upsample_bilinear},
    {"nn.functional.upsample_nearest", .run = run_upsample_nearest},
};
FAMILY(resampling, rows);
