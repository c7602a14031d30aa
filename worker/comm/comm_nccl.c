#include "worker/comm/comm_nccl.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "cuda/cuda.h"
#include "worker/comm/nccl_calls.h"

static const double end_s = 5; /* of a communicator that has nothing to do any more */

/* ---- requests ---- */

static lks_status take_request(lks_comm_nccl *self, lks_nccl_request_state state,
                               lks_request **out)
{
    lks_request *request = self->free_requests;

    if (request)
        self->free_requests = request->next;
    else if (!(request = lks_malloc(sizeof *request)))
        return LKS_NOMEM;
    *request = (lks_request){.state = state};
    *out = request;
    return LKS_OK;
}

static void give_back(lks_comm_nccl *self, lks_request **request)
{
    (*request)->next = self->free_requests;
    self->free_requests = *request;
    *request = NULL;
}

static void free_all(lks_request *request)
{
    while (request) {
        lks_request *next = request->next;

        lks_free(request);
        request = next;
    }
}

/* ---- what stands in the host's memory ---- */

static bool is_ours(const lks_view *values)
{
    return values->device.type == LKS_CUDA;
}

/* Hand out what the host's communicator has given. */
static lks_status hand_out(lks_comm_nccl *self, lks_request *given, lks_request **out)
{
    lks_request *request;

    LKS_TRY(take_request(self, LKS_NCCL_ON_HOST, &request));
    request->host = given;
    *out = request;
    return LKS_OK;
}

/* ---- what stands on the GPU ---- */

static lks_status check_device(const lks_comm_nccl *self, const lks_view *values)
{
    if (values->device.index == self->flight.device)
        return LKS_OK;
    return lks_fail(LKS_COMM, "values on cuda:%d, but the replica is on cuda:%d",
                    values->device.index, self->flight.device);
}

static void is_queued_as(lks_request *request, lks_nccl_op *op)
{
    request->state = LKS_NCCL_QUEUED;
    request->op = op;
    request->turn = op->turn;
}

/* Queue the messages that are planned. */
static lks_status flush(lks_comm_nccl *self)
{
    const lks_nccl_task exchange = {.kind = LKS_NCCL_EXCHANGE, .messages = self->planned};
    lks_nccl_op *op;

    if (!self->planned)
        return LKS_OK;
    LKS_TRY(lks_nccl_queue(self, &exchange, &op));
    for (lks_request *m = self->planned; m; m = m->next)
        is_queued_as(m, op);
    self->planned = NULL;
    self->last_planned = &self->planned;
    return LKS_OK;
}

static lks_status start(lks_comm_nccl *self, const lks_nccl_task *task, lks_request **out)
{
    lks_request *request = NULL;
    lks_nccl_op *op;
    lks_status st;

    LKS_TRY(check_device(self, task->values));
    LKS_TRY(flush(self));
    LKS_TRY(take_request(self, LKS_NCCL_QUEUED, &request));
    LKS_GO(lks_nccl_queue(self, task, &op));
    is_queued_as(request, op);
    *out = request;
    return LKS_OK;
cleanup:
    give_back(self, &request);
    return st;
}

static lks_status plan(lks_comm_nccl *self, bool is_sent, int peer,
                       const lks_view *values, lks_request **out)
{
    lks_request *request;

    LKS_TRY(check_device(self, values));
    LKS_TRY(take_request(self, LKS_NCCL_PLANNED, &request));
    request->is_sent = is_sent;
    request->peer = peer;
    request->data = values->data;
    request->n_bytes =
        (size_t)lks_view_count(values) * lks_dtype_size_bytes(values->dtype);
    *self->last_planned = request;
    self->last_planned = &request->next;
    *out = request;
    return LKS_OK;
}

/* ---- the operations ---- */

static lks_status nccl_all_reduce(lks_comm *comm, const lks_view *values,
                                  lks_request **out)
{
    lks_comm_nccl *self = (lks_comm_nccl *)comm;
    const lks_nccl_task task = {.kind = LKS_NCCL_ALL_REDUCE, .values = values};
    lks_request *given;

    LKS_TRY(lks_nccl_flight_check(&self->flight));
    if (is_ours(values))
        return start(self, &task, out);
    LKS_TRY(self->host->ops->all_reduce(self->host, values, &given));
    return hand_out(self, given, out);
}

static lks_status nccl_send(lks_comm *comm, int peer, int tag, const lks_view *values,
                            lks_request **out)
{
    lks_comm_nccl *self = (lks_comm_nccl *)comm;
    lks_request *given;

    LKS_TRY(lks_nccl_flight_check(&self->flight));
    if (is_ours(values))
        return plan(self, true, peer, values, out);
    LKS_TRY(self->host->ops->send(self->host, peer, tag, values, &given));
    return hand_out(self, given, out);
}

static lks_status nccl_receive(lks_comm *comm, int peer, int tag, lks_view *values,
                               lks_request **out)
{
    lks_comm_nccl *self = (lks_comm_nccl *)comm;
    lks_request *given;

    LKS_TRY(lks_nccl_flight_check(&self->flight));
    if (is_ours(values))
        return plan(self, false, peer, values, out);
    LKS_TRY(self->host->ops->receive(self->host, peer, tag, values, &given));
    return hand_out(self, given, out);
}

static bool is_empty(const size_t *counts, int size)
{
    for (int r = 0; r < size; r++)
        if (counts[r] > 0)
            return false;
    return true;
}

static lks_status nccl_all_gather(lks_comm *comm, const lks_view *values,
                                  const size_t *offsets, const size_t *counts,
                                  lks_request **out)
{
    lks_comm_nccl *self = (lks_comm_nccl *)comm;
    const lks_nccl_task task = {.kind = LKS_NCCL_ALL_GATHER,
                                .values = values,
                                .offsets = offsets,
                                .counts = counts};
    lks_request *given;

    LKS_TRY(lks_nccl_flight_check(&self->flight));
    *out = NULL;
    if (is_ours(values))
        return comm->size == 1 || is_empty(counts, comm->size) ? flush(self)
                                                               : start(self, &task, out);
    LKS_TRY(self->host->ops->all_gather(self->host, values, offsets, counts, &given));
    return hand_out(self, given, out);
}

static lks_status nccl_broadcast(lks_comm *comm, void *bytes, size_t n_bytes, int root,
                                 lks_request **out)
{
    lks_comm_nccl *self = (lks_comm_nccl *)comm;
    lks_request *given;

    LKS_TRY(lks_nccl_flight_check(&self->flight));
    LKS_TRY(self->host->ops->broadcast(self->host, bytes, n_bytes, root, &given));
    return hand_out(self, given, out);
}

static lks_status nccl_barrier(lks_comm *comm, lks_request **out)
{
    lks_comm_nccl *self = (lks_comm_nccl *)comm;
    lks_request *given;

    LKS_TRY(lks_nccl_flight_check(&self->flight));
    LKS_TRY(self->host->ops->barrier(self->host, &given));
    return hand_out(self, given, out);
}

/* ---- waiting ---- */

static bool is_over(const lks_request *request)
{
    return request->op->turn != request->turn ||
           cudaEventQuery(request->op->finished) != cudaErrorNotReady;
}

static lks_status nccl_test(lks_comm *comm, lks_request **request, int *done)
{
    lks_comm_nccl *self = (lks_comm_nccl *)comm;

    *done = 1;
    if (!*request)
        return LKS_OK;
    LKS_TRY(lks_nccl_flight_check(&self->flight));
    if ((*request)->state == LKS_NCCL_PLANNED)
        LKS_TRY(flush(self));
    if ((*request)->state == LKS_NCCL_ON_HOST)
        LKS_TRY(self->host->ops->test(self->host, &(*request)->host, done));
    else
        *done = is_over(*request);
    if (*done)
        give_back(self, request);
    return lks_nccl_flight_check(&self->flight);
}

/* Have the thread's queue wait; in the stream of our own it does already. */
static lks_status wait_in_queue(lks_comm_nccl *self, const lks_request *request)
{
    void *stream;

    if (self->is_aside || is_over(request))
        return LKS_OK;
    if (!(stream = lks_cuda_stream(self->flight.device)))
        return LKS_DEVICE;
    return lks_nccl_cuda(self->flight.device, "cudaStreamWaitEvent",
                         cudaStreamWaitEvent(stream, request->op->finished, 0));
}

static lks_status nccl_wait(lks_comm *comm, lks_request **request)
{
    lks_comm_nccl *self = (lks_comm_nccl *)comm;

    if (!*request)
        return LKS_OK;
    LKS_TRY(lks_nccl_flight_check(&self->flight));
    if ((*request)->state == LKS_NCCL_PLANNED)
        LKS_TRY(flush(self));
    if ((*request)->state == LKS_NCCL_ON_HOST)
        LKS_TRY(self->host->ops->wait(self->host, &(*request)->host));
    else
        LKS_TRY(wait_in_queue(self, *request));
    give_back(self, request);
    return lks_nccl_flight_check(&self->flight);
}

static lks_status nccl_check(lks_comm *comm)
{
    return lks_nccl_flight_check(&((lks_comm_nccl *)comm)->flight);
}

/* ---- the queue of its own ---- */

static lks_status nccl_aside(lks_comm *comm, lks_device device)
{
    lks_comm_nccl *self = (lks_comm_nccl *)comm;

    if (device.type != LKS_CUDA)
        return LKS_OK; /* there is no other queue there */
    LKS_TRY(flush(self));
    LKS_TRY(lks_nccl_follow_thread(self));
    LKS_TRY(lks_cuda_divert(self->flight.device, self->flight.stream));
    self->is_aside = true;
    return LKS_OK;
}

static lks_status nccl_back(lks_comm *comm)
{
    lks_comm_nccl *self = (lks_comm_nccl *)comm;
    lks_status st;

    if (!self->is_aside)
        return LKS_OK;
    st = flush(self);
    self->is_aside = false;
    LKS_TRY(lks_cuda_divert(self->flight.device, NULL));
    return st;
}

/* ---- beginning and end ---- */

lks_status lks_comm_nccl_find(void)
{
    const lks_nccl *nccl;

    return lks_nccl_load(&nccl);
}

/* The status socket says who is stuck: NCCL's own server for that, which all jobs of a
 * host share, stays away. On one host its processes meet without the network. */
void lks_comm_nccl_settle(bool one_host)
{
    setenv("NCCL_RAS_ENABLE", "0", false);
    if (one_host)
        setenv("NCCL_SOCKET_IFNAME", "lo", false);
}

static lks_status fail_to_start(const lks_comm_nccl *self, ncclResult_t result)
{
    const char *last = self->nccl->GetLastError(self->flight.comm);
    const bool has_last = last && *last;

    if (result == ncclInProgress)
        return lks_fail(LKS_DEVICE,
                        "NCCL on cuda:%d does not find the other replicas within %.0f s; "
                        "train.collectives: mpi goes without it",
                        self->flight.device, self->flight.timeout_s);
    return lks_fail(LKS_DEVICE,
                    "NCCL on cuda:%d does not start: %s%s%s; train.collectives: mpi goes "
                    "without it",
                    self->flight.device, self->nccl->GetErrorString(result),
                    has_last ? ": " : "", has_last ? last : "");
}

lks_status lks_comm_nccl_make_id(lks_comm *comm, lks_nccl_id *out)
{
    lks_comm_nccl *self = (lks_comm_nccl *)comm;
    ncclUniqueId id;
    const ncclResult_t result = self->nccl->GetUniqueId(&id);

    _Static_assert(sizeof *out == sizeof id, "an id fits");
    if (result != ncclSuccess)
        return fail_to_start(self, result);
    memcpy(out, &id, sizeof id);
    return LKS_OK;
}

lks_status lks_comm_nccl_join(lks_comm *comm, const lks_nccl_id *id)
{
    lks_comm_nccl *self = (lks_comm_nccl *)comm;
    ncclConfig_t config = NCCL_CONFIG_INITIALIZER;
    ncclUniqueId unique;
    ncclResult_t result;

    config.blocking = 0;
    memcpy(&unique, id, sizeof unique);
    if (!lks_cuda_stream(self->flight.device)) /* makes it the thread's device */
        return LKS_DEVICE;
    result = self->nccl->CommInitRankConfig(&self->flight.comm, comm->size, unique,
                                            comm->rank, &config);
    result = lks_nccl_poll(self, result, self->flight.timeout_s);
    if (result != ncclSuccess) {
        fail_to_start(self, result);
        if (self->flight.comm)
            self->nccl->CommAbort(self->flight.comm);
        return LKS_DEVICE;
    }
    self->has_joined = true;
    if (self->watch)
        lks_nccl_watch_add(self->watch, &self->flight);
    return LKS_OK;
}

/* In order with the others, or not at all. */
static void end_comm(lks_comm_nccl *self)
{
    ncclResult_t result = ncclRemoteError;

    cudaStreamSynchronize(self->flight.stream); /* the watch sees that it ends */
    if (self->watch && lks_nccl_watch_remove(self->watch, &self->flight))
        return; /* it was aborted */
    if (!atomic_load(&self->flight.has_failed))
        result = lks_nccl_poll(self, self->nccl->CommFinalize(self->flight.comm), end_s);
    if (result == ncclSuccess)
        self->nccl->CommDestroy(self->flight.comm);
    else
        self->nccl->CommAbort(self->flight.comm);
}

static void nccl_destroy(lks_comm *comm)
{
    lks_comm_nccl *self = (lks_comm_nccl *)comm;

    if (self->has_joined)
        end_comm(self);
    free_all(self->planned);
    free_all(self->free_requests);
    lks_nccl_flight_release(&self->flight);
    if (self->reached)
        cudaEventDestroy(self->reached);
    if (self->flight.stream)
        cudaStreamDestroy(self->flight.stream);
    lks_free(self);
}

static const lks_comm_ops nccl_ops = {
    .name = "nccl",
    .all_reduce = nccl_all_reduce,
    .send = nccl_send,
    .receive = nccl_receive,
    .all_gather = nccl_all_gather,
    .broadcast = nccl_broadcast,
    .barrier = nccl_barrier,
    .test = nccl_test,
    .wait = nccl_wait,
    .aside = nccl_aside,
    .back = nccl_back,
    .check = nccl_check,
    .destroy = nccl_destroy,
};

/* What goes between GPUs goes first: others wait for it. */
static lks_status create_stream(lks_comm_nccl *self)
{
    const int device = self->flight.device;
    int least, greatest;

    if (!lks_cuda_stream(device)) /* makes it the thread's device */
        return LKS_DEVICE;
    LKS_TRY(lks_nccl_cuda(device, "cudaDeviceGetStreamPriorityRange",
                          cudaDeviceGetStreamPriorityRange(&least, &greatest)));
    LKS_TRY(
        lks_nccl_cuda(device, "cudaEventCreateWithFlags",
                      cudaEventCreateWithFlags(&self->reached, cudaEventDisableTiming)));
    return lks_nccl_cuda(device, "cudaStreamCreateWithPriority",
                         cudaStreamCreateWithPriority(&self->flight.stream,
                                                      cudaStreamNonBlocking, greatest));
}

lks_status lks_comm_nccl_create(const lks_comm_nccl_options *options, lks_comm **out)
{
    lks_comm_nccl *self = lks_calloc(1, sizeof *self);
    lks_status st;

    if (!self)
        return LKS_NOMEM;
    self->base = (lks_comm){
        .ops = &nccl_ops, .rank = options->host->rank, .size = options->host->size};
    self->host = options->host;
    self->watch = options->watch;
    self->last_planned = &self->planned;
    self->flight.device = options->device;
    self->flight.timeout_s = options->timeout_s;
    self->flight.on_stuck = options->on_stuck;
    self->flight.context = options->context;
    lks_nccl_flight_init(&self->flight);
    LKS_GO(lks_nccl_load(&self->nccl));
    self->flight.nccl = self->nccl;
    LKS_GO(create_stream(self));
    *out = &self->base;
    self = NULL;
cleanup:
    if (self)
        nccl_destroy(&self->base);
    return st;
}
