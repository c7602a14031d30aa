#include "trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "element.h"

enum { MARGIN = 24 }; /* elements around an array */

static uint32_t bits(trial *t)
{
    return lks_rng_bits(&t->rng, t->n_drawn++);
}

int64_t draw(trial *t, int64_t low, int64_t high)
{
    return low + (int64_t)(bits(t) % (uint64_t)(high - low + 1));
}

int64_t draw_size(trial *t, int64_t high)
{
    int64_t limit = high;

    for (int64_t n = draw(t, 0, 3); n > 0 && limit > 8; n--)
        limit /= 3;
    return draw(t, 1, limit);
}

bool chance(trial *t, int n)
{
    return bits(t) % (uint32_t)n == 0;
}

lks_dtype draw_f32_or_f64(trial *t)
{
    return chance(t, 3) ? LKS_F64 : LKS_F32;
}

double draw_double(trial *t, double low, double high)
{
    return low + (high - low) * (bits(t) * 0x1p-32);
}

int draw_sizes(trial *t, int max_ndim, int64_t numel, int64_t *sizes)
{
    const int ndim = (int)draw(t, 1, max_ndim);
    int64_t left = draw_size(t, numel);

    for (int d = 0; d < ndim; d++) {
        sizes[d] = d == ndim - 1 ? left : draw_size(t, left < 40 ? left : 40);
        left /= sizes[d];
        left = left > 0 ? left : 1;
    }
    return ndim;
}

static double draw_number(trial *t, lks_dtype dtype)
{
    const int exponent = dtype == LKS_F64 ? 1022 : dtype == LKS_F16 ? 14 : 126;
    const double special[] = {NAN, INFINITY, -INFINITY, 0, -0.0, 1, ldexp(1, exponent)};
    const double u = draw_double(t, -1, 1);

    switch (t->values) {
    case WIDE:
        return ldexp(u, (int)draw(t, -exponent / 3, exponent / 3));
    case INTEGERS:
        return chance(t, 4) ? -0.0 : (double)draw(t, -3, 3);
    case TINY:
        return ldexp(u, (int)draw(t, -exponent - 20, -exponent / 2));
    case SPECIAL:
        return chance(t, 40) ? special[draw(t, 0, 6)] : u;
    default:
        return u;
    }
}

static void draw_element(trial *t, lks_dtype dtype, void *at)
{
    switch (dtype) {
#define FLOAT(name, stored, computed, load, store)                                       \
    case LKS_##name:                                                                     \
        *(stored *)at = store((computed)draw_number(t, dtype));                          \
        break;
#define INT(name, stored, computed, load, store)                                         \
    case LKS_##name:                                                                     \
        *(stored *)at =                                                                  \
            (stored)(chance(t, 3) ? (int64_t)((uint64_t)bits(t) << 32 | bits(t))         \
                                  : draw(t, -9, 9));                                     \
        break;
        LKS_FLOAT_ELEMENTS(FLOAT)
        LKS_INT_ELEMENTS(INT)
    default:
        *(uint8_t *)at = bits(t) & 1;
    }
}

/* Room for `numel` elements, all drawn; the first of them, at any place in a vector. */
static void *draw_block(trial *t, lks_dtype dtype, int64_t numel)
{
    const size_t size = lks_dtype_size_bytes(dtype);
    const int64_t shift = draw(t, 0, 7);
    block *b = &t->blocks[t->n_blocks++];

    ck_assert_int_le(t->n_blocks, MAX_BLOCKS);
    *b = (block){.dtype = dtype, .numel = numel + 2 * MARGIN};
    b->n_bytes = (size_t)b->numel * size;
    b->bytes = aligned_alloc(64, (b->n_bytes + 63) / 64 * 64);
    for (int64_t i = 0; i < b->numel; i++)
        draw_element(t, dtype, b->bytes + (size_t)i * size);
    b->device = t->k->host_reads ? b->bytes : t->k->alloc(t->device.index, b->n_bytes);
    ck_assert_ptr_nonnull(b->device);
    return b->device + (size_t)(MARGIN / 2 + shift) * size;
}

void put_i64(trial *t, const lks_view *view, int64_t i, int64_t value)
{
    const uintptr_t at = (uintptr_t)lks_view_at(view, i * view->strides[0]);

    for (int b = 0; b < t->n_blocks; b++) {
        const size_t offset = at - (uintptr_t)t->blocks[b].device;

        if (offset < t->blocks[b].n_bytes)
            memcpy(t->blocks[b].bytes + offset, &value, sizeof value);
    }
}

const lks_kernels *ready(trial *t)
{
    for (int i = 0; i < t->n_blocks && !t->k->host_reads; i++)
        ck_ok(t->k->copy_in(t->device.index, t->blocks[i].device, t->blocks[i].bytes,
                            t->blocks[i].n_bytes));
    return t->k;
}

void fetch(trial *t)
{
    for (int i = 0; i < t->n_blocks && !t->k->host_reads; i++)
        ck_ok(t->k->copy_out(t->device.index, t->blocks[i].bytes, t->blocks[i].device,
                             t->blocks[i].n_bytes));
}

void release(trial *t)
{
    for (int i = 0; i < t->n_blocks; i++) {
        if (!t->k->host_reads)
            t->k->free(t->device.index, t->blocks[i].device, t->blocks[i].n_bytes);
        free(t->blocks[i].bytes);
    }
}

lks_view draw_dense(trial *t, lks_dtype dtype, int ndim, const int64_t *sizes)
{
    lks_shape shape = {.ndim = ndim};
    int64_t numel = 1;

    for (int d = 0; d < ndim; d++)
        numel *= shape.sizes[d] = sizes[d];
    return lks_view_dense(t->device, draw_block(t, dtype, numel), dtype, &shape);
}

/* Dimensions in any order, each with steps, gaps or backwards. */
static lks_view draw_strided(trial *t, lks_dtype dtype, int ndim, const int64_t *sizes,
                             bool may_repeat)
{
    lks_view view = {.dtype = dtype, .ndim = ndim, .device = t->device};
    int order[LKS_MAX_DIMS] = {0};
    int64_t numel = 1, first = 0;

    for (int d = 0; d < ndim; d++) {
        int at = (int)draw(t, 0, d);

        order[d] = order[at];
        order[at] = d;
        view.sizes[d] = sizes[d];
    }
    for (int i = 0; i < ndim; i++) {
        const int d = order[i];
        const int64_t step = chance(t, 8) ? draw(t, 2, 3) : 1;
        const int64_t stride = numel * step;

        if (may_repeat && chance(t, 8))
            continue; /* a stride of 0 */
        numel = stride * sizes[d] + (chance(t, 4) ? draw(t, 1, 5) : 0);
        view.strides[d] = chance(t, 8) ? -stride : stride;
        if (view.strides[d] < 0)
            first += stride * (sizes[d] - 1);
    }
    view.data =
        (char *)draw_block(t, dtype, numel) + (size_t)first * lks_dtype_size_bytes(dtype);
    return view;
}

lks_view draw_input(trial *t, lks_dtype dtype, int ndim, const int64_t *sizes)
{
    return chance(t, 3) ? draw_dense(t, dtype, ndim, sizes)
                        : draw_strided(t, dtype, ndim, sizes, true);
}

lks_view draw_output(trial *t, lks_dtype dtype, int ndim, const int64_t *sizes)
{
    return chance(t, 3) ? draw_dense(t, dtype, ndim, sizes)
                        : draw_strided(t, dtype, ndim, sizes, false);
}
