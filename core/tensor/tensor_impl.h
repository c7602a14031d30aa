/* What a tensor is made of: for core/tensor, core/autograd, core/ops and core/share only.
 */
#ifndef LKS_TENSOR_TENSOR_IMPL_H
#define LKS_TENSOR_TENSOR_IMPL_H

#include <stdatomic.h>

#include "tensor/scope.h"
#include "tensor/storage.h"
#include "tensor/tensor.h"
#include "layout/view.h"

struct lks_node;

/*     tensor --> storage --> memory          node: the operation that made it, or the
 *        |          ^                        leaf's place for its gradient
 *        v          |                        (autograd/node.h). Nodes hold storages and
 *      node --> saved views                  nodes, never tensors: so there are no
 *                                            cycles. */
struct lks_tensor {
    atomic_int n_refs;
    lks_view view; /* view.data is the first element */
    int64_t numel;
    lks_storage *storage;
    struct lks_node *node; /* NULL: wants no gradient */
    bool dense;
    bool is_view;          /* made by a view operation: shares another tensor's storage */
    uint32_t view_version; /* the storage's version as the view was taken */
};

/* New tensors are the caller's, in no scope; NULL with the failure recorded. */
lks_tensor *lks_tensor_create(const lks_shape *shape, lks_dtype dtype, lks_device device);
/* Another view of t's storage, without history. */
lks_tensor *lks_tensor_alias(const lks_tensor *t, const lks_view *view);
lks_tensor *lks_tensor_from_storage(lks_storage *storage, const lks_view *view);

/* A dense tensor of the host's row-major values. */
lks_tensor *lks_tensor_of_host(const void *values, const lks_shape *shape,
                               lks_dtype dtype, lks_device device);
/* t cast to `dtype`, in t's place: the reference to t is taken. NULL is passed on. */
lks_tensor *lks_tensor_recast(lks_tensor *t, lks_dtype dtype);

/* Hand the caller's reference to the innermost scope, if one is open; returns t. NULL is
 * passed on; on failure t is let go and NULL returned. */
lks_tensor *lks_scope_own(lks_tensor *t);

/* Let go of what lks_scope_own, or an operation, returned: it is the innermost scope's, or
 * the caller's where none is open. NULL is fine. */
void lks_scope_disown(lks_tensor *t);

/* `dim` counted from the end made to count from the start. LKS_SHAPE, naming the
 * operation, if there is no such dimension. */
lks_status lks_dim_resolve(const char *op, int ndim, int dim, int *out);

/* The same where a scalar counts as having one dimension, as in PyTorch. */
lks_status lks_dim_wrap(const char *op, int ndim, int dim, int *out);

/* An element that was copied to the host, as a double. */
double lks_number_of(const void *element, lks_dtype dtype);

/* Of the same sizes. */
static inline bool lks_views_alike(const lks_view *a, const lks_view *b)
{
    bool alike = a->ndim == b->ndim;

    for (int i = 0; alike && i < a->ndim; i++)
        alike = a->sizes[i] == b->sizes[i];
    return alike;
}

static inline bool lks_view_has_shape(const lks_view *view, const lks_shape *shape)
{
    bool has = view->ndim == shape->ndim;

    for (int i = 0; has && i < view->ndim; i++)
        has = view->sizes[i] == shape->sizes[i];
    return has;
}

/* The text of t's shape, for error lines. */
typedef struct lks_sizes_text {
    char text[LKS_SHAPE_TEXT];
} lks_sizes_text;
#define LKS_TEXT(t) (lks_view_text(&(t)->view, &(lks_sizes_text){{0}}))
const char *lks_view_text(const lks_view *view, lks_sizes_text *text);

/* The refusals of what follows. */
lks_status lks_refuse_devices(const lks_tensor *a, const lks_tensor *b, const char *what);
lks_status lks_refuse_history(const char *what);

/* Both are on one device, or LKS_DEVICE naming `what`. */
static inline lks_status lks_same_device(const lks_tensor *a, const lks_tensor *b,
                                         const char *what)
{
    const lks_device on = a->storage->device, other = b->storage->device;

    if (on.type != other.type || on.index != other.index)
        return lks_refuse_devices(a, b, what);
    return LKS_OK;
}

/* LKS_STATE naming `what` for a tensor whose memory may only be read. */
lks_status lks_check_writable(const lks_tensor *t, const char *what);

/* LKS_STATE naming `what` for a view whose storage was since changed in a recorded way:
 * its values moved on, its history did not. */
static inline lks_status lks_check_history(const lks_tensor *t, const char *what)
{
    if (t->is_view && t->storage->recorded_version > t->view_version)
        return lks_refuse_history(what);
    return LKS_OK;
}

/* Of an operation given NULL: the failure that stands, or LKS_INVALID naming `what`. */
lks_status lks_refuse_null(const char *what);

/* LKS_INVALID naming `what` where there are no random numbers to draw from. */
lks_status lks_check_rng(const char *what, const lks_rng *rng);

#endif
