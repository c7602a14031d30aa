/* Operations under way, as lists of parts: to send, to receive, to add. A part may wait
 * for one before it, and parts between one pair go in the order in which they stand:
 * those of one operation as listed, those of several as these were started. Whoever tests
 * or waits takes all parts of all operations as far as they go, so nobody waits for a
 * replica that waits for something else.
 *
 * Private to comm_local.c, whose structs stand here. */
#ifndef LKS_WORKER_COMM_PARTS_H
#define LKS_WORKER_COMM_PARTS_H

#include "train/comm.h"
#include "worker/comm/link_mpi.h"
#include "worker/comm/mail.h"
#include "worker/comm/staging.h"

enum { LKS_PART_MESSAGE, LKS_PART_COLLECTIVE }; /* kinds of routes */
enum { LKS_PART_NONE = -1 };

typedef enum lks_part_kind {
    LKS_PART_SEND,
    LKS_PART_RECEIVE,
    LKS_PART_ADD, /* what was received before it to `sum` */
} lks_part_kind;

typedef struct lks_part {
    lks_part_kind kind;
    bool is_open, is_done; /* its message is under way; is over */
    int peer, route_kind;
    int after;     /* the part that it waits for, or LKS_PART_NONE */
    uint64_t turn; /* among those that go the same way */
    lks_view values;
    lks_view *caller; /* of a receive that may be aimed at the sender's memory */
    lks_transfer *transfer;
    lks_staging staging;
} lks_part;

struct lks_request {
    lks_request *next; /* of the started ones in their order, or of the free ones */
    lks_part *parts;
    int n_parts, capacity, n_done;
    /* all_reduce: own slice, and where the others' of it stand */
    lks_view sum, scratch, *received; /* [size] */
};

/* Messages to or from a peer of one kind. */
typedef struct lks_way {
    uint64_t n_planned, n_opened;
} lks_way;

typedef struct lks_comm_local {
    lks_comm base;
    lks_mail *mail;
    lks_link *link; /* NULL: one process */
    int n_replicas, replica, process, n_processes;
    lks_way *ways; /* [size] by peer, of [kind][comes] */
    lks_request *started, **last, *free_requests;
} lks_comm_local;

/* A request with room for so many parts, none yet; one that is not started is dropped. */
lks_status lks_parts_take(lks_comm_local *self, int n_parts, lks_request **out);
void lks_parts_drop(lks_comm_local *self, lks_request *request);

/* The next part of the request; gives its index. */
int lks_parts_add(lks_comm_local *self, lks_request *request, lks_part what);

/* All its parts stand: take them as far as they go. */
lks_status lks_parts_start(lks_comm_local *self, lks_request *request, lks_request **out);

/* Those of all that were started. LKS_COMM: a replica has failed as well. */
lks_status lks_parts_advance(lks_comm_local *self);

bool lks_parts_are_done(const lks_request *request);

/* A request whose parts are done is over. */
void lks_parts_end(lks_comm_local *self, lks_request **request);

/* Whatever was started or is kept. */
void lks_parts_release(lks_comm_local *self);

size_t lks_parts_bytes(const lks_view *values);

#endif
