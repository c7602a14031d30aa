/* What an operation is: one const table a kind, applied by one engine (op.c) that checks,
 * allocates, runs and records.
 *
 *     lks_relu(x) -> lks_op_apply(&lks_op_relu, {x})
 *         infer     shape and dtype of the result, or the error
 *         forward   kernels on views, into the result
 *         record    a node with edges to x's node and what backward needs (if wanted)
 *     the sweep, later -> backward(bp): kernels or operations on what was saved
 *
 * Private to core/ops. What the graph knows of it is autograd/operation.h's. */
#ifndef LKS_OPS_OP_H
#define LKS_OPS_OP_H

#include "autograd/backprop.h"
#include "ops/ops.h"
#include "tensor/tensor_impl.h"

typedef struct lks_op lks_op;

enum { LKS_OP_MAX_NEEDS = 3 };

/* One application on its way. Inputs that may be absent are NULL then. */
typedef struct lks_call {
    const lks_op *op;
    lks_tensor *const *in;
    int n;
    const void *params;
    const lks_kernels *kernels;
    lks_device device;
    lks_tensor *out;
    lks_tensor *aux; /* the call's own */
    bool recording;  /* a node will be made: leave in aux what backward needs */
} lks_call;

struct lks_op {
    union { /* the same twice: for the node, and by their names */
        lks_operation graph;
        struct {
            LKS_OPERATION_MEMBERS
        };
    };
    unsigned optional; /* LKS_IN(i) of inputs that may be NULL */
    /* needs[i]: what the gradient of input i is computed from (LKS_AUX: call->aux). Only
     * what the wanted gradients need is kept. */
    unsigned needs[LKS_OP_MAX_NEEDS];

    /* Where the result is; NULL: where the first input is, and the kernels run. */
    lks_device (*place)(const lks_call *call);
    /* Either a computation: */
    lks_status (*infer)(const lks_call *call, lks_shape *shape, lks_dtype *dtype);
    lks_status (*forward)(lks_call *call);
    /* or a view of its first input: */
    lks_status (*view)(const lks_call *call, lks_view *out);
};

/* The result, owned by the innermost scope, or NULL with the failure recorded. */
lks_tensor *lks_op_apply(const lks_op *op, lks_tensor *const *in, int n,
                         const void *params);

/* The same with the result written over in[0], whose shape and dtype it has; returns
 * in[0], borrowed. */
lks_tensor *lks_op_apply_(const lks_op *op, lks_tensor *const *in, int n,
                          const void *params);

/* infer for results shaped and typed as the first input. */
lks_status lks_infer_same(const lks_call *call, lks_shape *shape, lks_dtype *dtype);

/* Every operation of ops.def, by name. */
enum {
#define LKS_OP(name) LKS_OP_##name,
#include "ops.def"
    LKS_N_OPS
};
extern const lks_op *const lks_ops[LKS_N_OPS];

#define LKS_OP(name) extern const lks_op lks_op_##name;
#include "ops.def"

/* Helpers among operations. Results are the scope's. */

/* Sum t over what broadcasting `shape` to t's shape repeated. t itself if nothing. */
lks_tensor *lks_sum_to(lks_tensor *t, const lks_shape *shape);

/* view = view op number, in place: for use in forward. */
lks_status lks_scale_view(const lks_call *call, const lks_view *view, lks_binary op,
                          double number);

/* Into input i's gradient: a b, as a matrix; the sum of the rows of dy. */
lks_status lks_gemm_gradient(lks_backprop *bp, int i, const lks_view *a,
                             const lks_view *b);
lks_status lks_rows_gradient(lks_backprop *bp, int i, const lks_view *dy);

/* The dtype in which two operands meet. One without dimensions counts beside one with
 * some only where its kind is higher: f32 (3) times f64 () is f32. source:
 * torch.result_type */
lks_dtype lks_result_dtype(const lks_tensor *a, const lks_tensor *b);

/* The functions of pointwise.def, by their tables; numbers are those that the formula
 * names. With a trailing _ in place. */
lks_tensor *lks_apply_unary(const lks_op *op, lks_tensor *x, const double *numbers);
lks_tensor *lks_apply_unary_(const lks_op *op, lks_tensor *x, const double *numbers);
lks_tensor *lks_apply_binary(const lks_op *op, lks_tensor *a, lks_tensor *b);
lks_tensor *lks_apply_binary_(const lks_op *op, lks_tensor *a, lks_tensor *b);

/* The dtype of a binary function's result, and whether the two dtypes have one. */
lks_dtype lks_binary_dtype(const lks_op *op, const lks_tensor *a, const lks_tensor *b);
lks_status lks_check_binary(const lks_op *op, const lks_tensor *a, const lks_tensor *b);

/* A number as what x meets it in, (). */
lks_tensor *lks_beside(const lks_tensor *x, double number);

/* Whether x may be changed by `name`, in a recorded way or not. */
lks_status lks_check_in_place(const char *name, const lks_tensor *x, bool recording);

/* What an expression of other operations came to, y. If it failed, and no failure stood
 * `before` it, the text names the function that was called, and not the operation within:
 * "mse_loss: …" and not "sub: …". Returns y. A device that finds a failure late tells of
 * the kernel. */
lks_tensor *lks_named(const char *name, lks_status before, lks_tensor *y);

/* Masks of attention as what is added to scores. Of a bool one -inf where it is false, or,
 * unless true_counts, true. (rows, columns): -inf where the column is behind the row. */
lks_tensor *lks_added_mask(lks_tensor *mask, bool true_counts, lks_dtype dtype);
lks_tensor *lks_causal_mask(int64_t rows, int64_t columns, lks_dtype dtype,
                            lks_device device);

/* One more owner for t: what an operation returns where its result is its argument. */
lks_tensor *lks_same(lks_tensor *t);

#endif
