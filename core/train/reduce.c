#include "train/reduce.h"

#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "device.h"
#include "kernels.h"
#include "train/reduce_tree.h"

enum {
    TAG = 1,           /* between two ranks, messages of one tag arrive in order */
    SLICE_ALIGN = 16,  /* floats: slices start on cache lines */
    FIRST_RANGES = 16, /* room for as many ranges at first */
};

typedef enum range_state {
    EXCHANGING, /* partial sums travel to the owners of their slices */
    SPREADING,  /* the result travels to everyone */
    DONE,
} range_state;

/* One started range; kept from step to step for its memory. */
typedef struct range {
    range_state state;
    lks_view home;
    lks_view own[LKS_TREE_MAX_COVER];
    size_t n;
    lks_request **requests; /* [n_requests] of the exchange */
    size_t n_requests, request_capacity;
    lks_view *sums; /* [nodes] of our slice: where the tree finds them */
    /* On home's device, one after the other: room for the other ranks' partial sums of
     * our slice, as far as they do not stay in these ranks' memory. */
    lks_view received;
    lks_request *spread;
} range;

struct lks_reducer {
    lks_reducer_options options;
    lks_range *nodes;   /* all ranks' partial sums, from the left of the tree */
    size_t *first_node; /* [size + 1] nodes of rank r: first_node[r] .. first_node[r+1] */
    size_t *layout;     /* [2 size] of the all-gather */
    range *ranges;
    size_t n_ranges, capacity;
};

/* ---- the plan ---- */

static lks_status plan_nodes(lks_reducer *self)
{
    const uint32_t n_lanes = self->options.n_lanes;
    const size_t size = (size_t)self->options.comm->size;
    lks_range cover[LKS_TREE_MAX_COVER];
    size_t n = 0;

    self->first_node = lks_calloc(size + 1, sizeof *self->first_node);
    if (!self->first_node)
        return LKS_NOMEM;
    for (size_t r = 0; r < size; r++) {
        const lks_range run = lks_shard_lanes((uint32_t)r, (uint32_t)size, n_lanes);

        n += lks_tree_cover(run, n_lanes, cover);
        self->first_node[r + 1] = n;
    }
    self->nodes = lks_calloc(n, sizeof *self->nodes);
    if (!self->nodes)
        return LKS_NOMEM;
    for (size_t r = 0; r < size; r++)
        lks_tree_cover(lks_shard_lanes((uint32_t)r, (uint32_t)size, n_lanes), n_lanes,
                       self->nodes + self->first_node[r]);
    return LKS_OK;
}

lks_status lks_reducer_create(const lks_reducer_options *options, lks_reducer **out)
{
    lks_reducer *self = lks_calloc(1, sizeof *self);
    lks_status st;

    if (!self)
        return LKS_NOMEM;
    self->options = *options;
    LKS_GO(plan_nodes(self));
    self->layout = lks_calloc(2 * (size_t)options->comm->size, sizeof *self->layout);
    self->ranges = lks_calloc(FIRST_RANGES, sizeof *self->ranges);
    st = self->layout && self->ranges ? LKS_OK : LKS_NOMEM;
    if (st != LKS_OK)
        goto cleanup;
    self->capacity = FIRST_RANGES;
    *out = self;
    self = NULL;
cleanup:
    lks_reducer_destroy(self);
    return st;
}

static void release_received(range *r)
{
    const lks_device device = r->received.device;

    if (r->received.data)
        lks_device_kernels(device)->free(device.index, r->received.data,
                                         (size_t)r->received.sizes[0] * sizeof(float));
    r->received.data = NULL;
}

void lks_reducer_destroy(lks_reducer *self)
{
    if (!self)
        return;
    for (size_t i = 0; i < self->capacity; i++) {
        lks_free(self->ranges[i].requests);
        lks_free(self->ranges[i].sums);
        release_received(&self->ranges[i]);
    }
    lks_free(self->ranges);
    lks_free(self->layout);
    lks_free(self->nodes);
    lks_free(self->first_node);
    lks_free(self);
}

static size_t nodes_of(const lks_reducer *self, int rank)
{
    return self->first_node[rank + 1] - self->first_node[rank];
}

size_t lks_reducer_n_partials(const lks_reducer *self)
{
    const size_t n = nodes_of(self, self->options.comm->rank);

    return self->options.ordered || n == 0 ? n : 1;
}

/* ---- slices ---- */

static lks_range slice_of(const lks_reducer *self, int rank, size_t n)
{
    const size_t size = (size_t)self->options.comm->size;
    size_t cut[2];

    for (size_t i = 0; i < 2; i++) {
        const size_t at = n * ((size_t)rank + i) / size;

        cut[i] = (at + SLICE_ALIGN - 1) / SLICE_ALIGN * SLICE_ALIGN;
        cut[i] = cut[i] < n ? cut[i] : n;
    }
    return (lks_range){cut[0], cut[1]};
}

/* The sum of a node of the tree, over our slice. Adds in place into either half's memory,
 * which may be another rank's (f32 addition commutes), into `home` where it is one of the
 * two. `at` counts the nodes met so far. */
static lks_status finish_node(lks_reducer *self, const range *r, lks_range node,
                              const lks_view *home, size_t *at, const lks_view **out)
{
    const lks_range *met = &self->nodes[*at];
    const lks_view *left, *right;

    if (met->begin == node.begin && met->end == node.end) {
        *out = &r->sums[(*at)++];
        return LKS_OK;
    }
    const uint64_t mid = lks_tree_split(node);
    LKS_TRY(finish_node(self, r, (lks_range){node.begin, mid}, home, at, &left));
    LKS_TRY(finish_node(self, r, (lks_range){mid, node.end}, home, at, &right));
    *out = right->data == home->data ? right : left;
    return lks_device_kernels(home->device)->binary(LKS_BINARY_add, left, right, *out);
}

/* Add up our slice of a range whose partial sums are all here. */
static lks_status finish_slice(lks_reducer *self, range *r)
{
    const lks_comm *comm = self->options.comm;
    const lks_range slice = slice_of(self, comm->rank, r->n);
    const size_t n = slice.end - slice.begin;
    const lks_view home = lks_view_part(&r->home, slice.begin, n), *sum;
    size_t at = 0;

    if (n == 0)
        return LKS_OK;
    for (size_t k = 0; k < nodes_of(self, comm->rank); k++)
        r->sums[self->first_node[comm->rank] + k] =
            lks_view_part(&r->own[k], slice.begin, n);
    LKS_TRY(
        finish_node(self, r, (lks_range){0, self->options.n_lanes}, &home, &at, &sum));
    if (sum->data == home.data)
        return LKS_OK;
    return lks_device_kernels(home.device)->copy(sum, &home);
}

/* ---- a range's way ---- */

static lks_status reserve_received(range *r, size_t n)
{
    const lks_device device = r->home.device;
    void *block;

    if (r->received.data && n <= (size_t)r->received.sizes[0] &&
        r->received.device.type == device.type &&
        r->received.device.index == device.index)
        return LKS_OK;
    release_received(r);
    if (n == 0)
        return LKS_OK;
    if (!(block = lks_device_kernels(device)->alloc(device.index, n * sizeof(float))))
        return LKS_NOMEM;
    r->received = lks_view_flat(device, block, LKS_F32, n);
    return LKS_OK;
}

static lks_status reserve_exchange(lks_reducer *self, range *r)
{
    const lks_comm *comm = self->options.comm;
    const lks_range slice = slice_of(self, comm->rank, r->n);
    const size_t own = nodes_of(self, comm->rank);
    const size_t foreign = self->first_node[comm->size] - own;
    const size_t n_requests = own * ((size_t)comm->size - 1) + foreign;
    const size_t n_received = foreign * (slice.end - slice.begin);

    if (n_requests > r->request_capacity) {
        lks_free(r->requests);
        r->request_capacity = 0;
        if (!(r->requests = lks_calloc(n_requests, sizeof(lks_request *))))
            return LKS_NOMEM;
        r->request_capacity = n_requests;
    }
    if (!r->sums &&
        !(r->sums = lks_calloc(self->first_node[comm->size], sizeof *r->sums)))
        return LKS_NOMEM;
    return reserve_received(r, n_received);
}

static lks_status start_receives(lks_reducer *self, range *r)
{
    lks_comm *comm = self->options.comm;
    const lks_range slice = slice_of(self, comm->rank, r->n);
    const size_t n = slice.end - slice.begin;
    size_t at = 0;

    for (int peer = 0; n > 0 && peer < comm->size; peer++)
        for (size_t k = 0; peer != comm->rank && k < nodes_of(self, peer); k++) {
            lks_view *sum = &r->sums[self->first_node[peer] + k];

            *sum = lks_view_part(&r->received, at, n);
            LKS_TRY(
                comm->ops->receive(comm, peer, TAG, sum, &r->requests[r->n_requests]));
            r->n_requests++;
            at += n;
        }
    return LKS_OK;
}

static lks_status start_sends(lks_reducer *self, range *r)
{
    lks_comm *comm = self->options.comm;

    for (int hop = 1; hop < comm->size; hop++) {
        const int peer = (comm->rank + hop) % comm->size; /* not all to rank 0 at once */
        const lks_range slice = slice_of(self, peer, r->n);
        const size_t n = slice.end - slice.begin;

        for (size_t k = 0; n > 0 && k < nodes_of(self, comm->rank); k++) {
            const lks_view part = lks_view_part(&r->own[k], slice.begin, n);

            LKS_TRY(comm->ops->send(comm, peer, TAG, &part, &r->requests[r->n_requests]));
            r->n_requests++;
        }
    }
    return LKS_OK;
}

static lks_status start_exchange(lks_reducer *self, range *r)
{
    LKS_TRY(reserve_exchange(self, r));
    LKS_TRY(start_receives(self, r));
    LKS_TRY(start_sends(self, r));
    r->state = EXCHANGING;
    return LKS_OK;
}

/* The exchange is over: finish our slice and let it spread. */
static lks_status start_spread(lks_reducer *self, range *r)
{
    lks_comm *comm = self->options.comm;
    const size_t size = (size_t)comm->size;

    LKS_TRY(finish_slice(self, r));
    for (size_t i = 0; i < size; i++) {
        const lks_range slice = slice_of(self, (int)i, r->n);

        self->layout[i] = slice.begin;
        self->layout[size + i] = slice.end - slice.begin;
    }
    LKS_TRY(comm->ops->all_gather(comm, &r->home, self->layout, self->layout + size,
                                  &r->spread));
    r->n_requests = 0;
    r->state = SPREADING;
    return LKS_OK;
}

/* The whole way of a range, where the communicator has a queue of its own: nobody waits
 * there but that queue, so all ranks queue everything in one order. */
static lks_status go_aside(lks_reducer *self, range *r)
{
    lks_comm *comm = self->options.comm;
    lks_status st, back;

    LKS_TRY(comm->ops->aside(comm, r->home.device));
    st = start_exchange(self, r);
    for (; st == LKS_OK && r->n_requests > 0; r->n_requests--)
        st = comm->ops->wait(comm, &r->requests[r->n_requests - 1]);
    st = st == LKS_OK ? start_spread(self, r) : st;
    back = comm->ops->back(comm);
    return st == LKS_OK ? back : st;
}

static lks_status take_range(lks_reducer *self, range **out)
{
    if (self->n_ranges == self->capacity) {
        range *more = lks_realloc(self->ranges, 2 * self->capacity, sizeof *more);

        if (!more)
            return LKS_NOMEM;
        memset(more + self->capacity, 0, self->capacity * sizeof *more);
        self->ranges = more;
        self->capacity *= 2;
    }
    *out = &self->ranges[self->n_ranges];
    return LKS_OK;
}

lks_status lks_reducer_start(lks_reducer *self, const lks_view *partials,
                             const lks_view *home)
{
    lks_comm *comm = self->options.comm;
    range *r;

    LKS_TRY(take_range(self, &r));
    r->home = *home;
    r->n = (size_t)home->sizes[0];
    r->n_requests = 0;
    r->spread = NULL;
    for (size_t k = 0; k < lks_reducer_n_partials(self); k++)
        r->own[k] = partials[k];
    if (self->options.ordered && comm->ops->aside) {
        LKS_TRY(go_aside(self, r));
    } else if (self->options.ordered) {
        LKS_TRY(start_exchange(self, r));
    } else {
        LKS_TRY(comm->ops->all_reduce(comm, home, &r->spread));
        r->state = SPREADING;
    }
    self->n_ranges++;
    return lks_reducer_progress(self);
}

static lks_status exchange_is_over(lks_reducer *self, range *r, int *over)
{
    lks_comm *comm = self->options.comm;

    *over = 1;
    while (*over && r->n_requests > 0) {
        LKS_TRY(comm->ops->test(comm, &r->requests[r->n_requests - 1], over));
        r->n_requests -= *over ? 1 : 0;
    }
    return LKS_OK;
}

/* All-gathers are collectives, and MPI wants those started in one order everywhere: a
 * range spreads only after the one before it. */
lks_status lks_reducer_progress(lks_reducer *self)
{
    lks_comm *comm = self->options.comm;
    int over = 1;

    for (size_t i = 0; i < self->n_ranges && over; i++) {
        range *r = &self->ranges[i];
        int spread = 0;

        if (r->state == EXCHANGING) {
            LKS_TRY(exchange_is_over(self, r, &over));
            if (over)
                LKS_TRY(start_spread(self, r));
        }
        if (r->state == SPREADING) {
            LKS_TRY(comm->ops->test(comm, &r->spread, &spread));
            r->state = spread ? DONE : SPREADING;
        }
    }
    return LKS_OK;
}

lks_status lks_reducer_wait(lks_reducer *self)
{
    lks_comm *comm = self->options.comm;

    for (size_t i = 0; i < self->n_ranges; i++) {
        range *r = &self->ranges[i];

        for (; r->state == EXCHANGING && r->n_requests > 0; r->n_requests--)
            LKS_TRY(comm->ops->wait(comm, &r->requests[r->n_requests - 1]));
        if (r->state == EXCHANGING)
            LKS_TRY(start_spread(self, r));
    }
    for (size_t i = 0; i < self->n_ranges; i++) {
        range *r = &self->ranges[i];

        if (r->state == DONE)
            continue;
        LKS_TRY(comm->ops->wait(comm, &r->spread));
        r->state = DONE;
    }
    self->n_ranges = 0;
    return LKS_OK;
}
