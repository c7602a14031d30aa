/* The differentiable operations. Names, shapes and meaning are PyTorch's; where one
 * differs, its line says so. Ownership, NULL and errors: tensor/tensor.h. dims may count
 * from the end; reductions, softmax, flatten, squeeze and transpose take 0 and -1 of a
 * scalar, ().
 *
 * An operand that may be absent (a bias) is NULL then. While a failure stands unread, a
 * NULL there is taken for the failed expression it probably is, and yields NULL.
 *
 * Those in place are in in_place.h, attention and the Transformer in attention.h. */
#ifndef LKS_OPS_OPS_H
#define LKS_OPS_OPS_H

#include "base/rng.h"
#include "kernels.h"
#include "ops/attention.h"
#include "ops/in_place.h"
#include "tensor/tensor.h"

/* Pointwise; operands broadcast, dtypes promote. A scalar, (), changes the dtype of
 * another tensor only from booleans to numbers and from integers to floats. */
lks_tensor *lks_add(lks_tensor *a, lks_tensor *b);
lks_tensor *lks_sub(lks_tensor *a, lks_tensor *b);
lks_tensor *lks_mul(lks_tensor *a, lks_tensor *b);
lks_tensor *lks_div(lks_tensor *a, lks_tensor *b);
/* An integer tensor stays one beside a whole number that an i64 holds (its own elements
 * wrap around), and becomes f32 beside another. */
lks_tensor *lks_add_scalar(lks_tensor *a, double b);
lks_tensor *lks_sub_scalar(lks_tensor *a, double b);
lks_tensor *lks_mul_scalar(lks_tensor *a, double b);
lks_tensor *lks_div_scalar(lks_tensor *a, double b); /* of integers f32 */
/* Of each element. */
lks_tensor *lks_neg(lks_tensor *x);
lks_tensor *lks_abs(lks_tensor *x);
lks_tensor *lks_square(lks_tensor *x);
lks_tensor *lks_sqrt(lks_tensor *x);
lks_tensor *lks_exp(lks_tensor *x);
lks_tensor *lks_log(lks_tensor *x);
lks_tensor *lks_relu(lks_tensor *x);
lks_tensor *lks_leaky_relu(lks_tensor *x, double negative_slope);
lks_tensor *lks_tanh(lks_tensor *x);
lks_tensor *lks_sigmoid(lks_tensor *x);
lks_tensor *lks_sin(lks_tensor *x);
lks_tensor *lks_cos(lks_tensor *x);
lks_tensor *lks_erf(lks_tensor *x);
lks_tensor *lks_erfc(lks_tensor *x);
lks_tensor *lks_expm1(lks_tensor *x);
lks_tensor *lks_log1p(lks_tensor *x);
lks_tensor *lks_log2(lks_tensor *x);
lks_tensor *lks_rsqrt(lks_tensor *x);
lks_tensor *lks_reciprocal(lks_tensor *x);
lks_tensor *lks_xlogx(lks_tensor *x); /* x log(x), 0 of 0: torch.xlogy(x, x) */
/* Integers stay integers; the gradient is zero. */
lks_tensor *lks_sgn(lks_tensor *x); /* torch.sign */
lks_tensor *lks_floor(lks_tensor *x);
lks_tensor *lks_ceil(lks_tensor *x);
lks_tensor *lks_round(lks_tensor *x); /* halves to even */
lks_tensor *lks_trunc(lks_tensor *x);

/* Of two operands. Of equals, maximum and minimum give each half of the gradient. They are
 * torch.clamp_min and clamp_max with a tensor, too. */
lks_tensor *lks_maximum(lks_tensor *a, lks_tensor *b);
lks_tensor *lks_minimum(lks_tensor *a, lks_tensor *b);
/* Of integers an integer, which wraps around; 0 where PyTorch refuses one below 0 as an
 * exponent. */
lks_tensor *lks_pow(lks_tensor *x, lks_tensor *exponent);
lks_tensor *lks_xlogy(lks_tensor *x, lks_tensor *y);
/* leaky_relu, each element with a slope of its own; prelu: one (1) or one a channel (C),
 * of x (N, C, …). */
lks_tensor *lks_leaky(lks_tensor *x, lks_tensor *slope);
lks_tensor *lks_prelu(lks_tensor *x, lks_tensor *slope);

/* With numbers, integers as beside one in lks_add_scalar; a power of theirs below 0 is
 * refused, LKS_INVALID. At a bound the gradient is 0, as in PyTorch 2. */
lks_tensor *lks_pow_scalar(lks_tensor *x, double exponent);
lks_tensor *lks_clamp(lks_tensor *x, double min, double max);
lks_tensor *lks_clamp_min(lks_tensor *x, double min);
lks_tensor *lks_clamp_max(lks_tensor *x, double max);

/* a + weight (b - a); x + value a b; x + value a / b. */
lks_tensor *lks_lerp(lks_tensor *a, lks_tensor *b, lks_tensor *weight);
lks_tensor *lks_lerp_scalar(lks_tensor *a, lks_tensor *b, double weight);
lks_tensor *lks_addcmul(lks_tensor *x, lks_tensor *a, lks_tensor *b, double value);
lks_tensor *lks_addcdiv(lks_tensor *x, lks_tensor *a, lks_tensor *b, double value);

/* Activations, those of torch.nn.functional; PyTorch's defaults in brackets. Integers
 * become f32, but stay so in hardtanh, relu6 and threshold, whose numbers are cut off. */
lks_tensor *lks_elu(lks_tensor *x, double alpha);  /* [1] */
lks_tensor *lks_celu(lks_tensor *x, double alpha); /* [1] */
lks_tensor *lks_selu(lks_tensor *x);
lks_tensor *lks_gelu(lks_tensor *x);
lks_tensor *lks_gelu_tanh(lks_tensor *x); /* approximate="tanh" */
lks_tensor *lks_silu(lks_tensor *x);
lks_tensor *lks_mish(lks_tensor *x);
lks_tensor *lks_softplus(lks_tensor *x, double beta, double threshold); /* [1, 20] */
lks_tensor *lks_logsigmoid(lks_tensor *x);
lks_tensor *lks_softsign(lks_tensor *x);
lks_tensor *lks_tanhshrink(lks_tensor *x);
lks_tensor *lks_hardtanh(lks_tensor *x, double min, double max); /* [-1, 1] */
lks_tensor *lks_relu6(lks_tensor *x);
lks_tensor *lks_hardsigmoid(lks_tensor *x);
lks_tensor *lks_hardswish(lks_tensor *x);
lks_tensor *lks_hardshrink(lks_tensor *x, double lambda); /* [0.5] */
lks_tensor *lks_softshrink(lks_tensor *x, double lambda); /* [0.5] */
lks_tensor *lks_threshold(lks_tensor *x, double threshold, double value);
/* |x| - beta / 2, below beta x^2 / (2 beta): what smooth_l1_loss takes of differences. */
lks_tensor *lks_smooth_abs(lks_tensor *x, double beta);
/* The first half of x along dim times the sigmoid of the second. */
lks_tensor *lks_glu(lks_tensor *x, int dim);

/* Comparisons, bool; operands broadcast, dtypes promote, and no gradient goes through.
 * Integers and a number are compared by value (PyTorch makes the number one of theirs,
 * which may wrap around). */
lks_tensor *lks_eq(lks_tensor *a, lks_tensor *b);
lks_tensor *lks_ne(lks_tensor *a, lks_tensor *b);
lks_tensor *lks_lt(lks_tensor *a, lks_tensor *b);
lks_tensor *lks_le(lks_tensor *a, lks_tensor *b);
lks_tensor *lks_gt(lks_tensor *a, lks_tensor *b);
lks_tensor *lks_ge(lks_tensor *a, lks_tensor *b);
lks_tensor *lks_eq_scalar(lks_tensor *a, double b);
lks_tensor *lks_ne_scalar(lks_tensor *a, double b);
lks_tensor *lks_lt_scalar(lks_tensor *a, double b);
lks_tensor *lks_le_scalar(lks_tensor *a, double b);
lks_tensor *lks_gt_scalar(lks_tensor *a, double b);
lks_tensor *lks_ge_scalar(lks_tensor *a, double b);
/* bool; what is not zero is true. */
lks_tensor *lks_logical_and(lks_tensor *a, lks_tensor *b);
lks_tensor *lks_logical_or(lks_tensor *a, lks_tensor *b);
lks_tensor *lks_logical_not(lks_tensor *x);
/* condition ? a : b, all three broadcast; condition bool. */
lks_tensor *lks_where(lks_tensor *condition, lks_tensor *a, lks_tensor *b);
/* x with value, (), or a number, where the mask is true; both broadcast. A copy. */
lks_tensor *lks_masked_fill(lks_tensor *x, lks_tensor *mask, lks_tensor *value);
lks_tensor *lks_masked_fill_scalar(lks_tensor *x, lks_tensor *mask, double value);

/* Reductions over `n` dims (n = 0: all); sums of integers are i64. */
lks_tensor *lks_sum(lks_tensor *x, const int *dims, int n, bool keepdim);
lks_tensor *lks_mean(lks_tensor *x, const int *dims, int n, bool keepdim);
lks_tensor *lks_sum_all(lks_tensor *x);
lks_tensor *lks_mean_all(lks_tensor *x);
lks_tensor *lks_argmax(lks_tensor *x, int dim); /* i64, not differentiable */
lks_tensor *lks_argmin(lks_tensor *x, int dim);
/* The largest, the smallest; a NaN is either. Equals share the gradient. */
lks_tensor *lks_amax(lks_tensor *x, const int *dims, int n, bool keepdim);
lks_tensor *lks_amin(lks_tensor *x, const int *dims, int n, bool keepdim);
lks_tensor *lks_max_all(lks_tensor *x);
lks_tensor *lks_min_all(lks_tensor *x);
/* And where it stands, the first of equals, which gets the gradient. What has two results
 * puts the second, i64, into *index, unless that is NULL; NULL after a failure. */
lks_tensor *lks_max_dim(lks_tensor *x, int dim, bool keepdim, lks_tensor **index);
lks_tensor *lks_min_dim(lks_tensor *x, int dim, bool keepdim, lks_tensor **index);
lks_tensor *lks_prod(lks_tensor *x, int dim, bool keepdim); /* of integers i64 */
lks_tensor *lks_prod_all(lks_tensor *x);
lks_tensor *lks_any(lks_tensor *x, const int *dims, int n, bool keepdim); /* bool */
lks_tensor *lks_all(lks_tensor *x, const int *dims, int n, bool keepdim);
/* Squares of differences from the mean, by their number less correction (PyTorch's
 * default: 1). Of floats, as all that follow here. */
lks_tensor *lks_var(lks_tensor *x, const int *dims, int n, double correction,
                    bool keepdim);
lks_tensor *lks_std(lks_tensor *x, const int *dims, int n, double correction,
                    bool keepdim);
/* (sum |x|^p)^(1/p) of all elements over these dims (torch.linalg.vector_norm), p any
 * number or infinite; 0: how many are not zero. */
lks_tensor *lks_norm(lks_tensor *x, double p, const int *dims, int n, bool keepdim);
/* x over its p-norm [2] along dim [1], where that is above eps [1e-12], else over eps. */
lks_tensor *lks_normalize(lks_tensor *x, double p, int dim, double eps);
/* Each of x's parts along dim, its p-norm being above max_norm, times max_norm / (norm +
 * 1e-7). x has two dimensions or more, p is above 0. */
lks_tensor *lks_renorm(lks_tensor *x, double p, int dim, double max_norm);
/* Of the matrices in the last two dimensions: the largest sum of |x| in a column (p 1), in
 * a row (p infinite), or the smallest (p below 0). The Frobenius norm is lks_norm's. */
lks_tensor *lks_matrix_norm(lks_tensor *x, double p, bool keepdim);
lks_tensor *lks_logsumexp(lks_tensor *x, const int *dims, int n, bool keepdim);

/* Along a dimension: from its first element to each; of integers i64. */
lks_tensor *lks_cumsum(lks_tensor *x, int dim);
lks_tensor *lks_cumprod(lks_tensor *x, int dim);
/* In order, NaN being largest, equals as they stand; the k largest or smallest in order.
 * index as above. */
lks_tensor *lks_sort(lks_tensor *x, int dim, bool descending, lks_tensor **index);
lks_tensor *lks_argsort(lks_tensor *x, int dim, bool descending);
lks_tensor *lks_topk(lks_tensor *x, int64_t k, int dim, bool largest, lks_tensor **index);

/* Shapes. Views where PyTorch gives views. */
lks_tensor *lks_reshape(lks_tensor *x,
                        lks_shape shape); /* one size may be -1; copies if it must */
/* torch.Tensor.view: the same, and LKS_SHAPE where it would copy. */
lks_tensor *lks_reshape_view(lks_tensor *x, lks_shape shape);
lks_tensor *lks_flatten(lks_tensor *x, int start_dim, int end_dim);
lks_tensor *lks_transpose(lks_tensor *x, int dim0, int dim1);
lks_tensor *lks_permute(lks_tensor *x, const int *dims); /* ndim of them */
lks_tensor *lks_expand(lks_tensor *x, lks_shape shape);  /* -1: as it is */
lks_tensor *lks_squeeze(lks_tensor *x, int dim);
lks_tensor *lks_unsqueeze(lks_tensor *x, int dim);
/* x[start:start + length]; start may count from the end. */
lks_tensor *lks_narrow(lks_tensor *x, int dim, int64_t start, int64_t length);
lks_tensor *lks_select(lks_tensor *x, int dim, int64_t index);
/* x[start:end:step] by Python's rules; step may be negative, which PyTorch lacks. */
lks_tensor *lks_slice(lks_tensor *x, int dim, int64_t start, int64_t end, int64_t step);
lks_tensor *lks_cat(lks_tensor *const *xs, int n, int dim);
lks_tensor *lks_t(lks_tensor *x); /* of at most two dimensions */
lks_tensor *lks_squeeze_all(lks_tensor *x);
lks_tensor *lks_movedim(lks_tensor *x, const int *source, const int *destination, int n);
/* A view where the two dimensions lie dense, else a copy. */
lks_tensor *lks_diagonal(lks_tensor *x, int64_t offset, int dim1, int dim2);
lks_tensor *lks_trace(lks_tensor *x);

/* Pieces along a dimension, views all, into out[0..max); returns how many, or -1 with the
 * failure recorded and NULL where no piece is: LKS_INVALID if they are more than max. */
int lks_unbind(lks_tensor *x, int dim, lks_tensor **out, int max);
int lks_split(lks_tensor *x, int64_t size, int dim, lks_tensor **out, int max);
int lks_chunk(lks_tensor *x, int64_t chunks, int dim, lks_tensor **out, int max);
/* torch.split with a list: n pieces of these sizes, which add up to the dimension's. */
int lks_split_sizes(lks_tensor *x, const int64_t *sizes, int n, int dim,
                    lks_tensor **out);

/* Copies always. */
lks_tensor *lks_stack(lks_tensor *const *xs, int n, int dim);
lks_tensor *lks_repeat(lks_tensor *x, lks_shape repeats); /* a number a dimension */
lks_tensor *lks_tile(lks_tensor *x, lks_shape repeats);   /* or fewer: of the last ones */
lks_tensor *lks_flip(lks_tensor *x, const int *dims, int n);
/* n shifts, one for each of n dims; NULL dims: a single one, of x flattened. */
lks_tensor *lks_roll(lks_tensor *x, const int64_t *shifts, const int *dims, int n);
lks_tensor *lks_contiguous(lks_tensor *x); /* x itself if it is */
lks_tensor *lks_clone(lks_tensor *x);
/* x itself if it has the dtype. A float becomes the integer towards zero, the nearest
 * that there is if it is beyond them all, 0 if NaN (PyTorch leaves both open); an integer
 * wraps around in a narrower one. What is not zero is true. */
lks_tensor *lks_to(lks_tensor *x, lks_dtype dtype);
/* x itself if it is there, else a dense copy; the gradient goes back. */
lks_tensor *lks_to_device(lks_tensor *x, lks_device device);
/* index (n) i64; (1) for a scalar, which stays one. */
lks_tensor *lks_index_select(lks_tensor *x, int dim, lks_tensor *index);
/* x with alpha source (x's sizes, but n along dim) added at index (n), in order of it. */
lks_tensor *lks_index_add(lks_tensor *x, int dim, lks_tensor *index, lks_tensor *source,
                          double alpha);

/* Copies. out[.., i, ..] = x[.., index[.., i, ..], ..] along dim. index i64, of as many
 * dimensions as x and sizes not above x's but along dim. */
lks_tensor *lks_gather(lks_tensor *x, int dim, lks_tensor *index);
/* The same where x and index broadcast beside dim. */
lks_tensor *lks_take_along_dim(lks_tensor *x, lks_tensor *index, int dim);
/* x with source[.., i, ..] at (added to) [.., index[.., i, ..], ..]. In order of i, the
 * same on every device; the last stays. Of source, which has x's dtype, counts what is
 * beside the index. */
lks_tensor *lks_scatter(lks_tensor *x, int dim, lks_tensor *index, lks_tensor *source);
lks_tensor *lks_scatter_value(lks_tensor *x, int dim, lks_tensor *index, double value);
lks_tensor *lks_scatter_add(lks_tensor *x, int dim, lks_tensor *index,
                            lks_tensor *source);
/* Where x is not zero, row-major: (n, x's dimensions) i64. */
lks_tensor *lks_nonzero(lks_tensor *x);
/* x[indices[0], …, indices[n-1]], PyTorch's advanced indexing: each is the indices, i64
 * or i32, into the next dimension, which may count from the end; or a mask, bool, of as
 * many dimensions as it lies over; or NULL, all of the dimension. Indices broadcast, and
 * their sizes stand in the place of the dimensions that they index, in front where these
 * are not neighbours. And x with values, which broadcast to that, put there (the last
 * stays) or added. Copies. */
lks_tensor *lks_index(lks_tensor *x, lks_tensor *const *indices, int n);
lks_tensor *lks_index_put(lks_tensor *x, lks_tensor *const *indices, int n,
                          lks_tensor *values, bool accumulate);
/* input (…) i64, rows of weight (n, d): (…, d). Those of padding_idx, which may count
 * from the end, give no gradient. */
#define LKS_NO_PADDING_IDX INT64_MIN
lks_tensor *lks_embedding(lks_tensor *input, lks_tensor *weight, int64_t padding_idx);

/* What the rows of a bag come to. */
typedef enum lks_bag_mode {
    LKS_BAG_MEAN,
    LKS_BAG_SUM,
    LKS_BAG_MAX,
} lks_bag_mode;

/* Which rows are in a bag, and what they come to. All zeros: as with NULL. */
typedef struct lks_embedding_bag_options {
    lks_bag_mode mode;
    lks_tensor *offsets;            /* (bags) i64, where in input (n) each begins */
    bool include_last_offset;       /* the last one is where the last bag ends */
    lks_tensor *per_sample_weights; /* like input; of sums only */
    int64_t padding_idx;  /* in no bag; 0 is LKS_NO_PADDING_IDX unless has_padding_idx */
    bool has_padding_idx; /* a padding_idx of 0 is meant: row 0 */
    lks_tensor *members;  /* like input, bool: what is true is in its bag; or NULL: all */
} lks_embedding_bag_options;

/* input (bags, n), or (n) with offsets: what the rows of each bag come to, (bags, d), 0
 * of none. NULL options: the mean of (bags, n). */
lks_tensor *lks_embedding_bag(lks_tensor *input, lks_tensor *weight,
                              const lks_embedding_bag_options *options);
/* index (…) i64 in [0, n_classes): (…, n_classes) i64. */
lks_tensor *lks_one_hot(lks_tensor *index, int64_t n_classes);

/* Copies. The elements where the mask, bool, is true, (n); both broadcast. Waits for the
 * mask. */
lks_tensor *lks_masked_select(lks_tensor *x, lks_tensor *mask);
/* Of each matrix what is on the diagonal or below (tril), above (triu), else 0. */
lks_tensor *lks_tril(lks_tensor *x, int64_t diagonal);
lks_tensor *lks_triu(lks_tensor *x, int64_t diagonal);
/* Of a matrix the diagonal; of a vector the matrix that has it there. */
lks_tensor *lks_diag(lks_tensor *x, int64_t diagonal);

/* pad: two numbers a dimension, before and behind it, the last dimension first (n numbers
 * in all); below 0 they cut off. More of a tensor's own elements are fewer than it has
 * (reflect), or as many (circular). A copy. */
typedef enum lks_pad_mode {
    LKS_PAD_CONSTANT,
    LKS_PAD_REFLECT,
    LKS_PAD_REPLICATE,
    LKS_PAD_CIRCULAR,
} lks_pad_mode;
lks_tensor *lks_pad(lks_tensor *x, const int64_t *pad, int n, lks_pad_mode mode,
                    double value);

/* (…, m, k) x (…, k, n), leading dimensions broadcast; 1-d operands as in torch.matmul.
 */
lks_tensor *lks_matmul(lks_tensor *a, lks_tensor *b);
/* a (m), b (n): (m, n). */
lks_tensor *lks_outer(lks_tensor *a, lks_tensor *b);
/* torch.einsum: "ij,jk->ik", spaces and "..." allowed. All letters together are at most
 * LKS_MAX_DIMS. */
enum { LKS_EINSUM_MAX_OPERANDS = 8 };
lks_tensor *lks_einsum(const char *equation, lks_tensor *const *xs, int n);
/* beta x + alpha (a b), x broadcasting to the product's shape: of matrices, of a matrix
 * and a vector, of batches of matrices (addbmm: summed over the batch). With beta 0, x is
 * not looked at and gets no gradient. */
lks_tensor *lks_addmm(lks_tensor *x, lks_tensor *a, lks_tensor *b, double beta,
                      double alpha);
lks_tensor *lks_addmv(lks_tensor *x, lks_tensor *a, lks_tensor *b, double beta,
                      double alpha);
lks_tensor *lks_addbmm(lks_tensor *x, lks_tensor *a, lks_tensor *b, double beta,
                       double alpha);
lks_tensor *lks_baddbmm(lks_tensor *x, lks_tensor *a, lks_tensor *b, double beta,
                        double alpha);
/* x (…, in), w (out, in), b (out) or NULL: x wᵀ + b, (…, out). */
lks_tensor *lks_linear(lks_tensor *x, lks_tensor *w, lks_tensor *b);

/* x (N, C, H, W) or (C, H, W), w (O, C/groups, KH, KW), b (O) or NULL. NULL params:
 * stride 1, no padding. */
lks_tensor *lks_conv2d(lks_tensor *x, lks_tensor *w, lks_tensor *b,
                       const lks_conv2d_params *params);
/* x as above, w (C, O/groups, KH, KW), b (O) or NULL, to (N, O, OH, OW) with
 * OH = (H - 1) stride - 2 padding + dilation (KH - 1) + output_padding + 1. NULL
 * output_padding (of two): 0; else below stride or dilation. */
lks_tensor *lks_conv_transpose2d(lks_tensor *x, lks_tensor *w, lks_tensor *b,
                                 const lks_conv2d_params *params,
                                 const int64_t *output_padding);
/* The same along a line: x (N, C, L) or (C, L), w without KH. Stride, dilation and groups
 * of 0 mean 1. */
typedef struct lks_conv1d_params {
    int64_t stride, padding, dilation, groups;
} lks_conv1d_params;
lks_tensor *lks_conv1d(lks_tensor *x, lks_tensor *w, lks_tensor *b,
                       const lks_conv1d_params *params);
lks_tensor *lks_conv_transpose1d(lks_tensor *x, lks_tensor *w, lks_tensor *b,
                                 const lks_conv1d_params *params, int64_t output_padding);
/* The largest of each window of x (N, C, H, W) or (C, H, W): (N, C, OH, OW) or (C, OH,
 * OW), with OH = (H + 2 padding - dilation (kernel - 1) - 1) / stride + 1, rounded down,
 * and OW alike. f32 and f64. The gradient goes to the first of equals; NaN is the
 * largest. params->stride of 0 means kernel; dilation of 0 means 1; padding is at most
 * half of kernel, and LKS_SHAPE where a window would still lie in the padding alone; H W
 * is below 2^31. */
lks_tensor *lks_max_pool2d(lks_tensor *x, const lks_pool2d_params *params);
/* The same, and with it, unless NULL, *index: for each the flat place in its plane, i64,
 * which no gradient goes through; NULL after a failure. So below. */
lks_tensor *lks_max_pool2d_with_indices(lks_tensor *x, const lks_pool2d_params *params,
                                        lks_tensor **index);
/* The mean of each window: sizes and defaults as for max_pool2d. */
lks_tensor *lks_avg_pool2d(lks_tensor *x, const lks_avg_pool2d_params *params);
/* x (N, C, H, W) or (C, H, W) in size[0] x size[1] windows, as even as can be, which may
 * share rows and columns; -1: as x has. Their mean; their largest. */
lks_tensor *lks_adaptive_avg_pool2d(lks_tensor *x, const int64_t *size);
lks_tensor *lks_adaptive_max_pool2d(lks_tensor *x, const int64_t *size,
                                    lks_tensor **index);
/* The same along a line: x (N, C, L) or (C, L). Stride and dilation of 0 as above. */
typedef struct lks_pool1d_params {
    int64_t kernel, stride, padding;
    int64_t dilation;       /* of a maximum */
    bool leave_out_padding; /* of a mean */
    bool ceil_mode;
} lks_pool1d_params;
lks_tensor *lks_max_pool1d(lks_tensor *x, const lks_pool1d_params *params,
                           lks_tensor **index);
lks_tensor *lks_avg_pool1d(lks_tensor *x, const lks_pool1d_params *params);
lks_tensor *lks_adaptive_avg_pool1d(lks_tensor *x, int64_t size);

/* The windows of x (N, C, H, W) or (C, H, W), a column each: (N, C KH KW, OH OW). As for
 * pooling; stride and dilation of 0 mean 1. */
lks_tensor *lks_unfold(lks_tensor *x, const lks_pool2d_params *params);
/* (…, C r r, H, W) to (…, C, H r, W r). A copy. */
lks_tensor *lks_pixel_shuffle(lks_tensor *x, int64_t factor);

/* How what lies between elements is found, as torch.nn.functional.interpolate names it. */
typedef enum lks_interpolation {
    LKS_INTERPOLATE_NEAREST,
    LKS_INTERPOLATE_NEAREST_EXACT,
    LKS_INTERPOLATE_LINEAR,
    LKS_INTERPOLATE_BILINEAR,
    LKS_INTERPOLATE_BICUBIC,
    LKS_INTERPOLATE_TRILINEAR,
    LKS_INTERPOLATE_AREA,
} lks_interpolation;

/* Of `size` and `scale_factor` one is given, the other 0. */
typedef struct lks_interpolate_params {
    lks_interpolation mode;
    int64_t size[3];
    double scale_factor[3];
    bool align_corners;
} lks_interpolate_params;

/* torch.nn.functional.interpolate: x (N, C, …) of floats, whose one to three dimensions
 * behind the channels get another size each: `size`, or floor(size scale_factor); the
 * other is 0. Linear is of one, bilinear and bicubic of two, trilinear of three. With
 * align_corners, which those alone have, first and last elements stay where they are.
 * PyTorch's recompute_scale_factor is to give the size. A copy. */
lks_tensor *lks_interpolate(lks_tensor *x, const lks_interpolate_params *params);
/* What n sizes become. LKS_SHAPE, LKS_INVALID: they, or the parameters, do not fit; `owner`
 * begins the text. */
lks_status lks_interpolate_sizes(const lks_interpolate_params *params, const char *owner,
                                 int n, const int64_t *before, int64_t *out);

/* x / (k + alpha mean)^beta, with the mean of x's squares over `size` neighbouring
 * channels of (N, C, …), those beyond the first and the last being 0. */
lks_tensor *lks_local_response_norm(lks_tensor *x, int64_t size, double alpha,
                                    double beta, double k);

/* (x - mean) / sqrt(var + eps) weight + bias, with a mean and a variance for each channel
 * (batch_norm) or for each channel of each sample (instance_norm) of x (N, C, …); (C) is
 * one sample. What is NULL is left out; running statistics come both or neither. */
typedef struct lks_norm_params {
    lks_tensor *running_mean, *running_var, *weight, *bias; /* (C) each */
    bool training; /* of x, and the running ones follow; else the running ones */
    double momentum, eps;
} lks_norm_params;
lks_tensor *lks_batch_norm(lks_tensor *x, const lks_norm_params *params);
/* Without running statistics as in training. */
lks_tensor *lks_instance_norm(lks_tensor *x, const lks_norm_params *params);
/* For each of `groups` of x's channels, (N, C, …); weight and bias (C) or NULL. */
lks_tensor *lks_group_norm(lks_tensor *x, int64_t groups, lks_tensor *weight,
                           lks_tensor *bias, double eps);
/* For each of what ends in x's last dimensions, `shape`; so do weight and bias, or NULL.
 */
lks_tensor *lks_layer_norm(lks_tensor *x, lks_shape shape, lks_tensor *weight,
                           lks_tensor *bias, double eps);

/* a (…, I), b (…, J), w (O, I, J), bias (O) or NULL: aᵀ w b + bias, (…, O). */
lks_tensor *lks_bilinear(lks_tensor *a, lks_tensor *b, lks_tensor *w, lks_tensor *bias);

/* Recurrent networks: torch.nn.RNN, LSTM and GRU, by kind.
 *   x      (T, N, I), (N, T, I) if batch_first, or of one sequence (T, I)
 *   h0     (L D, N, P), of one sequence (L D, P), or NULL: 0; c0 the same with H, an LSTM's
 *          L = num_layers, D = 2 if bidirectional, else 1; P = proj_size or else H
 *   result (T, N, D P), as x lies; *h_n, *c_n, unless NULL: as h0 and c0, after the last
 *          step; *c_n is NULL but for an LSTM
 * With lengths, what a sequence has beyond its own counts for nothing: the result is 0
 * there, h_n and c_n are those of its last step, and reverse begins there. That is
 * PyTorch's pack_padded_sequence, enforce_sorted=False, and pad_packed_sequence.
 *   errors LKS_SHAPE, LKS_DTYPE, LKS_INVALID: what does not fit, by PyTorch's names; a
 *          length below 1 or beyond T, which a device may tell later */
typedef struct lks_rnn_params {
    lks_recurrence kind; /* LKS_RNN_TANH, LKS_RNN_RELU, LKS_LSTM, LKS_GRU */
    int64_t num_layers;  /* 0: 1 */
    int64_t proj_size;   /* of an LSTM; 0: none */
    bool bias, bidirectional, batch_first;
    double dropout;     /* between layers; 0 where there is no rng */
    const lks_rng *rng; /* NULL: evaluation. After layer l its layer is + l * 2^16. */
    /* PyTorch's parameters in its order: weight_ih_l0 (G H, I), weight_hh_l0 (G H, P), if
     * bias bias_ih_l0 and bias_hh_l0 (G H), with proj_size weight_hr_l0 (P, H); then those
     * of …_l0_reverse, if bidirectional, of …_l1 (G H, D P) and so on. */
    lks_tensor *const *weights;
    lks_tensor *lengths; /* (N) i64, or NULL: all have T steps */
} lks_rnn_params;
lks_tensor *lks_rnn(lks_tensor *x, lks_tensor *h0, lks_tensor *c0,
                    const lks_rnn_params *params, lks_tensor **h_n, lks_tensor **c_n);
/* One step: x (N, I) or (I); h, and of an LSTM c, (N, H) or (H), or NULL: 0; weights as
 * above, both biases NULL: none. The state after it, of an LSTM h, and c in *c_n unless
 * NULL. */
lks_tensor *lks_rnn_tanh_cell(lks_tensor *x, lks_tensor *h, lks_tensor *w_ih,
                              lks_tensor *w_hh, lks_tensor *b_ih, lks_tensor *b_hh);
lks_tensor *lks_rnn_relu_cell(lks_tensor *x, lks_tensor *h, lks_tensor *w_ih,
                              lks_tensor *w_hh, lks_tensor *b_ih, lks_tensor *b_hh);
lks_tensor *lks_gru_cell(lks_tensor *x, lks_tensor *h, lks_tensor *w_ih, lks_tensor *w_hh,
                         lks_tensor *b_ih, lks_tensor *b_hh);
lks_tensor *lks_lstm_cell(lks_tensor *x, lks_tensor *h, lks_tensor *c, lks_tensor *w_ih,
                          lks_tensor *w_hh, lks_tensor *b_ih, lks_tensor *b_hh,
                          lks_tensor **c_n);

/* exp(x) by its sum along dim, and the logarithm of that. */
lks_tensor *lks_softmax(lks_tensor *x, int dim);
lks_tensor *lks_log_softmax(lks_tensor *x, int dim);

/* Zero each element with probability p in [0, 1], scale the rest by 1 / (1 - p); where is
 * a pure function of rng and the element's index. PyTorch's dropout with training=True.
 */
lks_tensor *lks_dropout(lks_tensor *x, double p, const lks_rng *rng);

/* What the losses of all elements come to. */
typedef enum lks_reduction {
    LKS_REDUCTION_MEAN,
    LKS_REDUCTION_SUM,
    LKS_REDUCTION_NONE,
} lks_reduction;

enum { LKS_NO_IGNORE_INDEX = -100 }; /* PyTorch's default ignore_index */

/* What counts, and what it comes to. All zeros: as with NULL. */
typedef struct lks_cross_entropy_options {
    lks_reduction reduction;
    int64_t ignore_index;   /* 0 is LKS_NO_IGNORE_INDEX unless has_ignore_index */
    lks_tensor *weight;     /* (C) of x's dtype, or NULL: what each class counts */
    double label_smoothing; /* from 0 to 1: the part of a target that all classes share */
    bool has_ignore_index;  /* an ignore_index of 0 is meant: class 0 */
} lks_cross_entropy_options;

/* x (N, C), (N, C, d1, …) or (C); target (N), (N, d1, …) or () i64, or probabilities of
 * the classes: floats, of x's shape. NULL options: mean, ignore -100. A mean is over the
 * weights of the targets that are not ignored; of probabilities it is over their number.
 * No gradient goes through the weight. A target outside [0, C) that is not ignore_index
 * is LKS_INVALID, as is an ignore_index of 0 or more beside probabilities. */
lks_tensor *lks_cross_entropy(lks_tensor *x, lks_tensor *target,
                              const lks_cross_entropy_options *options);
/* The same, and with it *n_counted: what a mean divides by, a tensor () of x's dtype
 * which no gradient goes through; NULL after a failure. Nobody waits for it. */
lks_tensor *lks_cross_entropy_counted(lks_tensor *x, lks_tensor *target,
                                      const lks_cross_entropy_options *options,
                                      lks_tensor **n_counted);
/* Of x that holds logarithms of probabilities (log_softmax): the rest as above. */
lks_tensor *lks_nll_loss(lks_tensor *x, lks_tensor *target, lks_tensor *weight,
                         int64_t ignore_index, lks_reduction reduction);
lks_tensor *lks_nll_loss_counted(lks_tensor *x, lks_tensor *target, lks_tensor *weight,
                                 int64_t ignore_index, lks_reduction reduction,
                                 lks_tensor **n_counted);
/* Same shapes (they broadcast, as in PyTorch). */
lks_tensor *lks_mse_loss(lks_tensor *x, lks_tensor *target, lks_reduction reduction);
lks_tensor *lks_l1_loss(lks_tensor *x, lks_tensor *target, lks_reduction reduction);
lks_tensor *lks_smooth_l1_loss(lks_tensor *x, lks_tensor *target, double beta,
                               lks_reduction reduction); /* beta [1] */
lks_tensor *lks_huber_loss(lks_tensor *x, lks_tensor *target, double delta,
                           lks_reduction reduction); /* delta [1] */

/* The losses of torch.nn.functional; a weight may be NULL. Of probabilities x in [0, 1]:
 * bce is -(target log x + (1 - target) log(1 - x)) of each, its logarithms at least -100.
 */
lks_tensor *lks_bce(lks_tensor *x, lks_tensor *target);
lks_tensor *lks_binary_cross_entropy(lks_tensor *x, lks_tensor *target,
                                     lks_tensor *weight, lks_reduction reduction);
lks_tensor *lks_binary_cross_entropy_with_logits(lks_tensor *x, lks_tensor *target,
                                                 lks_tensor *weight,
                                                 lks_tensor *pos_weight,
                                                 lks_reduction reduction);
/* x holds logarithms, the target too if log_target. "batchmean" is a sum, divided by the
 * caller. */
lks_tensor *lks_kl_div(lks_tensor *x, lks_tensor *target, bool log_target,
                       lks_reduction reduction);
/* var is shaped as x, or lacks its last dimension, or has 1 there; at least eps [1e-6]
 * counts, and its gradient is that of what counts. full [false] adds log(2 pi) / 2. */
lks_tensor *lks_gaussian_nll_loss(lks_tensor *x, lks_tensor *target, lks_tensor *var,
                                  bool full, double eps, lks_reduction reduction);
/* log_input [true], full [false]: Stirling's formula of targets above 1, eps [1e-8] is
 * added to x before its logarithm is taken. */
lks_tensor *lks_poisson_nll_loss(lks_tensor *x, lks_tensor *target, bool log_input,
                                 bool full, double eps, lks_reduction reduction);
/* Targets 1 and -1; margins [hinge_embedding 1, the others 0]. */
lks_tensor *lks_soft_margin_loss(lks_tensor *x, lks_tensor *target,
                                 lks_reduction reduction);
lks_tensor *lks_hinge_embedding_loss(lks_tensor *x, lks_tensor *target, double margin,
                                     lks_reduction reduction);
lks_tensor *lks_margin_ranking_loss(lks_tensor *x1, lks_tensor *x2, lks_tensor *target,
                                    double margin, lks_reduction reduction);
/* x (N, C) or (C), target (N) or () i64: the sum over the other classes i of weight[y]
 * max(0, margin [1] - x[y] + x[i])^p / C; p [1] is 1 or 2, weight (C) or NULL. */
lks_tensor *lks_multi_margin_loss(lks_tensor *x, lks_tensor *target, double p,
                                  double margin, lks_tensor *weight,
                                  lks_reduction reduction);
/* x1 and x2 (N, D) or (D), target (N) or (). */
lks_tensor *lks_cosine_embedding_loss(lks_tensor *x1, lks_tensor *x2, lks_tensor *target,
                                      double margin, lks_reduction reduction);
/* Along dim [1]; each norm is at least eps [1e-8]. */
lks_tensor *lks_cosine_similarity(lks_tensor *x1, lks_tensor *x2, int dim, double eps);
/* The p-norm [2] of x1 - x2 + eps [1e-6] along the last dimension, 0 < p < infinity. */
lks_tensor *lks_pairwise_distance(lks_tensor *x1, lks_tensor *x2, double p, double eps,
                                  bool keepdim);
/* max(0, margin [1] + d(anchor, positive) - d(anchor, negative)), d pairwise_distance;
 * swap [false]: the negative's distance to the positive instead where that is less. */
lks_tensor *lks_triplet_margin_loss(lks_tensor *anchor, lks_tensor *positive,
                                    lks_tensor *negative, double margin, double p,
                                    double eps, bool swap, lks_reduction reduction);

#endif
