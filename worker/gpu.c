/* What is told of a replica's GPU, and what would have fit where its memory ran out. */
#include "worker/start.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/figure.h"
#include "base/log.h"
#include "base/plain.h"
#include "base/try.h"
#include "kernels.h"
#include "autograd/backward.h"
#include "tensor/scope.h"

/* Blocks are larger than what is asked for, by an eighth on average. */
static const double usable_part = 0.85;

static lks_device_use use_of(const lks_replica *replica)
{
    lks_device_use use = {0};

    lks_device_kernels(replica->device)->use(replica->device.index, &use);
    return use;
}

static bool is_gpu(const lks_replica *replica)
{
    return replica->gpu.model[0] != '\0';
}

lks_status lks_replica_open_gpu(lks_replica *replica)
{
    const lks_kernels *kernels = lks_device_kernels(replica->device);
    lks_device_facts facts;

    if (!kernels->describe || !kernels->use)
        return LKS_OK;
    LKS_TRY(kernels->describe(replica->device.index, &facts));
    lks_plain_copy(replica->gpu.model, sizeof replica->gpu.model, facts.model);
    return LKS_OK;
}

void lks_replica_name_kind(const lks_replica *replica, char *out, size_t size)
{
    snprintf(out, size, "%s",
             is_gpu(replica) ? replica->gpu.model
                             : lks_device_instruction_set(replica->device));
}

lks_status lks_replica_note_gpu(lks_replica *replica)
{
    lks_device_facts facts;

    if (!is_gpu(replica))
        return LKS_OK;
    LKS_TRY(lks_device_kernels(replica->device)->describe(replica->device.index, &facts));
    replica->gpu.free_bytes = facts.free_bytes;
    replica->gpu.total_bytes = facts.total_bytes;
    return LKS_OK;
}

void lks_replica_log_gpu_at_start(const lks_replica *replica)
{
    char device[LKS_DEVICE_TEXT];

    if (is_gpu(replica))
        lks_info("%s is %s: of its %s of memory %s are free for the steps",
                 lks_device_text(replica->device, device, sizeof device),
                 replica->gpu.model,
                 lks_figure_bytes((double)replica->gpu.total_bytes).text,
                 lks_figure_bytes((double)replica->gpu.free_bytes).text);
}

lks_device_work lks_replica_work(const lks_replica *replica)
{
    const lks_kernels *kernels = lks_device_kernels(replica->device);
    lks_device_work work = {0};

    if (kernels->work)
        kernels->work(replica->device.index, &work); /* the thread has its queue */
    return work;
}

lks_device_work lks_work_between(lks_device_work before, lks_device_work after)
{
    return (lks_device_work){.n_launches = after.n_launches - before.n_launches,
                             .n_waits = after.n_waits - before.n_waits,
                             .n_bytes = after.n_bytes - before.n_bytes,
                             .n_flops = after.n_flops - before.n_flops};
}

void lks_replica_log_gpu(const lks_replica *replica, const lks_device_work *step)
{
    char device[LKS_DEVICE_TEXT];

    if (!is_gpu(replica))
        return;
    lks_info("%s: at most %s of its memory in use; the last step took %" PRIu64
             " launches, %" PRIu64 " wait%s, at least %s moved and %sflop",
             lks_device_text(replica->device, device, sizeof device),
             lks_figure_bytes((double)use_of(replica).peak_bytes).text, step->n_launches,
             step->n_waits, step->n_waits == 1 ? "" : "s",
             lks_figure_bytes((double)step->n_bytes).text,
             lks_figure_count((double)step->n_flops).text);
}

/* ---- what would have fit ---- */

static lks_tensor *zeros(int64_t n, const lks_field *field, lks_device device)
{
    const lks_shape sample = lks_field_shape(field);
    lks_shape shape = {sample.ndim + 1, {n}};

    for (int i = 0; i < sample.ndim; i++)
        shape.sizes[i + 1] = sample.sizes[i];
    return lks_zeros(shape, field->dtype, device);
}

/* As a step's lane does, of n samples that are all zero. */
static lks_status run_lane(lks_replica *replica, int64_t n)
{
    const lks_feed *feed = &replica->train;
    lks_fields fields = {0};

    for (int i = 0; i < lks_dataset_n_fields(feed->dataset); i++)
        fields.tensors[i] =
            zeros(n, lks_dataset_field(feed->dataset, i), replica->device);
    lks_model_forget_carried(replica->model); /* lanes may be smaller than it was of */
    return lks_backward(lks_loss_sum(replica->loss,
                                     lks_feed_forward(feed, replica->model, &fields),
                                     fields.tensors[feed->targets], NULL));
}

/* The bytes that a lane of n samples takes at most beyond what stands, tried out. */
static lks_status try_lane(lks_replica *replica, int64_t n, double *out)
{
    const uint64_t before = use_of(replica).now_bytes;
    lks_status st;

    LKS_TRY(lks_scope_open());
    lks_device_kernels(replica->device)->forget_peak(replica->device.index);
    st = run_lane(replica, n);
    *out = (double)(use_of(replica).peak_bytes - before);
    lks_scope_close();
    return st;
}

/* What a lane of n samples takes: fixed + n * each, batch included. */
typedef struct cost {
    double fixed, each;
} cost;

/* From two small lanes; false: not known. */
static bool find_cost(lks_replica *replica, int64_t n_lane, cost *out)
{
    int64_t n = n_lane;
    double one, two;

    lks_param_block_on_ready(lks_model_params(replica->model), NULL, NULL);
    do {
        if (n == 1)
            return false;
        n = n / 16 > 1 ? n / 16 : 1;
        lks_error_clear();
    } while (try_lane(replica, n, &one) != LKS_OK ||
             try_lane(replica, 2 * n, &two) != LKS_OK);
    out->each = (two - one) / (double)n;
    out->fixed = one - out->each * (double)n;
    return out->each > 0;
}

static double sample_bytes(const lks_dataset *dataset)
{
    double n = 0;

    for (int i = 0; i < lks_dataset_n_fields(dataset); i++)
        n += (double)lks_field_bytes(lks_dataset_field(dataset, i));
    return n;
}

/* Samples of a lane that fit, with as many lanes as there are or with this batch. A tape
 * holds the batches of all of a replica's lanes. */
static void find_fit(const lks_replica *replica, double n_lane, const cost *c,
                     double *with_lanes, double *with_batch)
{
    const lks_range mine = lks_trainer_lanes(replica->trainer);
    const bool has_tape = lks_trainer_records(replica->trainer);
    const double others = has_tape ? (double)(mine.end - mine.begin) - 1 : 0;
    const double sample = sample_bytes(replica->train.dataset);
    const double room = usable_part * (double)replica->gpu.free_bytes - c->fixed;
    const double held = has_tape ? (others + 1) * n_lane * sample : 0;

    *with_lanes = room / (c->each + others * sample);
    *with_batch = (room - held) / (has_tape ? c->each - sample : c->each);
}

/* Two digits are as much as is known. */
static uint64_t rounded_down(double x)
{
    uint64_t n = (uint64_t)x, unit = 1;

    while (n / unit >= 100)
        unit *= 10;
    return n / unit * unit;
}

static Lks__Proto__Phase phase_of(lks_replica *replica)
{
    Lks__Proto__Heartbeat heartbeat = LKS__PROTO__HEARTBEAT__INIT;
    Lks__Proto__PhaseTimes times = LKS__PROTO__PHASE_TIMES__INIT;

    lks_pulse_read(&replica->pulse, &heartbeat, &times);
    return heartbeat.phase;
}

/* "; a train.batch_size of about 96 would fit …" into `out`, or nothing. */
static void advise_batch(lks_replica *replica, char *out, size_t size)
{
    const lks_job *job = &replica->session->job;
    const uint64_t n_samples = lks_dataset_n_samples(replica->session->data.splits.train);
    const uint64_t batch =
        job->train.batch_size < n_samples ? job->train.batch_size : n_samples;
    const double lanes = job->train.lanes, n_lane = (double)batch / lanes;
    double with_lanes, with_batch;
    size_t n = 0;
    cost c;

    if (!find_cost(replica, (int64_t)(n_lane + 1), &c))
        return;
    find_fit(replica, n_lane, &c, &with_lanes, &with_batch);
    if (with_lanes >= 1 && with_lanes < n_lane)
        n = (size_t)snprintf(out, size,
                             "; a train.batch_size of about %" PRIu64 " would fit",
                             rounded_down(with_lanes * lanes));
    if (n > 0 && with_batch >= 1 && with_batch < n_lane)
        snprintf(out + n, size - n, ", or with this one train.lanes of about %" PRIu64,
                 (uint64_t)((double)batch / with_batch) + 1);
}

static void advise(lks_replica *replica, char *out, size_t size)
{
    switch (phase_of(replica)) {
    case LKS__PROTO__PHASE__START:
        snprintf(
            out, size,
            "; no batch is there yet: the model itself, its gradients%s and what the "
            "optimizer keeps do not fit",
            strcmp(replica->session->job.train.numerics, "fast") == 0
                ? ", cuBLAS's workspace for numerics: fast"
                : "");
        break;
    case LKS__PROTO__PHASE__LOAD:
    case LKS__PROTO__PHASE__FORWARD:
    case LKS__PROTO__PHASE__BACKWARD:
        advise_batch(replica, out, size);
        break;
    default:
        break;
    }
}

/* Whether nobody else will say which rank it was. */
static bool is_unnamed(lks_replica *replica)
{
    return replica->comm->size == 1 ||
           (replica->comm->rank == 0 && phase_of(replica) == LKS__PROTO__PHASE__START);
}

lks_status lks_replica_explain_gpu(lks_replica *replica, lks_status st)
{
    char text[1000], advice[200], device[LKS_DEVICE_TEXT];

    if (!is_gpu(replica) || (st != LKS_NOMEM && st != LKS_DEVICE))
        return st;
    snprintf(text, sizeof text, "%s", lks_error_text());
    lks_device_text(replica->device, device, sizeof device);
    advice[0] = '\0';
    if (st == LKS_NOMEM && strstr(text, device)) /* else it was the host's */
        advise(replica, advice, sizeof advice);
    lks_error_clear();
    return lks_fail(st, "%s%s%s", is_unnamed(replica) ? "rank 0: " : "", text, advice);
}
