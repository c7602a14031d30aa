/* A job: what to train, as a checked struct. job_yaml.h reads and writes it;
 * job_schema.def lists every key, its type, range and default.
 *
 * An lks_job owns its strings; it is plain data otherwise and is read by any thread. */
#ifndef LKS_PROTO_JOB_H
#define LKS_PROTO_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/option.h"
#include "base/status.h"

enum {
    LKS_JOB_MAX_LAYERS = 256,
    LKS_JOB_MAX_OPTIONS = 16, /* of one layer or the optimiser */
    LKS_JOB_MAX_SCHEDULES = 8,
    LKS_JOB_MAX_CHANNELS = 16,
    LKS_JOB_MAX_TRANSFORMS = 16,
    LKS_JOB_MAX_FILES = 16,
    LKS_JOB_MAX_ARRAYS = 2,
    LKS_JOB_AUTO = 0, /* lanes, threads_per_rank: decided at launch */
    LKS_JOB_ALL = 0,  /* replicas: the same */
};

typedef enum lks_job_reduction {
    LKS_JOB_REDUCTION_AUTO, /* ordered */
    LKS_JOB_REDUCTION_ORDERED,
    LKS_JOB_REDUCTION_FAST,
} lks_job_reduction;

/* Parameters with options of their own, those that the file sets. */
typedef struct lks_job_group {
    char **params; /* [n_params] names, or patterns with * and ? */
    size_t n_params;
    lks_option options[LKS_JOB_MAX_OPTIONS];
    size_t n_options;
} lks_job_group;

/* A typed thing with options: a layer ("conv2d"), a loss ("mse_loss"), an optimiser
 * ("sgd"), a schedule. Types and keys are static strings of the schema; an option's list
 * is the item's. Only options that the file sets or that have a default in the schema
 * stand here. */
typedef struct lks_job_item {
    const char *type;
    lks_option options[LKS_JOB_MAX_OPTIONS];
    size_t n_options;
    char *name;      /* a layer's own; NULL: its number */
    char *weight_of; /* a layer whose weight it has; NULL: its own */
    char **from;     /* [n_from] where its inputs come from: names, numbers, fields */
    size_t n_from;
    struct lks_job_item
        *inits; /* [n_inits] what a layer's parameters begin with: `name` is
                                   the parameter's, the type torch.nn.init's */
    size_t n_inits;
    lks_job_group *groups; /* [n_groups] an optimiser's */
    size_t n_groups;
    const char *every; /* a schedule's: "epoch" "step" */
    uint64_t until;    /* with how many of these in all the next begins; 0: none does */
    int line, column;  /* of the name, from 1; 0: not from a file */
} lks_job_item;

/* Files of one split, in the order core/data/dataset.h wants: idx {images, labels}, npy
 * {inputs, targets}, npz {file}, pairs {source, target}, the others a list. n_files is 0 when the split is absent. */
typedef struct lks_job_split {
    char *files[LKS_JOB_MAX_FILES];
    size_t n_files;
    char *arrays[LKS_JOB_MAX_ARRAYS]; /* npz: names of {inputs, targets}, else NULL */
} lks_job_split;

/* Texts, one or several. */
typedef struct lks_job_names {
    char **names; /* [n]; n of 0: the key is absent */
    size_t n;
} lks_job_names;

/* What becomes of a table's row in which something is missing. */
typedef enum lks_job_missing_rule {
    LKS_JOB_MISSING_ERROR, /* so too where the key is absent */
    LKS_JOB_MISSING_SKIP,
    LKS_JOB_MISSING_MEAN,
    LKS_JOB_MISSING_NUMBER, /* `number` stands in */
} lks_job_missing_rule;

typedef struct lks_job_missing {
    lks_job_missing_rule rule;
    double number;
} lks_job_missing;

/* Parts of a job that a program of one's own may bring instead of the file. */
enum {
    LKS_JOB_DATA = 1, /* format, files, normalisation; the order stays the file's */
    LKS_JOB_MODEL = 2,
    LKS_JOB_LOSS = 4,
};

typedef struct lks_job {
    unsigned brought; /* LKS_JOB_DATA …: what is not the file's, and empty here */
    char *name;
    uint64_t seed;

    struct {
        const char *format; /* "idx" "cifar10" "npy" "npz" "csv" "text" "labelled"
                               "pairs" */
        char *root; /* NULL: files are as they stand, relative to the job file's folder */
        lks_job_split train, test;
        double
            validation; /* of the training data: below 1 a part, else samples; 0: none */
        lks_job_names inputs, target; /* columns of csv, like what follows; or absent */
        const char *dtype;            /* "float32" "float64" "int64", or NULL */
        const char *header;           /* "first_line" "none", or NULL */
        const char *delimiter; /* "comma" "semicolon" "tab" "space" "bar", or NULL */
        lks_job_missing missing;
        const char *tokens;           /* of text: "char" "word", or NULL */
        uint64_t sequence_length;     /* of running text; 0: absent */
        uint64_t min_count, max_size; /* of vocabularies; 0: absent */
        uint64_t max_length;          /* of labelled texts and pairs; 0: none */
        uint64_t bucket;  /* batches whose samples are sorted by length; 0: none */
        bool standardise; /* normalize: true */
        double mean[LKS_JOB_MAX_CHANNELS], std[LKS_JOB_MAX_CHANNELS];
        size_t n_channels;                               /* 0: no normalisation */
        lks_job_item transforms[LKS_JOB_MAX_TRANSFORMS]; /* of the inputs */
        size_t n_transforms;
        bool shuffle, drop_last;
        uint32_t workers;  /* threads that load, or LKS_JOB_AUTO */
        uint32_t prefetch; /* batches */
    } data;

    lks_job_item *layers;
    size_t n_layers;
    lks_job_item loss; /* type NULL: a program's own */
    lks_job_item optimizer;
    lks_job_item *schedules; /* [n_schedules] of its learning rate, one after the other */
    size_t n_schedules;

    struct {
        uint64_t epochs, steps; /* exactly one is not 0 */
        uint64_t batch_size;    /* global */
        uint32_t lanes;         /* or LKS_JOB_AUTO */
        const char *device;     /* "auto" "cpu" "cuda" "reference" */
        uint32_t replicas;      /* of a rank, or LKS_JOB_ALL */
        uint32_t threads_per_rank;
        const char *numerics; /* "exact" "fast" */
        lks_job_reduction reduction;
        const char *collectives;                /* "auto" "nccl" "mpi" */
        double clip_grad_norm, clip_grad_value; /* 0: not */
        uint64_t accumulate;                    /* steps of an update */
        char *init; /* NULL: PyTorch's default initialisation */
    } train;

    struct {
        uint64_t every_steps;
        uint32_t rank_timeout_s;
    } report;

    struct {
        uint64_t every_steps; /* 0: none */
        uint32_t keep;
    } checkpoint;
} lks_job;

void lks_job_release(lks_job *job);

#endif
