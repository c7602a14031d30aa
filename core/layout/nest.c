#include "layout/nest.h"

#include <stdlib.h>

/* Whether dimension a should lie outside dimension b. */
static bool lies_outside(const lks_nest *nest, int a, int b)
{
    for (int k = 0; k < nest->n_operands; k++) {
        int64_t stride_a = llabs(nest->strides[a][k]);
        int64_t stride_b = llabs(nest->strides[b][k]);

        if (stride_a != stride_b)
            return stride_a > stride_b;
    }
    return false;
}

static void swap_dims(lks_nest *nest, int a, int b)
{
    int64_t size = nest->sizes[a];

    nest->sizes[a] = nest->sizes[b];
    nest->sizes[b] = size;
    for (int k = 0; k < nest->n_operands; k++) {
        int64_t stride = nest->strides[a][k];

        nest->strides[a][k] = nest->strides[b][k];
        nest->strides[b][k] = stride;
    }
}

static bool runs_on(const lks_nest *nest, int outer, int inner)
{
    for (int k = 0; k < nest->n_operands; k++)
        if (nest->strides[outer][k] != nest->strides[inner][k] * nest->sizes[inner])
            return false;
    return true;
}

static void join_dims(lks_nest *nest)
{
    int last = 0;

    for (int d = 1; d < nest->ndim; d++) {
        int64_t joined = nest->sizes[last] * nest->sizes[d];
        bool joins = runs_on(nest, last, d);

        if (!joins)
            last++;
        swap_dims(nest, last, d);
        if (joins)
            nest->sizes[last] = joined;
    }
    nest->ndim = last + 1;
}

/* One loop of n elements, none or one: strides count for nothing. */
static void init_line(lks_nest *nest, int64_t n)
{
    nest->ndim = 1;
    nest->sizes[0] = n;
    for (int k = 0; k < nest->n_operands; k++)
        nest->strides[0][k] = 0;
}

static void init(lks_nest *nest, int n_operands, const lks_view *const *views,
                 bool in_order)
{
    /* Member by member: a nest is large, and mostly not used. */
    nest->device_index = views[0]->device.index;
    nest->n_operands = n_operands;
    nest->n_each = 1;
    nest->ndim = 0;
    for (int k = 0; k < n_operands; k++)
        nest->data[k] = views[k]->data;
    if (lks_view_count(views[0]) == 0) { /* its other sizes may be beyond all products */
        init_line(nest, 0);
        return;
    }
    for (int d = 0; d < views[0]->ndim; d++) {
        if (views[0]->sizes[d] == 1)
            continue;
        nest->sizes[nest->ndim] = views[0]->sizes[d];
        for (int k = 0; k < n_operands; k++)
            nest->strides[nest->ndim][k] =
                views[k]->strides[d] * (int64_t)lks_dtype_size_bytes(views[k]->dtype);
        nest->ndim++;
        for (int i = nest->ndim - 1; i > 0 && !in_order && lies_outside(nest, i, i - 1);
             i--)
            swap_dims(nest, i, i - 1);
    }
    if (nest->ndim == 0)
        init_line(nest, 1);
    else if (nest->ndim > 1)
        join_dims(nest);
}

void lks_nest_init(lks_nest *nest, int n_operands, const lks_view *const *views)
{
    init(nest, n_operands, views, false);
}

void lks_nest_init_in_order(lks_nest *nest, int n_operands, const lks_view *const *views)
{
    init(nest, n_operands, views, true);
}
