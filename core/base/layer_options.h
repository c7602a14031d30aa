/* The layers there are and what each may be told: once, for the library, which reads
 * options (option_expand.h), and for job files, their help and their reference
 * (proto/job_schema.c). Names and meaning are torch.nn's.
 *
 * LKS_LAYER_LIST(X): X(name) of each layer, in the order in which people are told them.
 * LKS_OPTIONS_<name>(X): X(kind, key, member, …) of each of its options. `member` is
 * where it goes in the layer's own struct, which files know nothing of.
 *
 *   WHOLE   key, member, min, fallback          a whole number of at least min
 *   PAIR    key, member, min, fallback          one, or two: [height, width]
 *   REAL    key, member, min, below, fallback   min <= number < below
 *   WHOLES  key, member, min, fallback          a list of them, none of them 0
 *   REALS   key, member, min, below, fallback   a list of them
 *   REALS2  key, member, min, below, fallback   two of them
 *   PART    key, member, fallback               0 <= number <= 1
 *   TOGGLE  key, member, fallback               true or false
 *   WORD    key, member, word, word, …          one of these; else the first
 *   WHOLE_OR_NULL REAL_OR_NULL                  as WHOLE and REAL, or null
 *   NUMBERS key, member, min                    numbers of at least min, as many as given
 *
 * Where nothing is said: LKS_OPTION_REQUIRED is an error, LKS_OPTION_ELSE(value) stands
 * for it, LKS_OPTION_ELSE2(a, b) for two, LKS_OPTION_NULL is null, LKS_OPTION_UNSET leaves
 * the layer to choose, and is 0 to it; LKS_OPTION_LENT too, but is an error in a file
 * without weight_of. */
#ifndef LKS_BASE_LAYER_OPTIONS_H
#define LKS_BASE_LAYER_OPTIONS_H

/* clang-format off */
/* lks_interpolation's, in its order: of the layer upsample */
#define LKS_INTERPOLATIONS                                                               \
    "nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear", "area"

#define LKS_LAYER_LIST(X)                                                                \
    X(linear) X(conv2d) X(max_pool2d) X(relu) X(tanh) X(sigmoid) X(dropout) X(flatten)   \
    X(softmax) X(log_softmax) X(batch_norm1d) X(batch_norm2d) X(add)                     \
    X(conv1d) X(conv_transpose1d) X(conv_transpose2d)                                    \
    X(max_pool1d) X(avg_pool1d) X(avg_pool2d) X(adaptive_avg_pool1d)                     \
    X(adaptive_avg_pool2d) X(adaptive_max_pool2d)                                        \
    X(layer_norm) X(group_norm) X(embedding) X(bilinear) X(identity) X(leaky_relu)       \
    X(prelu) X(elu) X(selu) X(celu) X(gelu) X(silu) X(mish) X(softplus) X(softsign)      \
    X(logsigmoid) X(tanhshrink) X(softshrink) X(hardshrink) X(hardsigmoid) X(hardswish)  \
    X(hardtanh) X(relu6) X(threshold) X(softmin)                                         \
    X(unflatten) X(instance_norm1d) X(instance_norm2d) X(local_response_norm)            \
    X(pixel_shuffle) X(upsample) X(dropout1d) X(dropout2d)                               \
    X(rnn) X(lstm) X(gru) X(last)                                                        \
    X(embedding_bag) X(positional_encoding) X(multihead_attention)                       \
    X(transformer_encoder_layer) X(transformer_decoder_layer) X(transformer_encoder)     \
    X(transformer_decoder) X(seq2seq)

/* out_features: of another layer's weight its rows, if not given */
#define LKS_OPTIONS_linear(X)                                                            \
    X(WHOLE, "out_features", out_features, 1, LKS_OPTION_LENT)                           \
    X(TOGGLE, "bias", bias, LKS_OPTION_ELSE(true))

#define LKS_OPTIONS_conv(X, SIZE)                                                        \
    X(WHOLE, "out_channels", out_channels, 1, LKS_OPTION_REQUIRED)                       \
    X(SIZE, "kernel_size", kernel, 1, LKS_OPTION_REQUIRED)                               \
    X(SIZE, "stride", params.stride, 1, LKS_OPTION_ELSE(1))                              \
    X(SIZE, "padding", params.padding, 0, LKS_OPTION_ELSE(0))                            \
    X(SIZE, "dilation", params.dilation, 1, LKS_OPTION_ELSE(1))                          \
    X(WHOLE, "groups", params.groups, 1, LKS_OPTION_ELSE(1))                             \
    X(TOGGLE, "bias", bias, LKS_OPTION_ELSE(true))
#define LKS_OPTIONS_conv1d(X) LKS_OPTIONS_conv(X, WHOLE)
#define LKS_OPTIONS_conv2d(X) LKS_OPTIONS_conv(X, PAIR)

/* stride: the kernel's size */
#define LKS_OPTIONS_max_pool2d(X)                                                        \
    X(PAIR, "kernel_size", kernel, 1, LKS_OPTION_REQUIRED)                               \
    X(PAIR, "stride", stride, 1, LKS_OPTION_UNSET)                                       \
    X(PAIR, "padding", padding, 0, LKS_OPTION_ELSE(0))                                   \
    X(PAIR, "dilation", dilation, 1, LKS_OPTION_ELSE(1))                                 \
    X(TOGGLE, "ceil_mode", ceil_mode, LKS_OPTION_ELSE(false))

#define LKS_OPTIONS_relu(X)
#define LKS_OPTIONS_tanh(X)
#define LKS_OPTIONS_sigmoid(X)

#define LKS_OPTIONS_dropout(X)                                                           \
    X(PART, "p", p, LKS_OPTION_ELSE(0.5))

/* whole channels */
#define LKS_OPTIONS_dropout1d(X) LKS_OPTIONS_dropout(X)
#define LKS_OPTIONS_dropout2d(X) LKS_OPTIONS_dropout(X)

/* dims count the batch dimension and, if negative, from the end; tensors have at most 8 */
#define LKS_OPTIONS_flatten(X)                                                           \
    X(WHOLE, "start_dim", start_dim, -8, LKS_OPTION_ELSE(1))                             \
    X(WHOLE, "end_dim", end_dim, -8, LKS_OPTION_ELSE(-1))

/* one of the sizes may be -1: what the others leave */
#define LKS_OPTIONS_unflatten(X)                                                         \
    X(WHOLE, "dim", dim, -8, LKS_OPTION_REQUIRED)                                        \
    X(WHOLES, "unflattened_size", sizes, -1, LKS_OPTION_REQUIRED)

/* what nn.Softmax(dim=None) takes for a batch of vectors */
#define LKS_OPTIONS_softmax(X)                                                           \
    X(WHOLE, "dim", dim, -8, LKS_OPTION_ELSE(1))
#define LKS_OPTIONS_log_softmax(X) LKS_OPTIONS_softmax(X)
#define LKS_OPTIONS_softmin(X)     LKS_OPTIONS_softmax(X)

/* momentum null: the mean over all steps */
#define LKS_OPTIONS_batch_norm1d(X)                                                      \
    X(REAL, "eps", eps, 0, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(1e-05))                    \
    X(REAL_OR_NULL, "momentum", momentum, 0, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(0.1))    \
    X(TOGGLE, "affine", affine, LKS_OPTION_ELSE(true))                                   \
    X(TOGGLE, "track_running_stats", track_running_stats, LKS_OPTION_ELSE(true))
#define LKS_OPTIONS_batch_norm2d(X) LKS_OPTIONS_batch_norm1d(X)

/* momentum null: 0, so the running statistics stay, as PyTorch has it */
#define LKS_OPTIONS_instance_norm1d(X)                                                   \
    X(REAL, "eps", eps, 0, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(1e-05))                    \
    X(REAL_OR_NULL, "momentum", momentum, 0, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(0.1))    \
    X(TOGGLE, "affine", affine, LKS_OPTION_ELSE(false))                                  \
    X(TOGGLE, "track_running_stats", track_running_stats, LKS_OPTION_ELSE(false))
#define LKS_OPTIONS_instance_norm2d(X) LKS_OPTIONS_instance_norm1d(X)

#define LKS_OPTIONS_local_response_norm(X)                                               \
    X(WHOLE, "size", size, 1, LKS_OPTION_REQUIRED)                                       \
    X(REAL, "alpha", alpha, 0, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(0.0001))               \
    X(REAL, "beta", beta, 0, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(0.75))                   \
    X(REAL, "k", k, 0, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(1))

#define LKS_OPTIONS_pixel_shuffle(X)                                                     \
    X(WHOLE, "upscale_factor", factor, 1, LKS_OPTION_REQUIRED)

/* size or scale_factor, one of them */
#define LKS_OPTIONS_upsample(X)                                                          \
    X(WHOLES, "size", size, 1, LKS_OPTION_UNSET)                                         \
    X(REALS, "scale_factor", scale_factor, 1e-12, LKS_OPTION_NO_MAX, LKS_OPTION_UNSET)   \
    X(WORD, "mode", mode, LKS_INTERPOLATIONS)                                            \
    X(TOGGLE, "align_corners", align_corners, LKS_OPTION_ELSE(false))

#define LKS_OPTIONS_add(X)

#define LKS_OPTIONS_conv_transpose(X, SIZE)                                              \
    X(WHOLE, "out_channels", out_channels, 1, LKS_OPTION_REQUIRED)                       \
    X(SIZE, "kernel_size", kernel, 1, LKS_OPTION_REQUIRED)                               \
    X(SIZE, "stride", params.stride, 1, LKS_OPTION_ELSE(1))                              \
    X(SIZE, "padding", params.padding, 0, LKS_OPTION_ELSE(0))                            \
    X(SIZE, "output_padding", output_padding, 0, LKS_OPTION_ELSE(0))                     \
    X(WHOLE, "groups", params.groups, 1, LKS_OPTION_ELSE(1))                             \
    X(TOGGLE, "bias", bias, LKS_OPTION_ELSE(true))                                       \
    X(SIZE, "dilation", params.dilation, 1, LKS_OPTION_ELSE(1))
#define LKS_OPTIONS_conv_transpose1d(X) LKS_OPTIONS_conv_transpose(X, WHOLE)
#define LKS_OPTIONS_conv_transpose2d(X) LKS_OPTIONS_conv_transpose(X, PAIR)

/* stride: the kernel's size */
#define LKS_OPTIONS_max_pool1d(X)                                                        \
    X(WHOLE, "kernel_size", kernel, 1, LKS_OPTION_REQUIRED)                              \
    X(WHOLE, "stride", stride, 1, LKS_OPTION_UNSET)                                      \
    X(WHOLE, "padding", padding, 0, LKS_OPTION_ELSE(0))                                  \
    X(WHOLE, "dilation", dilation, 1, LKS_OPTION_ELSE(1))                                \
    X(TOGGLE, "ceil_mode", ceil_mode, LKS_OPTION_ELSE(false))

#define LKS_OPTIONS_avg_pool(X, SIZE)                                                    \
    X(SIZE, "kernel_size", params.kernel, 1, LKS_OPTION_REQUIRED)                        \
    X(SIZE, "stride", params.stride, 1, LKS_OPTION_UNSET)                                \
    X(SIZE, "padding", params.padding, 0, LKS_OPTION_ELSE(0))                            \
    X(TOGGLE, "ceil_mode", params.ceil_mode, LKS_OPTION_ELSE(false))                     \
    X(TOGGLE, "count_include_pad", count_include_pad, LKS_OPTION_ELSE(true))
#define LKS_OPTIONS_avg_pool1d(X) LKS_OPTIONS_avg_pool(X, WHOLE)
#define LKS_OPTIONS_avg_pool2d(X)                                                        \
    LKS_OPTIONS_avg_pool(X, PAIR)                                                        \
    X(WHOLE, "divisor_override", params.divisor_override, 1, LKS_OPTION_UNSET)

#define LKS_OPTIONS_adaptive_avg_pool1d(X)                                               \
    X(WHOLE, "output_size", size, 1, LKS_OPTION_REQUIRED)
#define LKS_OPTIONS_adaptive_avg_pool2d(X)                                               \
    X(PAIR, "output_size", size, 1, LKS_OPTION_REQUIRED)
#define LKS_OPTIONS_adaptive_max_pool2d(X) LKS_OPTIONS_adaptive_avg_pool2d(X)

/* of the last dimensions, which have these sizes; bias: beside the weight */
#define LKS_OPTIONS_layer_norm(X)                                                        \
    X(WHOLES, "normalized_shape", normalized_shape, 1, LKS_OPTION_REQUIRED)               \
    X(REAL, "eps", eps, 0, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(1e-05))                    \
    X(TOGGLE, "elementwise_affine", elementwise_affine, LKS_OPTION_ELSE(true))           \
    X(TOGGLE, "bias", bias, LKS_OPTION_ELSE(true))
#define LKS_OPTIONS_group_norm(X)                                                        \
    X(WHOLE, "num_groups", num_groups, 1, LKS_OPTION_REQUIRED)                           \
    X(REAL, "eps", eps, 0, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(1e-05))                    \
    X(TOGGLE, "affine", affine, LKS_OPTION_ELSE(true))

/* num_embeddings: the vocabulary's tokens, if not given; padding_idx: a row that is and
 * stays 0; it may count from the end. max_norm: rows that are used are cut down to it */
#define LKS_OPTIONS_embedding(X)                                                         \
    X(WHOLE, "num_embeddings", num_embeddings, 1, LKS_OPTION_UNSET)                      \
    X(WHOLE, "embedding_dim", embedding_dim, 1, LKS_OPTION_REQUIRED)                     \
    X(WHOLE_OR_NULL, "padding_idx", padding_idx, -LKS_OPTION_MAX_SIZE, LKS_OPTION_NULL)  \
    X(REAL_OR_NULL, "max_norm", max_norm, 0, LKS_OPTION_NO_MAX, LKS_OPTION_NULL)         \
    X(REAL, "norm_type", norm_type, 1e-12, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(2))

/* what a sample's rows come to; padding_idx: a row that is in no bag. The words are
 * lks_bag_mode's, in its order */
#define LKS_OPTIONS_embedding_bag(X)                                                     \
    LKS_OPTIONS_embedding(X)                                                             \
    X(WORD, "mode", mode, "mean", "sum", "max")

/* learned: a row for each of max_len places, which is the sequences' length unless said;
 * else sines and cosines */
#define LKS_OPTIONS_positional_encoding(X)                                               \
    X(TOGGLE, "learned", learned, LKS_OPTION_ELSE(false))                                \
    X(WHOLE, "max_len", max_len, 1, LKS_OPTION_UNSET)                                    \
    X(PART, "dropout", dropout, LKS_OPTION_ELSE(0))

/* causal: a place looks at those before it and itself only */
#define LKS_OPTIONS_multihead_attention(X)                                               \
    X(WHOLE, "num_heads", num_heads, 1, LKS_OPTION_REQUIRED)                             \
    X(PART, "dropout", dropout, LKS_OPTION_ELSE(0))                                      \
    X(TOGGLE, "bias", bias, LKS_OPTION_ELSE(true))                                       \
    X(TOGGLE, "add_bias_kv", add_bias_kv, LKS_OPTION_ELSE(false))                        \
    X(TOGGLE, "add_zero_attn", add_zero_attn, LKS_OPTION_ELSE(false))                    \
    X(TOGGLE, "causal", causal, LKS_OPTION_ELSE(false))

#define LKS_OPTIONS_transformer_encoder_layer(X)                                         \
    X(WHOLE, "nhead", nhead, 1, LKS_OPTION_REQUIRED)                                     \
    X(WHOLE, "dim_feedforward", dim_feedforward, 1, LKS_OPTION_ELSE(2048))               \
    X(PART, "dropout", dropout, LKS_OPTION_ELSE(0.1))                                    \
    X(WORD, "activation", activation, "relu", "gelu")                                    \
    X(REAL, "layer_norm_eps", eps, 1e-12, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(1e-05))     \
    X(TOGGLE, "norm_first", norm_first, LKS_OPTION_ELSE(false))                          \
    X(TOGGLE, "bias", bias, LKS_OPTION_ELSE(true))                                       \
    X(TOGGLE, "causal", causal, LKS_OPTION_ELSE(false))
#define LKS_OPTIONS_transformer_decoder_layer(X) LKS_OPTIONS_transformer_encoder_layer(X)

/* norm: one more layer_norm behind the last layer */
#define LKS_OPTIONS_transformer_encoder(X)                                               \
    X(WHOLE, "num_layers", num_layers, 1, LKS_OPTION_REQUIRED)                           \
    LKS_OPTIONS_transformer_encoder_layer(X)                                             \
    X(TOGGLE, "norm", norm, LKS_OPTION_ELSE(false))
#define LKS_OPTIONS_transformer_decoder(X) LKS_OPTIONS_transformer_encoder(X)

#define LKS_OPTIONS_bilinear(X)                                                          \
    X(WHOLE, "out_features", out_features, 1, LKS_OPTION_REQUIRED)                       \
    X(TOGGLE, "bias", bias, LKS_OPTION_ELSE(true))

/* of samples (T, features), which come first: batch_first is true; dropout is between
 * layers; proj_size 0: no projection */
#define LKS_OPTIONS_RECURRENT(X)                                                         \
    X(WHOLE, "hidden_size", hidden_size, 1, LKS_OPTION_REQUIRED)                         \
    X(WHOLE, "num_layers", num_layers, 1, LKS_OPTION_ELSE(1))                            \
    X(TOGGLE, "bias", bias, LKS_OPTION_ELSE(true))                                       \
    X(TOGGLE, "batch_first", batch_first, LKS_OPTION_ELSE(true))                         \
    X(PART, "dropout", dropout, LKS_OPTION_ELSE(0))                                      \
    X(TOGGLE, "bidirectional", bidirectional, LKS_OPTION_ELSE(false))
#define LKS_OPTIONS_rnn(X)                                                               \
    LKS_OPTIONS_RECURRENT(X) X(WORD, "nonlinearity", nonlinearity, "tanh", "relu")
#define LKS_OPTIONS_lstm(X)                                                              \
    LKS_OPTIONS_RECURRENT(X) X(WHOLE, "proj_size", proj_size, 0, LKS_OPTION_ELSE(0))
#define LKS_OPTIONS_gru(X) LKS_OPTIONS_RECURRENT(X)

/* the last step of each sample, (T, …) to (…) */
#define LKS_OPTIONS_last(X)

#define LKS_OPTIONS_identity(X)
#define LKS_OPTIONS_leaky_relu(X)                                                        \
    X(REAL, "negative_slope", p, -LKS_OPTION_NO_MAX, LKS_OPTION_NO_MAX,                  \
      LKS_OPTION_ELSE(0.01))
#define LKS_OPTIONS_NUMBER(X, key, member, fallback)                                     \
    X(REAL, key, member, -LKS_OPTION_NO_MAX, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(fallback))

/* of one parameter, or of one a channel */
#define LKS_OPTIONS_prelu(X)                                                             \
    X(WHOLE, "num_parameters", num_parameters, 1, LKS_OPTION_ELSE(1))                    \
    LKS_OPTIONS_NUMBER(X, "init", init, 0.25)

#define LKS_OPTIONS_elu(X) LKS_OPTIONS_NUMBER(X, "alpha", p, 1)
#define LKS_OPTIONS_selu(X)
/* not 0, by which it divides */
#define LKS_OPTIONS_celu(X)                                                              \
    X(REAL, "alpha", p, 1e-12, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(1))
#define LKS_OPTIONS_gelu(X) X(WORD, "approximate", kind, "none", "tanh")
#define LKS_OPTIONS_silu(X)
#define LKS_OPTIONS_mish(X)
#define LKS_OPTIONS_softplus(X)                                                          \
    X(REAL, "beta", p, 1e-12, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(1))                     \
    LKS_OPTIONS_NUMBER(X, "threshold", q, 20)
#define LKS_OPTIONS_softsign(X)
#define LKS_OPTIONS_logsigmoid(X)
#define LKS_OPTIONS_tanhshrink(X)
#define LKS_OPTIONS_softshrink(X)                                                        \
    X(REAL, "lambd", p, 0, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(0.5))
#define LKS_OPTIONS_hardshrink(X) LKS_OPTIONS_softshrink(X)
#define LKS_OPTIONS_hardsigmoid(X)
#define LKS_OPTIONS_hardswish(X)
#define LKS_OPTIONS_hardtanh(X)                                                          \
    LKS_OPTIONS_NUMBER(X, "min_val", p, -1) LKS_OPTIONS_NUMBER(X, "max_val", q, 1)
#define LKS_OPTIONS_relu6(X)
#define LKS_OPTIONS_threshold(X)                                                         \
    X(REAL, "threshold", p, -LKS_OPTION_NO_MAX, LKS_OPTION_NO_MAX, LKS_OPTION_REQUIRED)  \
    X(REAL, "value", q, -LKS_OPTION_NO_MAX, LKS_OPTION_NO_MAX, LKS_OPTION_REQUIRED)

/* vocabularies: sizes, of the data's own if not given; num_layers: of the encoder and of
 * the decoder; dropout: of embeddings, between layers and before the output; tie_weights:
 * the output's weight is the target embedding's */
#define LKS_OPTIONS_seq2seq(X)                                                           \
    X(WHOLE, "source_vocabulary", source_vocabulary, 1, LKS_OPTION_UNSET)                \
    X(WHOLE, "target_vocabulary", target_vocabulary, 1, LKS_OPTION_UNSET)                \
    X(WHOLE, "embedding_dim", embedding_dim, 1, LKS_OPTION_REQUIRED)                     \
    X(WHOLE, "hidden_size", hidden_size, 1, LKS_OPTION_REQUIRED)                         \
    X(WHOLE, "num_layers", num_layers, 1, LKS_OPTION_ELSE(1))                            \
    X(WORD, "cell", cell, "gru", "lstm")                                                 \
    X(TOGGLE, "bidirectional", bidirectional, LKS_OPTION_ELSE(true))                     \
    X(WORD, "attention", attention, "additive", "dot", "none")                           \
    X(PART, "dropout", dropout, LKS_OPTION_ELSE(0))                                      \
    X(TOGGLE, "tie_weights", tie_weights, LKS_OPTION_ELSE(true))

/* What a parameter begins with, torch.nn.init's: LKS_INIT_LIST(X): X(name, whether it is
 * of parameters of two dimensions or more). */
#define LKS_INIT_LIST(X)                                                                 \
    X(uniform, false) X(normal, false) X(constant, false) X(zeros, false)                \
    X(ones, false) X(xavier_uniform, true) X(xavier_normal, true)                        \
    X(kaiming_uniform, true) X(kaiming_normal, true) X(orthogonal, true)

#define LKS_OPTIONS_uniform(X)                                                           \
    LKS_OPTIONS_NUMBER(X, "a", p, 0) LKS_OPTIONS_NUMBER(X, "b", q, 1)
#define LKS_OPTIONS_normal(X)                                                            \
    LKS_OPTIONS_NUMBER(X, "mean", p, 0)                                                  \
    X(REAL, "std", q, 0, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(1))
#define LKS_OPTIONS_constant(X)                                                          \
    X(REAL, "val", p, -LKS_OPTION_NO_MAX, LKS_OPTION_NO_MAX, LKS_OPTION_REQUIRED)
#define LKS_OPTIONS_zeros(X)
#define LKS_OPTIONS_ones(X)
#define LKS_OPTIONS_xavier_uniform(X)                                                    \
    X(REAL, "gain", p, 0, LKS_OPTION_NO_MAX, LKS_OPTION_ELSE(1))
#define LKS_OPTIONS_xavier_normal(X) LKS_OPTIONS_xavier_uniform(X)
/* a: the slope below zero of leaky_relu */
#define LKS_OPTIONS_kaiming_uniform(X)                                                   \
    LKS_OPTIONS_NUMBER(X, "a", p, 0)                                                     \
    X(WORD, "mode", mode, "fan_in", "fan_out")                                           \
    X(WORD, "nonlinearity", nonlinearity, "leaky_relu", "relu", "linear", "sigmoid",     \
      "tanh", "selu")
#define LKS_OPTIONS_kaiming_normal(X) LKS_OPTIONS_kaiming_uniform(X)
#define LKS_OPTIONS_orthogonal(X)     LKS_OPTIONS_xavier_uniform(X)
/* clang-format on */

#endif
