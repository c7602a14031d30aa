/* A job that says everything, for tests to read and to spoil. */
#ifndef LKS_TESTS_PROTO_SAMPLE_JOB_H
#define LKS_TESTS_PROTO_SAMPLE_JOB_H

#include "support/suite.h"

#include <stdio.h>

#include "base/alloc.h"
#include "proto/job_yaml.h"

static const char sample_job[] = "job: fashion-cnn\n"
                                 "seed: 7\n"
                                 "data:\n"
                                 "  format: idx\n"
                                 "  train: {images: a.gz, labels: b.gz}\n"
                                 "  test: {images: c.gz, labels: d.gz}\n"
                                 "  root: /data\n"
                                 "  normalize: {mean: [0.25], std: [0.5]}\n"
                                 "  shuffle: false\n"
                                 "  drop_last: true\n"
                                 "model:\n"
                                 "  - conv2d: {out_channels: 6, kernel_size: [5, 3]}\n"
                                 "  - relu\n"
                                 "  - max_pool2d: {kernel_size: 2}\n"
                                 "  - dropout: {p: 0.25}\n"
                                 "  - flatten:\n"
                                 "  - linear:\n"
                                 "      out_features: 10\n"
                                 "      bias: false\n"
                                 "loss: cross_entropy\n"
                                 "optimizer: {sgd: {lr: 0.01, momentum: 0.9}}\n"
                                 "train:\n"
                                 "  epochs: 3\n"
                                 "  batch_size: 64\n"
                                 "  lanes: 8\n"
                                 "  threads_per_rank: 2\n"
                                 "  reduction: fast\n"
                                 "  init: /start.safetensors\n"
                                 "report: {every_steps: 20, rank_timeout_s: 15}\n"
                                 "checkpoint: {every_steps: 500, keep: 5}\n";

/* The sample with the first `from` replaced by `to`; the caller frees it. */
static inline char *spoiled(const char *from, const char *to)
{
    const char *at = strstr(sample_job, from);

    ck_assert_msg(at != NULL, "the sample job does not say: %s", from);
    return lks_asprintf("%.*s%s%s", (int)(at - sample_job), sample_job, to,
                        at + strlen(from));
}

static inline lks_status parse_text(const char *text, lks_job *out)
{
    return lks_job_parse(text, strlen(text), "j.yaml", NULL, 0, out);
}

#endif
