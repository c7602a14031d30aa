#include "worker/losses.h"

#include <math.h>

#include "base/alloc.h"
#include "base/try.h"
#include "device.h"
#include "kernels.h"
#include "worker/reduce_tree.h"

/* As gathered: rank by rank, its wish and its lanes' sums. */
struct lks_losses {
    lks_comm *comm;
    uint32_t n_lanes;
    const lks_kernels *kernels;
    lks_view own;     /* this rank's lanes' sums, f64 on the device */
    double *gathered; /* [size + n_lanes] */
    double *sums;     /* [n_lanes] */
    size_t *layout;   /* offsets[size], counts[size] */
    lks_request *request;
};

static lks_range lanes_of(const lks_losses *self, int rank)
{
    return lks_shard_lanes((uint32_t)rank, (uint32_t)self->comm->size, self->n_lanes);
}

/* Where rank r's part starts: the wishes of the ranks before it, and their lanes. */
static double *part_of(const lks_losses *self, int rank)
{
    return self->gathered + (size_t)rank + lanes_of(self, rank).begin;
}

/* How many sums of its own this rank has. */
static size_t n_own(const lks_losses *self)
{
    const lks_range mine = lanes_of(self, self->comm->rank);

    return mine.end - mine.begin;
}

static lks_status create_own(lks_losses *self, lks_device device)
{
    const size_t n = n_own(self);
    void *block = self->kernels->alloc(device.index, n * sizeof(double));

    self->own = lks_view_flat(device, block, LKS_F64, n);
    return block ? LKS_OK : LKS_NOMEM;
}

lks_status lks_losses_create(lks_comm *comm, uint32_t n_lanes, lks_device device,
                             lks_losses **out)
{
    const size_t size = (size_t)comm->size;
    lks_losses *self = lks_calloc(1, sizeof *self);

    if (!self)
        return LKS_NOMEM;
    self->comm = comm;
    self->n_lanes = n_lanes;
    self->kernels = lks_device_kernels(device);
    self->gathered = lks_calloc(size + n_lanes, sizeof *self->gathered);
    self->sums = lks_calloc(n_lanes, sizeof *self->sums);
    self->layout = lks_calloc(2 * size, sizeof *self->layout);
    if (!self->gathered || !self->sums || !self->layout ||
        create_own(self, device) != LKS_OK) {
        lks_losses_destroy(self);
        return LKS_NOMEM;
    }
    for (size_t r = 0; r < size; r++) {
        const lks_range lanes = lanes_of(self, (int)r);

        self->layout[r] = r + lanes.begin;
        self->layout[size + r] = 1 + lanes.end - lanes.begin;
    }
    *out = self;
    return LKS_OK;
}

void lks_losses_destroy(lks_losses *self)
{
    if (!self)
        return;
    self->kernels->free(self->own.device.index, self->own.data,
                        n_own(self) * sizeof(double));
    lks_free(self->gathered);
    lks_free(self->sums);
    lks_free(self->layout);
    lks_free(self);
}

lks_status lks_losses_set(lks_losses *self, uint64_t lane, const lks_tensor *sum)
{
    const size_t at = lane - lanes_of(self, self->comm->rank).begin;
    const lks_view place =
        lks_view_scalar(self->own.device, lks_view_at(&self->own, (int64_t)at), LKS_F64);
    lks_view from;

    if (!sum)
        return self->kernels->fill(&place, 0);
    from = lks_view_scalar(self->own.device, lks_data(sum), lks_tensor_dtype(sum));
    return self->kernels->copy(&from, &place);
}

lks_status lks_losses_start(lks_losses *self, lks_wish wish)
{
    const size_t size = (size_t)self->comm->size, n = n_own(self);
    const lks_view all =
        lks_view_flat(lks_cpu, self->gathered, LKS_F64, size + self->n_lanes);
    double *part = part_of(self, self->comm->rank);

    part[0] = wish;
    if (n > 0)
        LKS_TRY(self->kernels->copy_out(self->own.device.index, part + 1, self->own.data,
                                        n * sizeof *part));
    return self->comm->ops->all_gather(self->comm, &all, self->layout,
                                       self->layout + size, &self->request);
}

lks_status lks_losses_wait(lks_losses *self, uint64_t step, double *sum, lks_wish *wish)
{
    LKS_TRY(self->comm->ops->wait(self->comm, &self->request));
    *wish = LKS_WISH_GO_ON;
    for (int r = 0; r < self->comm->size; r++) {
        const lks_range lanes = lanes_of(self, r);
        const double *part = part_of(self, r);
        const lks_wish wish_of_r = (lks_wish)part[0];

        *wish = wish_of_r > *wish ? wish_of_r : *wish;
        for (uint64_t lane = lanes.begin; lane < lanes.end; lane++) {
            const double loss = part[1 + lane - lanes.begin];

            if (!isfinite(loss))
                return lks_fail(LKS_NUMERIC,
                                "step %llu: loss is %s (rank %d, lane %llu): training "
                                "stopped; lower the learning rate or check the data",
                                (unsigned long long)step,
                                isnan(loss) ? "nan" : "infinite", r,
                                (unsigned long long)lane);
            self->sums[lane] = loss;
        }
    }
    *sum = lks_tree_sum(self->sums, (lks_range){0, self->n_lanes});
    return LKS_OK;
}
