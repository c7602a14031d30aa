/* Signs of life: lines that ranks write to standard error while they start, and rank 0
 * for as long as it lives, where `lockstep run` has asked for them (LOCKSTEP_SIGNS=1 in
 * the environment). mpirun carries them from any host, before there is a coordinator, so
 * their silence tells of mpirun too. They are swallowed, never shown or logged. */
#ifndef LKS_PROTO_SIGN_H
#define LKS_PROTO_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LKS_SIGN_VARIABLE "LOCKSTEP_SIGNS"

/* A file that rank 0 makes when it is asked to end: whoever then sees it gone knows that
 * mpirun ended it. For ranks on the command's own host. */
#define LKS_ASKED_VARIABLE "LOCKSTEP_ASKED"

/* In the coordinator's line of a rank that it has lost, behind the rank's name: by it the
 * command knows that mpirun will end the others. */
#define LKS_WAS_LOST " was lost "

/* Where a rank is on its way into the run. */
#define LKS_STAGE_LIST(X)                                                                \
    X(BEGIN, "reading the job")                                                          \
    X(MPI, "joining MPI")                                                                \
    X(DATA, "reading the data")                                                          \
    X(MEET, "meeting the coordinator")                                                   \
    X(IN, "training")                                                                    \
    X(END, "leaving MPI")                                                                \
    X(LOST, "leaving, for rank 0 is gone")

typedef enum lks_stage {
#define LKS_STAGE_ENUM(name, text) LKS_STAGE_##name,
    LKS_STAGE_LIST(LKS_STAGE_ENUM)
#undef LKS_STAGE_ENUM
        LKS_N_STAGES
} lks_stage;

/* "reading the job"; static storage. */
const char *lks_stage_text(lks_stage stage);

typedef struct lks_sign {
    uint32_t rank, size; /* of how many */
    lks_stage stage;
    uint32_t pid;
    char host[128];
} lks_sign;

enum { LKS_SIGN_BYTES = 256 };

/* The line with its newline into out; gives its length. Short enough for one write that
 * nothing comes between. */
size_t lks_sign_format(const lks_sign *sign, char out[LKS_SIGN_BYTES]);

/* Whether `line`, without its newline, is a sign or ends in one (mpirun may have put a
 * tag before it). *out is written only then. */
bool lks_sign_parse(const char *line, lks_sign *out);

#endif
