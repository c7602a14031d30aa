/* What several keys of a job must agree on, as far as it can be told without data. */
#include "proto/job_check.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/try.h"

/* The node of the key of this path, NULL if the file is silent. */
static const lks_node *found(const lks_job_build *build, const char *path)
{
    return build->found[lks_job_key_find(path)];
}

static lks_status check_duration(const lks_job_build *build)
{
    const lks_node *epochs = found(build, "train.epochs");
    const lks_node *steps = found(build, "train.steps");
    const lks_node *train = lks_node_find(build->root, "train");

    if (epochs && steps)
        return lks_node_fail_at_key(steps, "both epochs and steps in train, give one");
    if (!epochs && !steps)
        return lks_node_fail_at_key(
            train ? train : build->root,
            "neither epochs nor steps in train, one must say how long to train");
    return LKS_OK;
}

static lks_status check_lanes(const lks_job_build *build)
{
    uint64_t batch_size = build->job.train.batch_size;
    uint32_t lanes = build->job.train.lanes;

    if (lanes == LKS_JOB_AUTO || batch_size >= lanes)
        return LKS_OK;
    return lks_node_fail(found(build, "train.batch_size"),
                         "batch_size %" PRIu64 " is smaller than lanes %" PRIu32
                         ": each lane needs a sample of a batch",
                         batch_size, lanes);
}

static lks_status check_normalize(const lks_job_build *build)
{
    const lks_node *mean = found(build, "data.normalize.mean");
    const lks_node *std = found(build, "data.normalize.std");
    size_t n_mean, n_std;

    if (!mean && !std)
        return LKS_OK;
    if (!mean || !std)
        return lks_node_fail_at_key(mean ? mean : std,
                                    "normalize has %s without %s, it needs both",
                                    mean ? "mean" : "std", mean ? "std" : "mean");
    n_mean = mean->kind == LKS_NODE_LIST ? mean->n_entries : 1;
    n_std = std->kind == LKS_NODE_LIST ? std->n_entries : 1;
    if (n_mean != n_std)
        return lks_node_fail(std, "std has %zu number%s and mean has %zu, one a channel",
                             n_std, n_std == 1 ? "" : "s", n_mean);
    for (size_t i = 0; i < n_std; i++)
        if (!(build->job.data.std[i] > 0))
            return lks_node_fail(std, "std is %g for channel %zu, it must be above 0",
                                 build->job.data.std[i], i);
    return LKS_OK;
}

/* source: torch.optim.SGD: "Nesterov momentum requires a momentum and zero dampening" */
static lks_status check_nesterov(const lks_job_build *build)
{
    const lks_job_item *item = &build->job.optimizer;
    const lks_options options = {item->options, item->n_options};

    if (lks_option_get(options, "nesterov", 0) == 0)
        return LKS_OK;
    if (lks_option_get(options, "momentum", 0) > 0 &&
        lks_option_get(options, "dampening", 0) == 0)
        return LKS_OK;
    return lks_node_fail_at_key(found(build, "optimizer"),
                                "nesterov needs a momentum above 0 and a dampening of 0");
}

static lks_status check_validation(const lks_job_build *build)
{
    const double validation = build->job.data.validation;

    if (validation < 1 || (validation == trunc(validation) && validation < 0x1p32))
        return LKS_OK;
    return lks_node_fail(found(build, "data.validation"),
                         "validation is %g, it must be a part below 1 or a whole number "
                         "of samples",
                         validation);
}

/* What is of some formats only: the first words of its doc say so. */
static lks_status check_format_keys(const lks_job_build *build)
{
    static const struct {
        const char *key, *formats;
    } rules[] = {
        {"data.inputs", "csv"},
        {"data.target", "csv"},
        {"data.dtype", "csv"},
        {"data.header", "csv"},
        {"data.delimiter", "csv"},
        {"data.missing", "csv"},
        {"data.tokens", "text, labelled, pairs"},
        {"data.sequence_length", "text"},
        {"data.vocabulary.min_count", "text, labelled, pairs"},
        {"data.vocabulary.max_size", "text, labelled, pairs"},
        {"data.max_length", "labelled, pairs"},
        {"data.bucket", "labelled, pairs"},
    };
    const char *format = build->job.data.format;

    for (size_t i = 0; format && i < sizeof rules / sizeof *rules; i++)
        if (found(build, rules[i].key) && !strstr(rules[i].formats, format))
            return lks_node_fail_at_key(
                found(build, rules[i].key), "%s is of the format%s %s, not of %s",
                lks_job_leaf(rules[i].key), strchr(rules[i].formats, ',') ? "s" : "",
                rules[i].formats, format);
    return LKS_OK;
}

/* What running text and texts in general must have, and cannot. */
static lks_status check_text(const lks_job_build *build)
{
    static const char *const barred[] = {"data.normalize", "data.normalize.mean",
                                         "data.normalize.std", "data.transforms"};
    const char *format = build->job.data.format;

    if (!format || !(strcmp(format, "text") == 0 || strcmp(format, "labelled") == 0 ||
                     strcmp(format, "pairs") == 0))
        return LKS_OK;
    for (size_t i = 0; i < sizeof barred / sizeof *barred; i++)
        if (found(build, barred[i]))
            return lks_node_fail_at_key(found(build, barred[i]),
                                        "%s is not of text, whose inputs are tokens",
                                        lks_job_leaf(barred[i]));
    if (strcmp(format, "text") == 0 && build->job.data.sequence_length == 0)
        return lks_node_fail_at_key(found(build, "data.format"),
                                    "the format text needs sequence_length: how many "
                                    "tokens of a stream are one step");
    return LKS_OK;
}

/* Bytes that a transform turns into floats are none before it. */
static lks_status check_transforms(const lks_job_build *build)
{
    const lks_job *job = &build->job;

    for (size_t i = 0; i < job->data.n_transforms; i++)
        if (strcmp(job->data.transforms[i].type, "to_float") == 0 &&
            (job->data.standardise || job->data.n_channels > 0))
            return lks_node_fail_at_key(
                found(build, "data.transforms"),
                "transforms has to_float, so normalize belongs behind it in the list");
    return LKS_OK;
}

lks_status lks_job_check(const lks_job_build *build)
{
    LKS_TRY(check_transforms(build));
    LKS_TRY(check_validation(build));
    LKS_TRY(check_format_keys(build));
    LKS_TRY(check_text(build));
    LKS_TRY(check_duration(build));
    LKS_TRY(check_lanes(build));
    LKS_TRY(check_normalize(build));
    return check_nesterov(build);
}
