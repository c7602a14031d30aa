/* Rows of a table by their numbers, alone and in bags. */
#include <math.h>

#include "base/try.h"
#include "ops/op.h"

static lks_status check(const char *name, const lks_tensor *input,
                        const lks_tensor *weight)
{
    if (input->view.dtype != LKS_I64)
        return lks_fail(LKS_DTYPE, "%s: takes numbers of rows of int64, not %s", name,
                        lks_dtype_name(input->view.dtype));
    if (weight->view.ndim != 2 || input->view.ndim == LKS_MAX_DIMS)
        return lks_fail(LKS_SHAPE, "%s: takes the rows of a matrix, not %s of %s", name,
                        LKS_TEXT(input), LKS_TEXT(weight));
    return LKS_OK;
}

/* Which are not the padding's; it may count from the end. */
static lks_tensor *present(lks_tensor *input, const lks_tensor *weight, int64_t padding)
{
    return lks_ne_scalar(
        input, (double)(padding < 0 ? padding + weight->view.sizes[0] : padding));
}

/* input as a vector (n): (n, d); the padding's rows give no gradient. */
static lks_tensor *rows_of(lks_tensor *input, lks_tensor *weight, int64_t padding)
{
    lks_tensor *rows = lks_index_select(weight, 0, input);

    if (!rows || padding == LKS_NO_PADDING_IDX)
        return rows;
    return lks_where(lks_unsqueeze(present(input, weight, padding), 1), rows,
                     lks_detach(rows));
}

lks_tensor *lks_embedding(lks_tensor *input, lks_tensor *weight, int64_t padding_idx)
{
    const lks_status before = lks_error_status();
    lks_tensor *y;
    lks_shape shape;

    if (!input || !weight || check("embedding", input, weight) != LKS_OK ||
        lks_scope_open() != LKS_OK)
        return NULL;
    shape = lks_sizes(input);
    shape.sizes[shape.ndim++] = weight->view.sizes[1];
    y = rows_of(lks_flatten(input, 0, -1), weight, padding_idx);
    y = lks_scope_return(lks_reshape(y, shape));
    lks_scope_close();
    return lks_named("embedding", before, y);
}

/* ---- bags ---- */

/* n rows and the bag, of n_bags, that each is in. */
typedef struct bags {
    lks_tensor *input, *rows, *bag; /* (n), (n, d), (n) */
    lks_tensor *counts;             /* (n) bool, or NULL: all do */
    int64_t n_bags;
} bags;

/* (n_bags, n): a row of input is a bag. */
static lks_tensor *bag_by_row(lks_tensor *input)
{
    lks_tensor *row = lks_arange(input->view.sizes[0], LKS_I64, input->storage->device);

    return lks_flatten(lks_expand(lks_unsqueeze(row, 1), lks_sizes(input)), 0, -1);
}

/* How many bags have begun by each place, less one. */
static lks_tensor *bag_by_offset(lks_tensor *input, lks_tensor *offsets)
{
    lks_tensor *place = lks_arange(input->numel, LKS_I64, input->storage->device);
    lks_tensor *begun = lks_le(lks_unsqueeze(offsets, 1), place);

    return lks_add_scalar(lks_sum(begun, (const int[]){0}, 1, false), -1);
}

static lks_status check_bags(const lks_tensor *input,
                             const lks_embedding_bag_options *options)
{
    const lks_tensor *offsets = options->offsets, *w = options->per_sample_weights;
    const lks_tensor *members = options->members;

    if (input->view.ndim != (offsets ? 1 : 2))
        return lks_fail(LKS_SHAPE,
                        "embedding_bag: takes (bags, n), or (n) with offsets, not %s",
                        LKS_TEXT(input));
    if (offsets && (offsets->view.ndim != 1 || offsets->view.dtype != LKS_I64 ||
                    offsets->numel < options->include_last_offset))
        return lks_fail(LKS_SHAPE,
                        "embedding_bag: takes offsets (bags) of int64, not %s of %s",
                        LKS_TEXT(offsets), lks_dtype_name(offsets->view.dtype));
    if (w && (options->mode != LKS_BAG_SUM || w->numel != input->numel))
        return lks_fail(LKS_INVALID,
                        "embedding_bag: weights of samples go with sums, one for each of "
                        "%s, not %s",
                        LKS_TEXT(input), LKS_TEXT(w));
    if (members && (members->view.dtype != LKS_BOOL || members->numel != input->numel))
        return lks_fail(LKS_SHAPE,
                        "embedding_bag: takes members of bool, one for each of %s, not "
                        "%s of %s",
                        LKS_TEXT(input), LKS_TEXT(members),
                        lks_dtype_name(members->view.dtype));
    return LKS_OK;
}

static lks_tensor *sum_bags(const bags *b, lks_tensor *rows)
{
    lks_shape shape = lks_sizes(rows);

    shape.sizes[0] = b->n_bags;
    return lks_index_add(lks_zeros(shape, rows->view.dtype, rows->storage->device), 0,
                         b->bag, rows, 1);
}

/* Of an empty bag 0. */
static lks_tensor *mean_bags(const bags *b, lks_tensor *rows)
{
    const lks_dtype dtype = rows->view.dtype;
    lks_tensor *ones =
        b->counts ? lks_to(b->counts, dtype)
                  : lks_ones(LKS_SHAPE_OF(b->input->numel), dtype, rows->storage->device);
    lks_tensor *n = ones ? lks_unsqueeze(sum_bags(b, ones), 1) : NULL;

    return lks_div(sum_bags(b, rows), lks_masked_fill_scalar(n, lks_eq_scalar(n, 0), 1));
}

/* Among (bags, n, d); of an empty bag 0. */
static lks_tensor *max_bags(const bags *b, lks_tensor *rows)
{
    lks_tensor *bag = lks_arange(b->n_bags, LKS_I64, rows->storage->device);
    lks_tensor *is_in = lks_eq(lks_unsqueeze(bag, 1), b->bag), *is_empty, *y;
    lks_tensor *lowest =
        lks_full(LKS_SCALAR, -(double)INFINITY, rows->view.dtype, rows->storage->device);

    if (b->counts)
        is_in = lks_logical_and(is_in, b->counts);
    is_empty = lks_logical_not(lks_any(is_in, (const int[]){1}, 1, true));
    y = lks_where(lks_unsqueeze(is_in, 2), lks_unsqueeze(rows, 0), lowest);
    return lks_masked_fill_scalar(lks_max_dim(y, 1, false, NULL), is_empty, 0);
}

/* In an open scope. */
static lks_tensor *embed_bags(lks_tensor *input, lks_tensor *weight,
                              const lks_embedding_bag_options *o)
{
    static lks_tensor *(*const modes[])(const bags *, lks_tensor *) = {
        [LKS_BAG_MEAN] = mean_bags, [LKS_BAG_SUM] = sum_bags, [LKS_BAG_MAX] = max_bags};
    bags b = {.input = lks_flatten(input, 0, -1)};
    lks_tensor *w = o->per_sample_weights;

    b.bag = o->offsets ? bag_by_offset(input, o->offsets) : bag_by_row(input);
    b.n_bags =
        o->offsets ? o->offsets->numel - o->include_last_offset : input->view.sizes[0];
    b.rows = lks_index_select(weight, 0, b.input);
    if (w)
        b.rows = lks_mul(b.rows, lks_reshape(w, LKS_SHAPE_OF(input->numel, 1)));
    if (o->members)
        b.counts = lks_flatten(o->members, 0, -1);
    if (o->padding_idx != LKS_NO_PADDING_IDX) {
        lks_tensor *is_row = present(b.input, weight, o->padding_idx);

        b.counts = o->members ? lks_logical_and(b.counts, is_row) : is_row;
    }
    if (o->members || o->padding_idx != LKS_NO_PADDING_IDX)
        b.rows = lks_masked_fill_scalar(b.rows,
                                        lks_unsqueeze(lks_logical_not(b.counts), 1), 0);
    return b.rows && b.bag ? modes[o->mode](&b, b.rows) : NULL;
}

/* Whether an operand that may be absent is so because its own expression failed. */
static bool any_failed(const lks_embedding_bag_options *o)
{
    return (!o->offsets || !o->per_sample_weights || !o->members) &&
           lks_error_status() != LKS_OK;
}

lks_tensor *lks_embedding_bag(lks_tensor *input, lks_tensor *weight,
                              const lks_embedding_bag_options *options)
{
    const lks_status before = lks_error_status();
    lks_embedding_bag_options with = {0};
    lks_tensor *y;

    if (options)
        with = *options;
    if (with.padding_idx == 0 && !with.has_padding_idx)
        with.padding_idx = LKS_NO_PADDING_IDX;
    if (!input || !weight || any_failed(&with) ||
        check("embedding_bag", input, weight) != LKS_OK ||
        check_bags(input, &with) != LKS_OK || lks_scope_open() != LKS_OK)
        return NULL;
    y = lks_scope_return(embed_bags(input, weight, &with));
    lks_scope_close();
    return lks_named("embedding_bag", before, y);
}
