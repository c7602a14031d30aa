#include "worker/comm/parts.h"

#include "base/alloc.h"
#include "base/try.h"
#include "device.h"
#include "kernels.h"

static lks_way *way_of(lks_comm_local *self, int peer, int route_kind, bool comes)
{
    return &self->ways[(peer * LKS_MAIL_KINDS + route_kind) * 2 + comes];
}

static bool is_near(const lks_comm_local *self, int peer)
{
    return peer / self->n_replicas == self->process;
}

size_t lks_parts_bytes(const lks_view *values)
{
    return (size_t)lks_view_count(values) * lks_dtype_size_bytes(values->dtype);
}

/* ---- requests ---- */

static void release_scratch(lks_request *request)
{
    const lks_view *scratch = &request->scratch;

    if (scratch->data)
        lks_device_kernels(scratch->device)
            ->free(scratch->device.index, scratch->data, lks_parts_bytes(scratch));
    request->scratch.data = NULL;
}

void lks_parts_drop(lks_comm_local *self, lks_request *request)
{
    release_scratch(request);
    request->next = self->free_requests;
    self->free_requests = request;
}

lks_status lks_parts_take(lks_comm_local *self, int n_parts, lks_request **out)
{
    lks_request *request = self->free_requests;

    if (request)
        self->free_requests = request->next;
    else if (!(request = lks_calloc(1, sizeof *request)))
        return LKS_NOMEM;
    if (request->capacity < n_parts) {
        lks_free(request->parts);
        request->parts = lks_calloc((size_t)n_parts, sizeof(lks_part));
        request->capacity = request->parts ? n_parts : 0;
    }
    request->n_parts = request->n_done = 0;
    request->scratch.data = NULL;
    if (request->capacity < n_parts) {
        lks_parts_drop(self, request);
        return LKS_NOMEM;
    }
    *out = request;
    return LKS_OK;
}

void lks_parts_end(lks_comm_local *self, lks_request **request)
{
    lks_request **at = &self->started;

    while (*at != *request)
        at = &(*at)->next;
    *at = (*request)->next;
    if (self->last == &(*request)->next)
        self->last = at;
    lks_parts_drop(self, *request);
    *request = NULL;
}

int lks_parts_add(lks_comm_local *self, lks_request *request, lks_part what)
{
    lks_way *w = what.kind == LKS_PART_ADD ? NULL
                                           : way_of(self, what.peer, what.route_kind,
                                                    what.kind == LKS_PART_RECEIVE);

    if (w)
        what.turn = w->n_planned++;
    request->parts[request->n_parts] = what;
    return request->n_parts++;
}

/* ---- a part's way, between processes ---- */

static lks_status open_far(lks_comm_local *self, lks_part *p)
{
    const bool comes = p->kind == LKS_PART_RECEIVE;
    const int own = self->base.rank;
    const lks_route route = {p->route_kind, comes ? p->peer : own, comes ? own : p->peer};
    const size_t n_bytes = lks_parts_bytes(&p->values);
    lks_status st;

    LKS_TRY(lks_staging_open(&p->staging, &p->values, !comes));
    st = comes
             ? lks_link_receive(self->link, route, p->staging.host, n_bytes, &p->transfer)
             : lks_link_send(self->link, route, p->staging.host, n_bytes, &p->transfer);
    if (st != LKS_OK)
        (void)lks_staging_close(&p->staging, false);
    return st;
}

static lks_status follow_far(lks_comm_local *self, lks_part *p)
{
    LKS_TRY(lks_link_test(self->link, &p->transfer, &p->is_done));
    return p->is_done ? lks_staging_close(&p->staging, p->kind == LKS_PART_RECEIVE)
                      : LKS_OK;
}

/* ---- within the process ---- */

static lks_route route_to(const lks_comm_local *self, const lks_part *p)
{
    return (lks_route){p->route_kind, self->replica, p->peer % self->n_replicas};
}

static lks_route route_from(const lks_comm_local *self, const lks_part *p)
{
    return (lks_route){p->route_kind, p->peer % self->n_replicas, self->replica};
}

static lks_status post(lks_comm_local *self, lks_part *p)
{
    const lks_device device = p->values.device;
    lks_letter letter = {.values = p->values};

    LKS_TRY(lks_device_kernels(device)->mark(device.index, &letter.mark));
    return lks_mail_post(self->mail, route_to(self, p), &letter);
}

static lks_status see_it_taken(lks_comm_local *self, lks_part *p)
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

static lks_status read_letter(lks_part *p, const lks_letter *letter, lks_mark *mark)
{
    const lks_view *from = &letter->values, *to = &p->values;
    const lks_kernels *kernels = lks_device_kernels(to->device);
    const size_t n_bytes = lks_parts_bytes(to);

    if (lks_parts_bytes(from) != n_bytes)
        return lks_fail(LKS_COMM, "a message of %zu bytes, %zu expected",
                        lks_parts_bytes(from), n_bytes);
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

static lks_status receive_near(lks_comm_local *self, lks_part *p)
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
static lks_status add_up(lks_comm_local *self, lks_request *request, lks_part *p)
{
    const lks_view *sum = &request->sum;

    for (const lks_part *before = request->parts; before < p; before++)
        if (before->kind == LKS_PART_RECEIVE && !before->is_done)
            return LKS_OK;
    for (int peer = 0; peer < self->base.size; peer++)
        if (peer != self->base.rank)
            LKS_TRY(lks_device_kernels(sum->device)
                        ->binary(LKS_BINARY_add, sum, &request->received[peer], sum));
    p->is_done = true;
    return LKS_OK;
}

static lks_status open_part(lks_comm_local *self, lks_part *p)
{
    lks_way *w = way_of(self, p->peer, p->route_kind, p->kind == LKS_PART_RECEIVE);

    if (w->n_opened != p->turn)
        return LKS_OK;
    if (!is_near(self, p->peer))
        LKS_TRY(open_far(self, p));
    else if (p->kind == LKS_PART_SEND)
        LKS_TRY(post(self, p));
    w->n_opened++;
    p->is_open = true;
    return LKS_OK;
}

static lks_status advance_part(lks_comm_local *self, lks_request *request, lks_part *p)
{
    if (p->kind == LKS_PART_ADD)
        return add_up(self, request, p);
    if (p->after != LKS_PART_NONE && !request->parts[p->after].is_done)
        return LKS_OK;
    if (!p->is_open)
        LKS_TRY(open_part(self, p));
    if (!p->is_open)
        return LKS_OK;
    if (!is_near(self, p->peer))
        return follow_far(self, p);
    return p->kind == LKS_PART_SEND ? see_it_taken(self, p) : receive_near(self, p);
}

static lks_status advance(lks_comm_local *self, lks_request *request)
{
    for (int i = 0; i < request->n_parts; i++) {
        lks_part *p = &request->parts[i];

        if (p->is_done)
            continue;
        LKS_TRY(advance_part(self, request, p));
        request->n_done += p->is_done;
    }
    return LKS_OK;
}

bool lks_parts_are_done(const lks_request *request)
{
    return request->n_done == request->n_parts;
}

lks_status lks_parts_advance(lks_comm_local *self)
{
    for (lks_request *request = self->started; request; request = request->next)
        if (!lks_parts_are_done(request))
            LKS_TRY(advance(self, request));
    if (lks_mail_has_failed(self->mail))
        return lks_fail(LKS_COMM, "another replica of this process has failed");
    return LKS_OK;
}

lks_status lks_parts_start(lks_comm_local *self, lks_request *request, lks_request **out)
{
    request->next = NULL;
    *self->last = request;
    self->last = &request->next;
    *out = request;
    return advance(self, request);
}

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

void lks_parts_release(lks_comm_local *self)
{
    free_all(self->started);
    free_all(self->free_requests);
}
