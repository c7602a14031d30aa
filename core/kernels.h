/* The floor below the operations: what a device must be able to do. A device is one
 * lks_kernels table: memory, a queue, kernels. Kernels know views, not tensors: no graph,
 * no scopes, no ownership.
 *
 * The queue
 *   - Each thread that uses a device has a queue of its own there. What it is told to do
 *     is done in the order in which it was told; between queues there is no order but
 *     that of marks.
 *   - Kernels, copies and frees return once they are queued. They have read their
 *     parameters then (views, lks_rng, … ), but not memory.
 *   - What goes wrong in the queue is told by the next call that waits for it: copy_out
 *     or finish. Until then the queue does nothing more.
 *   - Only kernels touch a device's memory, unless it says host_reads: then its kernels
 *     are finished when they return, and host code may read and write what they work on.
 *
 * Rules for all kernels
 *   - `out` is allocated by the caller, of the right shape and dtype, and does not
 *     overlap an input unless it is the same view as it (then pointwise kernels work in
 *     place).
 *   - Views may have any strides, 0 (broadcast) and negative ones too, and any size may
 *     be 0, unless a kernel says "dense": row-major without gaps.
 *   - Shapes and dtypes were checked by the operation; a kernel that lacks a dtype
 *     returns LKS_DTYPE naming itself and the dtype. Other errors: LKS_NOMEM, LKS_DEVICE.
 *   - The same inputs give the same bits, whatever ran before, on any number of threads,
 *     on every device: those of the kernel's page in core/reference, which says in which
 *     order is added and what is fused. Only of a NaN neither sign nor payload is
 *     promised: every NaN counts as equal to every other. */
#ifndef LKS_KERNELS_H
#define LKS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "base/status.h"
#include "layout/view.h"

typedef enum lks_unary {
#define LKS_UNARY(name, y, dx) LKS_UNARY_##name,
#include "pointwise.def"
    LKS_N_UNARY
} lks_unary;

typedef enum lks_binary {
#define LKS_BINARY(name, y, da, db) LKS_BINARY_##name,
#include "pointwise.def"
    LKS_N_BINARY
} lks_binary;

typedef enum lks_reduce {
#define LKS_REDUCE(name, start, term, meet) LKS_REDUCE_##name,
#include "reduce.def"
    LKS_N_REDUCE
} lks_reduce;

/* X(name, the C operator) */
#define LKS_COMPARE_LIST(X) X(eq, ==) X(ne, !=) X(lt, <) X(le, <=) X(gt, >) X(ge, >=)

typedef enum lks_compare {
#define LKS_COMPARE_ENUM(name, operator_) LKS_COMPARE_##name,
    LKS_COMPARE_LIST(LKS_COMPARE_ENUM)
#undef LKS_COMPARE_ENUM
        LKS_N_COMPARE
} lks_compare;

enum { LKS_UNARY_NUMBERS = 2 };

typedef struct lks_conv2d_params { /* [0] height, [1] width */
    int64_t stride[2], padding[2], dilation[2], groups;
} lks_conv2d_params;

typedef struct lks_pool2d_params { /* of a maximum, or of unfold */
    int64_t kernel[2], stride[2], padding[2], dilation[2];
    bool ceil_mode; /* windows are counted rounding up; kernels look at their number */
} lks_pool2d_params;

typedef struct lks_avg_pool2d_params { /* of a mean */
    int64_t kernel[2], stride[2], padding[2];
    int64_t divisor_override; /* 0: the places of the window */
    bool ceil_mode;           /* as above */
    bool leave_out_padding;   /* a window has only the places inside */
    bool adaptive;            /* window i of n along d has places
                                 floor(i D / n) … ceil((i + 1) D / n) - 1 of D; the rest
                                 counts for nothing */
} lks_avg_pool2d_params;

/* What a step of a recurrent layer is: X(kind, gates), the gates of PyTorch's order: of an
 * LSTM i f g o, of a GRU r z n. */
#define LKS_RECURRENCE_LIST(X) X(RNN_TANH, 1) X(RNN_RELU, 1) X(LSTM, 4) X(GRU, 3)

typedef enum lks_recurrence {
#define LKS_RECURRENCE(kind, n_gates) LKS_##kind,
    LKS_RECURRENCE_LIST(LKS_RECURRENCE)
#undef LKS_RECURRENCE
        LKS_N_RECURRENCES
} lks_recurrence;

/* G of a kind. */
static inline int lks_recurrence_gates(lks_recurrence kind)
{
    static const int n[] = {
#define LKS_GATES(kind, n_gates) n_gates,
        LKS_RECURRENCE_LIST(LKS_GATES)
#undef LKS_GATES
    };

    return n[kind];
}

/* One direction of one recurrent layer over N sequences of T steps: H numbers of state, G
 * gates, P numbers out of each step, H unless there is w_hr. Each step of x, y and what is
 * like them is dense; steps and sequences may stand at any distance. */
/* clang-format off */
#define LKS_RECURRENT_LIST(X)                                                            \
    X(x)       /* (T, N, G H): W_ih input + b_ih */                                      \
    X(w_hh)    /* (G H, P), dense */                                                     \
    X(b_hh)    /* (G H), dense, or NULL: 0 */                                            \
    X(w_hr)    /* (P, H), dense: an LSTM's projection, or NULL: none */                  \
    X(h0)      /* (N, P) or NULL: 0 */                                                   \
    X(c0)      /* (N, H) or NULL: 0; of an LSTM */                                       \
    X(lengths) /* (N) i64 in 1 … T, or NULL: T; reverse begins at a sequence's last */   \
    X(y)       /* (T, N, P); 0 beyond a length */                                        \
    X(h_n)     /* (N, P): the last step's output */                                      \
    X(c_n)     /* (N, H): an LSTM's last cells */                                        \
    /* For backward, or NULL: not wanted; what is beyond a length is left as it was. */  \
    X(gates)   /* (T, N, G H): the activated gates of an LSTM or GRU; may be x */        \
    X(cells)   /* (T, N, H): an LSTM's, after each step */                               \
    X(hidden)  /* (T, N, H): a GRU's W_hn h + b_hn, which r multiplies */

/* Its gradients; each (T, …) is 0 beyond a length. */
#define LKS_RECURRENT_GRADS_LIST(X)                                                      \
    X(dy) X(dh_n) X(dc_n) /* given, as y, h_n and c_n, or NULL: 0 */                     \
    X(dx)                 /* as x; its W_hh h + b_hh has the same, but for GRU's n */    \
    X(d_hidden)           /* of a GRU: as hidden */                                      \
    X(d_projected)        /* (T, N, P): with w_hr, of what it projects to */             \
    X(unprojected)        /* (T, N, H): with w_hr, what it projects, anew */             \
    X(dh0) X(dc0)         /* as h0, and of an LSTM as c0: always given */
/* clang-format on */

/* A call: its inputs and results, LKS_RECURRENT_LIST's. */
typedef struct lks_recurrent {
    lks_recurrence kind;
    bool reverse; /* from the last step to the first */
#define LKS_VIEW(name) const lks_view *name;
    LKS_RECURRENT_LIST(LKS_VIEW)
} lks_recurrent;

/* What backward is given and gives, LKS_RECURRENT_GRADS_LIST's. */
typedef struct lks_recurrent_grads {
    LKS_RECURRENT_GRADS_LIST(LKS_VIEW)
#undef LKS_VIEW
} lks_recurrent_grads;

/* What one pass of an optimiser does to each parameter: X(formula, state blocks).
 * reference/optim_of.h has the formulas. */
/* clang-format off */
#define LKS_UPDATE_LIST(X)                                                               \
    X(sgd, 0) X(momentum, 1) X(nesterov, 1) X(adam, 2) X(amsgrad, 3) X(nadam, 2)         \
    X(adamax, 2) X(adagrad, 1) X(adadelta, 2) X(rmsprop, 1) X(rmsprop_momentum, 2)       \
    X(rmsprop_centered, 2) X(rmsprop_centered_momentum, 3) X(rprop, 2) X(asgd, 1)        \
    X(clip, 0)
/* clang-format on */

typedef enum lks_update {
#define LKS_UPDATE(name, n_states) LKS_UPDATE_##name,
    LKS_UPDATE_LIST(LKS_UPDATE)
#undef LKS_UPDATE
        LKS_N_UPDATES
} lks_update;

enum { LKS_UPDATE_STATES = 3 }; /* at most */

/* What the formulas are told, once a pass; each reads those that it names. */
/* clang-format off */
#define LKS_RATE_LIST(X)                                                                 \
    X(scale) X(clip) X(decay) X(l1) X(keep) X(lr) X(lr_grad) X(beta1) X(take1)           \
    X(beta2) X(take2) X(unbias) X(eps) X(momentum) X(mu) X(down) X(up) X(least) X(most)
/* clang-format on */

typedef struct lks_rates { /* LKS_RATE_LIST's numbers */
#define LKS_RATE(name) double name;
    LKS_RATE_LIST(LKS_RATE)
#undef LKS_RATE
} lks_rates;

/* A point in a queue: a value, nobody's to free. All zero is one that is passed. */
typedef struct lks_mark {
    const void *queue;
    uint64_t at;
} lks_mark;

/* Work that a device has noted, its own to define. */
typedef struct lks_recording lks_recording;

/* A device as its maker describes it. */
typedef struct lks_device_facts {
    char model[128];                  /* "NVIDIA H100 80GB HBM3" */
    uint64_t total_bytes, free_bytes; /* of its memory */
} lks_device_facts;

/* Bytes in blocks that this process has of a device: now, and the most so far. */
typedef struct lks_device_use {
    uint64_t now_bytes, peak_bytes;
} lks_device_use;

/* What a thread has had a device do: kernels and recordings launched, waits of the host,
 * and the bytes and flops that the kernels' definitions ask for, each operand counted
 * once. */
typedef struct lks_device_work {
    uint64_t n_launches, n_waits, n_bytes, n_flops;
} lks_device_work;

typedef struct lks_kernels { /* a device: its memory, its queue, its kernels */
    const char *name;        /* "cpu" */
    bool host_reads;
    int (*count)(void); /* devices: cpu:0 … */

    /* What is known of devices; each of these may be NULL: nothing.
     *   absence      why count() is 0, for a person: "there is no NVIDIA driver …";
     *                *is_fault where something is here that ought to work
     *   identity     a number of the device's own, the same in every process that sees
     *                it; opens nothing
     *   describe     opens the device if nobody has yet
     *   use          only reads two numbers: from any thread, at any time
     *   forget_peak  what is in use now is the most from here on; for who has `use` */
    const char *(*absence)(bool *is_fault);
    uint64_t (*identity)(int index);
    lks_status (*describe)(int index, lks_device_facts *out);
    void (*use)(int index, lks_device_use *out);
    void (*forget_peak)(int index);

    /* May be NULL: what the calling thread has had the device do so far. */
    lks_status (*work)(int index, lks_device_work *out);

    /* May be NULL: the device has one kind of arithmetic. Let its products from now on be
     * those of its own library, in the number formats that this likes best, or the
     * reference's again. LKS_DEVICE: the library is not there. */
    lks_status (*fast)(int index, bool fast);

    /* Memory, 64-byte aligned. A freed block serves only work that is queued later, by
     * the thread that freed it or behind a mark of it. */
    void *(*alloc)(int index, size_t n_bytes);            /* NULL: LKS_NOMEM recorded */
    void (*free)(int index, void *block, size_t n_bytes); /* NULL is fine */

    /* Host to device: `from` is the caller's again on return. */
    lks_status (*copy_in)(int index, void *to, const void *from, size_t n_bytes);
    /* Device to host: waits for what was queued before. */
    lks_status (*copy_out)(int index, void *to, const void *from, size_t n_bytes);
    /* Device to device of this table, in the queue of `to_index`; the caller sees to it
     * with a mark that `from` is written. */
    lks_status (*copy_across)(int to_index, void *to, int from_index, const void *from,
                              size_t n_bytes);

    /* Behind what this thread has queued so far. */
    lks_status (*mark)(int index, lks_mark *out);
    /* What this thread queues from now on runs after the mark, of any queue of this
     * table. */
    lks_status (*await)(int index, const lks_mark *mark);
    /* Wait for what this thread has queued. */
    lks_status (*finish)(int index);

    /* Work that is told once and done many times; all of these or none.
     *   record    from here on what this thread has the device do is noted, not done:
     *             kernels, copies on the device, memory. Copies in and out, marks and
     *             waits are LKS_STATE.
     *   recorded  to here. Memory that was allocated on the way must have been freed
     *             (LKS_STATE) and is kept for the recording. On failure there is none.
     *   replay    do it, with the same views and parameters, but random streams `steps`
     *             steps further (lks_rng.step) */
    lks_status (*record)(int index);
    lks_status (*recorded)(int index, lks_recording **out);
    lks_status (*replay)(int index, const lks_recording *recording, uint32_t steps);
    void (*forget)(int index, lks_recording *recording); /* NULL is fine */

    /* out[…] = value */
    lks_status (*fill)(const lks_view *out, double value);
    /* out = x, cast; same sizes (x broadcast by strides of 0). All dtype pairs. */
    lks_status (*copy)(const lks_view *x, const lks_view *out);

    /* Same sizes throughout (inputs broadcast by strides of 0) and one dtype throughout.
     * neg, abs, square, relu and all of binary take every dtype but bool; the rest the
     * float ones. f16 and bf16 compute in f32. Backward takes f32 and f64.
     *   numbers  the p and q of a formula that names them, or NULL */
    lks_status (*unary)(lks_unary op, const double *numbers, const lks_view *x,
                        const lks_view *out);
    lks_status (*unary_backward)(lks_unary op, const double *numbers, const lks_view *x,
                                 const lks_view *y, const lks_view *dy,
                                 const lks_view *dx);
    lks_status (*binary)(lks_binary op, const lks_view *a, const lks_view *b,
                         const lks_view *out);
    /* da and db from the formulas in pointwise.def; one of the two may be NULL: not
     * wanted. A view that no wanted formula names is readable but means nothing. f32 f64.
     */
    lks_status (*binary_backward)(lks_binary op, const lks_view *a, const lks_view *b,
                                  const lks_view *y, const lks_view *dy,
                                  const lks_view *da, const lks_view *db);

    /* out bool: whether the comparison holds of a[…] and b[…], which have one dtype; of a
     * NaN, `ne` alone does. out = condition ? a : b, element by element; condition bool,
     * the others of one dtype. Same sizes throughout. All dtypes. */
    lks_status (*compare)(lks_compare op, const lks_view *a, const lks_view *b,
                          const lks_view *out);
    lks_status (*where)(const lks_view *condition, const lks_view *a, const lks_view *b,
                        const lks_view *out);

    /* out has x's ndim, sizes equal to x's or 1 where it is reduced, and x's dtype; of
     * floats, f32 or f64 too. Max of nothing is refused by the operation. Every dtype but
     * bool; floats are added up in f64, integers in i64. */
    lks_status (*reduce)(lks_reduce op, const lks_view *x, const lks_view *out);
    /* out [sizes without dim] i64: the first index of the largest, or of the smallest if
     * op is LKS_REDUCE_MIN; a NaN is both. */
    lks_status (*arg_reduce)(lks_reduce op, const lks_view *x, int dim,
                             const lks_view *out);

    /* out[.., i, ..] = x[.., 0, ..] to x[.., i, ..] along dim, reduced. Shapes and dtypes
     * are alike; every dtype but bool, added up as by `reduce`. */
    lks_status (*scan)(lks_reduce op, const lks_view *x, int dim, const lks_view *out);
    /* Each line along dim in order, NaN being largest, equals as they stood: values as x,
     * index i64, where in its line each was; both of x's shape. All dtypes. */
    lks_status (*sort)(const lks_view *x, int dim, bool descending,
                       const lks_view *values, const lks_view *index);

    /* out[.., i, ..] = x[.., index[i], ..] along dim; index [n] i64. All dtypes.
     * LKS_INVALID: an index out of range. */
    lks_status (*index_select)(const lks_view *x, int dim, const lks_view *index,
                               const lks_view *out);
    /* out[.., index[i], ..] += x[.., i, ..], in order of i. f32 f64. */
    lks_status (*index_add)(const lks_view *x, int dim, const lks_view *index,
                            const lks_view *out);

    /* out[.., i, ..] = x[.., index[.., i, ..], ..] along dim: index i64, of out's sizes,
     * which are x's but along dim. All dtypes. LKS_INVALID: an index out of range. */
    lks_status (*gather)(const lks_view *x, int dim, const lks_view *index,
                         const lks_view *out);
    /* out[.., index[.., i, ..], ..] = x[.., i, ..], or += if add, in order of i: the last
     * stays. index i64, of x's sizes, which are out's but along dim. All dtypes; to add,
     * every one but bool. LKS_INVALID: an index out of range. */
    lks_status (*scatter)(const lks_view *x, int dim, const lks_view *index, bool add,
                          const lks_view *out);

    /* c = a b (+ bias) (+ c if accumulate), of one matrix or a batch. f32 f64.
     *   a (..., m, k), b (..., k, n), c (..., m, n): the same leading sizes, strides of 0
     *   in a and b where one matrix serves many; fast where one of a matrix's two strides
     *   is 1, and with rows of c dense
     *   bias [n] or NULL */
    lks_status (*gemm)(const lks_view *a, const lks_view *b, const lks_view *bias,
                       bool accumulate, const lks_view *c);

    /* Convolution, f32 f64, all dense.
     *   x (N, C, H, W), w (O, C/groups, KH, KW), bias (O) or NULL, y (N, O, OH, OW)
     *   backward_weight writes dw, and dbias unless NULL; accumulate adds to what stands
     *   there */
    lks_status (*conv2d)(const lks_view *x, const lks_view *w, const lks_view *bias,
                         const lks_conv2d_params *params, const lks_view *y);
    lks_status (*conv2d_backward_data)(const lks_view *dy, const lks_view *w,
                                       const lks_conv2d_params *params,
                                       const lks_view *dx);
    lks_status (*conv2d_backward_weight)(const lks_view *x, const lks_view *dy,
                                         const lks_conv2d_params *params, bool accumulate,
                                         const lks_view *dw, const lks_view *dbias);

    /* Pooling, f32 f64, all dense: x (N, C, H, W), y (N, C, OH, OW), index like y, i32:
     * the flat h * W + w each maximum came from (the first of equals; NaN wins). Every
     * window has a place inside x. */
    lks_status (*max_pool2d)(const lks_view *x, const lks_pool2d_params *params,
                             const lks_view *y, const lks_view *index);
    lks_status (*max_pool2d_backward)(const lks_view *dy, const lks_view *index,
                                      const lks_pool2d_params *params,
                                      const lks_view *dx);

    /* The mean of each window, as above. Padding counts as zeros; what a last window has
     * beyond it counts for nothing. */
    lks_status (*avg_pool2d)(const lks_view *x, const lks_avg_pool2d_params *params,
                             const lks_view *y);
    lks_status (*avg_pool2d_backward)(const lks_view *dy,
                                      const lks_avg_pool2d_params *params,
                                      const lks_view *dx);

    /* Over the last dimension, dense, f32 f64: y = softmax(x), or log_softmax(x) if
     * log. */
    lks_status (*softmax)(const lks_view *x, bool log, const lks_view *y);
    lks_status (*softmax_backward)(const lks_view *y, const lks_view *dy, bool log,
                                   const lks_view *dx);

    /* Fused softmax cross-entropy, dense, f32 f64.
     *   x (N, C); target (N) i64 in [0, C), or `ignored` (loss 0, gradient 0)
     *   log_p (N, C) = log_softmax(x), kept for backward; loss (N)
     *   n_counted (), of x's dtype, or NULL: rows that are not ignored
     *   backward: dx[n, c] = scale[n] * (exp(log_p[n, c]) - [c == target[n]]); scale (N)
     *             may have stride 0
     * LKS_INVALID: another target. */
    lks_status (*cross_entropy)(const lks_view *x, const lks_view *target,
                                int64_t ignored, const lks_view *log_p,
                                const lks_view *loss, const lks_view *n_counted);
    lks_status (*cross_entropy_backward)(const lks_view *log_p, const lks_view *target,
                                         int64_t ignored, const lks_view *scale,
                                         const lks_view *dx);

    /* LKS_RECURRENT_LIST says what there is, f32 f64. Backward reads of r neither x nor
     * b_hh, h_n and c_n, which may be NULL; it writes all that there is of g: the gradients
     * of weights are products of these. LKS_INVALID: a length out of range. */
    lks_status (*recurrent)(const lks_recurrent *r);
    lks_status (*recurrent_backward)(const lks_recurrent *r,
                                     const lks_recurrent_grads *g);

    /* y[i] = u_i >= p ? x[i] / (1 - p) : 0, u_i the stream's uniform f32 element i, i
     * counting x row-major. Dense. Its own backward: the same call on dy gives dx. */
    lks_status (*dropout)(const lks_view *x, double p, const lks_rng *rng,
                          const lks_view *y);

    /* One pass over flat blocks [n], f32 or f64, dense: param and states[the formula's]
     * change, grad does not. */
    lks_status (*optim)(lks_update update, const lks_rates *rates, const lks_view *grad,
                        const lks_view *param, const lks_view *states);
} lks_kernels;

/* The kernels among them, for whoever fills a table: X(fill) X(copy) … */
/* clang-format off */
#define LKS_KERNEL_LIST(X)                                                               \
    X(fill) X(copy)                                                                      \
    X(unary) X(unary_backward) X(binary) X(binary_backward)                              \
    X(compare) X(where)                                                                  \
    X(reduce) X(arg_reduce) X(scan) X(sort)                                              \
    X(index_select) X(index_add) X(gather) X(scatter)                                    \
    X(gemm) X(conv2d) X(conv2d_backward_data) X(conv2d_backward_weight)                  \
    X(max_pool2d) X(max_pool2d_backward) X(avg_pool2d) X(avg_pool2d_backward)            \
    X(softmax) X(softmax_backward) X(cross_entropy) X(cross_entropy_backward)            \
    X(recurrent) X(recurrent_backward) X(dropout) X(optim)
/* clang-format on */

/* The type of a kernel's function: LKS_KERNEL_TYPE(fill) lks_cpu_fill; declares one. */
#define LKS_KERNEL_TYPE(name) __typeof__(*((lks_kernels *)0)->name)

#endif
