/* Views, the arrays that kernels know, and arithmetic on them: what slicing, broadcasting
 * and reshaping do to sizes and strides. */
#ifndef LKS_LAYOUT_VIEW_H
#define LKS_LAYOUT_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout/dtype.h"
#include "layout/shape.h"

typedef enum lks_device_type {
    LKS_CPU,
    LKS_REFERENCE, /* the specification of all others: scalar C */
    LKS_CUDA,
    LKS_OTHER, /* that a program brings: device.h */
    LKS_N_DEVICE_TYPES
} lks_device_type;

/* Where memory lies. `cpu:0`, `cpu:1` … are distinct devices, so whatever runs over
 * several of them can be tested anywhere. */
typedef struct lks_device {
    lks_device_type type;
    int index;
} lks_device;

static const lks_device lks_cpu = {LKS_CPU, 0}; /* the first CPU, "cpu" */

/* Borrowed memory of a device seen as an array; strides count elements. */
typedef struct lks_view {
    void *data; /* the first element: for the device's kernels, and for nobody else
                   unless the device says host_reads (kernels.h) */
    lks_dtype dtype;
    int ndim;
    int64_t sizes[LKS_MAX_DIMS];
    int64_t strides[LKS_MAX_DIMS];
    lks_device device;
} lks_view;

/* Row-major without gaps over `data`. */
lks_view lks_view_dense(lks_device device, void *data, lks_dtype dtype,
                        const lks_shape *shape);
/* n elements in a row. */
lks_view lks_view_flat(lks_device device, void *data, lks_dtype dtype, size_t n);
/* Elements [first, first + n) of a flat view. */
lks_view lks_view_part(const lks_view *flat, size_t first, size_t n);
/* One number, without dimensions. */
lks_view lks_view_scalar(lks_device device, void *data, lks_dtype dtype);

/* Here, so that the sizes go where they are wanted one by one: a struct that was just
 * written so is slow to copy as a whole. */
static inline lks_shape lks_view_shape(const lks_view *view)
{
    lks_shape shape;

    shape.ndim = view->ndim;
    for (int i = 0; i < LKS_MAX_DIMS; i++)
        shape.sizes[i] = i < view->ndim ? view->sizes[i] : 0;
    return shape;
}
int64_t lks_view_count(const lks_view *view); /* of elements */

/* Row-major without gaps: may be handed to a kernel that asks for "dense". */
bool lks_view_is_dense(const lks_view *view);

/* Some element stands at several indices (a stride of 0), so writing is ambiguous. */
bool lks_view_repeats(const lks_view *view);

/* The address of element `offset`, counted in elements from the first. */
void *lks_view_at(const lks_view *view, int64_t offset);

/* The product of sizes, 0 if one of them is; false if no int64_t holds it. */
bool lks_sizes_product(const int64_t *sizes, int n, int64_t *out);

/* lks_shape_broadcast without the error: false if the two do not go together. */
bool lks_shapes_meet(const lks_shape *a, const lks_shape *b, lks_shape *out);

/* Broadcast to `shape`, with which it goes together. */
lks_view lks_view_expand(const lks_view *view, const lks_shape *shape);

/* Swap two dimensions. */
lks_view lks_view_transpose(const lks_view *view, int dim0, int dim1);

/* Elements start, start + step, … of dimension `dim`, `length` of them. */
lks_view lks_view_slice(const lks_view *view, int dim, int64_t start, int64_t step,
                        int64_t length);

/* Dimension `dim` left out: the first element of each line along it. */
lks_view lks_view_without(const lks_view *view, int dim);

/* The same elements in the same order under another shape of as many. False if that takes
 * a copy. */
bool lks_view_reshape(const lks_view *view, const lks_shape *shape, lks_view *out);

/* The first `n_row_dims` dimensions as rows, the others as columns. False if that takes a
 * copy, or if no int64_t counts them (then there are no elements). */
bool lks_view_matrix(const lks_view *view, int n_row_dims, lks_view *out);

/* The matrices that the last two dimensions make: how many, 0 without elements, and the
 * i-th, row-major. */
int64_t lks_view_n_matrices(const lks_view *view);
lks_view lks_view_matrix_at(const lks_view *view, int64_t i);
void *lks_view_matrix_data(const lks_view *view, int64_t i);

#endif
