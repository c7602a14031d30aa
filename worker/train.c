/* The training loop: steps, and what is told about them. */
#include "worker/session.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/figure.h"
#include "base/log.h"
#include "base/try.h"
#include "worker/evaluation.h"
#include "worker/saver.h"

/* How far the run is, for rates and reports. */
typedef struct course {
    uint64_t n_done;  /* steps */
    uint64_t samples; /* of all ranks */
    double trained_s; /* spent in steps */
    uint64_t reported_samples;
    double reported_s;              /* of trained_s, at the last report */
    double tokens, reported_tokens; /* as its loss counts them, of a language model */
    double samples_per_s, tokens_per_s;
    lks_step_result result;
    double watched_loss; /* of the last evaluation, on validation data if there are any */
    double test_loss;    /* of the last evaluation on test data */
    lks_device_work work; /* of the last step */
    lks_status st;        /* a failure of this rank that the others do not know yet */
} course;

static double rate(double samples, double seconds)
{
    return seconds > 0 ? samples / seconds : 0;
}

/* ---- reports ---- */

/* The rate is that since the last report; on a report's own step that report's. */
static Lks__Proto__Progress progress_of(const lks_replica *replica, course *c)
{
    const lks_step_at at = lks_step_locate(&replica->session->data.steps, c->n_done - 1);
    Lks__Proto__Progress progress = LKS__PROTO__PROGRESS__INIT;

    progress.step = c->n_done;
    progress.epoch = at.epoch;
    progress.total_steps = replica->session->data.n_steps;
    progress.samples = c->samples;
    progress.loss = c->result.loss;
    progress.lr = lks_optim_lr(replica->optim);
    if (c->samples > c->reported_samples) {
        c->samples_per_s = rate((double)(c->samples - c->reported_samples),
                                c->trained_s - c->reported_s);
        c->tokens_per_s =
            rate(c->tokens - c->reported_tokens, c->trained_s - c->reported_s);
    }
    progress.samples_per_s = c->samples_per_s;
    return progress;
}

static void show(lks_replica *replica, const course *c, bool is_reported)
{
    const lks_step_at at = lks_step_locate(&replica->session->data.steps, c->n_done - 1);
    const double per_step = c->trained_s / (double)c->n_done;
    const lks_progress_line line = {
        .step = c->n_done,
        .n_steps = replica->session->data.n_steps,
        .epoch = at.epoch,
        .loss = c->result.loss,
        .samples_per_s = rate((double)c->samples, c->trained_s),
        .tokens_per_s = rate(c->tokens, c->trained_s),
        .eta_s = per_step * (double)(replica->session->data.n_steps - c->n_done),
        .is_reported = is_reported,
    };

    lks_console_progress(&replica->console, &line);
}

static lks_status write_metrics(lks_replica *replica,
                                const Lks__Proto__Progress *progress, const course *c)
{
    double grad_norm;

    LKS_TRY(lks_grad_norm(lks_model_params(replica->model), &grad_norm));
    LKS_TRY(lks_comm_check(replica->comm));
    return lks_metrics_step(
        replica->metrics, &(lks_step_metrics){.step = progress->step,
                                              .epoch = progress->epoch,
                                              .samples = progress->samples,
                                              .loss = progress->loss,
                                              .lr = progress->lr,
                                              .grad_norm = grad_norm / c->result.divisor,
                                              .samples_per_s = progress->samples_per_s,
                                              .tokens_per_s = c->tokens_per_s,
                                              .time = lks_wall_time_s()});
}

static lks_status report(lks_replica *replica, course *c)
{
    Lks__Proto__Progress progress = progress_of(replica, c);

    LKS_TRY(lks_model_hash(replica->model, &progress.replica_hash));
    LKS_TRY(lks_comm_check(replica->comm));
    lks_reporter_progress(replica->reporter, &progress);
    show(replica, c, true);
    c->reported_samples = c->samples;
    c->reported_tokens = c->tokens;
    c->reported_s = c->trained_s;
    return replica->metrics ? write_metrics(replica, &progress, c) : LKS_OK;
}

/* ---- evaluation ---- */

static bool evaluation_is_due(const lks_replica *replica, uint64_t n_done)
{
    const uint64_t per_epoch = lks_steps_per_epoch(&replica->session->data.steps);

    if (!replica->validation.dataset && !replica->test.dataset)
        return false;
    return n_done == replica->session->data.n_steps ||
           (replica->session->job.train.epochs && n_done % per_epoch == 0);
}

/* evaluation.json, of the run's last one. */
static lks_status write_evaluation(lks_replica *replica, const lks_evaluated *what,
                                   const lks_evaluation *evaluation)
{
    lks_text text = {0};
    char *json = NULL;
    lks_status st;

    lks_evaluation_put_json(&text, what, evaluation);
    LKS_TRY(lks_text_take(&text, &json));
    st = lks_run_dir_write(&replica->session->place.dir, LKS_RUN_EVALUATION, json);
    lks_free(json);
    return st;
}

static lks_status record_evaluation(lks_replica *replica, const lks_evaluated *what,
                                    bool is_last, const lks_evaluation *evaluation)
{
    LKS_TRY(lks_metrics_evaluation(
        replica->metrics,
        &(lks_evaluation_metrics){.step = what->step,
                                  .epoch = what->epoch,
                                  .split = what->split,
                                  .loss = evaluation->loss,
                                  .has_accuracy = evaluation->has_accuracy,
                                  .accuracy = evaluation->accuracy,
                                  .has_tokens = evaluation->has_tokens,
                                  .n_tokens = evaluation->n_tokens,
                                  .perplexity = evaluation->perplexity,
                                  .has_errors = evaluation->has_errors,
                                  .absolute_error = evaluation->absolute_error,
                                  .r2 = evaluation->r2,
                                  .samples = evaluation->n_samples,
                                  .time = lks_wall_time_s()}));
    return is_last ? write_evaluation(replica, what, evaluation) : LKS_OK;
}

/* On one split, which is called so; is_shown: its table and evaluation.json are the
 * run's, at its end. The evaluation is the caller's to release. */
static lks_status evaluate_on(lks_replica *replica, course *c, const lks_feed *feed,
                              const char *split, bool is_shown, lks_evaluation *out)
{
    const bool is_last = is_shown && c->n_done == replica->session->data.n_steps;
    const lks_evaluated what = {
        .split = split,
        .has_step = true,
        .step = c->n_done,
        .epoch = lks_step_locate(&replica->session->data.steps, c->n_done - 1).epoch};

    LKS_TRY(lks_evaluate(replica->model, replica->loss, feed, replica->device,
                         replica->comm, out));
    lks_console_evaluation(&replica->console, what.epoch, split, out);
    if (is_last)
        lks_console_table(&replica->console, split, out);
    if (replica->metrics && c->st == LKS_OK)
        c->st = record_evaluation(replica, &what, is_last, out);
    return LKS_OK;
}

/* For status. */
static void tell(lks_replica *replica, course *c, Lks__Proto__Split split,
                 const lks_evaluation *evaluation)
{
    Lks__Proto__Progress progress = progress_of(replica, c);

    progress.has_evaluation = true;
    progress.evaluation_split = split;
    progress.evaluation_loss = evaluation->loss;
    progress.evaluation_accuracy = evaluation->has_accuracy ? evaluation->accuracy : NAN;
    lks_reporter_progress(replica->reporter, &progress);
}

static lks_status evaluate_on_test(lks_replica *replica, course *c)
{
    lks_evaluation evaluation;

    LKS_TRY(evaluate_on(replica, c, &replica->test, "test", true, &evaluation));
    tell(replica, c, LKS__PROTO__SPLIT__TEST, &evaluation);
    c->test_loss = evaluation.loss;
    if (!replica->validation.dataset)
        c->watched_loss = evaluation.loss;
    lks_evaluation_release(&evaluation);
    return LKS_OK;
}

/* Status tells of it where there are no test data. */
static lks_status evaluate_on_validation(lks_replica *replica, course *c)
{
    const bool is_shown = !replica->test.dataset;
    lks_evaluation evaluation;

    LKS_TRY(evaluate_on(replica, c, &replica->validation, "validation", is_shown,
                        &evaluation));
    if (is_shown)
        tell(replica, c, LKS__PROTO__SPLIT__VALIDATION, &evaluation);
    c->watched_loss = evaluation.loss;
    lks_evaluation_release(&evaluation);
    return LKS_OK;
}

static lks_status evaluate(lks_replica *replica, course *c)
{
    lks_pulse_enter(&replica->pulse, LKS__PROTO__PHASE__EVALUATE);
    if (replica->validation.dataset)
        LKS_TRY(evaluate_on_validation(replica, c));
    return replica->test.dataset ? evaluate_on_test(replica, c) : LKS_OK;
}

/* ---- the learning rate ---- */

/* Behind step n_done: of the next one. What it is on watches is the loss of an evaluation
 * that came with this step, on validation data or else on test data, else the step's loss:
 * the same on every rank. */
static lks_status move_schedule(lks_replica *replica, const course *c, bool updated)
{
    const uint64_t per_epoch = lks_steps_per_epoch(&replica->session->data.steps);
    const bool every_step = strcmp(replica->session->job.schedules[0].every, "step") == 0;

    if (every_step ? !updated : c->n_done % per_epoch != 0)
        return LKS_OK;
    lks_schedule_step(replica->schedule, evaluation_is_due(replica, c->n_done)
                                             ? c->watched_loss
                                             : c->result.loss);
    return lks_schedule_tell(replica->schedule, replica->optim);
}

/* ---- the loop ---- */

/* After a step, before which there were n_updates: count it, report it, evaluate. What fails on this rank alone goes to
 * c->st, to be told with the next step's losses. */
static lks_status after_step(lks_replica *replica, course *c, double began_s,
                             uint64_t n_updates)
{
    c->trained_s += lks_clock_s() - began_s;
    c->samples += lks_step_locate(&replica->session->data.steps, c->n_done).n;
    if (replica->loss->counts_correct && lks_feed_has_tokens(&replica->train))
        c->tokens += c->result.count;
    c->n_done++;
    if (c->n_done == 1 && lks_replica_is_first(replica))
        lks_info("first step %.0f ms after the start",
                 1e3 * (lks_clock_s() - replica->session->course.at_s[LKS_STAGE_BEGIN]));
    if (c->n_done % replica->session->job.report.every_steps == 0 ||
        c->n_done == replica->session->data.n_steps)
        c->st = c->st == LKS_OK ? report(replica, c) : c->st;
    else
        show(replica, c, false);
    if (evaluation_is_due(replica, c->n_done))
        LKS_TRY(evaluate(replica, c));
    if (replica->schedule)
        LKS_TRY(move_schedule(replica, c, lks_optim_n_steps(replica->optim) > n_updates));
    if (c->st != LKS_OK)
        lks_pulse_wish(&replica->pulse, LKS_WISH_FAIL);
    return LKS_OK;
}

static lks_status take_steps(lks_replica *replica, course *c)
{
    while (c->n_done < replica->session->data.n_steps &&
           c->result.wish == LKS_WISH_GO_ON) {
        const double began_s = lks_clock_s();
        const lks_device_work before = lks_replica_work(replica);
        const uint64_t n_updates = lks_optim_n_steps(replica->optim);

        LKS_TRY(lks_trainer_step(replica->trainer, c->n_done, &c->result));
        c->work = lks_work_between(before, lks_replica_work(replica));
        LKS_TRY(after_step(replica, c, began_s, n_updates));
    }
    return LKS_OK;
}

static lks_status refuse_result(const course *c, const char *what, double value)
{
    return lks_fail(LKS_NUMERIC,
                    "step %" PRIu64
                    ": %s is %s after it (all ranks alike): no weights are "
                    "written; lower the learning rate or check the data",
                    c->n_done, what, isnan(value) ? "nan" : "infinite");
}

static lks_status check_values(const course *c, const char *name, const float *values,
                               size_t n)
{
    for (size_t k = 0; k < n; k++)
        if (!isfinite(values[k]))
            return refuse_result(c, name, values[k]);
    return LKS_OK;
}

/* words: lks_model_read's */
static lks_status check_words(const course *c, const lks_model *model, const float *words)
{
    const lks_param_block *params = lks_model_params(model);
    const lks_buffer_block *buffers = lks_model_buffers(model);

    for (size_t i = 0; i < lks_param_block_count(params); i++) {
        const lks_param *param = lks_param_block_at(params, i);

        LKS_TRY(check_values(c, param->name, words + param->offset, param->numel));
    }
    words += lks_param_block_numel(params);
    for (size_t i = 0; i < lks_buffer_block_count(buffers); i++) {
        const lks_buffer *buffer = lks_buffer_block_at(buffers, i);

        if (lks_tensor_dtype(buffer->tensor) == LKS_F32)
            LKS_TRY(check_values(c, buffer->name, words + buffer->offset,
                                 (size_t)lks_numel(buffer->tensor)));
    }
    return LKS_OK;
}

/* The next step's loss tells of an update that went wrong; the last one has none. */
static lks_status check_result(const lks_replica *replica, const course *c)
{
    float *words = lks_malloc(lks_model_n_words(replica->model) * sizeof *words);
    lks_status st = words ? lks_model_read(replica->model, words) : LKS_NOMEM;

    st = st == LKS_OK ? check_words(c, replica->model, words) : st;
    lks_free(words);
    if (st == LKS_OK && !isfinite(c->test_loss))
        st = refuse_result(c, "test loss", c->test_loss);
    if (st == LKS_OK && !isfinite(c->watched_loss))
        st = refuse_result(c, "validation loss", c->watched_loss);
    return st;
}

/* How the training ended for this rank. */
static lks_status ending(const lks_replica *replica, const course *c)
{
    static const char *const why[] = {
        [LKS_WISH_CANCEL] = "cancelled",
        [LKS_WISH_LEAVE] = "interrupted",
    };

    if (c->st != LKS_OK || c->result.wish == LKS_WISH_FAIL)
        return c->st;
    if (c->n_done == replica->session->data.n_steps)
        return check_result(replica, c);
    return lks_fail(LKS_CANCELLED, "%s after step %" PRIu64 " of %" PRIu64,
                    why[c->result.wish], c->n_done, replica->session->data.n_steps);
}

static lks_status save(lks_replica *replica)
{
    lks_pulse_enter(&replica->pulse, LKS__PROTO__PHASE__SAVE);
    return replica->comm->rank == 0
               ? lks_save_weights(replica->model, replica->session->place.dir.path)
               : LKS_OK;
}

static void say_done(lks_replica *replica, const course *c)
{
    Lks__Proto__Heartbeat heartbeat = LKS__PROTO__HEARTBEAT__INIT;
    Lks__Proto__PhaseTimes times = LKS__PROTO__PHASE_TIMES__INIT;
    char device[LKS_DEVICE_TEXT];

    lks_pulse_enter(&replica->pulse, LKS__PROTO__PHASE__DONE);
    lks_pulse_read(&replica->pulse, &heartbeat, &times);
    lks_info(
        "%s: %" PRIu64 " steps in %.3f s: load %.3f, forward %.3f, backward %.3f, reduce "
        "%.3f, update %.3f",
        lks_device_text(replica->device, device, sizeof device), c->n_done, c->trained_s,
        times.load, times.forward, times.backward, times.reduce, times.update);
    lks_replica_log_gpu(replica, &c->work);
    lks_console_say(&replica->console,
                    "trained %" PRIu64 " steps in %s, %s samples/s; weights and "
                    "metrics are in %s",
                    c->n_done, lks_figure_seconds(c->trained_s).text,
                    lks_figure_count(rate((double)c->samples, c->trained_s)).text,
                    replica->session->place.dir.path);
}

lks_status lks_train(lks_replica *replica)
{
    course c = {0};
    lks_status st = take_steps(replica, &c);

    /* All ranks know of a loss that is not finite; of other failures only this one. */
    replica->is_alone = st != LKS_OK && st != LKS_NUMERIC;
    if (replica->is_alone)
        return lks_replica_explain_gpu(replica, st);
    replica->exit_code = LKS_EXIT_FAILED;
    LKS_TRY(lks_world_agree(replica->comm, st == LKS_OK ? ending(replica, &c) : st,
                            &replica->exit_code));
    LKS_TRY(lks_world_agree(replica->comm, save(replica), &replica->exit_code));
    say_done(replica, &c);
    return LKS_OK;
}
