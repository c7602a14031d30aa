/* The functions, under the names that tests/golden/op_inputs.py has them. */
#include "functions.h"

/* ---- what stands beside x ---- */

static lks_tensor *number(const lks_tensor *x, double value)
{
    return lks_full(LKS_SCALAR, value, lks_tensor_dtype(x), lks_tensor_device(x));
}

/* As long as x's last dimension: 0.2, 0.3 … */
static lks_tensor *row(const lks_tensor *x)
{
    lks_tensor *i =
        lks_arange(lks_ndim(x) > 0 ? lks_size(x, -1) : 1, LKS_F64, lks_tensor_device(x));

    return lks_to(lks_add_scalar(lks_mul_scalar(i, 0.1), 0.2), lks_tensor_dtype(x));
}

static lks_tensor *like(const lks_tensor *x)
{
    return lks_ndim(x) > 0 ? lks_expand(row(x), lks_sizes(x)) : number(x, 0.2);
}

static lks_tensor *zeros(const lks_tensor *x, lks_shape shape)
{
    return lks_zeros(shape, LKS_I64, lks_tensor_device(x));
}

static lks_tensor *two_places(const lks_tensor *x)
{
    return zeros(x, LKS_SHAPE_OF(2));
}

static lks_tensor *places_like(const lks_tensor *x)
{
    return zeros(x, lks_sizes(x));
}

static lks_tensor *half(lks_tensor *x)
{
    return lks_gt_scalar(x, 0.5);
}

static lks_tensor *filled(const lks_tensor *x, double value, lks_shape shape)
{
    return lks_full(shape, value, lks_tensor_dtype(x), lks_tensor_device(x));
}

/* {first, second, …} */
static lks_tensor *vector(const lks_tensor *x, const double *values, int64_t n)
{
    return lks_to(lks_from_data(LKS_SHAPE_OF(n), LKS_F64, values, lks_tensor_device(x)),
                  lks_tensor_dtype(x));
}
#define VECTOR(x, ...)                                                                   \
    vector(x, (const double[]){__VA_ARGS__},                                             \
           sizeof((const double[]){__VA_ARGS__}) / sizeof(double))

/* ---- the table ---- */

#define OP(name, expression)                                                             \
    static lks_tensor *name(lks_tensor *x)                                               \
    {                                                                                    \
        return expression;                                                               \
    }

#define LKS_UNARY(name, y, dx)    OP(unary_##name, lks_##name(x))
#define LKS_UNARY_P(name, y, dx)  OP(unary_##name, lks_##name(x, 0.4))
#define LKS_UNARY_PQ(name, y, dx) OP(unary_##name, lks_##name(x, 0.3, 0.7))
#define LKS_BINARY(name, y, da, db)                                                      \
    OP(name##_itself, lks_##name(x, lks_detach(x)))                                      \
    OP(name##_row, lks_##name(x, row(x)))                                                \
    OP(name##_scalar, lks_##name(x, number(x, 0.45)))
#define COMPARED(name, operator_) LKS_BINARY(name, y, da, db)
LKS_COMPARE_LIST(COMPARED)
COMPARED(logical_and, &&)
COMPARED(logical_or, ||)
#include "pointwise.def"

#define DIM(d) (const int[]){d}, 1
#define FIRST_PIECE(name, call)                                                          \
    static lks_tensor *name(lks_tensor *x)                                               \
    {                                                                                    \
        lks_tensor *out[9];                                                              \
                                                                                         \
        return call > 0 ? out[0] : NULL;                                                 \
    }
FIRST_PIECE(unbind_first, lks_unbind(x, 0, out, 9))
FIRST_PIECE(chunk_first, lks_chunk(x, 2, -1, out, 9))
FIRST_PIECE(split_first, lks_split(x, 2, -1, out, 9))
static lks_tensor *joined(lks_tensor *(*join)(lks_tensor *const *, int, int),
                          lks_tensor *x, int dim)
{
    return join((lks_tensor *const[]){x, x}, 2, dim);
}
static lks_tensor *repeated(lks_tensor *x)
{
    lks_shape times = {lks_ndim(x) > 0 ? lks_ndim(x) : 1, {0}};

    for (int d = 0; d < times.ndim; d++)
        times.sizes[d] = 2;
    return lks_repeat(x, times);
}
static lks_tensor *expanded(lks_tensor *x)
{
    lks_shape shape = {lks_ndim(x) + 1, {2}};

    for (int d = 0; d < lks_ndim(x); d++)
        shape.sizes[d + 1] = lks_size(x, d);
    return lks_expand(x, shape);
}
static lks_tensor *last_size_normed(lks_tensor *x)
{
    if (lks_ndim(x) == 0)
        return NULL;
    return lks_layer_norm(x, LKS_SHAPE_OF(lks_size(x, -1)), NULL, NULL, 1e-5);
}
static lks_tensor *classes_of(lks_tensor *x)
{
    lks_shape shape = {0};

    for (int d = 0; d < lks_ndim(x); d++)
        if (d != 1)
            shape.sizes[shape.ndim++] = lks_size(x, d);
    return zeros(x, shape);
}

OP(add_number, lks_add_scalar(x, 0.5))
OP(sub_number, lks_sub_scalar(x, 0.5))
OP(mul_number, lks_mul_scalar(x, 0.5))
OP(div_number, lks_div_scalar(x, 0.5))
OP(not_, lks_logical_not(x))
OP(lerp, lks_lerp(x, row(x), row(x)))
OP(lerp_number, lks_lerp_scalar(x, row(x), 0.3))
OP(addcmul, lks_addcmul(x, x, row(x), 0.7))
OP(addcdiv, lks_addcdiv(x, x, row(x), 0.7))
OP(glu, lks_glu(x, -1))
OP(where, lks_where(half(x), x, row(x)))
OP(masked_fill, lks_masked_fill_scalar(x, half(x), 0.25))
OP(masked_select, lks_masked_select(x, half(x)))
OP(nonzero, lks_nonzero(half(x)))

OP(sum_first, lks_sum(x, DIM(0), false))
OP(sum_last, lks_sum(x, DIM(-1), true))
OP(mean_last, lks_mean(x, DIM(-1), false))
OP(prod_last, lks_prod(x, -1, false))
OP(amax_last, lks_amax(x, DIM(-1), false))
OP(amin_first, lks_amin(x, DIM(0), true))
OP(argmax_last, lks_argmax(x, -1))
OP(argmin_first, lks_argmin(x, 0))
OP(max_last, lks_max_dim(x, -1, false, NULL))
OP(min_first, lks_min_dim(x, 0, false, NULL))
OP(any_last, lks_any(half(x), DIM(-1), false))
OP(all_all, lks_all(half(x), NULL, 0, false))
OP(var_last, lks_var(x, DIM(-1), 1, false))
OP(std_all, lks_std(x, NULL, 0, 1, false))
OP(norm_two, lks_norm(x, 2, DIM(-1), false))
OP(norm_one, lks_norm(x, 1, NULL, 0, false))
OP(logsumexp_last, lks_logsumexp(x, DIM(-1), false))
OP(cumsum_last, lks_cumsum(x, -1))
OP(cumprod_first, lks_cumprod(x, 0))
OP(sort_last, lks_sort(x, -1, false, NULL))
OP(argsort_last, lks_argsort(x, -1, false))
OP(topk_one, lks_topk(x, 1, -1, true, NULL))
OP(softmax_last, lks_softmax(x, -1))
OP(log_softmax_first, lks_log_softmax(x, 0))

OP(reshaped, lks_reshape(x, LKS_SHAPE_OF(lks_numel(x))))
OP(flattened, lks_flatten(x, 0, -1))
OP(transposed, lks_transpose(x, 0, -1))
OP(squeezed, lks_squeeze(x, -1))
OP(unsqueezed, lks_unsqueeze(x, -1))
OP(narrow_none, lks_narrow(x, -1, 0, 0))
OP(select_first, lks_select(x, 0, 0))
OP(select_last, lks_select(x, -1, -1))
OP(sliced, lks_slice(x, -1, 0, INT64_MAX, 2))
OP(cat_first, joined(lks_cat, x, 0))
OP(cat_last, joined(lks_cat, x, -1))
OP(stack_first, joined(lks_stack, x, 0))
OP(stack_last, joined(lks_stack, x, -1))
OP(tiled, lks_tile(x, LKS_SHAPE_OF(2)))
OP(flipped, lks_flip(x, DIM(-1)))
OP(roll_flat, lks_roll(x, (const int64_t[]){1}, NULL, 1))
OP(roll_last, lks_roll(x, (const int64_t[]){1}, (const int[]){-1}, 1))
OP(moved, lks_movedim(x, (const int[]){0}, (const int[]){-1}, 1))
OP(diagonal, lks_diagonal(x, 0, 0, 1))
OP(tril, lks_tril(x, 0))
OP(triu, lks_triu(x, 0))
OP(diag, lks_diag(x, 0))
OP(narrower, lks_to(x, LKS_F32))
OP(padded, lks_pad(x, (const int64_t[]){1, 2}, 2, LKS_PAD_CONSTANT, 0))
OP(index_select, lks_index_select(x, -1, two_places(x)))
OP(index_rows, lks_index(x, (lks_tensor *[]){two_places(x)}, 1))
OP(index_mask, lks_index(x, (lks_tensor *[]){half(x)}, 1))
OP(gathered, lks_gather(x, -1, places_like(x)))
OP(scatter_added, lks_scatter_add(x, -1, places_like(x), x))
OP(index_added,
   lks_index_add(x, 0, zeros(x, LKS_SHAPE_OF(lks_ndim(x) > 0 ? lks_size(x, 0) : 1)), x,
                 1))
OP(taken_along, lks_take_along_dim(x, places_like(x), -1))

OP(matmul_turned, lks_matmul(x, lks_transpose(lks_detach(x), 0, -1)))
OP(matmul_row, lks_matmul(x, row(x)))
OP(outer_row, lks_outer(x, row(x)))
OP(linear, lks_linear(x, lks_stack((lks_tensor *const[]){row(x), row(x)}, 2, 0),
                      VECTOR(x, 0.5, 0.25)))
OP(mse, lks_mse_loss(x, like(x), LKS_REDUCTION_MEAN))
OP(l1_sum, lks_l1_loss(x, like(x), LKS_REDUCTION_SUM))
OP(smooth_none, lks_smooth_l1_loss(x, like(x), 0.5, LKS_REDUCTION_NONE))
OP(cross_binary,
   lks_binary_cross_entropy(x, lks_clamp(like(x), 0, 1), NULL, LKS_REDUCTION_MEAN))
OP(kl_sum, lks_kl_div(x, like(x), false, LKS_REDUCTION_SUM))
OP(cross, lks_cross_entropy(x, classes_of(x),
                            &(lks_cross_entropy_options){LKS_REDUCTION_SUM,
                                                         LKS_NO_IGNORE_INDEX}))
OP(cosine, lks_cosine_similarity(x, like(x), -1, 1e-8))

/* row(x), n times; a state of 2. */
static lks_tensor *rows(lks_tensor *x, int n)
{
    lks_tensor *list[8];

    for (int i = 0; i < n; i++)
        list[i] = row(x);
    return lks_stack(list, n, 0);
}

#define WEIGHTS(n) rows(x, n), filled(x, 0.5, LKS_SHAPE_OF(n, 2))
#define RECURRENT(kind_, n)                                                              \
    lks_rnn(                                                                             \
        x, NULL, NULL,                                                                   \
        &(lks_rnn_params){.kind = kind_, .weights = (lks_tensor *const[]){WEIGHTS(n)}},  \
        NULL, NULL)
OP(gru, RECURRENT(LKS_GRU, 6))
OP(lstm, RECURRENT(LKS_LSTM, 8))
OP(lstm_cell, lks_lstm_cell(x, NULL, NULL, WEIGHTS(8), NULL, NULL, NULL))

OP(conv2d,
   lks_conv2d(x, filled(x, 0.5, LKS_SHAPE_OF(3, 2, 3, 3)), VECTOR(x, 0.1, 0.2, 0.3),
              &(lks_conv2d_params){{1, 1}, {1, 1}, {1, 1}, 1}))
OP(conv_transpose2d,
   lks_conv_transpose2d(x, filled(x, 0.5, LKS_SHAPE_OF(2, 3, 2, 2)), NULL,
                        &(lks_conv2d_params){{2, 2}, {0, 0}, {1, 1}, 1}, NULL))
OP(max_pool2d, lks_max_pool2d(x, &(lks_pool2d_params){.kernel = {2, 2}}))
OP(avg_pool2d, lks_avg_pool2d(x, &(lks_avg_pool2d_params){.kernel = {2, 2}}))
OP(adaptive, lks_adaptive_avg_pool2d(x, (const int64_t[]){3, 2}))
OP(batch_norm, lks_batch_norm(x, &(lks_norm_params){.running_mean = VECTOR(x, 0.1, 0.2),
                                                    .running_var = VECTOR(x, 0.3, 0.4),
                                                    .eps = 0.01}))
OP(group_norm, lks_group_norm(x, 1, NULL, NULL, 0.01))
OP(unfolded, lks_unfold(x, &(lks_pool2d_params){.kernel = {2, 2}}))

const struct function functions[] = {
#define LKS_UNARY(name, y, dx) {#name, unary_##name},
#define LKS_BINARY(name, y, da, db)                                                      \
    {#name "/itself", name##_itself}, {#name "/row", name##_row},                        \
        {#name "/scalar", name##_scalar},
#undef COMPARED
#define COMPARED(name, operator_) LKS_BINARY(name, y, da, db)
    LKS_COMPARE_LIST(COMPARED) COMPARED(logical_and, &&) COMPARED(logical_or, ||)
#include "pointwise.def"
        {"add_scalar", add_number},
    {"sub_scalar", sub_number},
    {"mul_scalar", mul_number},
    {"div_scalar", div_number},
    {"gt_scalar", half},
    {"logical_not", not_},
    {"lerp", lerp},
    {"lerp_scalar", lerp_number},
    {"addcmul", addcmul},
    {"addcdiv", addcdiv},
    {"glu", glu},
    {"where", where},
    {"masked_fill_scalar", masked_fill},
    {"masked_select", masked_select},
    {"nonzero", nonzero},
    {"sum_all", lks_sum_all},
    {"mean_all", lks_mean_all},
    {"prod_all", lks_prod_all},
    {"max_all", lks_max_all},
    {"min_all", lks_min_all},
    {"sum/first", sum_first},
    {"sum/last", sum_last},
    {"mean/last", mean_last},
    {"prod/last", prod_last},
    {"amax/last", amax_last},
    {"amin/first", amin_first},
    {"argmax/last", argmax_last},
    {"argmin/first", argmin_first},
    {"max_dim/last", max_last},
    {"min_dim/first", min_first},
    {"any/last", any_last},
    {"all/all", all_all},
    {"var/last", var_last},
    {"std/all", std_all},
    {"norm/two", norm_two},
    {"norm/one", norm_one},
    {"logsumexp/last", logsumexp_last},
    {"cumsum/last", cumsum_last},
    {"cumprod/first", cumprod_first},
    {"sort/last", sort_last},
    {"argsort/last", argsort_last},
    {"topk/one", topk_one},
    {"softmax/last", softmax_last},
    {"log_softmax/first", log_softmax_first},
    {"reshape", reshaped},
    {"flatten", flattened},
    {"transpose", transposed},
    {"squeeze", squeezed},
    {"squeeze_all", lks_squeeze_all},
    {"unsqueeze", unsqueezed},
    {"narrow/none", narrow_none},
    {"select/first", select_first},
    {"select/last", select_last},
    {"slice", sliced},
    {"cat/first", cat_first},
    {"cat/last", cat_last},
    {"stack/first", stack_first},
    {"stack/last", stack_last},
    {"repeat", repeated},
    {"tile", tiled},
    {"flip", flipped},
    {"roll/flat", roll_flat},
    {"roll/last", roll_last},
    {"t", lks_t},
    {"movedim", moved},
    {"diagonal", diagonal},
    {"trace", lks_trace},
    {"tril", tril},
    {"triu", triu},
    {"diag", diag},
    {"contiguous", lks_contiguous},
    {"clone", lks_clone},
    {"to", narrower},
    {"unbind", unbind_first},
    {"chunk", chunk_first},
    {"split", split_first},
    {"expand", expanded},
    {"pad", padded},
    {"index_select", index_select},
    {"index", index_rows},
    {"index/mask", index_mask},
    {"gather", gathered},
    {"scatter_add", scatter_added},
    {"index_add", index_added},
    {"take_along_dim", taken_along},
    {"matmul/turned", matmul_turned},
    {"matmul/row", matmul_row},
    {"outer", outer_row},
    {"linear", linear},
    {"layer_norm", last_size_normed},
    {"mse_loss", mse},
    {"l1_loss/sum", l1_sum},
    {"smooth_l1_loss/none", smooth_none},
    {"binary_cross_entropy", cross_binary},
    {"kl_div/sum", kl_sum},
    {"cross_entropy", cross},
    {"cosine_similarity", cosine},
    {"rnn/gru", gru},
    {"rnn/lstm", lstm},
    {"lstm_cell", lstm_cell},
    {"conv2d", conv2d},
    {"conv_transpose2d", conv_transpose2d},
    {"max_pool2d", max_pool2d},
    {"avg_pool2d", avg_pool2d},
    {"adaptive_avg_pool2d", adaptive},
    {"batch_norm/evaluating", batch_norm},
    {"group_norm", group_norm},
    {"unfold", unfolded},
};
const int n_functions = sizeof functions / sizeof *functions;
