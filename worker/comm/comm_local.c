/* The communicator of replicas: pairs of one process exchange letters (mail.h), pairs of
 * two go through the link (link_mpi.h), and collectives are made of pairs (parts.h).
 *
 * Between processes a number is sent once to each: to the replica there that has the same
 * number in its process, which passes it on. */
#include "worker/comm/comm_local.h"

#include "base/alloc.h"
#include "base/try.h"
#include "device.h"
#include "kernels.h"
#include "worker/comm/parts.h"

enum { N_SPINS = 256 };

static int number(const lks_comm_local *self, int process, int replica)
{
    return process * self->n_replicas + replica;
}

static int add_send(lks_comm_local *self, lks_request *request, int peer, lks_view values,
                    int after)
{
    return lks_parts_add(self, request,
                         (lks_part){.kind = LKS_PART_SEND,
                                    .peer = peer,
                                    .route_kind = LKS_PART_COLLECTIVE,
                                    .after = after,
                                    .values = values});
}

static int add_receive(lks_comm_local *self, lks_request *request, int peer,
                       lks_view values)
{
    return lks_parts_add(self, request,
                         (lks_part){.kind = LKS_PART_RECEIVE,
                                    .peer = peer,
                                    .route_kind = LKS_PART_COLLECTIVE,
                                    .after = LKS_PART_NONE,
                                    .values = values});
}

/* ---- waiting ---- */

static lks_status local_test(lks_comm *comm, lks_request **request, int *done)
{
    lks_comm_local *self = (lks_comm_local *)comm;

    *done = 1;
    if (!*request)
        return LKS_OK;
    LKS_TRY(lks_parts_advance(self));
    *done = lks_parts_are_done(*request);
    if (*done)
        lks_parts_end(self, request);
    return LKS_OK;
}

/* The link rings no bell: it is asked again and again, after a while with naps between.
 * No yields, of which comm_mpi.c tells what they do to others: here, where threads wait
 * for each other's turns at the link as well, these stood still for ten seconds. */
static void rest(lks_comm_local *self, uint32_t bell, int64_t tries)
{
    if (!self->link)
        lks_mail_wait(self->mail, self->replica, bell);
    else if (tries >= N_SPINS)
        lks_mail_nap();
}

static lks_status local_wait(lks_comm *comm, lks_request **request)
{
    lks_comm_local *self = (lks_comm_local *)comm;
    int done = 0;

    for (int64_t tries = 0; !done; tries++) {
        const uint32_t bell = lks_mail_bell(self->mail, self->replica);

        LKS_TRY(local_test(comm, request, &done));
        if (!done)
            rest(self, bell, tries);
    }
    return LKS_OK;
}

/* ---- the operations ---- */

static lks_status local_send(lks_comm *comm, int peer, int tag, const lks_view *values,
                             lks_request **out)
{
    lks_comm_local *self = (lks_comm_local *)comm;
    lks_request *request;

    (void)tag;
    LKS_TRY(lks_parts_take(self, 1, &request));
    lks_parts_add(self, request,
                  (lks_part){.kind = LKS_PART_SEND,
                             .peer = peer,
                             .route_kind = LKS_PART_MESSAGE,
                             .after = LKS_PART_NONE,
                             .values = *values});
    return lks_parts_start(self, request, out);
}

static lks_status local_receive(lks_comm *comm, int peer, int tag, lks_view *values,
                                lks_request **out)
{
    lks_comm_local *self = (lks_comm_local *)comm;
    lks_request *request;

    (void)tag;
    LKS_TRY(lks_parts_take(self, 1, &request));
    lks_parts_add(self, request,
                  (lks_part){.kind = LKS_PART_RECEIVE,
                             .peer = peer,
                             .route_kind = LKS_PART_MESSAGE,
                             .after = LKS_PART_NONE,
                             .values = *values,
                             .caller = values});
    return lks_parts_start(self, request, out);
}

/* Where everybody's parts stand. */
typedef struct layout {
    const lks_view *values;
    const size_t *offsets, *counts;
} layout;

static lks_view part_of(const layout *l, int rank)
{
    return lks_view_part(l->values, l->offsets[rank], l->counts[rank]);
}

/* Parts of an all-gather, ours being there when part `after` is done: to and from our
 * like in the other processes; then within ours first everyone's own, then what each has
 * from the others, process by process. */
static void plan_all_gather(lks_comm_local *self, lks_request *request, const layout *l,
                            int after)
{
    const int first_far = request->n_parts;

    for (int p = 0; p < self->n_processes; p++) {
        const int like = number(self, p, self->replica);

        if (p == self->process)
            continue;
        add_receive(self, request, like, part_of(l, like));
        add_send(self, request, like, part_of(l, self->base.rank), after);
    }
    for (int hop = 1; hop < self->n_replicas; hop++) {
        const int i = (self->replica + hop) % self->n_replicas;
        const int near = number(self, self->process, i);
        int far = first_far;

        add_send(self, request, near, part_of(l, self->base.rank), after);
        add_receive(self, request, near, part_of(l, near));
        for (int p = 0; p < self->n_processes; p++) {
            if (p == self->process)
                continue;
            add_send(self, request, near, part_of(l, number(self, p, self->replica)),
                     far);
            add_receive(self, request, near, part_of(l, number(self, p, i)));
            far += 2;
        }
    }
}

static int n_parts_of_all_gather(const lks_comm_local *self)
{
    return 2 * (self->base.size - 1);
}

static lks_status local_all_gather(lks_comm *comm, const lks_view *values,
                                   const size_t *offsets, const size_t *counts,
                                   lks_request **out)
{
    lks_comm_local *self = (lks_comm_local *)comm;
    const layout l = {values, offsets, counts};
    lks_request *request;

    LKS_TRY(lks_parts_take(self, n_parts_of_all_gather(self), &request));
    plan_all_gather(self, request, &l, LKS_PART_NONE);
    return lks_parts_start(self, request, out);
}

/* To our like in each process, and from there to its replicas. */
static lks_status local_broadcast(lks_comm *comm, void *bytes, size_t n_bytes, int root,
                                  lks_request **out)
{
    lks_comm_local *self = (lks_comm_local *)comm;
    const lks_view values = lks_view_flat(lks_cpu, bytes, LKS_U8, n_bytes);
    const int source = number(self, self->process, root % self->n_replicas);
    lks_request *request;
    int after = LKS_PART_NONE;

    LKS_TRY(lks_parts_take(self, comm->size + 1, &request));
    if (comm->rank == root)
        for (int p = 0; p < self->n_processes; p++)
            if (p != self->process)
                add_send(self, request, number(self, p, self->replica), values,
                         LKS_PART_NONE);
    if (comm->rank != root)
        after = add_receive(self, request, comm->rank == source ? root : source, values);
    if (comm->rank == source)
        for (int i = 0; i < self->n_replicas; i++)
            if (i != self->replica)
                add_send(self, request, number(self, self->process, i), values, after);
    return lks_parts_start(self, request, out);
}

static lks_status local_barrier(lks_comm *comm, lks_request **out)
{
    const lks_view nothing = lks_view_flat(lks_cpu, NULL, LKS_U8, 0);
    size_t *zeros = lks_calloc((size_t)comm->size, sizeof *zeros);
    lks_status st = LKS_NOMEM;

    if (zeros)
        st = local_all_gather(comm, &nothing, zeros, zeros, out);
    lks_free(zeros);
    return st;
}

/* ---- all_reduce: the slices to their owners, who add them up and spread them ---- */

/* Room for what the others send of our slice, where their own memory is out of reach. */
static lks_status make_room(lks_comm_local *self, lks_request *request, size_t n)
{
    const lks_device device = request->sum.device;
    const size_t size = (size_t)self->base.size;
    const bool needs_room = self->link || !lks_device_kernels(device)->host_reads;
    void *block = NULL;

    if (!request->received)
        request->received = lks_calloc(size, sizeof *request->received);
    if (!request->received)
        return LKS_NOMEM;
    if (needs_room && n > 0) {
        block = lks_device_kernels(device)->alloc(device.index, size * n * sizeof(float));
        if (!block)
            return LKS_NOMEM;
        request->scratch = lks_view_flat(device, block, LKS_F32, size * n);
    }
    for (size_t r = 0; r < size; r++)
        request->received[r] =
            lks_view_flat(device, block ? (float *)block + r * n : NULL, LKS_F32, n);
    return LKS_OK;
}

static void plan_all_reduce(lks_comm_local *self, lks_request *request, const layout *l)
{
    int add;

    for (int peer = 0; peer < self->base.size; peer++) {
        if (peer == self->base.rank)
            continue;
        add_send(self, request, peer, part_of(l, peer), LKS_PART_NONE);
        add = add_receive(self, request, peer, request->received[peer]);
        request->parts[add].caller = &request->received[peer];
    }
    add = lks_parts_add(self, request, (lks_part){.kind = LKS_PART_ADD});
    plan_all_gather(self, request, l, add);
}

static lks_status local_all_reduce(lks_comm *comm, const lks_view *values,
                                   lks_request **out)
{
    lks_comm_local *self = (lks_comm_local *)comm;
    const size_t size = (size_t)comm->size, n = (size_t)values->sizes[0];
    size_t *slices = lks_calloc(2 * size, sizeof *slices);
    const layout l = {values, slices, slices + size};
    lks_request *request;
    lks_status st = LKS_NOMEM;

    if (!slices)
        goto cleanup;
    for (size_t r = 0; r < size; r++) {
        slices[r] = n * r / size;
        slices[size + r] = n * (r + 1) / size - slices[r];
    }
    LKS_GO(lks_parts_take(self, 2 * n_parts_of_all_gather(self) + 1, &request));
    request->sum = part_of(&l, comm->rank);
    st = make_room(self, request, slices[size + (size_t)comm->rank]);
    if (st != LKS_OK) {
        lks_parts_drop(self, request);
        goto cleanup;
    }
    plan_all_reduce(self, request, &l);
    st = lks_parts_start(self, request, out);
cleanup:
    lks_free(slices);
    return st;
}

/* ---- beginning and end ---- */

static void local_destroy(lks_comm *comm)
{
    lks_comm_local *self = (lks_comm_local *)comm;

    lks_parts_release(self);
    lks_free(self->ways);
    lks_free(self);
}

static const lks_comm_ops local_ops = {
    .name = "local",
    .all_reduce = local_all_reduce,
    .send = local_send,
    .receive = local_receive,
    .all_gather = local_all_gather,
    .broadcast = local_broadcast,
    .barrier = local_barrier,
    .test = local_test,
    .wait = local_wait,
    .destroy = local_destroy,
};

lks_status lks_comm_local_create(lks_mail *mail, lks_link *link, int replica,
                                 lks_comm **out)
{
    lks_comm_local *self = lks_calloc(1, sizeof *self);

    if (!self)
        return LKS_NOMEM;
    self->mail = mail;
    self->link = link;
    self->n_replicas = lks_mail_size(mail);
    self->replica = replica;
    self->process = link ? lks_link_rank(link) : 0;
    self->n_processes = link ? lks_link_n_ranks(link) : 1;
    self->last = &self->started;
    self->base = (lks_comm){.ops = &local_ops,
                            .rank = number(self, self->process, replica),
                            .size = self->n_processes * self->n_replicas};
    self->ways =
        lks_calloc((size_t)self->base.size * LKS_MAIL_KINDS * 2, sizeof(lks_way));
    if (!self->ways) {
        lks_free(self);
        return LKS_NOMEM;
    }
    *out = &self->base;
    return LKS_OK;
}
