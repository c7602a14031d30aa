/* Tensors: refcounted views (dtype, sizes, strides, offset) of refcounted storages.
 *
 * Ownership, once for the whole library:
 *   - What an operation or a creation function returns belongs to the thread's innermost
 *     open scope (scope.h) and dies with it; lks_keep takes it out. With no scope open it
 *     is the caller's, to be given back with lks_unref.
 *   - Arguments are borrowed. A function whose name ends in _ changes its first argument
 *     and returns it, still borrowed.
 *   - Anything given NULL returns NULL, so expressions nest; the first failure's text and
 *     code stay in the thread's error (base/status.h). What tells of a tensor tells of NULL
 *     0, false, (), float32 and the CPU; what changes one leaves NULL alone.
 * A tensor may be read from any thread; changing it, and the graph behind it, is one
 * thread's. */
#ifndef LKS_TENSOR_TENSOR_H
#define LKS_TENSOR_TENSOR_H

#include "base/rng.h"
#include "device.h"
#include "layout/dtype.h"
#include "layout/shape.h"

typedef struct lks_tensor lks_tensor;

/* Creation. `device`: where. Contents of lks_empty are undefined.
 *   errors   LKS_SHAPE: a negative size, more than LKS_MAX_DIMS of them or 2^63 - 1
 *            elements; LKS_NOMEM; LKS_DEVICE: no such device */
lks_tensor *lks_empty(lks_shape shape, lks_dtype dtype, lks_device device);
lks_tensor *lks_zeros(lks_shape shape, lks_dtype dtype, lks_device device);
lks_tensor *lks_ones(lks_shape shape, lks_dtype dtype, lks_device device);
/* `value` is cast as lks_to casts an f64 (PyTorch refuses what the dtype cannot hold). */
lks_tensor *lks_full(lks_shape shape, double value, lks_dtype dtype, lks_device device);
/* Ones where row and column are the same. */
lks_tensor *lks_eye(int64_t n_rows, int64_t n_columns, lks_dtype dtype,
                    lks_device device);
/* 0, 1, … n-1 */
lks_tensor *lks_arange(int64_t n, lks_dtype dtype, lks_device device);
/* torch.arange(start, end, step); of integers as cut off by i64, wrapped around by
 * narrower ones. LKS_INVALID: the step is 0 or leads away from the end, or a number is not
 * finite. */
lks_tensor *lks_arange_from(double start, double end, double step, lks_dtype dtype,
                            lks_device device);
/* n numbers, the first and the last as given; base to the power of these. Of integers cut
 * off. LKS_INVALID: n below 0, or a number is not finite. */
lks_tensor *lks_linspace(double start, double end, int64_t n, lks_dtype dtype,
                         lks_device device);
lks_tensor *lks_logspace(double start, double end, int64_t n, double base,
                         lks_dtype dtype, lks_device device);
/* A copy of row-major host values. LKS_INVALID: NULL, where there are elements. */
lks_tensor *lks_from_data(lks_shape shape, lks_dtype dtype, const void *values,
                          lks_device device);
/* Row-major memory of the caller's on `device`, not copied, which must outlive the
 * tensor, its views and the work that was queued on them. LKS_INVALID as above. */
lks_tensor *lks_from_blob(lks_shape shape, lks_dtype dtype, void *data,
                          lks_device device);
/* Uniform in [0, 1) and standard normal; element i depends on `rng` and i only.
 * LKS_DTYPE: not a float. LKS_INVALID, here and below: `rng` is NULL. */
lks_tensor *lks_rand(lks_shape shape, lks_dtype dtype, const lks_rng *rng,
                     lks_device device);
lks_tensor *lks_randn(lks_shape shape, lks_dtype dtype, const lks_rng *rng,
                      lks_device device);
/* Whole numbers, each of low … high - 1 as likely; element i depends on `rng`, the bounds
 * and i only. LKS_INVALID: high is not above low, or the integers of `dtype` do not reach
 * both. */
lks_tensor *lks_randint(int64_t low, int64_t high, lks_shape shape, lks_dtype dtype,
                        const lks_rng *rng, lks_device device);
/* 0 … n-1 in an order that `rng` draws. LKS_INVALID: as above. */
lks_tensor *lks_randperm(int64_t n, lks_dtype dtype, const lks_rng *rng,
                         lks_device device);

/* With x's sizes and dtype, on its device; dense, without history. */
lks_tensor *lks_empty_like(const lks_tensor *x);
lks_tensor *lks_zeros_like(const lks_tensor *x);
lks_tensor *lks_ones_like(const lks_tensor *x);
lks_tensor *lks_full_like(const lks_tensor *x, double value);
lks_tensor *lks_rand_like(const lks_tensor *x, const lks_rng *rng);
lks_tensor *lks_randn_like(const lks_tensor *x, const lks_rng *rng);
lks_tensor *lks_randint_like(const lks_tensor *x, int64_t low, int64_t high,
                             const lks_rng *rng);

/* One more reference; returns t. */
lks_tensor *lks_ref(lks_tensor *t);
/* One less; frees at none. NULL is fine. */
void lks_unref(lks_tensor *t);

/* Sizes, their number, and one of them; strides and elements are counted in elements. Of a
 * dimension that t lacks, 0 and LKS_SHAPE. */
lks_shape lks_sizes(const lks_tensor *t);
int lks_ndim(const lks_tensor *t);
int64_t lks_size(const lks_tensor *t, int dim); /* dim may count from the end: -1 */
int64_t lks_stride(const lks_tensor *t, int dim);
int64_t lks_numel(const lks_tensor *t);
lks_dtype lks_tensor_dtype(const lks_tensor *t);
lks_device lks_tensor_device(const lks_tensor *t);
bool lks_is_contiguous(const lks_tensor *t);
/* The first element; follow it with lks_stride. The host may read and write it where the
 * device says so (kernels.h, host_reads), as every CPU does, and write it unless
 * lks_is_read_only; whoever writes calls lks_bump_version. On other devices lks_to_host and lks_from_data copy. */
void *lks_data(const lks_tensor *t);
/* The memory is another's, who allows no writing (share/dlpack.h, share/npy_map.h). */
bool lks_is_read_only(const lks_tensor *t);
void lks_bump_version(lks_tensor *t);

/* The single element of a tensor of one, as a double. LKS_SHAPE otherwise; of NULL, the
 * failure that stands, or LKS_INVALID. */
lks_status lks_item(const lks_tensor *t, double *out);
/* The same as a whole number, which of an i64 is all of it; cast as by lks_to. */
lks_status lks_item_i64(const lks_tensor *t, int64_t *out);
/* All elements, row-major and in t's dtype, into the caller's memory. NULL as above. */
lks_status lks_to_host(const lks_tensor *t, void *out);

/* Autograd: see autograd/backward.h for lks_backward. */
bool lks_requires_grad(const lks_tensor *t);
/* Make a leaf want its gradient; floats only. Returns t, or NULL if t is not a leaf. */
lks_tensor *lks_requires_grad_(lks_tensor *t);
/* Whether t is no operation's result, as far as is recorded. */
bool lks_is_leaf(const lks_tensor *t);
/* The name of the operation that t is the result of; NULL of a leaf. The graph's. */
const char *lks_grad_fn(const lks_tensor *t);
/* The gradient of a leaf, or NULL if none has landed. Borrowed from t. Of the result of an
 * operation only after lks_retain_grad, or NULL and LKS_STATE. */
lks_tensor *lks_grad(const lks_tensor *t);
/* Let gradients of this leaf land in `grad` (same sizes and dtype, dense; NULL: in a
 * tensor of the leaf's own). What stands in it then counts as nothing: the first
 * contribution overwrites, later ones add. Takes a reference. LKS_STATE: t is no leaf
 * that requires a gradient; LKS_SHAPE: `grad` does not fit; LKS_DEVICE: it is elsewhere
 * than t. */
lks_status lks_set_grad(lks_tensor *t, lks_tensor *grad);
/* The next contribution overwrites what stands in the gradient. */
void lks_zero_grad(lks_tensor *t);
/* Whether a contribution landed since lks_set_grad or lks_zero_grad. */
bool lks_has_grad(const lks_tensor *t);
/* The same storage without history. */
lks_tensor *lks_detach(lks_tensor *t);
/* Make t itself a leaf that requires no gradient, without hooks. NULL and LKS_STATE of a
 * view. */
lks_tensor *lks_detach_(lks_tensor *t);

/* To `text`, as PyTorch prints, but for its prefix torch. and with the operation's name for
 * a grad_fn; the device is told unless it is the CPU. Returns the length it wanted, like snprintf, or -1 with
 * the failure recorded. */
int lks_print(const lks_tensor *t, char *text, size_t size);

#endif
