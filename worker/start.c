#include "worker/start.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/try.h"
#include "worker/lifeline.h"

/* ---- the tables ---- */

/* A row: what; what a sign of life calls it; who knows of a failure; which failures are
 * the user's to mend; what does it. */
#define OF_RANK(name, sign, agreement, usage, does)                                      \
    {                                                                                    \
        name, LKS_STAGE_##sign, LKS_##agreement, usage, .of_rank = does                  \
    }
#define OF_REPLICA(name, sign, agreement, usage, does)                                   \
    {                                                                                    \
        name, LKS_STAGE_##sign, LKS_##agreement, usage, .of_replica = does               \
    }

enum {
    NONE = 0,
    ANY = LKS_START_ON_ANY,
    INVALID = LKS_START_ON(LKS_INVALID),
    DEVICE = LKS_START_ON(LKS_DEVICE),
    JOB = LKS_START_ON_JOB,
};

/* clang-format off */
static const lks_start_stage of_a_rank[] = {
    OF_RANK("the job file",                 BEGIN, OWN,      ANY,     lks_session_read_job),
    OF_RANK("threads that open the data",   BEGIN, OWN,      NONE,    lks_session_start_opening),
    OF_RANK("devices",                      BEGIN, OWN,      ANY,     lks_session_choose_devices),
    OF_RANK("the world of ranks",           MPI,   TOGETHER, INVALID, lks_session_open_world),
    OF_RANK("a job on every rank",          MPI,   AGREED,   NONE,    NULL),
    OF_RANK("the job's hash",               MPI,   AGREED,   NONE,    lks_session_hash_job),
    OF_RANK("one job on all ranks",         MPI,   TOGETHER, NONE,    lks_session_check_same_job),
    OF_RANK("devices of ranks of one host", MPI,   TOGETHER, DEVICE,  lks_session_share_devices),
    OF_RANK("hosts and cores",              MPI,   TOGETHER, NONE,    lks_session_place_ranks),
    OF_RANK("what the job leaves open",     MPI,   TOGETHER, INVALID, lks_session_settle_job),
    OF_RANK("what GPUs meet over",          MPI,   TOGETHER, INVALID, lks_session_settle_collectives),
    OF_RANK("replicas",                     MPI,   OWN,      NONE,    lks_session_make_replicas),
    OF_RANK("letters between them",         MPI,   AGREED,   NONE,    lks_session_make_mail),
    OF_RANK("their link to other ranks'",   MPI,   TOGETHER, NONE,    lks_session_make_link),
    OF_RANK("their communicators",          MPI,   AGREED,   NONE,    lks_session_connect_replicas),
    OF_RANK("tokens of each rank's part",   DATA,  AGREED,   JOB,     lks_session_count_tokens),
    OF_RANK("tokens of all ranks",          DATA,  TOGETHER, NONE,    lks_session_share_counts),
    OF_RANK("the data",                     DATA,  AGREED,   JOB,     lks_session_open_data),
    OF_RANK("one data set on all ranks",    DATA,  TOGETHER, NONE,    lks_session_check_same_data),
};

static const lks_start_stage of_a_replica[] = {
    OF_REPLICA("NCCL",                         DATA,  TOGETHER, NONE,    lks_replica_join),
    OF_REPLICA("the GPU",                      DATA,  OWN,      NONE,    lks_replica_open_gpu),
    OF_REPLICA("numerics",                     DATA,  OWN,      NONE,    lks_replica_choose_numerics),
    OF_REPLICA("the model",                    DATA,  OWN,      JOB,     lks_replica_make_model),
    OF_REPLICA("what trains it",               DATA,  OWN,      NONE,    lks_replica_make_trainer),
    OF_REPLICA("what the GPU has left",        DATA,  OWN,      NONE,    lks_replica_note_gpu),
    {"all that trains", LKS_STAGE_DATA, LKS_AGREED, NONE, .explain = lks_replica_explain_gpu},
    OF_REPLICA("the model's hash",             DATA,  AGREED,   NONE,    lks_replica_hash_model),
    OF_REPLICA("one model on all replicas",    DATA,  TOGETHER, NONE,    lks_replica_check_same_model),
    OF_REPLICA("a key pair",                   MEET,  AGREED,   NONE,    lks_replica_make_keys),
    OF_REPLICA("everyone's keys",              MEET,  TOGETHER, NONE,    lks_replica_exchange_keys),
    OF_REPLICA("the run directory",            MEET,  OWN,      JOB,     lks_replica_make_dir),
    OF_REPLICA("the job as run",               MEET,  OWN,      JOB,     lks_replica_write_job),
    OF_REPLICA("what of the data is kept",     MEET,  OWN,      JOB,     lks_replica_write_record),
    OF_REPLICA("metrics",                      MEET,  OWN,      JOB,     lks_replica_open_metrics),
    OF_REPLICA("the coordinator",              MEET,  AGREED,   NONE,    lks_replica_host_run),
    OF_REPLICA("the invitation",               MEET,  TOGETHER, NONE,    lks_replica_share_invitation),
    OF_REPLICA("the reporter",                 MEET,  AGREED,   NONE,    lks_replica_start_reporter),
};
/* clang-format on */

const lks_work lks_work_train = {
    .of_rank = of_a_rank,
    .n_of_rank = sizeof of_a_rank / sizeof *of_a_rank,
    .of_replica = of_a_replica,
    .n_of_replica = sizeof of_a_replica / sizeof *of_a_replica,
    .run = lks_train,
};

/* ---- the walk ---- */

/* Signs of life and times are the rank's: its first replica's. */
static void come_to(lks_session *session, const lks_replica *replica, lks_stage stage)
{
    lks_session_course *course = &session->course;

    if (stage == course->stage || (replica && !lks_replica_is_first(replica)))
        return;
    course->stage = stage;
    course->at_s[stage] = lks_clock_s();
    lks_lifeline_stage(stage);
}

static lks_status take(const lks_start_stage *stage, lks_session *session,
                       lks_replica *replica, int *exit_code)
{
    lks_status st = LKS_OK;

    come_to(session, replica, stage->sign);
    if (stage->of_rank)
        st = stage->of_rank(session);
    else if (stage->of_replica)
        st = stage->of_replica(replica ? replica : session->replicas.items);
    if (st != LKS_OK)
        *exit_code = stage->usage & LKS_START_ON(st) ? LKS_EXIT_USAGE : LKS_EXIT_FAILED;
    return st;
}

lks_status lks_start_walk(const lks_start_stage *stages, size_t n, lks_session *session,
                          lks_replica *replica, int *exit_code)
{
    lks_status held = LKS_OK;

    *exit_code = LKS_EXIT_FAILED;
    for (const lks_start_stage *stage = stages; stage < stages + n; stage++) {
        if (stage->agreement == LKS_TOGETHER) {
            LKS_TRY(take(stage, session, replica, exit_code));
            continue;
        }
        if (held == LKS_OK)
            held = take(stage, session, replica, exit_code);
        if (held != LKS_OK && stage->explain)
            held = stage->explain(replica, held);
        if (stage->agreement == LKS_AGREED)
            LKS_TRY(lks_world_agree(replica ? replica->comm : session->world.ranks, held,
                                    exit_code));
    }
    return held;
}

/* ---- all of it ---- */

lks_status lks_session_start(lks_session *session, const lks_worker_options *options)
{
    session->options = options;
    session->course.at_s[LKS_STAGE_BEGIN] = lks_clock_s();
    return lks_start_walk(options->work->of_rank, options->work->n_of_rank, session, NULL,
                          &session->course.exit_code);
}

static void say_started(const lks_session *session)
{
    const double *at_s = session->course.at_s;
    char sizes[128];

    lks_info("started in %.0f ms: job %.0f, MPI %.0f, data and model %.0f (training data "
             "%.0f, test data %.0f, beside MPI), coordinator %.0f",
             1e3 * (at_s[LKS_STAGE_IN] - at_s[LKS_STAGE_BEGIN]),
             1e3 * (at_s[LKS_STAGE_MPI] - at_s[LKS_STAGE_BEGIN]),
             1e3 * (at_s[LKS_STAGE_DATA] - at_s[LKS_STAGE_MPI]),
             1e3 * (at_s[LKS_STAGE_MEET] - at_s[LKS_STAGE_DATA]),
             1e3 * session->data.opening_train.seconds,
             1e3 * session->data.opening_test.seconds,
             1e3 * (at_s[LKS_STAGE_IN] - at_s[LKS_STAGE_MEET]));
    if (session->data.applied) /* they are told with what comes of them */
        return;
    lks_splits_text(&session->data.splits, sizes, sizeof sizes);
    lks_info("%s", sizes);
}

lks_status lks_replica_start(lks_replica *replica)
{
    lks_session *session = replica->session;
    const lks_work *work = session->options->work;
    lks_status st;

    lks_console_init(&replica->console, replica->comm->rank == 0,
                     lks_world_is_launched());
    st = lks_start_walk(work->of_replica, work->n_of_replica, session, replica,
                        &replica->exit_code);
    lks_replica_end_meeting(replica);
    LKS_TRY(st);
    come_to(session, replica, LKS_STAGE_IN);
    if (lks_replica_is_first(replica))
        say_started(session);
    lks_replica_log_gpu_at_start(replica);
    return LKS_OK;
}

void lks_session_release(lks_session *session)
{
    lks_session_replicas *replicas = &session->replicas;
    lks_session_data *data = &session->data;

    for (int i = 0; i < replicas->n; i++)
        lks_replica_release(&replicas->items[i]);
    lks_free(replicas->items);
    lks_nccl_watch_stop(replicas->watch);
    lks_link_destroy(replicas->link);
    lks_mail_destroy(replicas->mail);
    lks_opening_cancel(&data->opening_train);
    lks_opening_cancel(&data->opening_test);
    lks_splits_release(&data->splits);
    lks_vocabularies_release(&data->vocabularies);
    lks_data_record_release(&data->record);
    if (session->has_job)
        lks_job_release(&session->job);
}
