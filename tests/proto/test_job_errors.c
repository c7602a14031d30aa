#include "proto/sample_job.h"

#include <ctype.h>

/* The sample with `from` replaced by `to` is refused with exactly this line. */
typedef struct mistake {
    const char *from, *to, *error;
} mistake;

static void check_line(const char *text, const char *error)
{
    lks_job job = {.seed = 99};
    lks_status st;
    const char *said;

    lks_error_clear();
    st = parse_text(text, &job);
    said = lks_error_text();
    ck_assert_str_eq(said, error);
    ck_assert_int_eq(st, LKS_INVALID);
    ck_assert_uint_eq(job.seed, 99);
}

static void check_mistakes(const mistake *mistakes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char *text = spoiled(mistakes[i].from, mistakes[i].to);

        check_line(text, mistakes[i].error);
        lks_free(text);
    }
}

#define CHECK_MISTAKES(list) check_mistakes(list, sizeof(list) / sizeof *(list))

START_TEST(an_unknown_key_is_named_with_the_nearest_known_one)
{
    static const mistake list[] = {
        {"optimizer:", "optimiser:",
         "j.yaml:21:1: unknown key 'optimiser' in the job; did you mean 'optimizer'?"},
        {"batch_size:", "batchsize:",
         "j.yaml:24:3: unknown key 'batchsize' in train; did you mean 'batch_size'?"},
        {"lanes:", "lnaes:",
         "j.yaml:25:3: unknown key 'lnaes' in train; did you mean 'lanes'?"},
        {"seed:", "SEED:",
         "j.yaml:2:1: unknown key 'SEED' in the job; did you mean 'seed'?"},
        {"normalize:", "normalise:",
         "j.yaml:8:3: unknown key 'normalise' in data; did you mean 'normalize'?"},
        {"mean:", "maen:",
         "j.yaml:8:15: unknown key 'maen' in data.normalize; did you mean 'mean'?"},
        {"images:", "image:",
         "j.yaml:5:11: unknown key 'image' in train; did you mean 'images'?"},
        {"report:", "reports: {}\nreport:",
         "j.yaml:29:1: unknown key 'reports' in the job; did you mean 'report'?"},
    };

    CHECK_MISTAKES(list);
}
END_TEST

START_TEST(an_unknown_key_without_a_near_one_lists_the_known_ones)
{
    static const mistake list[] = {
        {"seed: 7", "epochs: 7",
         "j.yaml:2:1: unknown key 'epochs' in the job; it belongs in train"},
        {"seed: 7", "mean: 7",
         "j.yaml:2:1: unknown key 'mean' in the job; it belongs in data.normalize"},
        {"seed: 7", "xyz: 7",
         "j.yaml:2:1: unknown key 'xyz' in the job; known are job, seed, data, model, "
         "loss, "
         "optimizer, schedule, train, report, checkpoint"},
        {"keep: 5", "zzz: 5",
         "j.yaml:30:32: unknown key 'zzz' in checkpoint; known are every_steps, keep"},
        {"images: a.gz", "x: a.gz",
         "j.yaml:5:11: unknown key 'x' in train; it knows images, labels"},
        {"seed: 7", "\"a\\nb\\e[1m\": 7",
         "j.yaml:2:1: unknown key 'a?b?[1m' in the job; known are job, seed, data, "
         "model, loss, "
         "optimizer, schedule, train, report, checkpoint"},
    };

    CHECK_MISTAKES(list);
}
END_TEST

/* A key is one word: its sections are maps around it. */
START_TEST(a_key_with_dots_or_without_letters_is_refused)
{
    static const mistake list[] = {
        {"train:\n  epochs: 3\n  batch_size: 64\n", "train.batch_size: 64\nx:\n",
         "j.yaml:22:1: unknown key 'train.batch_size' in the job; batch_size belongs in "
         "the map train"},
        {"report:", "train.epochs: 3\nreport:",
         "j.yaml:29:1: unknown key 'train.epochs' in the job; epochs belongs in the map "
         "train"},
        {"normalize: {mean: [0.25], std: [0.5]}", "normalize.mean: [0.25]",
         "j.yaml:8:3: unknown key 'normalize.mean' in data; mean belongs in the map "
         "data.normalize"},
        {"train:\n", "data.normalize: {mean: 0, std: 1}\ntrain:\n",
         "j.yaml:22:1: unknown key 'data.normalize' in the job; normalize belongs in the "
         "map data"},
        {"seed: 7", "seed.: 7",
         "j.yaml:2:1: unknown key 'seed.' in the job; did you mean 'seed'?"},
        {"seed: 7", "\"\": {seed: 7}",
         "j.yaml:2:1: unknown key '' in the job; known are job, seed, data, model, loss, "
         "optimizer, schedule, train, report, checkpoint"},
        {"train:\n  epochs: 3\n  batch_size: 64\n",
         "\"\": {train: {batch_size: 64}}\nx:\n",
         "j.yaml:22:1: unknown key '' in the job; known are job, seed, data, model, "
         "loss, "
         "optimizer, schedule, train, report, checkpoint"},
        {"  epochs: 3", "  \"\": 3",
         "j.yaml:23:3: unknown key '' in train; known are epochs, steps, batch_size, "
         "lanes, device, replicas, threads_per_rank, numerics, reduction, "
         "collectives, accumulate, clip_grad_norm, clip_grad_value, init"},
    };

    CHECK_MISTAKES(list);
}
END_TEST

START_TEST(a_wrong_type_tells_what_was_found_and_what_is_allowed)
{
    static const mistake list[] = {
        {"batch_size: 64", "batch_size: many",
         "j.yaml:24:15: batch_size is 'many', it must be a whole number of at least 1"},
        {"batch_size: 64", "batch_size: 1e3",
         "j.yaml:24:15: batch_size is '1e3', it must be a whole number of at least 1, in "
         "plain "
         "digits"},
        {"batch_size: 64", "batch_size: 064",
         "j.yaml:24:15: batch_size is '064', it must be a whole number of at least 1, in "
         "plain "
         "digits"},
        {"batch_size: 64", "batch_size: '64'",
         "j.yaml:24:15: batch_size is '64', it must be a whole number of at least 1, "
         "without quotes"},
        {"batch_size: 64", "batch_size: [64]",
         "j.yaml:24:15: batch_size is a list, it must be a whole number of at least 1"},
        {"lanes: 8", "lanes: some",
         "j.yaml:25:10: lanes is 'some', it must be auto or a whole number from 1 to "
         "65536"},
        {"shuffle: false", "shuffle: no",
         "j.yaml:9:12: shuffle is 'no', it must be true or false"},
        {"shuffle: false", "shuffle: \"false\"",
         "j.yaml:9:12: shuffle is 'false', it must be true or false, without quotes"},
        {"mean: [0.25]", "mean: [x]",
         "j.yaml:8:22: mean is 'x', it must be a list of numbers"},
        {"mean: [0.25]", "mean: []",
         "j.yaml:8:21: mean is an empty list, it must be a number or a list of numbers"},
        {"mean: [0.25]", "mean: .inf",
         "j.yaml:8:21: mean is '.inf', it must be a number or a list of numbers"},
        {"root: /data", "root: [a]", "j.yaml:7:9: root is a list, it must be a text"},
        {"root: /data", "root: ''", "j.yaml:7:9: root is '', it must be a text"},
        {"report: {every_steps: 20, rank_timeout_s: 15}", "report: 20",
         "j.yaml:29:9: report is '20', it must be a map"},
        {"{images: a.gz, labels: b.gz}", "[a.gz, b.gz]",
         "j.yaml:5:10: train is a list, it must be a map {images: FILE, labels: FILE} "
         "(format idx)"},
        {"images: a.gz", "images: ",
         "j.yaml:5:3: 'images' is missing in train, it must be a map {images: FILE, "
         "labels: FILE} (format idx)"},
        {"images: a.gz", "images: {}",
         "j.yaml:5:19: images is an empty map, it must be a text"},
        {"lr: 0.01", "lr: fast",
         "j.yaml:21:23: lr is 'fast', it must be a number of at least 0"},
        {"lr: 0.01", "lr: [0.01]",
         "j.yaml:21:23: lr is a list, it must be a number of at least 0"},
        {"bias: false", "bias: 0", "j.yaml:19:13: bias is '0', it must be true or false"},
        {"kernel_size: [5, 3]", "kernel_size: [5]",
         "j.yaml:12:44: kernel_size is a list, it must be a whole number of at least 1 "
         "or a list of "
         "2"},
        {"kernel_size: [5, 3]", "kernel_size: [5, 3.5]",
         "j.yaml:12:48: kernel_size is '3.5', it must be a whole number of at least 1 or "
         "a list of "
         "2, in plain digits"},
    };

    CHECK_MISTAKES(list);
}
END_TEST

START_TEST(a_value_out_of_range_tells_the_range)
{
    static const mistake list[] = {
        {"batch_size: 64", "batch_size: 0",
         "j.yaml:24:15: batch_size is '0', it must be a whole number of at least 1"},
        {"batch_size: 64", "batch_size: 2147483648",
         "j.yaml:24:15: batch_size is '2147483648', it must be a whole number from 1 to "
         "2147483647"},
        {"seed: 7", "seed: -7",
         "j.yaml:2:7: seed is '-7', it must be a whole number of at least 0"},
        {"seed: 7", "seed: 18446744073709551616",
         "j.yaml:2:7: seed is '18446744073709551616', it must be a whole number from 0 "
         "to "
         "18446744073709551615"},
        {"lanes: 8", "lanes: 65537",
         "j.yaml:25:10: lanes is '65537', it must be auto or a whole number from 1 to "
         "65536"},
        {"p: 0.25", "p: 1.01",
         "j.yaml:15:18: p is '1.01', it must be a number of at least 0 and at most 1"},
        {"lr: 0.01", "lr: -1",
         "j.yaml:21:23: lr is '-1', it must be a number of at least 0"},
        {"lr: 0.01", "lr: 1e999",
         "j.yaml:21:23: lr is '1e999', it must be a number of at least 0"},
        {"out_channels: 6", "out_channels: 0",
         "j.yaml:12:28: out_channels is '0', it must be a whole number of at least 1"},
        {"out_channels: 6", "out_channels: 2147483648",
         "j.yaml:12:28: out_channels is '2147483648', it must be a whole number of at "
         "least 1 and "
         "below 2147483648"},
        {"format: idx", "format: hdf5",
         "j.yaml:4:11: format is 'hdf5', it must be one of idx, npy, npz, cifar10, csv, "
         "text, labelled, pairs"},
        {"loss: cross_entropy", "loss: {cross_entropy: {label_smoothing: 1.5}}",
         "j.yaml:20:41: label_smoothing is '1.5', it must be a number of at least 0 and "
         "below 1"},
        {"loss: cross_entropy", "loss: {type: cross_entropy, weight: [1, -1]}",
         "j.yaml:20:41: weight is '-1', it must be a number of at least 0"},
        {"loss: cross_entropy", "loss: {type: cross_entropy, weight: []}",
         "j.yaml:20:37: weight is an empty list, it must be a list of numbers"},
        {"loss: cross_entropy", "loss: {type: mse_loss, reduction: none}",
         "j.yaml:20:35: reduction is 'none', it must be one of mean, sum"},
        {"threads_per_rank: 2", "replicas: some",
         "j.yaml:26:13: replicas is 'some', it must be all or a whole number from 1 to "
         "1024"},
        {"threads_per_rank: 2", "replicas: 0",
         "j.yaml:26:13: replicas is '0', it must be all or a whole number from 1 to "
         "1024"},
        {"threads_per_rank: 2", "device: gpu",
         "j.yaml:26:11: device is 'gpu', it must be one of auto, cpu, cuda, reference"},
        {"reduction: fast", "reduction: quick",
         "j.yaml:27:14: reduction is 'quick', it must be one of auto, ordered, fast"},
        {"job: fashion-cnn", "job: ../etc",
         "j.yaml:1:6: job is '../etc', it must be at most 64 letters, digits, '.', '_' "
         "and '-', the "
         "first a letter or digit"},
    };

    CHECK_MISTAKES(list);
}
END_TEST

START_TEST(what_is_missing_is_named_with_its_meaning)
{
    static const mistake list[] = {
        {"job: fashion-cnn\n", "",
         "j.yaml:1:1: 'job' is missing: what the run is called: letters, digits, '.', "
         "'_' and '-', "
         "at most 64"},
        {"  batch_size: 64\n", "",
         "j.yaml:22:1: 'batch_size' is missing in train: samples of one step, over all "
         "ranks"},
        {"  train: {images: a.gz, labels: b.gz}\n", "",
         "j.yaml:3:1: 'train' is missing in data: the files to train on, as the format "
         "wants them"},
        {", labels: b.gz", "",
         "j.yaml:5:3: 'labels' is missing in train, it must be a map {images: FILE, "
         "labels: FILE} "
         "(format idx)"},
        {"  epochs: 3\n", "",
         "j.yaml:22:1: neither epochs nor steps in train, one must say how long to "
         "train"},
        {"loss: cross_entropy\n", "",
         "j.yaml:1:1: 'loss' is missing: what is minimised, a mean over the batch"},
        {"out_channels: 6, ", "", "j.yaml:12:5: conv2d needs the option 'out_channels'"},
    };

    CHECK_MISTAKES(list);
}
END_TEST

START_TEST(a_layer_or_optimizer_is_checked_against_its_own_options)
{
    static const mistake list[] = {
        {"- relu", "- Con2d",
         "j.yaml:13:5: unknown layer 'Con2d'; did you mean 'conv2d'?"},
        {"- relu", "- ReLUU", "j.yaml:13:5: unknown layer 'ReLUU'; did you mean 'relu'?"},
        {"- relu", "- x",
         "j.yaml:13:5: unknown layer 'x'; known are linear, conv2d, max_pool2d, relu, "
         "tanh, sigmoid, "
         "dropout, flatten, softmax, log_softmax, batch_norm1d, batch_norm2d, add, "
         "conv1d, conv_transpose1d, conv_transpose2d, max_pool1d, avg_pool1d, "
         "avg_pool2d, adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_max_pool2d, "
         "layer_norm, group_norm, embedding, bilinear, identity, leaky_relu, "
         "prelu, elu, selu, celu, gelu, silu, mish, softplus, softsign, logsigmoid, "
         "tanhshrink, softshrink, hardshrink, hardsigmoid, hardswish, hardtanh, relu6, "
         "threshold, softmin, unflatten, instance_norm1d, instance_norm2d, "
         "local_response_norm, pixel_shuffle, upsample, dropout1d, dropout2d, rnn, lstm, "
         "gru, last, embedding_bag, positional_encoding, multihead_attention, "
         "transformer_encoder_layer, transformer_decoder_layer, transformer_encoder, "
         "transformer_decoder, seq2seq"},
        {"{sgd: ", "{sdg: ",
         "j.yaml:21:13: unknown optimizer 'sdg'; did you mean 'sgd'?"},
        {"loss: cross_entropy", "loss: hinge",
         "j.yaml:20:1: unknown loss 'hinge'; known are cross_entropy, mse_loss, "
         "nll_loss, l1_loss, smooth_l1_loss, huber_loss, binary_cross_entropy, "
         "binary_cross_entropy_with_logits, kl_div, gaussian_nll_loss"},
        {"loss: cross_entropy", "loss: {type: mse_los}",
         "j.yaml:20:8: unknown loss 'mse_los'; did you mean 'mse_loss'?"},
        {"loss: cross_entropy", "loss: {type: [mse_loss]}",
         "j.yaml:20:14: type is a list, it must be a text"},
        {"loss: cross_entropy", "loss: {type: l1_loss, ignore_index: -1}",
         "j.yaml:20:23: l1_loss has no option 'ignore_index'; it has reduction"},
        {"loss: cross_entropy", "loss: {l1_loss: {type: l1_loss}}",
         "j.yaml:20:18: l1_loss has no option 'type'; it has reduction"},
        {"loss: cross_entropy", "loss: {cross_entropy: {}, weight: [1, 2]}",
         "j.yaml:20:27: 'weight' stands beside 'cross_entropy': one name to each loss, "
         "its options indented below it"},
        {"      out_features: 10\n", "",
         "j.yaml:17:5: linear needs the option 'out_features'"},
        {"- relu", "- relu: {inplace: true}",
         "j.yaml:13:12: relu has no option 'inplace'; it takes none"},
        {"      out_features: 10", "      out_feature: 10",
         "j.yaml:18:7: linear has no option 'out_feature'; did you mean 'out_features'?"},
        {"      out_features: 10", "      in_features: 10",
         "j.yaml:18:7: linear has no option 'in_features'; it has out_features, bias"},
        {"- relu", "- relu: {form: 0}",
         "j.yaml:13:12: relu has no option 'form'; did you mean 'from'?"},
        {"- relu", "- gelu: {approximate: tahn}",
         "j.yaml:13:25: approximate is 'tahn', it must be one of none, tanh; did you "
         "mean 'tanh'?"},
        {"- relu", "- gelu: {approximate: [tanh]}",
         "j.yaml:13:25: approximate is a list, it must be one of none, tanh"},
        {"- relu", "- batch_norm2d: {momentum: x}",
         "j.yaml:13:30: momentum is 'x', it must be a number of at least 0 or null"},
        {"- relu", "- unflatten: {dim: 1, unflattened_size: [2, 0]}",
         "j.yaml:13:47: unflattened_size is '0', it must be a whole number of at least "
         "-1 "
         "but 0 or a list of up to 8"},
        {"- relu",
         "- embedding: {num_embeddings: 2, embedding_dim: 2, padding_idx: -2147483648}",
         "j.yaml:13:67: padding_idx is '-2147483648', it must be a whole number of at "
         "least -2147483647 or null"},
        {"- relu", "- upsample: {scale_factor: 0}",
         "j.yaml:13:30: scale_factor is '0', it must be a number of at least 1e-12 or a "
         "list of up to 8"},
        {"- relu", "- relu: {init: zeros}",
         "j.yaml:13:18: init is 'zeros', it must be a map of parameters, such as "
         "{weight: {xavier_normal: {gain: 2}}, bias: zeros}"},
        {"- relu", "- relu: {init: {weight: ons}}",
         "j.yaml:13:19: unknown init 'ons'; did you mean 'ones'?"},
        {"- relu", "- relu: {init: {weight: {constant: {value: 3}}}}",
         "j.yaml:13:39: constant has no option 'value'; it has val"},
        {"- relu", "- relu: {name: [a]}",
         "j.yaml:13:18: name is a list, it must be a text"},
        {"- relu", "- relu: {from: {}}",
         "j.yaml:13:18: from is an empty map, it must be a layer's name or number, or a "
         "list of "
         "them"},
        {"- relu", "- relu: {from: []}",
         "j.yaml:13:18: from is an empty list, it must be a layer's name or number, or a "
         "list "
         "of "
         "them"},
        {"{sgd: {lr: 0.01, momentum: 0.9}}", "{sgd: {name: a}}",
         "j.yaml:21:19: sgd has no option 'name'; it has lr, momentum, dampening, "
         "weight_decay, nesterov, l1, maximize"},
        {"{sgd: {lr: 0.01, momentum: 0.9}}", "{sgd: {group: []}}",
         "j.yaml:21:19: sgd has no option 'group'; did you mean 'groups'?"},
        {"{sgd: {lr: 0.01, momentum: 0.9}}", "{sgd: {groups: {params: a}}}",
         "j.yaml:21:27: groups is a map, it must be a list of groups, such as [{params: "
         "[\"*.bias\"], weight_decay: 0}]"},
        {"{sgd: {lr: 0.01, momentum: 0.9}}", "{sgd: {groups: [{lr: 1}]}}",
         "j.yaml:21:28: a group needs params, the names of its parameters"},
        {"{sgd: {lr: 0.01, momentum: 0.9}}", "{sgd: {groups: [{params: a, eps: 1}]}}",
         "j.yaml:21:40: sgd has no option 'eps'; it has lr, momentum, dampening, "
         "weight_decay, nesterov, l1, maximize"},
        {"{sgd: {lr: 0.01, momentum: 0.9}}", "{sgd: {groups: [{params: a, lr: -1}]}}",
         "j.yaml:21:44: lr is '-1', it must be a number of at least 0"},
        {"report:", "schedule: {steplr: {}}\nreport:",
         "j.yaml:29:12: unknown schedule 'steplr'; did you mean 'step_lr'?"},
        {"report:", "schedule: step_lr\nreport:",
         "j.yaml:29:1: step_lr needs the option 'step_size'"},
        {"report:", "schedule: {step_lr: {step_size: 1, every: lane}}\nreport:",
         "j.yaml:29:43: every is 'lane', it must be one of epoch, step"},
        {"report:", "schedule: []\nreport:",
         "j.yaml:29:11: schedule is an empty list, it must be a schedule or a list of "
         "them"},
        {"report:", "schedule: {linear_lr: {until: 5}}\nreport:",
         "j.yaml:29:1: linear_lr has 'until', but no schedule follows it"},
        {"report:", "schedule: [linear_lr, step_lr: {step_size: 1}]\nreport:",
         "j.yaml:29:1: linear_lr needs 'until': the epochs after which step_lr begins"},
        {"report:", "schedule: [linear_lr: {until: 0}, constant_lr]\nreport:",
         "j.yaml:29:31: until is '0', it must be a whole number of at least 1"},
        {"report:",
         "schedule: [linear_lr: {until: 4}, constant_lr: {until: 4}, linear_lr]\nreport:",
         "j.yaml:29:1: constant_lr ends at 4, no later than it begins: 'until' counts "
         "from the start of the run"},
        {"report:",
         "schedule: [linear_lr: {until: 4, every: step}, constant_lr: {every: epoch}]\n"
         "report:",
         "j.yaml:29:1: constant_lr moves every epoch, one before it every step: "
         "schedules of a list move alike"},
        {"report:", "schedule: {multi_step_lr: {milestones: [1, 0]}}\nreport:",
         "j.yaml:29:44: milestones is '0', it must be a whole number of at least 1 or a "
         "list of up to 8"},
        {"  lanes: 8\n", "  lanes: 8\n  clip_grad_norm: 0\n",
         "j.yaml:26:19: clip_grad_norm is '0', it must be a number above 0"},
        {"  lanes: 8\n", "  lanes: 8\n  accumulate: 0\n",
         "j.yaml:26:15: accumulate is '0', it must be a whole number from 1 to 65536"},
        {"- dropout: {p: 0.25}", "- dropout: 0.25",
         "j.yaml:15:14: dropout is '0.25', it must be a map of options"},
        {"- relu", "- [relu]",
         "j.yaml:13:5: layer is a list, it must be a name or {NAME: {OPTION: VALUE, …}}"},
        {"- relu", "-",
         "j.yaml:13:4: layer is nothing, it must be a name or {NAME: {OPTION: VALUE, "
         "…}}"},
        {"- dropout: {p: 0.25}", "- dropout:\n    p: 0.25",
         "j.yaml:16:5: 'p' stands beside 'dropout': one name to each layer, its options "
         "indented "
         "below it"},
        {"- relu", "- adam: {betas: 0.9}",
         "j.yaml:13:5: unknown layer 'adam'; known are linear, "
         "conv2d, max_pool2d, relu, tanh, sigmoid, dropout, flatten, softmax, "
         "log_softmax, batch_norm1d, batch_norm2d, add, "
         "conv1d, conv_transpose1d, conv_transpose2d, max_pool1d, avg_pool1d, "
         "avg_pool2d, adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_max_pool2d, "
         "layer_norm, group_norm, embedding, bilinear, identity, leaky_relu, "
         "prelu, elu, selu, celu, gelu, silu, mish, softplus, softsign, logsigmoid, "
         "tanhshrink, softshrink, hardshrink, hardsigmoid, hardswish, hardtanh, relu6, "
         "threshold, softmin, unflatten, instance_norm1d, instance_norm2d, "
         "local_response_norm, pixel_shuffle, upsample, dropout1d, dropout2d, rnn, lstm, "
         "gru, last, embedding_bag, positional_encoding, multihead_attention, "
         "transformer_encoder_layer, transformer_decoder_layer, transformer_encoder, "
         "transformer_decoder, seq2seq"},
        {"{sgd: {lr: 0.01, momentum: 0.9}}", "{adam: {betas: 0.9}}",
         "j.yaml:21:27: betas is '0.9', it must be two numbers of at least 0 and below "
         "1"},
    };

    CHECK_MISTAKES(list);
}
END_TEST

START_TEST(keys_that_contradict_each_other_are_refused)
{
    static const mistake list[] = {
        {"epochs: 3", "epochs: 3\n  steps: 5",
         "j.yaml:24:3: both epochs and steps in train, give one"},
        {"batch_size: 64", "batch_size: 4",
         "j.yaml:24:15: batch_size 4 is smaller than lanes 8: each lane needs a sample "
         "of a batch"},
        {"momentum: 0.9", "nesterov: true",
         "j.yaml:21:1: nesterov needs a momentum above 0 and a dampening of 0"},
        {"momentum: 0.9", "momentum: 0.9, dampening: 0.1, nesterov: true",
         "j.yaml:21:1: nesterov needs a momentum above 0 and a dampening of 0"},
        {"std: [0.5]", "std: [0.5, 0.5]",
         "j.yaml:8:34: std has 2 numbers and mean has 1, one a channel"},
        {"mean: [0.25], std: [0.5]", "mean: [0.25, 1], std: [0.5]",
         "j.yaml:8:37: std has 1 number and mean has 2, one a channel"},
        {"std: [0.5]", "std: [0]",
         "j.yaml:8:34: std is 0 for channel 0, it must be above 0"},
        {", std: [0.5]", "",
         "j.yaml:8:15: normalize has mean without std, it needs both"},
        {"mean: [0.25], ", "",
         "j.yaml:8:15: normalize has std without mean, it needs both"},
        {"mean: [0.25]", "mean: [0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]",
         "j.yaml:8:21: mean has 17 numbers, at most 16 channels are possible"},
        {"  root: /data", "  root: /data\n  root: /more",
         "j.yaml:8:3: key 'root' again, first in line 7"},
    };

    CHECK_MISTAKES(list);
}
END_TEST

START_TEST(what_is_no_job_at_all_is_refused)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"", "j.yaml: empty, a job says at least job, data, model, loss, optimizer and "
             "train"},
        {"# nothing\n", "j.yaml: empty, a job says at least job, data, model, loss, "
                        "optimizer and train"},
        {"- a\n", "j.yaml:1:1: the job is a list, it must be a map of keys, such as job"},
        {"hello\n",
         "j.yaml:1:1: the job is 'hello', it must be a map of keys, such as job"},
        {"null\n",
         "j.yaml:1:1: the job is nothing, it must be a map of keys, such as job"},
        {"a: 1\n---\nb: 2\n",
         "j.yaml:2:1: a second document starts here, a job file has one"},
        {"job: &x j\nloss: *x\n",
         "j.yaml:1:6: an anchor '&x': a job file has no anchors and aliases"},
        {"job: *x\n", "j.yaml:1:6: an alias '*x': a job file has no anchors and aliases"},
        {"seed: !!int 3\n",
         "j.yaml:1:7: a tag 'tag:yaml.org,2002:int': a job file has no tags"},
        {"{[a]: 1}\n", "j.yaml:1:2: a list where a key must stand"},
        {"job: \"a\\0b\"\n", "j.yaml:1:6: a text with a zero byte"},
        {"data:\n\troot: x\n", "j.yaml:2:1: not YAML while scanning for the next token: "
                               "a tab; indent with spaces"},
        {"data: {format: idx\n",
         "j.yaml:2:1: not YAML while parsing a flow mapping: did not find "
         "expected ',' or '}'"},
        {"job: a\n  b: c\n",
         "j.yaml:2:4: not YAML: mapping values are not allowed in this context"},
        {"job: a\xff\n", "j.yaml:1:7: not YAML: invalid leading UTF-8 octet"},
        {"job: j\nloss: \x01\n",
         "j.yaml:2:7: not YAML: control characters are not allowed"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_line(cases[i].text, cases[i].error);
}
END_TEST

START_TEST(a_hostile_file_is_stopped_by_its_limits)
{
    enum { N = 1000 * 1000 };
    char *text = lks_malloc(N + 1);
    lks_job job;

    memset(text, '[', N);
    text[N] = '\0';
    ck_fails(parse_text(text, &job), LKS_INVALID,
             "j.yaml:1:33: nested more than 32 deep");
    for (int i = 0; i < N; i++)
        text[i] = i == 0 ? '[' : i % 2 ? 'x' : ',';
    ck_fails(parse_text(text, &job), LKS_INVALID, "more than 1024 entries");
    /* 1000 lists of 100 */
    for (int i = 0; i < 1000 * 202 + 1; i++)
        text[i] = i == 0           ? '['
                  : i % 202 == 1   ? '['
                  : i % 202 == 201 ? ']'
                  : i % 202 == 0   ? ','
                  : i % 2          ? ','
                                   : 'x';
    ck_fails(lks_job_parse(text, 1000 * 202 + 1, "j.yaml", NULL, 0, &job), LKS_INVALID,
             "more than 100000 values");
    lks_free(text);
}
END_TEST

START_TEST(an_error_is_one_line_however_long_the_text)
{
    char *word = lks_malloc(1000), *text;
    lks_job job;

    memset(word, 'y', 999);
    word[999] = '\0';
    text = lks_asprintf("job: j\n\"%s\": 1\n", word);
    ck_fails(parse_text(text, &job), LKS_INVALID, "j.yaml:2:1: unknown key 'yyyy");
    ck_assert_uint_lt(strlen(lks_error_text()), 250);
    lks_free(text);
    lks_free(word);
}
END_TEST

/* Every prefix of a job, and the job without any one line, either reads or gets one clear
 * line: never a crash, never two. */
START_TEST(a_job_cut_anywhere_reads_or_gets_one_line)
{
    for (size_t n = 0; n < sizeof sample_job; n++) {
        lks_job job;
        lks_status st;
        const char *said;

        lks_error_clear();
        st = lks_job_parse(sample_job, n, "j.yaml", NULL, 0, &job);
        said = lks_error_text();
        if (st == LKS_OK) {
            lks_job_release(&job);
            continue;
        }
        ck_assert_int_eq(st, LKS_INVALID);
        ck_assert_msg(strncmp(said, "j.yaml:", 7) == 0, "%s", said);
        for (const char *c = said; *c; c++)
            ck_assert(!iscntrl((unsigned char)*c));
    }
}
END_TEST

LKS_SUITE("job_errors", an_unknown_key_is_named_with_the_nearest_known_one,
          an_unknown_key_without_a_near_one_lists_the_known_ones,
          a_key_with_dots_or_without_letters_is_refused,
          a_wrong_type_tells_what_was_found_and_what_is_allowed,
          a_value_out_of_range_tells_the_range, what_is_missing_is_named_with_its_meaning,
          a_layer_or_optimizer_is_checked_against_its_own_options,
          keys_that_contradict_each_other_are_refused, what_is_no_job_at_all_is_refused,
          a_hostile_file_is_stopped_by_its_limits,
          an_error_is_one_line_however_long_the_text,
          a_job_cut_anywhere_reads_or_gets_one_line)
