/* Start-up as a table: what a rank does, and then each of its replicas, in which order,
 * who knows of a failure, and with which status the program then ends. Whatever can go
 * wrong on one rank is agreed on by all, so that nobody waits for a rank that left. */
#ifndef LKS_WORKER_START_H
#define LKS_WORKER_START_H

#include "worker/session.h"

/* Who knows of a stage's failure. */
typedef enum lks_agreement {
    LKS_OWN,      /* nobody yet: it is held until all agree, and what is OWN until then,
                     or AGREED, is left out */
    LKS_AGREED,   /* all: after it they come to one verdict on what they hold */
    LKS_TOGETHER, /* all, by what they do together, whatever they hold: they come to the
                     same; or only this one, if it is LKS_COMM */
} lks_agreement;

typedef struct lks_start_stage {
    const char *name;
    lks_stage sign; /* what it belongs to, for signs of life and the times in the log */
    lks_agreement agreement;
    unsigned usage; /* failures that are the user's to mend, as bits of LKS_START_ON: the
                       program ends with 2 for them, with 1 for others */
    /* What it does: one of these, or none for a verdict alone. */
    lks_status (*of_rank)(lks_session *session);
    lks_status (*of_replica)(lks_replica *replica);
    /* Optional: more about what a replica holds, before all hear it. */
    lks_status (*explain)(lks_replica *replica, lks_status st);
} lks_start_stage;

/* What ranks are started for: how they start up, and what each replica then does. */
struct lks_work {
    const lks_start_stage *of_rank;
    size_t n_of_rank;
    const lks_start_stage *of_replica;
    size_t n_of_replica;
    lks_status (*run)(lks_replica *replica); /* as lks_train */
};

#define LKS_START_ON(status) (1u << (status))
#define LKS_START_ON_JOB                                                                 \
    (LKS_START_ON(LKS_INVALID) | LKS_START_ON(LKS_SHAPE) | LKS_START_ON(LKS_DTYPE))
#define LKS_START_ON_ANY 0x7fffffffu

/* Go through n stages: a replica's, or with NULL the rank's, which may have stages of its
 * first replica once there is one. What is held at the end is returned. *exit_code goes
 * with a failure. */
lks_status lks_start_walk(const lks_start_stage *stages, size_t n, lks_session *session,
                          lks_replica *replica, int *exit_code);

/* From the options to a rank whose replicas can live: the job, the world, the data.
 * Called by all ranks, all return alike, except for LKS_COMM (see world.h) and a failure
 * without a communicator, which the others do not know of. On failure whatever was made
 * is released by lks_session_release. */
lks_status lks_session_start(lks_session *session, const lks_worker_options *options);

/* From a rank that has started to a replica that can take its first step, known to the
 * coordinator. Called by all replicas of the run; as lks_session_start. */
lks_status lks_replica_start(lks_replica *replica);

/* ---- the stages: each fails as its row says ---- */

/* start_job.c */
lks_status lks_session_read_job(lks_session *session);
unsigned lks_session_brought(const lks_session *session);   /* by its program, of a job */
lks_status lks_session_start_opening(lks_session *session); /* of the data: threads */
lks_status lks_session_hash_job(lks_session *session);
lks_status lks_session_check_same_job(lks_session *session);
lks_status lks_session_settle_job(lks_session *session);
lks_status lks_session_count_tokens(lks_session *session); /* of text: this rank's part */
lks_status lks_session_share_counts(lks_session *session);
lks_status lks_session_open_data(lks_session *session);
lks_status lks_session_check_same_data(lks_session *session);

/* start_world.c */
lks_status lks_session_choose_devices(lks_session *session); /* as if it were alone */
lks_status lks_session_open_world(lks_session *session);
lks_status lks_session_share_devices(lks_session *session);
lks_status lks_session_place_ranks(lks_session *session);
lks_status lks_session_make_replicas(lks_session *session); /* no communicators yet */
lks_status lks_session_make_mail(lks_session *session);
lks_status lks_session_make_link(lks_session *session);
lks_status lks_session_connect_replicas(lks_session *session);

/* join.c: what GPUs meet over, and if that is NCCL, a communicator of it */
lks_status lks_session_check_collectives(lks_session *session);
lks_status lks_session_settle_collectives(lks_session *session);
lks_status lks_replica_join(lks_replica *replica);

/* gpu.c: that it can be used, and what is free once all that a replica keeps is there */
lks_status lks_replica_open_gpu(lks_replica *replica);
lks_status lks_replica_note_gpu(lks_replica *replica);

/* replica.c */
lks_status lks_replica_choose_numerics(lks_replica *replica);
lks_status lks_replica_make_model(lks_replica *replica);
lks_status lks_replica_make_trainer(lks_replica *replica);
lks_status lks_replica_hash_model(lks_replica *replica);
lks_status lks_replica_check_same_model(lks_replica *replica);

/* meet.c: the run directory, the coordinator, which replica 0 hosts, and each replica's
 * link to it */
lks_status lks_replica_make_keys(lks_replica *replica);
lks_status lks_replica_exchange_keys(lks_replica *replica);
lks_status lks_replica_make_dir(lks_replica *replica);
lks_status lks_replica_write_job(lks_replica *replica);
lks_status lks_replica_write_record(lks_replica *replica);
lks_status lks_replica_open_metrics(lks_replica *replica);
lks_status lks_replica_host_run(lks_replica *replica);
lks_status lks_replica_share_invitation(lks_replica *replica);
lks_status lks_replica_start_reporter(lks_replica *replica);
/* Over, whether it went well or not. */
void lks_replica_end_meeting(lks_replica *replica);

#endif
