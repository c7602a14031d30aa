/* Transforms of images: the last two dimensions are rows and columns, those before them
 * are planes. source: torchvision.transforms' RandomCrop and RandomHorizontalFlip */
#include <string.h>

#include "base/option_expand.h"
#include "base/rng.h"
#include "base/transform_options.h"
#include "data/pad.h"
#include "data/transform.h"

typedef struct image {
    size_t n_planes, element;
    int64_t height, width;
} image;

static image image_of(const lks_field *field)
{
    image shape = {.n_planes = 1,
                   .element = lks_dtype_size_bytes(field->dtype),
                   .height = field->sizes[field->n_dims - 2],
                   .width = field->sizes[field->n_dims - 1]};

    for (int d = 0; d < field->n_dims - 2; d++)
        shape.n_planes *= (size_t)field->sizes[d];
    return shape;
}

static lks_status expect_image(const lks_transform *t)
{
    return t->in.n_dims >= 2
               ? LKS_OK
               : lks_transform_refuse(t,
                                      "it takes images, samples of two dimensions or "
                                      "more; these have %d",
                                      t->in.n_dims);
}

/* ---- random_crop ---- */

typedef struct random_crop {
    int64_t size[2], padding[2];
    double fill;
} random_crop;

#define RULE_OF_CROP(kind, ...) LKS_OPTION_RULE(random_crop, kind, __VA_ARGS__)
static const lks_option_rule crop_options[] = {LKS_OPTIONS_random_crop(RULE_OF_CROP)};

static lks_status infer_crop(const lks_transform *t, lks_field *out)
{
    const random_crop *config = t->config;
    unsigned char fill[LKS_MAX_ELEMENT_BYTES];

    if (expect_image(t) != LKS_OK)
        return LKS_INVALID;
    if (!lks_pad_element(t->in.dtype, config->fill, fill))
        return lks_transform_refuse(t, "%s does not hold its fill %g",
                                    lks_dtype_name(t->in.dtype), config->fill);
    for (int i = 0; i < 2; i++) {
        int64_t *size = &out->sizes[out->n_dims - 2 + i];

        if (config->size[i] > *size + 2 * config->padding[i])
            return lks_transform_refuse(
                t, "%s %lld; with their padding the images have %lld",
                i == 0 ? "height" : "width", (long long)config->size[i],
                (long long)(*size + 2 * config->padding[i]));
        *size = config->size[i];
    }
    return LKS_OK;
}

/* Where the part begins, in an image that is padded by so much: element i of the stream,
 * or in the middle. */
static int64_t place_of(const lks_rng *rng, uint64_t i, int64_t size, int64_t padding,
                        int64_t cropped)
{
    const uint64_t n = (uint64_t)(size + 2 * padding - cropped);

    return (int64_t)(rng ? lks_rng_bits(rng, i) * (n + 1) >> 32 : n / 2) - padding;
}

static void fill_row(char *out, size_t n_bytes, const void *element, size_t size)
{
    for (size_t i = 0; i < n_bytes; i += size)
        memcpy(out + i, element, size);
}

/* Columns [left, left + n) of a row of n_in, of which some may lie outside of it. */
static void crop_row(const char *in, int64_t n_in, int64_t left, int64_t n,
                     const void *fill, size_t element, char *out)
{
    const int64_t begin = left < 0 ? -left < n ? -left : n : 0;
    const int64_t end = left + n > n_in ? n_in > left ? n_in - left : 0 : n;

    fill_row(out, (size_t)begin * element, fill, element);
    if (end > begin)
        memcpy(out + (size_t)begin * element, in + (size_t)(left + begin) * element,
               (size_t)(end - begin) * element);
    if (n > end && n > begin)
        fill_row(out + (size_t)(end > begin ? end : begin) * element,
                 (size_t)(n - (end > begin ? end : begin)) * element, fill, element);
}

static void apply_crop(const lks_transform *t, const lks_rng *rng, const void *in,
                       void *out)
{
    const random_crop *config = t->config;
    const image from = image_of(&t->in), to = image_of(&t->out);
    const int64_t top = place_of(rng, 0, from.height, config->padding[0], to.height);
    const int64_t left = place_of(rng, 1, from.width, config->padding[1], to.width);
    const size_t row_in = (size_t)from.width * from.element;
    const size_t row_out = (size_t)to.width * to.element;
    unsigned char fill[LKS_MAX_ELEMENT_BYTES];
    char *at = out;

    lks_pad_element(t->in.dtype, config->fill, fill);
    for (size_t plane = 0; plane < from.n_planes; plane++)
        for (int64_t y = top; y < top + to.height; y++, at += row_out) {
            const size_t row = plane * (size_t)from.height + (size_t)y;

            if (y < 0 || y >= from.height)
                fill_row(at, row_out, fill, to.element);
            else
                crop_row((const char *)in + row * row_in, from.width, left, to.width,
                         fill, to.element, at);
        }
}

const lks_transform_type lks_transform_random_crop = {
    .name = "random_crop",
    .options = crop_options,
    .n_options = sizeof crop_options / sizeof *crop_options,
    .config_size_bytes = sizeof(random_crop),
    .infer = infer_crop,
    .apply = apply_crop,
};

/* ---- random_horizontal_flip ---- */

typedef struct random_horizontal_flip {
    double p;
} random_horizontal_flip;

#define RULE_OF_FLIP(kind, ...) LKS_OPTION_RULE(random_horizontal_flip, kind, __VA_ARGS__)
static const lks_option_rule flip_options[] = {
    LKS_OPTIONS_random_horizontal_flip(RULE_OF_FLIP)};

static lks_status infer_flip(const lks_transform *t, lks_field *out)
{
    (void)out;
    return expect_image(t);
}

static void apply_flip(const lks_transform *t, const lks_rng *rng, const void *in,
                       void *out)
{
    const random_horizontal_flip *config = t->config;
    const image shape = image_of(&t->in);
    const size_t n_rows = shape.n_planes * (size_t)shape.height;
    const size_t row = (size_t)shape.width * shape.element;
    float u = 1;

    if (rng)
        lks_rng_uniform_f32(rng, 0, 1, &u);
    if (u >= (float)config->p) {
        memcpy(out, in, n_rows * row);
        return;
    }
    for (size_t y = 0; y < n_rows; y++)
        for (size_t x = 0; x < row; x += shape.element)
            memcpy((char *)out + y * row + x,
                   (const char *)in + (y + 1) * row - x - shape.element, shape.element);
}

const lks_transform_type lks_transform_random_horizontal_flip = {
    .name = "random_horizontal_flip",
    .options = flip_options,
    .n_options = sizeof flip_options / sizeof *flip_options,
    .config_size_bytes = sizeof(random_horizontal_flip),
    .infer = infer_flip,
    .apply = apply_flip,
};
