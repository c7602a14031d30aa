/* What is done with a trained model: evaluation and prediction, by any number of ranks.
 * They start as for training, but for the data, the weights and all that a run has: there
 * is no run directory, no coordinator and no report. */
#include "worker/apply.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/figure.h"
#include "base/log.h"
#include "base/try.h"
#include "proto/job_yaml.h"
#include "train/evaluate.h"
#include "train/predict.h"
#include "worker/corpus_bleu.h"
#include "worker/evaluation.h"
#include "worker/prediction.h"

static const lks_apply_options *wanted(const lks_session *session)
{
    return &session->options->apply;
}

/* ---- the job ---- */

/* What was settled when it was trained is open again, unless the command line sets it;
 * the bits are those of any device. */
static const char *const forgotten[] = {
    "train.init=",          "train.lanes=auto",       "train.threads_per_rank=auto",
    "train.replicas=1",     "train.device=auto",      "train.numerics=exact",
    "train.reduction=auto", "train.collectives=auto",
};

lks_status lks_apply_read_job(lks_session *session)
{
    enum { N_FORGOTTEN = sizeof forgotten / sizeof *forgotten };
    const lks_worker_options *options = session->options;
    const char **set = lks_calloc(N_FORGOTTEN + options->n_set, sizeof *set);
    char *path = lks_run_dir_path(options->job_path, LKS_RUN_JOB);
    lks_status st = set && path ? LKS_OK : LKS_NOMEM;

    if (st != LKS_OK)
        goto cleanup;
    memcpy(set, forgotten, sizeof forgotten);
    for (size_t i = 0; i < options->n_set; i++)
        set[N_FORGOTTEN + i] = options->set[i];
    LKS_GO(lks_job_read_rest(path, set, N_FORGOTTEN + options->n_set,
                             lks_session_brought(session), &session->job));
    session->has_job = true;
cleanup:
    lks_free(path);
    lks_free(set);
    return st;
}

/* ---- the data ---- */

/* What of the data there is to evaluate on, and what is opened for it. */
typedef struct split {
    const char *name;
    size_t shown; /* offset in lks_splits */
    bool is_of_training;
} split;

static const split splits[] = {
    {"train", offsetof(lks_splits, train), true},
    {"validation", offsetof(lks_splits, validation), true},
    {"test", offsetof(lks_splits, test), false},
};

static const split *find_split(const char *name)
{
    for (size_t i = 0; name && i < sizeof splits / sizeof *splits; i++)
        if (strcmp(splits[i].name, name) == 0)
            return &splits[i];
    return NULL;
}

lks_status lks_apply_read_record(lks_session *session)
{
    const char *run = session->options->job_path;
    char *path;
    lks_status st;

    if (!lks_run_dir_has(run, LKS_RUN_TRAINED_ON))
        return LKS_OK;
    if (!(path = lks_run_dir_path(run, LKS_RUN_TRAINED_ON)))
        return LKS_NOMEM;
    st = lks_data_record_read(path, &session->data.record);
    lks_free(path);
    return st;
}

/* Whether other data are read or scaled by training data of which too little is kept. */
static bool need_training_data(const lks_job *job, const lks_data_record *kept)
{
    const bool has_table = kept->table.n_columns > 0 || kept->table.vocabs[0];

    return (job->data.standardise && !kept->scale) ||
           (lks_job_goes_by_training_data(job) && !has_table);
}

/* *out stays NULL where the job has no such data. */
static lks_status open_files(const lks_session *session, const lks_job_split *files,
                             lks_data_split brought, const lks_table *like,
                             lks_dataset **out)
{
    const lks_job *job = &session->job;
    const lks_program *program = session->options->program;

    if (job->brought & LKS_JOB_DATA)
        return program->open_data(program->self, brought, out);
    return files->n_files > 0 ? lks_dataset_from_job_like(job, files, like, out) : LKS_OK;
}

/* In place of what is there. */
static lks_status keep_anew(const lks_dataset *training, lks_data_record *kept)
{
    lks_data_record_release(kept);
    return lks_data_record_init(training, NULL, kept);
}

/* What is wanted, and training data where it stands on them. Both are the caller's, after a
 * failure too. */
static lks_status open_both(lks_session *session, const split *s, lks_dataset **train,
                            lks_dataset **used)
{
    const lks_apply_options *options = wanted(session);
    const lks_job *job = &session->job;
    lks_data_record *kept = &session->data.record;
    const bool is_missed = need_training_data(job, kept);

    if ((s && s->is_of_training) || is_missed)
        LKS_TRY(
            open_files(session, &job->data.train, LKS_DATA_TRAIN, &kept->table, train));
    if (*train && is_missed)
        LKS_TRY(keep_anew(*train, kept));
    if (options->input)
        return lks_inputs_from_file(job, options->input, &kept->table, used);
    return s && !s->is_of_training
               ? open_files(session, &job->data.test, LKS_DATA_TEST, &kept->table, used)
               : LKS_OK;
}

/* Of a split that nobody may have asked for: test data are what is evaluated on by itself.
 */
static lks_status refuse_split(const lks_session *session)
{
    const bool holds_out = session->job.data.validation > 0;

    return lks_fail(LKS_INVALID,
                    "the job of %s has no %s data: --split %strain takes what it has",
                    session->options->job_path, wanted(session)->split,
                    holds_out ? "validation or --split " : "");
}

/* As the run has seen them: held out, scaled and transformed as its job says. */
static lks_status open_data(lks_session *session)
{
    const lks_apply_options *options = wanted(session);
    const split *s = find_split(options->split);
    const size_t shown = options->input ? offsetof(lks_splits, test) : s ? s->shown : 0;
    lks_splits *data = &session->data.splits;
    lks_data_record *kept = &session->data.record;
    lks_dataset *train = NULL, *used = NULL;
    lks_status st;

    LKS_GO(lks_apply_read_record(session));
    LKS_GO(open_both(session, s, &train, &used));
    if (lks_data_record_is_empty(kept) && (train || used))
        LKS_GO(keep_anew(train ? train : used, kept)); /* the classes' names */
    st = lks_splits_init(data, &session->job, train, used, kept->scale);
    train = used = NULL;
    LKS_GO(st);
    if (options->input || s)
        session->data.applied =
            *(const lks_dataset *const *)(const void *)((const char *)data + shown);
    if (!session->data.applied)
        LKS_GO(refuse_split(session));
cleanup:
    lks_dataset_destroy(train);
    lks_dataset_destroy(used);
    return st;
}

static lks_status check_same_data(lks_session *session)
{
    return lks_world_check_same(
        session->world.ranks, lks_dataset_fingerprint(session->data.applied), "the data");
}

/* ---- the model ---- */

lks_status lks_apply_load_weights(lks_replica *replica)
{
    char *path = lks_run_dir_path(replica->session->options->job_path, LKS_RUN_WEIGHTS);
    const lks_status st = path ? lks_model_load(replica->model, path) : LKS_NOMEM;

    lks_free(path);
    return st;
}

static lks_status make_model_to_evaluate(lks_replica *replica)
{
    const lks_session *session = replica->session;

    LKS_TRY(lks_feed_init(&replica->applied, session->data.applied));
    LKS_TRY(lks_model_from_job(&session->job, session->options->program,
                               &replica->applied, replica->device, &replica->model,
                               &replica->loss));
    return lks_apply_load_weights(replica);
}

static lks_shape inputs_of(const lks_feed *feed)
{
    return lks_field_shape(lks_dataset_field(feed->dataset, feed->inputs));
}

/* Inputs that the model or its weights do not go with: where the data it was trained on
 * are still there, their shape tells a person more than a layer's. */
static lks_status explain_shape(const lks_replica *replica, lks_status st)
{
    const lks_session *session = replica->session;
    const lks_shape got = inputs_of(&replica->applied);
    char text[512], shapes[2][LKS_SHAPE_TEXT];
    lks_dataset *train = NULL;
    lks_feed feed;
    lks_shape want;

    snprintf(text, sizeof text, "%s", lks_error_text());
    if (open_files(session, &session->job.data.train, LKS_DATA_TRAIN, NULL, &train) !=
            LKS_OK ||
        !train || lks_feed_init_inputs(&feed, train) != LKS_OK)
        want = got;
    else
        want = inputs_of(&feed);
    lks_dataset_destroy(train);
    lks_error_clear();
    if (lks_shape_equal(&got, &want))
        return lks_fail(st, "%s", text);
    return lks_fail(LKS_SHAPE,
                    "%s: its samples have shape %s, those that the model was trained on "
                    "%s",
                    wanted(session)->input,
                    lks_shape_text(&got, shapes[0], sizeof *shapes),
                    lks_shape_text(&want, shapes[1], sizeof *shapes));
}

static lks_status make_model_to_predict(lks_replica *replica)
{
    const lks_session *session = replica->session;
    lks_status st;

    LKS_TRY(lks_feed_init_inputs(&replica->applied, session->data.applied));
    st = lks_model_for_inputs(&session->job, session->options->program, &replica->applied,
                              replica->device, &replica->model, &replica->loss);
    if (st == LKS_OK)
        st = lks_apply_load_weights(replica);
    if ((st == LKS_SHAPE || st == LKS_FORMAT) && wanted(session)->input)
        st = explain_shape(replica, st);
    return st;
}

/* ---- evaluation ---- */

static void put_line(lks_text *out, const char *name, const lks_evaluation *e)
{
    lks_text_add(out, "%s: %" PRIu64 " samples, ", name, e->n_samples);
    if (e->has_tokens)
        lks_text_add(out, "%" PRIu64 " tokens, ", e->n_tokens);
    lks_evaluation_put_line(out, e);
    lks_text_put(out, "\n");
}

static lks_status print(const lks_session *session, const lks_evaluation *e)
{
    const lks_evaluated what = {.run = session->options->job_path,
                                .split = wanted(session)->split};
    lks_text text = {0};
    char *all = NULL;

    if (wanted(session)->is_json) {
        lks_evaluation_put_json(&text, &what, e);
    } else {
        put_line(&text, what.split, e);
        lks_evaluation_put_table(&text, e);
    }
    LKS_TRY(lks_text_take(&text, &all));
    fputs(all, stdout);
    lks_free(all);
    return fflush(stdout) == 0 ? LKS_OK
                               : lks_fail(LKS_IO, "standard output: %s", strerror(errno));
}

/* Of outputs that are nan the largest is none, and would be counted as the first class. */
static lks_status check_loss(const lks_session *session, const lks_evaluation *e)
{
    if (isfinite(e->loss))
        return LKS_OK;
    return lks_fail(
        LKS_NUMERIC,
        "%s: the loss is %s: the weights or the data have numbers that are not "
        "finite, or the loss is not made for what the model gives",
        wanted(session)->split, isnan(e->loss) ? "nan" : "infinite");
}

/* With a beam, what it translates is scored too. All come to the same, but for LKS_COMM. */
static lks_status score(lks_replica *replica, lks_evaluation *evaluation)
{
    lks_status st;
    lks_bleu bleu;

    if (wanted(replica->session)->decode.beam == 0)
        return LKS_OK;
    st = lks_corpus_bleu(replica, &bleu);
    if (st == LKS_COMM)
        return st;
    LKS_TRY(lks_world_agree(replica->comm, st, &replica->exit_code));
    evaluation->has_bleu = true;
    evaluation->bleu = lks_bleu_score(&bleu);
    return LKS_OK;
}

static lks_status evaluate(lks_replica *replica)
{
    lks_evaluation evaluation = {0};
    lks_status st = lks_evaluate(replica->model, replica->loss, &replica->applied,
                                 replica->device, replica->comm, &evaluation);

    replica->is_alone = st != LKS_OK; /* the others wait for what it has counted */
    replica->exit_code = LKS_EXIT_FAILED;
    if (st == LKS_OK)
        st = score(replica, &evaluation);
    if (st == LKS_COMM)
        replica->is_alone = true;
    if (st == LKS_OK && replica->comm->rank == 0)
        st = check_loss(replica->session, &evaluation);
    if (st == LKS_OK && replica->comm->rank == 0)
        st = print(replica->session, &evaluation);
    lks_evaluation_release(&evaluation);
    return replica->is_alone ? st
                             : lks_world_agree(replica->comm, st, &replica->exit_code);
}

/* ---- prediction ---- */

static lks_status open_prediction(lks_replica *replica)
{
    const lks_apply_options *options = wanted(replica->session);
    const lks_shape output = lks_model_output_shape(replica->model);
    const lks_table *kept = &replica->session->data.record.table;
    const lks_prediction_options prediction = {
        .format = options->format,
        .path = options->output,
        .n = lks_dataset_n_samples(replica->applied.dataset),
        .shape = output,
        .is_classifier = replica->loss->counts_correct && output.ndim == 1,
        .class_names = kept->classes,
        .n_class_names = kept->n_classes,
        .samples = replica->applied.dataset,
    };

    if (lks_model_output_varies(replica->model))
        return lks_fail(LKS_INVALID,
                        "the model gives an output for each step of its samples, which "
                        "differ in length: predict writes outputs of one size");
    return replica->comm->rank == 0
               ? lks_prediction_create(&prediction, &replica->prediction)
               : LKS_OK;
}

static void warn_of_rows_left_out(const lks_dataset *samples)
{
    const uint64_t n = lks_dataset_n_samples(samples), all = lks_dataset_row(samples, n);

    if (all > n)
        lks_warn("data.missing: skip: %" PRIu64 " of %" PRIu64
                 " rows are left out: nothing is predicted for them",
                 all - n, all);
}

static lks_status predict(lks_replica *replica)
{
    const lks_prediction_sink sink = {lks_prediction_take, replica->prediction};
    const char *output = wanted(replica->session)->output;
    lks_status st = lks_predict(replica->model, &replica->applied, replica->device,
                                replica->comm, &sink);

    if (st == LKS_COMM)
        return st;
    replica->exit_code = LKS_EXIT_FAILED;
    LKS_TRY(lks_world_agree(replica->comm, st, &replica->exit_code));
    if (replica->prediction)
        st = lks_prediction_finish(replica->prediction);
    LKS_TRY(lks_world_agree(replica->comm, st, &replica->exit_code));
    if (replica->comm->rank == 0)
        warn_of_rows_left_out(replica->applied.dataset);
    if (output)
        lks_console_say(&replica->console, "%" PRIu64 " predictions are in %s",
                        lks_dataset_n_samples(replica->applied.dataset), output);
    return LKS_OK;
}

/* ---- the tables ---- */

static const lks_start_stage of_a_rank[] = {
    LKS_APPLY_OF_RANK,
    LKS_APPLY_RANK("the data", DATA, AGREED, LKS_APPLY_JOB, open_data),
    LKS_APPLY_RANK("one data set on all ranks", DATA, TOGETHER, 0, check_same_data),
};

static const lks_start_stage of_an_evaluating_replica[] = {
    LKS_APPLY_OF_REPLICA(make_model_to_evaluate),
};

static const lks_start_stage of_a_predicting_replica[] = {
    LKS_APPLY_OF_REPLICA(make_model_to_predict),
    LKS_APPLY_REPLICA("where it goes", MEET, AGREED, LKS_APPLY_JOB, open_prediction),
};

const lks_work lks_work_evaluate = {
    .of_rank = of_a_rank,
    .n_of_rank = sizeof of_a_rank / sizeof *of_a_rank,
    .of_replica = of_an_evaluating_replica,
    .n_of_replica = sizeof of_an_evaluating_replica / sizeof *of_an_evaluating_replica,
    .run = evaluate,
};

const lks_work lks_work_predict = {
    .of_rank = of_a_rank,
    .n_of_rank = sizeof of_a_rank / sizeof *of_a_rank,
    .of_replica = of_a_predicting_replica,
    .n_of_replica = sizeof of_a_predicting_replica / sizeof *of_a_predicting_replica,
    .run = predict,
};
