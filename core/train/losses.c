#include "train/losses.h"

#include <math.h>

#include "base/alloc.h"
#include "base/try.h"
#include "device.h"
#include "kernels.h"
#include "train/reduce_tree.h"

/* As gathered: rank by rank, its wish, its lanes' sums and its lanes' counts. */
struct lks_losses {
    lks_comm *comm;
    uint32_t n_lanes;
    const char *advice; /* of the loss; NULL: none */
    const lks_kernels *kernels;
    lks_view own;          /* this rank's lanes' sums and counts, f64 on the device */
    double *gathered;      /* [size + 2 n_lanes] */
    double *sums, *counts; /* [n_lanes] each, in one block */
    size_t *layout;        /* offsets[size], counts[size] */
    lks_request *request;
};

static lks_range lanes_of(const lks_losses *self, int rank)
{
    return lks_shard_lanes((uint32_t)rank, (uint32_t)self->comm->size, self->n_lanes);
}

/* Where rank r's part starts: the wishes of the ranks before it, and their lanes. */
static size_t part_at(const lks_losses *self, int rank)
{
    return (size_t)rank + 2 * lanes_of(self, rank).begin;
}

/* How many lanes of its own this rank has. */
static size_t n_own(const lks_losses *self)
{
    const lks_range mine = lanes_of(self, self->comm->rank);

    return mine.end - mine.begin;
}

static lks_status create_own(lks_losses *self, lks_device device)
{
    const size_t n = 2 * n_own(self);
    void *block = self->kernels->alloc(device.index, n * sizeof(double));

    self->own = lks_view_flat(device, block, LKS_F64, n);
    return block ? LKS_OK : LKS_NOMEM;
}

lks_status lks_losses_create(lks_comm *comm, uint32_t n_lanes, lks_device device,
                             const char *advice, lks_losses **out)
{
    const size_t size = (size_t)comm->size;
    lks_losses *self = lks_calloc(1, sizeof *self);

    if (!self)
        return LKS_NOMEM;
    self->comm = comm;
    self->n_lanes = n_lanes;
    self->advice = advice;
    self->kernels = lks_device_kernels(device);
    self->gathered = lks_calloc(size + 2 * (size_t)n_lanes, sizeof *self->gathered);
    self->sums = lks_calloc(2 * (size_t)n_lanes, sizeof *self->sums);
    self->layout = lks_calloc(2 * size, sizeof *self->layout);
    if (!self->gathered || !self->sums || !self->layout ||
        create_own(self, device) != LKS_OK) {
        lks_losses_destroy(self);
        return LKS_NOMEM;
    }
    self->counts = self->sums + n_lanes;
    for (size_t r = 0; r < size; r++) {
        const lks_range lanes = lanes_of(self, (int)r);

        self->layout[r] = part_at(self, (int)r);
        self->layout[size + r] = 1 + 2 * (lanes.end - lanes.begin);
    }
    *out = self;
    return LKS_OK;
}

void lks_losses_destroy(lks_losses *self)
{
    if (!self)
        return;
    self->kernels->free(self->own.device.index, self->own.data,
                        2 * n_own(self) * sizeof(double));
    lks_free(self->gathered);
    lks_free(self->sums);
    lks_free(self->layout);
    lks_free(self);
}

/* One number to its place among this rank's own. */
static lks_status keep(lks_losses *self, size_t at, const lks_tensor *value, double known)
{
    const lks_view place =
        lks_view_scalar(self->own.device, lks_view_at(&self->own, (int64_t)at), LKS_F64);
    lks_view from;

    if (!value)
        return self->kernels->fill(&place, known);
    from = lks_view_scalar(self->own.device, lks_data(value), lks_tensor_dtype(value));
    return self->kernels->copy(&from, &place);
}

lks_status lks_losses_set(lks_losses *self, uint64_t lane, const lks_tensor *sum,
                          const lks_loss_count *count)
{
    const size_t at = lane - lanes_of(self, self->comm->rank).begin;

    LKS_TRY(keep(self, at, sum, 0));
    return keep(self, n_own(self) + at, sum ? count->tensor : NULL,
                sum ? count->known : 0);
}

lks_status lks_losses_start(lks_losses *self, lks_wish wish)
{
    const size_t size = (size_t)self->comm->size, n = 2 * n_own(self);
    const lks_view all =
        lks_view_flat(lks_cpu, self->gathered, LKS_F64, size + 2 * (size_t)self->n_lanes);
    double *part = self->gathered + part_at(self, self->comm->rank);

    part[0] = wish;
    if (n > 0)
        LKS_TRY(self->kernels->copy_out(self->own.device.index, part + 1, self->own.data,
                                        n * sizeof *part));
    return self->comm->ops->all_gather(self->comm, &all, self->layout,
                                       self->layout + size, &self->request);
}

static lks_status blame(const lks_losses *self, const char *what, double value,
                        uint64_t step, int rank, uint64_t lane)
{
    return lks_fail(
        LKS_NUMERIC,
        "step %llu: %s is %s (rank %d, lane %llu): training stopped; %s%slower "
        "the learning rate or check the data",
        (unsigned long long)step, what, isnan(value) ? "nan" : "infinite", rank,
        (unsigned long long)lane, self->advice ? self->advice : "",
        self->advice ? "; or " : "");
}

/* A rank's part of what was gathered, lane by lane. */
static lks_status take_part(lks_losses *self, int rank, uint64_t step)
{
    const lks_range lanes = lanes_of(self, rank);
    const double *sums = self->gathered + part_at(self, rank) + 1;
    const double *counts = sums + (lanes.end - lanes.begin);

    for (uint64_t lane = lanes.begin; lane < lanes.end; lane++, sums++, counts++) {
        if (!isfinite(*sums))
            return blame(self, "loss", *sums, step, rank, lane);
        if (!isfinite(*counts))
            return blame(self, "the loss's count", *counts, step, rank, lane);
        self->sums[lane] = *sums;
        self->counts[lane] = *counts;
    }
    return LKS_OK;
}

lks_status lks_losses_wait(lks_losses *self, uint64_t step, lks_losses_sum *out)
{
    const lks_range all = {0, self->n_lanes};

    LKS_TRY(self->comm->ops->wait(self->comm, &self->request));
    out->wish = LKS_WISH_GO_ON;
    for (int r = 0; r < self->comm->size; r++) {
        const lks_wish wish = (lks_wish)self->gathered[part_at(self, r)];

        out->wish = wish > out->wish ? wish : out->wish;
        LKS_TRY(take_part(self, r, step));
    }
    out->sum = lks_tree_sum(self->sums, all);
    out->count = lks_tree_sum(self->counts, all);
    return LKS_OK;
}
