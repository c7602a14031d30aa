/* The worker program: what main.c runs once the command line is read. Exit statuses: 0, 1
 * (failed), 2 (the command line or the job is wrong), 130 (interrupted or cancelled). */
#ifndef LKS_WORKER_WORKER_H
#define LKS_WORKER_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "worker/lockstep_train.h"

/* What ranks can be started for (start.h): to train, and to use what was trained. */
typedef struct lks_work lks_work;
extern const lks_work lks_work_train, lks_work_evaluate, lks_work_predict,
    lks_work_generate, lks_work_translate;

/* How sequences come out of a model (core/decode). */
typedef struct lks_decode_options {
    const char *prompt, *prompt_file; /* what a text goes on from, or NULL */
    int64_t length;                   /* of what is generated, in tokens */
    double temperature, top_p;        /* sampling; a temperature of 0 is greedy */
    int64_t top_k;                    /* 0: all */
    uint64_t seed;
    int64_t beam, n_best; /* a beam of 0: none */
    double length_penalty;
} lks_decode_options;

/* On what the weights of a run are used, and what becomes of it. */
typedef struct lks_apply_options {
    const char *split;  /* "train" "validation" "test", or NULL where there is an input */
    const char *input;  /* to predict: a file of inputs, or NULL */
    const char *output; /* of a prediction; NULL: standard output */
    const char *format; /* of that: "jsonl" "npy" */
    bool is_json;       /* an evaluation is told to programs */
    lks_decode_options decode;
} lks_apply_options;

typedef struct lks_worker_options {
    const lks_work *work;
    const char *job_path; /* or, where weights are used, their run's directory */
    lks_apply_options apply;
    const char *run_dir;    /* NULL: runs/<job>-<date>-<time> */
    bool is_claimed;        /* run_dir is: by the command that started the ranks */
    const char *devices;    /* "cpu:0,cpu:1", "all"; NULL: as the job says */
    const char *const *set; /* [n_set] "key=value" */
    size_t n_set;
    int n_ranks; /* of this host, for a check: do they find devices, lanes samples? */
    const lks_program *program; /* NULL: the job says all */
} lks_worker_options;

enum { LKS_EXIT_FAILED = 1, LKS_EXIT_USAGE = 2, LKS_EXIT_INTERRUPTED = 130 };

/* One rank with its replicas, from the job file to the end of its work: of a run, the
 * final weights. Errors have been said, once for all ranks. */
int lks_worker_run(const lks_worker_options *options);

/* Check a job without training and without MPI: file, data, layers; say what it is. */
int lks_worker_check(const lks_worker_options *options);

/* What jobs can train on here: a table, or JSON. The number of GPUs alone opens none of
 * them. */
int lks_worker_list_devices(bool as_json);
int lks_worker_count_gpus(void);

#endif
