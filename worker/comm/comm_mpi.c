/* The communicator over MPI's nonblocking operations. */
#include "worker/comm/comm_mpi.h"

#include <limits.h>
#include <mpi.h>
#include <sched.h>
#include <time.h>

#include "base/alloc.h"
#include "base/try.h"
#include "worker/comm/staging.h"

enum {
    N_SPINS = 512, /* some 50 us */
    N_YIELDS = 64,
    NAP_NS = 20000, /* the kernel makes it some 80 us */
};

struct lks_request {
    MPI_Request mpi;
    lks_request *next; /* in the free list */
    int *layout;       /* all_gather: counts[size], offsets[size], in use until it ends */
    lks_staging staging;
    bool is_staged, writes; /* `staging` is open; MPI writes into it */
};

typedef struct comm_mpi {
    lks_comm base;
    MPI_Comm mpi;
    lks_request *free_requests; /* a step starts as many as the one before */
} comm_mpi;

static lks_status check(int code, const char *what)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;

    if (code == MPI_SUCCESS)
        return LKS_OK;
    MPI_Error_string(code, text, &length);
    return lks_fail(LKS_COMM, "%s: %s", what, text);
}

static lks_status check_count(size_t n, const char *what)
{
    if (n <= INT_MAX)
        return LKS_OK;
    return lks_fail(LKS_COMM, "%s: %zu items are more than one MPI call takes", what, n);
}

static lks_status check_view(const lks_view *values, const char *what)
{
    return check_count((size_t)values->sizes[0], what);
}

static void give_back(comm_mpi *comm, lks_request **request)
{
    (*request)->next = comm->free_requests;
    comm->free_requests = *request;
    *request = NULL;
}

static lks_status take_request(comm_mpi *comm, lks_request **out)
{
    lks_request *request = comm->free_requests;

    if (request)
        comm->free_requests = request->next;
    else if (!(request = lks_calloc(1, sizeof *request)))
        return LKS_NOMEM;
    request->mpi = MPI_REQUEST_NULL;
    request->is_staged = false;
    *out = request;
    return LKS_OK;
}

/* A request for an operation on `values` [n], of which MPI reads or writes the host's
 * side. */
static lks_status take_request_for(comm_mpi *comm, const lks_view *values, bool reads,
                                   bool writes, lks_request **out)
{
    lks_request *request = NULL;
    lks_status st;

    LKS_GO(take_request(comm, &request));
    LKS_GO(lks_staging_open(&request->staging, values, reads));
    request->is_staged = true;
    request->writes = writes;
    *out = request;
    request = NULL;
cleanup:
    if (request)
        give_back(comm, &request);
    return st;
}

/* The request's operation is over, well or not. */
static lks_status conclude(comm_mpi *comm, lks_request **request, lks_status st)
{
    lks_status closed = LKS_OK;

    if ((*request)->is_staged)
        closed =
            lks_staging_close(&(*request)->staging, st == LKS_OK && (*request)->writes);
    give_back(comm, request);
    return st == LKS_OK ? closed : st;
}

/* Hand out the request that an MPI call with result `code` started. */
static lks_status started(comm_mpi *comm, lks_request *request, int code,
                          const char *what, lks_request **out)
{
    if (code != MPI_SUCCESS)
        return conclude(comm, &request, check(code, what));
    *out = request;
    return LKS_OK;
}

static lks_status mpi_all_reduce(lks_comm *comm, const lks_view *values,
                                 lks_request **out)
{
    comm_mpi *self = (comm_mpi *)comm;
    lks_request *request;

    LKS_TRY(check_view(values, "all-reduce"));
    LKS_TRY(take_request_for(self, values, true, true, &request));
    return started(self, request,
                   MPI_Iallreduce(MPI_IN_PLACE, request->staging.host,
                                  (int)values->sizes[0], MPI_FLOAT, MPI_SUM, self->mpi,
                                  &request->mpi),
                   "all-reduce", out);
}

static lks_status mpi_send(lks_comm *comm, int peer, int tag, const lks_view *values,
                           lks_request **out)
{
    comm_mpi *self = (comm_mpi *)comm;
    lks_request *request;

    LKS_TRY(check_view(values, "send"));
    LKS_TRY(take_request_for(self, values, true, false, &request));
    return started(self, request,
                   MPI_Isend(request->staging.host, (int)values->sizes[0], MPI_FLOAT,
                             peer, tag, self->mpi, &request->mpi),
                   "send", out);
}

static lks_status mpi_receive(lks_comm *comm, int peer, int tag, lks_view *values,
                              lks_request **out)
{
    comm_mpi *self = (comm_mpi *)comm;
    lks_request *request;

    LKS_TRY(check_view(values, "receive"));
    LKS_TRY(take_request_for(self, values, false, true, &request));
    return started(self, request,
                   MPI_Irecv(request->staging.host, (int)values->sizes[0], MPI_FLOAT,
                             peer, tag, self->mpi, &request->mpi),
                   "receive", out);
}

static lks_status fill_layout(lks_comm *comm, size_t element_bytes, const size_t *offsets,
                              const size_t *counts, int *layout)
{
    for (int r = 0; r < comm->size; r++) {
        LKS_TRY(check_count(counts[r] * element_bytes, "all-gather"));
        LKS_TRY(check_count(offsets[r] * element_bytes, "all-gather"));
        layout[r] = (int)(counts[r] * element_bytes);
        layout[comm->size + r] = (int)(offsets[r] * element_bytes);
    }
    return LKS_OK;
}

static lks_status mpi_all_gather(lks_comm *comm, const lks_view *values,
                                 const size_t *offsets, const size_t *counts,
                                 lks_request **out)
{
    comm_mpi *self = (comm_mpi *)comm;
    const size_t element_bytes = lks_dtype_size_bytes(values->dtype);
    lks_request *request = NULL;
    lks_status st;

    LKS_TRY(take_request_for(self, values, true, true, &request));
    if (!request->layout)
        request->layout = lks_calloc(2 * (size_t)comm->size, sizeof *request->layout);
    if (!request->layout)
        LKS_GO(LKS_NOMEM);
    LKS_GO(fill_layout(comm, element_bytes, offsets, counts, request->layout));
    LKS_GO(
        check(MPI_Iallgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, request->staging.host,
                              request->layout, request->layout + comm->size, MPI_BYTE,
                              self->mpi, &request->mpi),
              "all-gather"));
    *out = request;
    return LKS_OK;
cleanup:
    return conclude(self, &request, st);
}

static lks_status mpi_broadcast(lks_comm *comm, void *bytes, size_t n_bytes, int root,
                                lks_request **out)
{
    comm_mpi *self = (comm_mpi *)comm;
    lks_request *request;

    LKS_TRY(check_count(n_bytes, "broadcast"));
    LKS_TRY(take_request(self, &request));
    return started(
        self, request,
        MPI_Ibcast(bytes, (int)n_bytes, MPI_BYTE, root, self->mpi, &request->mpi),
        "broadcast", out);
}

static lks_status mpi_barrier(lks_comm *comm, lks_request **out)
{
    comm_mpi *self = (comm_mpi *)comm;
    lks_request *request;

    LKS_TRY(take_request(self, &request));
    return started(self, request, MPI_Ibarrier(self->mpi, &request->mpi), "barrier", out);
}

static lks_status mpi_test(lks_comm *comm, lks_request **request, int *done)
{
    comm_mpi *self = (comm_mpi *)comm;
    int complete = 1;

    if (*request) {
        int code = MPI_Test(&(*request)->mpi, &complete, MPI_STATUS_IGNORE);

        if (complete || code != MPI_SUCCESS)
            LKS_TRY(conclude(self, request, check(code, "waiting for other ranks")));
    }
    *done = complete;
    return LKS_OK;
}

/* Not MPI_Wait: after a short spin the core is left to whoever else wants it, so that
 * this rank's loader, its reporter and ranks beyond the number of cores go on. A yield
 * hands over fastest, but it counts as a turn taken: ranks that do nothing else put each
 * other so far behind that Linux (seen with 6.18) kept other processes from the core for
 * seconds. A nap settles that. */
static lks_status mpi_wait(lks_comm *comm, lks_request **request)
{
    const struct timespec nap = {.tv_nsec = NAP_NS};
    int done = 0;

    for (int64_t tries = 0; !done; tries++) {
        LKS_TRY(mpi_test(comm, request, &done));
        if (done || tries < N_SPINS)
            continue;
        if (tries < N_SPINS + N_YIELDS)
            sched_yield();
        else
            nanosleep(&nap, NULL);
    }
    return LKS_OK;
}

static void mpi_destroy(lks_comm *comm)
{
    comm_mpi *self = (comm_mpi *)comm;

    while (self->free_requests) {
        lks_request *request = self->free_requests;

        self->free_requests = request->next;
        lks_free(request->layout);
        lks_free(request);
    }
    MPI_Comm_free(&self->mpi);
    lks_free(self);
}

static const lks_comm_ops mpi_ops = {
    .name = "mpi",
    .all_reduce = mpi_all_reduce,
    .send = mpi_send,
    .receive = mpi_receive,
    .all_gather = mpi_all_gather,
    .broadcast = mpi_broadcast,
    .barrier = mpi_barrier,
    .test = mpi_test,
    .wait = mpi_wait,
    .destroy = mpi_destroy,
};

lks_status lks_comm_mpi_create(lks_comm **out)
{
    comm_mpi *self = lks_calloc(1, sizeof *self);
    lks_status st;

    if (!self)
        return LKS_NOMEM;
    self->base.ops = &mpi_ops;
    self->mpi = MPI_COMM_NULL;
    LKS_GO(check(MPI_Comm_dup(MPI_COMM_WORLD, &self->mpi), "duplicating the world"));
    LKS_GO(check(MPI_Comm_set_errhandler(self->mpi, MPI_ERRORS_RETURN), "error handler"));
    LKS_GO(check(MPI_Comm_rank(self->mpi, &self->base.rank), "own rank"));
    LKS_GO(check(MPI_Comm_size(self->mpi, &self->base.size), "world size"));
    *out = &self->base;
    self = NULL;
cleanup:
    if (self && self->mpi != MPI_COMM_NULL)
        MPI_Comm_free(&self->mpi);
    lks_free(self);
    return st;
}
