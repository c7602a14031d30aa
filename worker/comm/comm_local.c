/* The communicator of replicas: pairs of one process exchange letters (mail.h), pairs of
 * two go through the link (link_mpi.h), and collectives are made of pairs.
 *
 * An operation is a list of parts: to send, to receive, to add. A part may wait for one
 * before it, and parts between one pair go in the order in which they stand: those of one
 * operation as listed, those of several as these were started. Whoever tests or waits
 * takes all parts of all operations as far as they go, so nobody waits for a replica
 * that waits for something else.
 *
 * Between processes a number is sent once to each: to the replica there that has the same
 * number in its process, which passes it on. */
#include "worker/comm/comm.h"

#include "base/alloc.h"
#include "base/try.h"
#include "device.h"
#include "kernels.h"
#include "worker/comm/link_mpi.h"
#include "worker/comm/mail.h"
#include "worker/comm/staging.h"

enum { MESSAGE, COLLECTIVE }; /* kinds of routes */
enum { N_SPINS = 256, NONE = -1 };

typedef enum part_kind { SEND, RECEIVE, ADD } part_kind;

typedef struct part {
    part_kind kind;
    bool is_open, is_done; /* its message is under way; is over */
    int peer, route_kind;
    int after;     /* the part that it waits for, or NONE */
    uint64_t turn; /* among those that go the same way */
    lks_view values;
    lks_view *caller; /* of a receive that may be aimed at the sender's memory */
    lks_transfer *transfer;
    lks_staging staging;
} part;

struct lks_request {
    lks_request *next; /* of the started ones in their order, or of the free ones */
    part *parts;
    int n_parts, capacity, n_done;
    /* all_reduce: own slice, and where the others' of it stand */
    lks_view sum, scratch, *received; /* [size] */
};

/* Messages to or from a peer of one kind. */
typedef struct way {
    uint64_t n_planned, n_opened;
} way;

typedef struct comm_local {
    lks_comm base;
    lks_mail *mail;
    lks_link *link; /* NULL: one process */
    int n_replicas, replica, process, n_processes;
    way *ways; /* [size] by peer, of [kind][comes] */
    lks_request *started, **last, *free_requests;
} comm_local;

static way *way_of(comm_local *self, int peer, int route_kind, bool comes)
{
    return &self->ways[(peer * LKS_MAIL_KINDS + route_kind) * 2 + comes];
}

static bool is_near(const comm_local *self, int peer)
{
    return peer / self->n_replicas == self->process;
}

static int number(const comm_local *self, int process, int replica)
{
    return process * self->n_replicas + replica;
}

static size_t bytes_of(const lks_view *values)
{
    return (size_t)lks_view_count(values) * lks_dtype_size_bytes(values->dtype);
}

/* ---- requests ---- */

static void release_scratch(lks_request *request)
{
    const lks_view *scratch = &request->scratch;

    if (scratch->data)
        lks_device_kernels(scratch->device)
            ->free(scratch->device.index, scratch->data, bytes_of(scratch));
    request->scratch.data = NULL;
}

static void keep_for_later(comm_local *self, lks_request *request)
{
    release_scratch(request);
    request->next = self->free_requests;
    self->free_requests = request;
}

static lks_status take_request(comm_local *self, int n_parts, lks_request **out)
{
    lks_request *request = self->free_requests;

    if (request)
        self->free_requests = request->next;
    else if (!(request = lks_calloc(1, sizeof *request)))
        return LKS_NOMEM;
    if (request->capacity < n_parts) {
        lks_free(request->parts);
        request->parts = lks_calloc((size_t)n_parts, sizeof(part));
        request->capacity = request->parts ? n_parts : 0;
    }
    request->n_parts = request->n_done = 0;
    request->scratch.data = NULL;
    if (request->capacity < n_parts) {
        keep_for_later(self, request);
        return LKS_NOMEM;
    }
    *out = request;
    return LKS_OK;
}

static void give_back(comm_local *self, lks_request **request)
{
    lks_request **at = &self->started;

    while (*at != *request)
        at = &(*at)->next;
    *at = (*request)->next;
    if (self->last == &(*request)->next)
        self->last = at;
    keep_for_later(self, *request);
    *request = NULL;
}

/* The next part of the request; gives its index. */
static int add_part(comm_local *self, lks_request *request, part what)
{
    way *w = what.kind == ADD
                 ? NULL
                 : way_of(self, what.peer, what.route_kind, what.kind == RECEIVE);

    if (w)
        what.turn = w->n_planned++;
    request->parts[request->n_parts] = what;
    return request->n_parts++;
}

static int add_send(comm_local *self, lks_request *request, int peer, lks_view values,
                    int after)
{
    return add_part(self, request,
                    (part){.kind = SEND,
                           .peer = peer,
                           .route_kind = COLLECTIVE,
                           .after = after,
                           .values = values});
}

static int add_receive(comm_local *self, lks_request *request, int peer, lks_view values)
{
    return add_part(self, request,
                    (part){.kind = RECEIVE,
                           .peer = peer,
                           .route_kind = COLLECTIVE,
                           .after = NONE,
                           .values = values});
}

/* ---- a part's way, between processes ---- */

static lks_status open_far(comm_local *self, part *p)
{
    const bool comes = p->kind == RECEIVE;
    const int own = self->base.rank;
    const lks_route route = {p->route_kind, comes ? p->peer : own, comes ? own : p->peer};
    const size_t n_bytes = bytes_of(&p->values);
    lks_status st;

    LKS_TRY(lks_staging_open(&p->staging, &p->values, !comes));
    st = comes
             ? lks_link_receive(self->link, route, p->staging.host, n_bytes, &p->transfer)
             : lks_link_send(self->link, route, p->staging.host, n_bytes, &p->transfer);
    if (st != LKS_OK)
        (void)lks_staging_close(&p->staging, false);
    return st;
}

static lks_status follow_far(comm_local *self, part *p)
{
    LKS_TRY(lks_link_test(self->link, &p->transfer, &p->is_done));
    return p->is_done ? lks_staging_close(&p->staging, p->kind == RECEIVE) : LKS_OK;
}

/* ---- within the process ---- */

static lks_route route_to(const comm_local *self, const part *p)
{
    return (lks_route){p->route_kind, self->replica, p->peer % self->n_replicas};
}

static lks_route route_from(const comm_local *self, const part *p)
{
    return (lks_route){p->route_kind, p->peer % self->n_replicas, self->replica};
}

static lks_status post(comm_local *self, part *p)
{
    const lks_device device = p->values.device;
    lks_letter letter = {.values = p->values};

    LKS_TRY(lks_device_kernels(device)->mark(device.index, &letter.mark));
    return lks_mail_post(self->mail, route_to(self, p), &letter);
}

static lks_status see_it_taken(comm_local *self, part *p)
{
    const lks_device device = p->values.device;
    lks_mark mark;

    if (!lks_mail_is_taken(self->mail, route_to(self, p), p->turn, &mark))
        return LKS_OK;
    p->is_done = true;
    return lks_device_kernels(device)->await(device.index, &mark);
}

/* Whether kernels of one device may work on the other's memory. */
static bool reaches(lks_device device, lks_device other)
{
    return device.index == other.index || lks_device_kernels(device)->host_reads;
}

static lks_status read_letter(part *p, const lks_letter *letter, lks_mark *mark)
{
    const lks_view *from = &letter->values, *to = &p->values;
    const lks_kernels *kernels = lks_device_kernels(to->device);
    const size_t n_bytes = bytes_of(to);

    if (bytes_of(from) != n_bytes)
        return lks_fail(LKS_COMM, "a message of %zu bytes, %zu expected", bytes_of(from),
                        n_bytes);
    if (from->device.type != to->device.type)
        return lks_fail(LKS_COMM, "a message between devices of two types");
    LKS_TRY(kernels->await(to->device.index, &letter->mark));
    if (p->caller && reaches(to->device, from->device))
        p->caller->data = from->data;
    else if (n_bytes > 0)
        LKS_TRY(kernels->copy_across(to->device.index, to->data, from->device.index,
                                     from->data, n_bytes));
    return kernels->mark(to->device.index, mark);
}

static lks_status receive_near(comm_local *self, part *p)
{
    const lks_route route = route_from(self, p);
    lks_letter letter;
    lks_mark mark;

    if (!lks_mail_look(self->mail, route, p->turn, &letter))
        return LKS_OK;
    LKS_TRY(read_letter(p, &letter, &mark));
    lks_mail_take(self->mail, route, &mark);
    p->is_done = true;
    return LKS_OK;
}

/* ---- progress ---- */

/* What the others sent of our slice, in their order. */
static lks_status add_up(comm_local *self, lks_request *request, part *p)
{
    const lks_view *sum = &request->sum;

    for (const part *before = request->parts; before < p; before++)
        if (before->kind == RECEIVE && !before->is_done)
            return LKS_OK;
    for (int peer = 0; peer < self->base.size; peer++)
        if (peer != self->base.rank)
            LKS_TRY(lks_device_kernels(sum->device)
                        ->binary(LKS_BINARY_add, sum, &request->received[peer], sum));
    p->is_done = true;
    return LKS_OK;
}

static lks_status open_part(comm_local *self, part *p)
{
    way *w = way_of(self, p->peer, p->route_kind, p->kind == RECEIVE);

    if (w->n_opened != p->turn)
        return LKS_OK;
    if (!is_near(self, p->peer))
        LKS_TRY(open_far(self, p));
    else if (p->kind == SEND)
        LKS_TRY(post(self, p));
    w->n_opened++;
    p->is_open = true;
    return LKS_OK;
}

static lks_status advance_part(comm_local *self, lks_request *request, part *p)
{
    if (p->kind == ADD)
        return add_up(self, request, p);
    if (p->after != NONE && !request->parts[p->after].is_done)
        return LKS_OK;
    if (!p->is_open)
        LKS_TRY(open_part(self, p));
    if (!p->is_open)
        return LKS_OK;
    if (!is_near(self, p->peer))
        return follow_far(self, p);
    return p->kind == SEND ? see_it_taken(self, p) : receive_near(self, p);
}

static lks_status advance(comm_local *self, lks_request *request)
{
    for (int i = 0; i < request->n_parts; i++) {
        part *p = &request->parts[i];

        if (p->is_done)
            continue;
        LKS_TRY(advance_part(self, request, p));
        request->n_done += p->is_done;
    }
    return LKS_OK;
}

static bool is_complete(const lks_request *request)
{
    return request->n_done == request->n_parts;
}

static lks_status advance_all(comm_local *self)
{
    for (lks_request *request = self->started; request; request = request->next)
        if (!is_complete(request))
            LKS_TRY(advance(self, request));
    if (lks_mail_has_failed(self->mail))
        return lks_fail(LKS_COMM, "another replica of this process has failed");
    return LKS_OK;
}

static lks_status start(comm_local *self, lks_request *request, lks_request **out)
{
    request->next = NULL;
    *self->last = request;
    self->last = &request->next;
    *out = request;
    return advance(self, request);
}

static lks_status local_test(lks_comm *comm, lks_request **request, int *done)
{
    comm_local *self = (comm_local *)comm;

    *done = 1;
    if (!*request)
        return LKS_OK;
    LKS_TRY(advance_all(self));
    *done = is_complete(*request);
    if (*done)
        give_back(self, request);
    return LKS_OK;
}

/* The link rings no bell: it is asked again and again, after a while with naps between.
 * No yields, of which comm_mpi.c tells what they do to others: here, where threads wait
 * for each other's turns at the link as well, these stood still for ten seconds. */
static void rest(comm_local *self, uint32_t bell, int64_t tries)
{
    if (!self->link)
        lks_mail_wait(self->mail, self->replica, bell);
    else if (tries >= N_SPINS)
        lks_mail_nap();
}

static lks_status local_wait(lks_comm *comm, lks_request **request)
{
    comm_local *self = (comm_local *)comm;
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
    comm_local *self = (comm_local *)comm;
    lks_request *request;

    (void)tag;
    LKS_TRY(take_request(self, 1, &request));
    add_part(self, request,
             (part){.kind = SEND,
                    .peer = peer,
                    .route_kind = MESSAGE,
                    .after = NONE,
                    .values = *values});
    return start(self, request, out);
}

static lks_status local_receive(lks_comm *comm, int peer, int tag, lks_view *values,
                                lks_request **out)
{
    comm_local *self = (comm_local *)comm;
    lks_request *request;

    (void)tag;
    LKS_TRY(take_request(self, 1, &request));
    add_part(self, request,
             (part){.kind = RECEIVE,
                    .peer = peer,
                    .route_kind = MESSAGE,
                    .after = NONE,
                    .values = *values,
                    .caller = values});
    return start(self, request, out);
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
static void plan_all_gather(comm_local *self, lks_request *request, const layout *l,
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

static int n_parts_of_all_gather(const comm_local *self)
{
    return 2 * (self->base.size - 1);
}

static lks_status local_all_gather(lks_comm *comm, const lks_view *values,
                                   const size_t *offsets, const size_t *counts,
                                   lks_request **out)
{
    comm_local *self = (comm_local *)comm;
    const layout l = {values, offsets, counts};
    lks_request *request;

    LKS_TRY(take_request(self, n_parts_of_all_gather(self), &request));
    plan_all_gather(self, request, &l, NONE);
    return start(self, request, out);
}

/* To our like in each process, and from there to its replicas. */
static lks_status local_broadcast(lks_comm *comm, void *bytes, size_t n_bytes, int root,
                                  lks_request **out)
{
    comm_local *self = (comm_local *)comm;
    const lks_view values = lks_view_flat(lks_cpu, bytes, LKS_U8, n_bytes);
    const int source = number(self, self->process, root % self->n_replicas);
    lks_request *request;
    int after = NONE;

    LKS_TRY(take_request(self, comm->size + 1, &request));
    if (comm->rank == root)
        for (int p = 0; p < self->n_processes; p++)
            if (p != self->process)
                add_send(self, request, number(self, p, self->replica), values, NONE);
    if (comm->rank != root)
        after = add_receive(self, request, comm->rank == source ? root : source, values);
    if (comm->rank == source)
        for (int i = 0; i < self->n_replicas; i++)
            if (i != self->replica)
                add_send(self, request, number(self, self->process, i), values, after);
    return start(self, request, out);
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

/* ---- all_reduce: the slices to their owners, who add them up and spread the sums ----
 */

/* Room for what the others send of our slice, where their own memory is out of reach. */
static lks_status make_room(comm_local *self, lks_request *request, size_t n)
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

static void plan_all_reduce(comm_local *self, lks_request *request, const layout *l)
{
    int add;

    for (int peer = 0; peer < self->base.size; peer++) {
        if (peer == self->base.rank)
            continue;
        add_send(self, request, peer, part_of(l, peer), NONE);
        add = add_receive(self, request, peer, request->received[peer]);
        request->parts[add].caller = &request->received[peer];
    }
    add = add_part(self, request, (part){.kind = ADD});
    plan_all_gather(self, request, l, add);
}

static lks_status local_all_reduce(lks_comm *comm, const lks_view *values,
                                   lks_request **out)
{
    comm_local *self = (comm_local *)comm;
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
    LKS_GO(take_request(self, 2 * n_parts_of_all_gather(self) + 1, &request));
    request->sum = part_of(&l, comm->rank);
    st = make_room(self, request, slices[size + (size_t)comm->rank]);
    if (st != LKS_OK) {
        keep_for_later(self, request);
        goto cleanup;
    }
    plan_all_reduce(self, request, &l);
    st = start(self, request, out);
cleanup:
    lks_free(slices);
    return st;
}

/* ---- beginning and end ---- */

static void free_all(lks_request *request)
{
    while (request) {
        lks_request *next = request->next;

        release_scratch(request);
        lks_free(request->received);
        lks_free(request->parts);
        lks_free(request);
        request = next;
    }
}

static void local_destroy(lks_comm *comm)
{
    comm_local *self = (comm_local *)comm;

    free_all(self->started);
    free_all(self->free_requests);
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
    comm_local *self = lks_calloc(1, sizeof *self);

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
    self->ways = lks_calloc((size_t)self->base.size * LKS_MAIL_KINDS * 2, sizeof(way));
    if (!self->ways) {
        lks_free(self);
        return LKS_NOMEM;
    }
    *out = &self->base;
    return LKS_OK;
}
