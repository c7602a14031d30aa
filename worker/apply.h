/* What the uses of a trained model have in common: evaluation and prediction (apply.c),
 * text that goes on (generate.c), sentences in another language (translate.c). The
 * worker's own. */
#ifndef LKS_WORKER_APPLY_H
#define LKS_WORKER_APPLY_H

#include "worker/start.h"

/* The run's job, without what was settled when it was trained. */
lks_status lks_apply_read_job(lks_session *session);

/* What the run has kept of its training data; runs that had nothing to keep, and those of
 * versions that kept nothing, have no such file. */
lks_status lks_apply_read_record(lks_session *session);

/* The run's weights into the replica's model. */
lks_status lks_apply_load_weights(lks_replica *replica);

/* ---- rows of their tables (start.h) ---- */

#define LKS_APPLY_RANK(name, sign, agreement, usage, does)                               \
    {                                                                                    \
        name, LKS_STAGE_##sign, LKS_##agreement, usage, .of_rank = does                  \
    }
#define LKS_APPLY_REPLICA(name, sign, agreement, usage, does)                            \
    {                                                                                    \
        name, LKS_STAGE_##sign, LKS_##agreement, usage, .of_replica = does               \
    }

enum {
    LKS_APPLY_ANY = LKS_START_ON_ANY,
    LKS_APPLY_JOB = LKS_START_ON_JOB,
    LKS_APPLY_INVALID = LKS_START_ON(LKS_INVALID),
    LKS_APPLY_DEVICE = LKS_START_ON(LKS_DEVICE),
};

/* clang-format off */

/* From the job to replicas that reach one another; the data come behind. */
#define LKS_APPLY_OF_RANK                                                                \
    LKS_APPLY_RANK("the run's job", BEGIN, OWN, LKS_APPLY_ANY, lks_apply_read_job),      \
    LKS_APPLY_RANK("devices", BEGIN, OWN, LKS_APPLY_ANY, lks_session_choose_devices),    \
    LKS_APPLY_RANK("the world of ranks", MPI, TOGETHER, LKS_APPLY_INVALID,               \
                   lks_session_open_world),                                              \
    LKS_APPLY_RANK("a job on every rank", MPI, AGREED, 0, NULL),                         \
    LKS_APPLY_RANK("the job's hash", MPI, AGREED, 0, lks_session_hash_job),              \
    LKS_APPLY_RANK("one job on all ranks", MPI, TOGETHER, 0,                             \
                   lks_session_check_same_job),                                          \
    LKS_APPLY_RANK("devices of ranks of one host", MPI, TOGETHER, LKS_APPLY_DEVICE,      \
                   lks_session_share_devices),                                           \
    LKS_APPLY_RANK("hosts and cores", MPI, TOGETHER, 0, lks_session_place_ranks),        \
    LKS_APPLY_RANK("what the job leaves open", MPI, TOGETHER, LKS_APPLY_INVALID,         \
                   lks_session_settle_job),                                              \
    LKS_APPLY_RANK("what GPUs meet over", MPI, TOGETHER, LKS_APPLY_INVALID,              \
                   lks_session_settle_collectives),                                      \
    LKS_APPLY_RANK("replicas", MPI, OWN, 0, lks_session_make_replicas),                  \
    LKS_APPLY_RANK("letters between them", MPI, AGREED, 0, lks_session_make_mail),       \
    LKS_APPLY_RANK("their link to other ranks'", MPI, TOGETHER, 0,                       \
                   lks_session_make_link),                                               \
    LKS_APPLY_RANK("their communicators", MPI, AGREED, 0, lks_session_connect_replicas)

/* Its model, which `does` makes with the run's weights. */
#define LKS_APPLY_OF_REPLICA(does)                                                       \
    LKS_APPLY_REPLICA("NCCL", DATA, TOGETHER, 0, lks_replica_join),                      \
    LKS_APPLY_REPLICA("the GPU", DATA, OWN, 0, lks_replica_open_gpu),                    \
    LKS_APPLY_REPLICA("the weights", DATA, AGREED, LKS_APPLY_JOB, does),                 \
    LKS_APPLY_REPLICA("the weights' hash", DATA, AGREED, 0, lks_replica_hash_model),     \
    LKS_APPLY_REPLICA("one model on all replicas", DATA, TOGETHER, 0,                    \
                      lks_replica_check_same_model)

/* clang-format on */

#endif
