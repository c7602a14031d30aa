#include "train/evaluate.h"

#include "base/alloc.h"
#include "base/try.h"
#include "tensor/scope.h"
#include "train/reduce_tree.h"

/* What chunks yield, each a row of as many numbers. */
enum { LOSS, COUNT, CORRECT, LABELLED, N_ROWS };

typedef struct chunks {
    uint64_t n_samples, n_chunks;
    lks_range mine;
} chunks;

/* The loader's plan: this rank's chunks, in the file's order. */
static bool chunk_at(const void *context, uint64_t item, lks_batch_slice *out)
{
    const chunks *c = context;
    const uint64_t first = (c->mine.begin + item) * LKS_EVALUATE_CHUNK;
    const uint64_t left = c->n_samples - first;

    if (c->mine.begin + item >= c->mine.end)
        return false;
    *out = (lks_batch_slice){
        .first = first,
        .n = (int64_t)(left < LKS_EVALUATE_CHUNK ? left : LKS_EVALUATE_CHUNK)};
    return true;
}

static lks_status run_chunk(lks_model *model, const lks_loss *loss, const lks_feed *feed,
                            lks_device device, const lks_batch *batch, double *yields)
{
    lks_tensor *fields[LKS_DATASET_MAX_FIELDS], *output, *target;
    int64_t n_correct = 0, n_labelled = 0;
    lks_loss_count count = {0};
    lks_status st;

    LKS_TRY(lks_scope_open());
    LKS_GO(lks_batch_bring(batch, feed->dataset, device, fields));
    output = lks_model_forward(model, fields[feed->inputs]);
    target = fields[feed->targets];
    LKS_GO(lks_item(lks_loss_sum(loss, output, target, &count), &yields[LOSS]));
    LKS_GO(lks_loss_count_item(&count, &yields[COUNT]));
    if (loss->counts_correct)
        LKS_GO(lks_count_correct(output, target, loss->ignore_index, &n_correct,
                                 &n_labelled));
    yields[CORRECT] = (double)n_correct;
    yields[LABELLED] = (double)n_labelled;
cleanup:
    lks_scope_close();
    return st;
}

/* What this rank's chunks yield into sums [N_ROWS][n_chunks]. */
static lks_status run_chunks(lks_model *model, const lks_loss *loss, const lks_feed *feed,
                             lks_device device, const chunks *c, double *sums)
{
    const lks_loader_options options = {
        .dataset = feed->dataset,
        .order = {.n_samples = c->n_samples, .shuffle = false},
        .plan = chunk_at,
        .plan_context = c,
        .max_batch = LKS_EVALUATE_CHUNK,
        .n_ahead = LKS_LOADER_AHEAD,
    };
    const bool recorded = lks_set_grad_enabled(false);
    lks_loader *loader = NULL;
    lks_status st;

    lks_model_set_training(model, false);
    LKS_GO(lks_loader_create(&options, &loader));
    for (uint64_t i = c->mine.begin; i < c->mine.end; i++) {
        const lks_batch *batch;
        double yields[N_ROWS];

        LKS_GO(lks_loader_next(loader, &batch));
        LKS_GO(run_chunk(model, loss, feed, device, batch, yields));
        for (uint64_t row = 0; row < N_ROWS; row++)
            sums[row * c->n_chunks + i] = yields[row];
    }
cleanup:
    lks_loader_destroy(loader);
    lks_model_set_training(model, true);
    lks_set_grad_enabled(recorded);
    return st;
}

/* Everyone's chunks to everyone; layout [2][size] is scratch. */
static lks_status gather(lks_comm *comm, const chunks *c, double *sums, size_t *layout)
{
    const size_t size = (size_t)comm->size;

    for (size_t r = 0; r < size; r++) {
        const lks_range part =
            lks_shard_lanes((uint32_t)r, (uint32_t)size, (uint32_t)c->n_chunks);

        layout[r] = part.begin;
        layout[size + r] = part.end - part.begin;
    }
    for (size_t row = 0; row < N_ROWS; row++) {
        const lks_view all =
            lks_view_flat(lks_cpu, sums + row * c->n_chunks, LKS_F64, c->n_chunks);
        lks_request *request = NULL;

        LKS_TRY(comm->ops->all_gather(comm, &all, layout, layout + size, &request));
        LKS_TRY(comm->ops->wait(comm, &request));
    }
    return LKS_OK;
}

/* One row over another, each added up. */
static double mean(const chunks *c, const double *sums, size_t sum, size_t count)
{
    const lks_range all = {0, c->n_chunks};

    return lks_tree_sum(sums + sum * c->n_chunks, all) /
           lks_loss_divisor(lks_tree_sum(sums + count * c->n_chunks, all));
}

lks_status lks_evaluate(lks_model *model, const lks_loss *loss, const lks_feed *feed,
                        lks_device device, lks_comm *comm, lks_evaluation *out)
{
    const uint64_t n = lks_dataset_n_samples(feed->dataset);
    const uint64_t n_chunks = (n + LKS_EVALUATE_CHUNK - 1) / LKS_EVALUATE_CHUNK;
    const chunks c = {.n_samples = n,
                      .n_chunks = n_chunks,
                      .mine = lks_shard_lanes((uint32_t)comm->rank, (uint32_t)comm->size,
                                              (uint32_t)n_chunks)};
    double *sums = lks_calloc(N_ROWS * n_chunks, sizeof *sums);
    size_t *layout = lks_calloc(2 * (size_t)comm->size, sizeof *layout);
    lks_status st = sums && layout ? LKS_OK : LKS_NOMEM;

    if (st != LKS_OK)
        goto cleanup;
    LKS_GO(run_chunks(model, loss, feed, device, &c, sums));
    LKS_GO(gather(comm, &c, sums, layout));
    *out = (lks_evaluation){
        .loss = mean(&c, sums, LOSS, COUNT),
        .has_accuracy = loss->counts_correct,
        .accuracy = mean(&c, sums, CORRECT, LABELLED),
        .n_samples = n,
    };
cleanup:
    lks_free(layout);
    lks_free(sums);
    return st;
}
