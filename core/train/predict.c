#include "train/predict.h"

#include "base/alloc.h"
#include "base/try.h"
#include "ops/ops.h"
#include "tensor/scope.h"
#include "train/evaluate.h"

/* Rank after rank takes a chunk; a round is one of each, and what they give is gathered:
 *
 *     round 0   chunk 0 of rank 0 | chunk 1 of rank 1 | chunk 2 of rank 2
 *     round 1   chunk 3           | chunk 4           | none: past the end      */
typedef struct rounds {
    uint64_t n_samples, n_chunks, size, rank;
    size_t numel;   /* of an output */
    size_t n_bytes; /* of a block: whether its rank has failed, and a chunk's outputs */
    char *blocks;   /* [size] */
} rounds;

static uint64_t samples_in(const rounds *self, uint64_t chunk)
{
    const uint64_t first = chunk * LKS_EVALUATE_CHUNK;

    if (chunk >= self->n_chunks)
        return 0;
    return self->n_samples - first < LKS_EVALUATE_CHUNK ? self->n_samples - first
                                                        : LKS_EVALUATE_CHUNK;
}

static int64_t *flag_of(const rounds *self, uint64_t rank)
{
    return (int64_t *)(self->blocks + rank * self->n_bytes);
}

static float *outputs_of(const rounds *self, uint64_t rank)
{
    return (float *)(flag_of(self, rank) + 1);
}

/* The loader's plan: this rank's chunks. */
static bool chunk_at(const void *context, uint64_t item, lks_batch_slice *out)
{
    const rounds *self = context;
    const uint64_t chunk = item * self->size + self->rank;

    *out = (lks_batch_slice){.first = chunk * LKS_EVALUATE_CHUNK,
                             .n = (int64_t)samples_in(self, chunk)};
    return chunk < self->n_chunks;
}

static lks_status run_chunk(const rounds *self, lks_model *model, const lks_feed *feed,
                            lks_device device, const lks_batch *batch)
{
    lks_tensor *output;
    lks_fields fields;
    lks_status st;

    LKS_TRY(lks_scope_open());
    LKS_GO(lks_batch_bring(batch, feed->dataset, device, &fields));
    output = lks_to(lks_feed_forward(feed, model, &fields), LKS_F32);
    if (output && lks_numel(output) != batch->slice.n * (int64_t)self->numel)
        LKS_FAIL(LKS_SHAPE, "the model gives %lld numbers for %lld samples, not %zu each",
                 (long long)lks_numel(output), (long long)batch->slice.n, self->numel);
    LKS_GO(lks_to_host(output, outputs_of(self, self->rank)));
cleanup:
    lks_scope_close();
    return st;
}

static lks_status hand_over(const rounds *self, uint64_t round,
                            const lks_prediction_sink *sink)
{
    for (uint64_t rank = 0; rank < self->size; rank++) {
        const uint64_t chunk = round * self->size + rank, n = samples_in(self, chunk);

        if (n > 0)
            LKS_TRY(sink->take(sink->context, chunk * LKS_EVALUATE_CHUNK, (int64_t)n,
                               outputs_of(self, rank)));
    }
    return LKS_OK;
}

static bool has_any_failed(const rounds *self)
{
    for (uint64_t rank = 0; rank < self->size; rank++)
        if (*flag_of(self, rank))
            return true;
    return false;
}

static lks_status load_and_run(const rounds *self, lks_model *model, const lks_feed *feed,
                               lks_device device, lks_loader *loader)
{
    const lks_batch *batch;

    LKS_TRY(lks_loader_next(loader, &batch));
    return batch ? run_chunk(self, model, feed, device, batch) : LKS_OK;
}

/* `own` is what this rank holds already. */
static lks_status run_rounds(const rounds *self, lks_model *model, const lks_feed *feed,
                             lks_device device, lks_comm *comm, lks_loader *loader,
                             lks_status own, const lks_prediction_sink *sink)
{
    for (uint64_t round = 0; round * self->size < self->n_chunks; round++) {
        if (own == LKS_OK)
            own = load_and_run(self, model, feed, device, loader);
        *flag_of(self, self->rank) = own != LKS_OK;
        LKS_TRY(lks_comm_all_gather(comm, self->blocks, self->n_bytes));
        if (has_any_failed(self))
            return own;
        if (self->rank == 0)
            own = hand_over(self, round, sink);
    }
    return own;
}

static lks_status make_rounds(const lks_model *model, const lks_feed *feed,
                              const lks_comm *comm, rounds *out)
{
    const uint64_t n = lks_dataset_n_samples(feed->dataset);
    const lks_shape output = lks_model_output_shape(model);
    int64_t numel;

    LKS_TRY(lks_shape_numel(&output, &numel));
    *out = (rounds){.n_samples = n,
                    .n_chunks = (n + LKS_EVALUATE_CHUNK - 1) / LKS_EVALUATE_CHUNK,
                    .size = (uint64_t)comm->size,
                    .rank = (uint64_t)comm->rank,
                    .numel = (size_t)numel,
                    .n_bytes = sizeof(int64_t) +
                               LKS_EVALUATE_CHUNK * (size_t)numel * sizeof(float)};
    out->blocks = lks_calloc((size_t)comm->size, out->n_bytes);
    return out->blocks ? LKS_OK : LKS_NOMEM;
}

lks_status lks_predict(lks_model *model, const lks_feed *feed, lks_device device,
                       lks_comm *comm, const lks_prediction_sink *sink)
{
    rounds self;
    lks_loader_options options = {
        .dataset = feed->dataset,
        .order = {.n_samples = lks_dataset_n_samples(feed->dataset), .shuffle = false},
        .plan = chunk_at,
        .plan_context = &self,
        .max_batch = LKS_EVALUATE_CHUNK,
        .n_ahead = LKS_LOADER_AHEAD,
    };
    const bool recorded = lks_set_grad_enabled(false);
    lks_loader *loader = NULL;
    lks_status st;

    if (make_rounds(model, feed, comm, &self) != LKS_OK) {
        lks_set_grad_enabled(recorded);
        return LKS_COMM; /* the others wait in the first round */
    }
    lks_model_set_training(model, false);
    lks_model_set_carrying(model, false);
    st = lks_loader_create(&options, &loader);
    st = run_rounds(&self, model, feed, device, comm, loader, st, sink);
    lks_loader_destroy(loader);
    lks_model_set_training(model, true);
    lks_set_grad_enabled(recorded);
    lks_free(self.blocks);
    return st;
}
