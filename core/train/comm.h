/* A communicator: how the ranks of a run exchange blocks of numbers. One const table a
 * transport; every collective is startable and waitable, so that it runs while backward
 * goes on.
 *
 * What is exchanged are views, on whatever device; the host's own memory is a view of
 * lks_cpu. A collective starts behind what its thread has queued on the view's device (it
 * takes a mark there), and what that thread queues once `wait` or `test` said that it is
 * complete comes behind it: neither means that the host has waited for the device.
 *
 * A request belongs to the caller until `test` or `wait` completes it; errors are
 * LKS_COMM, after which the communicator is of no further use.
 *
 * Called from one thread only, the rank's main thread, or the replica's. Every rank
 * starts the same collectives in the same order with the same sizes. Buffers stay
 * untouched between start and wait. */
#ifndef LKS_TRAIN_COMM_H
#define LKS_TRAIN_COMM_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "layout/view.h"

typedef struct lks_comm lks_comm;
typedef struct lks_request lks_request; /* one started operation */

typedef struct lks_comm_ops {
    const char *name; /* "self" "mpi" "local" "nccl" */

    /* Sum `values` [n] f32 over all ranks, in place, in whatever order the library likes.
     */
    lks_status (*all_reduce)(lks_comm *comm, const lks_view *values, lks_request **out);

    /* Point to point within a collective: send [n] to `peer`, receive [n] from `peer`.
     * Messages between two ranks with one tag arrive in order.
     *   receive  brings the numbers to `values`, or, where this rank's device reaches the
     *            sender's memory, aims values->data at that instead, which saves a
     *            copy; *values stays until it is complete. The receiver then reads that
     *            memory, and may use it as scratch, up to the next all_gather it starts.
     *            The sender leaves it alone until that has brought the receiver's part,
     *            although its own request is complete before. */
    lks_status (*send)(lks_comm *comm, int peer, int tag, const lks_view *values,
                       lks_request **out);
    lks_status (*receive)(lks_comm *comm, int peer, int tag, lks_view *values,
                          lks_request **out);

    /* Rank r's own part stands at offsets[r] of `values`, counts[r] elements long, before
     * the call, everyone's after it. Both arrays [size] are read during the call only. */
    lks_status (*all_gather)(lks_comm *comm, const lks_view *values,
                             const size_t *offsets, const size_t *counts,
                             lks_request **out);

    lks_status (*broadcast)(lks_comm *comm, void *bytes, size_t n_bytes, int root,
                            lks_request **out);
    lks_status (*barrier)(lks_comm *comm, lks_request **out);

    /* Whether it is complete, making progress; never blocks. A complete one is freed and
     * NULLed. */
    lks_status (*test)(lks_comm *comm, lks_request **request, int *done);
    /* Wait, free, set *request to NULL. A NULL *request is complete. */
    lks_status (*wait)(lks_comm *comm, lks_request **request);

    /* Optional, both or none: a queue of the communicator's own on a device. What this
     * thread has that device do from `aside` to `back`, kernels and collectives, is done
     * there: behind what the thread had queued, beside what it queues afterwards. A
     * `wait` in between makes that queue wait; a later one, as ever, the thread's. */
    lks_status (*aside)(lks_comm *comm, lks_device device);
    lks_status (*back)(lks_comm *comm);

    /* Optional. LKS_COMM: some operation has failed since it was waited for, and what
     * came out of it, or was made of that, is not to be used. */
    lks_status (*check)(lks_comm *comm);

    void (*destroy)(lks_comm *comm);
} lks_comm_ops;

/* Embedded first in each transport's own struct. */
struct lks_comm {
    const lks_comm_ops *ops;
    int rank;
    int size;
    /* Of what is started: to name it where it fails. Whoever starts it may set them. */
    uint64_t step; /* from 1; 0: before any */
    int bucket;    /* of the gradients, from 0 */
};

/* One rank: every collective is complete at once. */
lks_status lks_comm_self_create(lks_comm **out);

void lks_comm_destroy(lks_comm *comm); /* NULL is fine */

/* Whether what the host has read of a device since the last wait may be used. */
lks_status lks_comm_check(lks_comm *comm);

/* The blocking forms, for start-up and the end of a run. Whatever fails is LKS_COMM, want
 * of memory too: the other ranks then wait for this one, and do not know of it. */
lks_status lks_comm_all_gather(lks_comm *comm, void *values, size_t n_bytes_each);
/* Of blocks that are of different sizes: everyone's, rank by rank, one behind the other.
 * *out [*n_out] is the caller's to lks_free. */
lks_status lks_comm_all_gather_blocks(lks_comm *comm, const void *own, size_t n_own,
                                      void **out, size_t *n_out);
lks_status lks_comm_broadcast(lks_comm *comm, void *bytes, size_t n_bytes, int root);
lks_status lks_comm_barrier(lks_comm *comm);

#endif
