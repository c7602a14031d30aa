#include "worker/comm/link_mpi.h"

#include <limits.h>
#include <mpi.h>
#include <pthread.h>

#include "base/alloc.h"
#include "base/try.h"

struct lks_transfer {
    MPI_Request mpi;
    lks_transfer *next; /* in the free list */
};

struct lks_link {
    MPI_Comm mpi;
    int rank, n_ranks, n_replicas;
    pthread_mutex_t lock; /* for the rest, and for MPI */
    lks_transfer *free_transfers;
};

static lks_status check(int code, const char *what)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;

    if (code == MPI_SUCCESS)
        return LKS_OK;
    MPI_Error_string(code, text, &length);
    return lks_fail(LKS_COMM, "%s: %s", what, text);
}

lks_status lks_link_create(int n_replicas, lks_link **out)
{
    lks_link *link = lks_calloc(1, sizeof *link);
    lks_status st;

    if (!link)
        return LKS_NOMEM;
    pthread_mutex_init(&link->lock, NULL);
    link->n_replicas = n_replicas;
    link->mpi = MPI_COMM_NULL;
    LKS_GO(check(MPI_Comm_dup(MPI_COMM_WORLD, &link->mpi), "duplicating the world"));
    LKS_GO(check(MPI_Comm_set_errhandler(link->mpi, MPI_ERRORS_RETURN), "error handler"));
    LKS_GO(check(MPI_Comm_rank(link->mpi, &link->rank), "own rank"));
    LKS_GO(check(MPI_Comm_size(link->mpi, &link->n_ranks), "world size"));
    *out = link;
    link = NULL;
cleanup:
    lks_link_destroy(link);
    return st;
}

void lks_link_destroy(lks_link *link)
{
    if (!link)
        return;
    while (link->free_transfers) {
        lks_transfer *transfer = link->free_transfers;

        link->free_transfers = transfer->next;
        lks_free(transfer);
    }
    if (link->mpi != MPI_COMM_NULL)
        MPI_Comm_free(&link->mpi);
    pthread_mutex_destroy(&link->lock);
    lks_free(link);
}

int lks_link_rank(const lks_link *link)
{
    return link->rank;
}

int lks_link_n_ranks(const lks_link *link)
{
    return link->n_ranks;
}

/* ---- under the lock ---- */

static lks_transfer *take_transfer(lks_link *link)
{
    lks_transfer *transfer = link->free_transfers;

    if (!transfer)
        return lks_calloc(1, sizeof *transfer);
    link->free_transfers = transfer->next;
    return transfer;
}

static void give_back(lks_link *link, lks_transfer *transfer)
{
    transfer->next = link->free_transfers;
    link->free_transfers = transfer;
}

/* ---- messages ---- */

static int tag_of(const lks_link *link, lks_route route)
{
    const int n = link->n_replicas;

    return (route.kind * n + route.from % n) * n + route.to % n;
}

/* Start with `bytes` coming, or going. */
static lks_status start(lks_link *link, lks_route route, void *bytes, size_t n_bytes,
                        bool comes, lks_transfer **out)
{
    const int tag = tag_of(link, route), n = (int)n_bytes;
    lks_transfer *transfer;
    int code;

    if (n_bytes > INT_MAX)
        return lks_fail(LKS_COMM, "%zu bytes are more than one MPI call takes", n_bytes);
    pthread_mutex_lock(&link->lock);
    transfer = take_transfer(link);
    code = !transfer ? MPI_SUCCESS
           : comes   ? MPI_Irecv(bytes, n, MPI_BYTE, route.from / link->n_replicas, tag,
                                 link->mpi, &transfer->mpi)
                     : MPI_Isend(bytes, n, MPI_BYTE, route.to / link->n_replicas, tag,
                                 link->mpi, &transfer->mpi);
    if (transfer && code != MPI_SUCCESS)
        give_back(link, transfer);
    pthread_mutex_unlock(&link->lock);
    if (!transfer)
        return LKS_NOMEM;
    *out = transfer;
    return check(code, comes ? "receive" : "send");
}

lks_status lks_link_send(lks_link *link, lks_route route, const void *bytes,
                         size_t n_bytes, lks_transfer **out)
{
    return start(link, route, (void *)(uintptr_t)bytes, n_bytes, false, out);
}

lks_status lks_link_receive(lks_link *link, lks_route route, void *bytes, size_t n_bytes,
                            lks_transfer **out)
{
    return start(link, route, bytes, n_bytes, true, out);
}

lks_status lks_link_test(lks_link *link, lks_transfer **transfer, bool *done)
{
    int complete = 0, code;

    pthread_mutex_lock(&link->lock);
    code = MPI_Test(&(*transfer)->mpi, &complete, MPI_STATUS_IGNORE);
    if (complete) {
        give_back(link, *transfer);
        *transfer = NULL;
    }
    pthread_mutex_unlock(&link->lock);
    *done = complete != 0;
    return check(code, "waiting for other ranks");
}
