#include "train/evaluate.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "tensor/scope.h"
#include "train/deviation.h"
#include "train/reduce_tree.h"

/* What chunks yield, each a row of as many numbers; the last ones where the loss compares
 * values, or where targets are tokens. */
enum {
    LOSS,
    COUNT,
    MORE,
    DEVIATION = MORE,
    CORRECT = MORE,
    COUNTED,
    N_ROWS_OF_TOKENS,
    N_ROWS_OF_VALUES = DEVIATION + LKS_DEVIATION_ROWS,
    MAX_ROWS = N_ROWS_OF_VALUES,
};

/* Samples in their order, n_windows times n_streams of them. A chunk is one window of
 * `width` streams; those of the same streams follow one another. Samples that are no
 * streams have one window each. */
typedef struct chunks {
    uint64_t n_streams, n_windows, width;
    uint64_t n_chunks, n_rows;
    bool are_tokens, are_values;
    lks_range mine;
    double *sums; /* [n_rows][n_chunks] */
    lks_tally *tally;
} chunks;

bool lks_compares_values(const lks_loss *loss)
{
    static const char *const names[] = {"mse_loss", "l1_loss", "smooth_l1_loss",
                                        "huber_loss"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(loss->name, names[i]) == 0)
            return true;
    return false;
}

/* The loader's plan: this rank's chunks, in the file's order. */
static bool chunk_at(const void *context, uint64_t item, lks_batch_slice *out)
{
    const chunks *c = context;
    const uint64_t chunk = c->mine.begin + item;
    const uint64_t stream = chunk / c->n_windows * c->width;
    const uint64_t left = c->n_streams - stream;

    if (chunk >= c->mine.end)
        return false;
    *out = (lks_batch_slice){.first = chunk % c->n_windows * c->n_streams + stream,
                             .n = (int64_t)(left < c->width ? left : c->width)};
    return true;
}

static lks_status count_tokens(const lks_loss *loss, lks_tensor *output,
                               lks_tensor *target, double *yields)
{
    int64_t n_correct, n_counted;

    LKS_TRY(lks_count_correct(output, target, lks_loss_ignored(loss), &n_correct,
                              &n_counted));
    yields[CORRECT] = (double)n_correct;
    yields[COUNTED] = (double)n_counted;
    return LKS_OK;
}

static lks_status run_chunk(lks_model *model, const lks_loss *loss, const lks_feed *feed,
                            lks_device device, const lks_batch *batch, const chunks *c,
                            double *yields)
{
    lks_tensor *output, *target;
    lks_loss_count count = {0};
    lks_fields fields;
    lks_status st;

    LKS_TRY(lks_scope_open());
    LKS_GO(lks_batch_bring(batch, feed->dataset, device, &fields));
    output = lks_feed_forward(feed, model, &fields);
    target = fields.tensors[feed->targets];
    LKS_GO(lks_item(lks_loss_sum(loss, output, target, &count), &yields[LOSS]));
    LKS_GO(lks_loss_count_item(&count, &yields[COUNT]));
    if (c->tally)
        LKS_GO(lks_tally_add(c->tally, output, target, lks_loss_ignored(loss)));
    if (c->are_tokens)
        LKS_GO(count_tokens(loss, output, target, yields));
    if (c->are_values)
        LKS_GO(lks_deviation_of(output, target, yields + DEVIATION));
cleanup:
    lks_scope_close();
    return st;
}

/* What this rank's chunks yield into the sums and the tally. */
static lks_status run_chunks(lks_model *model, const lks_loss *loss, const lks_feed *feed,
                             lks_device device, const chunks *c)
{
    const lks_loader_options options = {
        .dataset = feed->dataset,
        .order = {.n_samples = lks_dataset_n_samples(feed->dataset), .shuffle = false},
        .plan = chunk_at,
        .plan_context = c,
        .max_batch = (int64_t)c->width,
        .n_ahead = LKS_LOADER_AHEAD,
    };
    const bool recorded = lks_set_grad_enabled(false);
    lks_loader *loader = NULL;
    lks_status st;

    lks_model_set_training(model, false);
    lks_model_set_carrying(model, lks_dataset_n_streams(feed->dataset) > 0);
    LKS_GO(lks_loader_create(&options, &loader));
    for (uint64_t i = c->mine.begin; i < c->mine.end; i++) {
        const lks_batch *batch;
        double yields[MAX_ROWS];

        if (i % c->n_windows == 0)
            lks_model_forget_carried(model);
        LKS_GO(lks_loader_next(loader, &batch));
        LKS_GO(run_chunk(model, loss, feed, device, batch, c, yields));
        for (uint64_t row = 0; row < c->n_rows; row++)
            c->sums[row * c->n_chunks + i] = yields[row];
    }
cleanup:
    lks_loader_destroy(loader);
    lks_model_forget_carried(model);
    lks_model_set_training(model, true);
    lks_set_grad_enabled(recorded);
    return st;
}

/* The chunks of a rank: whole streams'. */
static lks_range chunks_of(const chunks *c, uint32_t rank, uint32_t size)
{
    const lks_range runs =
        lks_shard_lanes(rank, size, (uint32_t)(c->n_chunks / c->n_windows));

    return (lks_range){runs.begin * c->n_windows, runs.end * c->n_windows};
}

/* Everyone's chunks to everyone; layout [2][size] is scratch. */
static lks_status gather(lks_comm *comm, const chunks *c, size_t *layout)
{
    const size_t size = (size_t)comm->size;

    for (size_t r = 0; r < size; r++) {
        const lks_range part = chunks_of(c, (uint32_t)r, (uint32_t)size);

        layout[r] = part.begin;
        layout[size + r] = part.end - part.begin;
    }
    for (size_t row = 0; row < c->n_rows; row++) {
        const lks_view all =
            lks_view_flat(lks_cpu, c->sums + row * c->n_chunks, LKS_F64, c->n_chunks);
        lks_request *request = NULL;

        LKS_TRY(comm->ops->all_gather(comm, &all, layout, layout + size, &request));
        LKS_TRY(comm->ops->wait(comm, &request));
    }
    return LKS_OK;
}

static void conclude_tokens(const chunks *c, lks_evaluation *out)
{
    const lks_range all = {0, c->n_chunks};
    const double counted = lks_tree_sum(c->sums + COUNTED * c->n_chunks, all);

    out->has_tokens = out->has_accuracy = true;
    out->n_tokens = (uint64_t)counted;
    out->perplexity = exp(out->loss);
    out->accuracy =
        lks_tree_sum(c->sums + CORRECT * c->n_chunks, all) / lks_loss_divisor(counted);
}

/* All that has been counted is on every rank. */
static void conclude(const chunks *c, const lks_feed *feed, lks_evaluation *out)
{
    const lks_range all = {0, c->n_chunks};
    const lks_field *target = lks_dataset_field(feed->dataset, feed->targets);
    double *rows = c->sums + DEVIATION * c->n_chunks;

    *out = (lks_evaluation){
        .n_samples = lks_dataset_n_samples(feed->dataset),
        .loss = lks_tree_sum(c->sums + LOSS * c->n_chunks, all) /
                lks_loss_divisor(lks_tree_sum(c->sums + COUNT * c->n_chunks, all)),
        .tally = c->tally,
        .has_accuracy = c->tally != NULL,
        .has_errors = c->are_values,
        .r2 = NAN,
    };
    if (out->has_accuracy)
        out->accuracy = (double)lks_tally_n_correct(c->tally) /
                        lks_loss_divisor((double)lks_tally_n_samples(c->tally));
    if (c->are_tokens)
        conclude_tokens(c, out);
    if (!out->has_errors)
        return;
    out->absolute_error = lks_deviation_absolute_error(rows, c->n_chunks);
    if (lks_field_bytes(target) == lks_dtype_size_bytes(target->dtype))
        out->r2 = lks_deviation_r2(rows, c->n_chunks);
}

static void cut(const lks_feed *feed, chunks *out)
{
    const uint64_t n = lks_dataset_n_samples(feed->dataset);
    const uint64_t n_streams = lks_dataset_n_streams(feed->dataset);

    *out = (chunks){.n_streams = n,
                    .n_windows = 1,
                    .width = lks_feed_has_tokens(feed) ? LKS_EVALUATE_TEXTS
                                                       : LKS_EVALUATE_CHUNK};
    if (n_streams > 0)
        *out = (chunks){.n_streams = n_streams,
                        .n_windows = n / n_streams,
                        .width = LKS_EVALUATE_STREAMS};
    out->n_chunks = (out->n_streams + out->width - 1) / out->width * out->n_windows;
}

/* The table that this rank's chunks are counted in. */
static lks_status make_chunks(const lks_model *model, const lks_loss *loss,
                              const lks_feed *feed, const lks_comm *comm, chunks *out)
{
    cut(feed, out);
    out->are_tokens = loss->counts_correct && lks_feed_has_tokens(feed);
    out->are_values = lks_compares_values(loss);
    out->n_rows = out->are_values   ? N_ROWS_OF_VALUES
                  : out->are_tokens ? N_ROWS_OF_TOKENS
                                    : MORE;
    out->mine = chunks_of(out, (uint32_t)comm->rank, (uint32_t)comm->size);
    out->sums = lks_calloc(out->n_rows * out->n_chunks, sizeof *out->sums);
    if (!out->sums)
        return LKS_NOMEM;
    if (!loss->counts_correct || out->are_tokens)
        return LKS_OK;
    LKS_TRY(lks_tally_create(lks_model_output_shape(model).sizes[0], &out->tally));
    return lks_dataset_class_names(feed->dataset, out->tally->n_classes,
                                   &out->tally->class_names);
}

lks_status lks_evaluate(lks_model *model, const lks_loss *loss, const lks_feed *feed,
                        lks_device device, lks_comm *comm, lks_evaluation *out)
{
    size_t *layout = lks_calloc(2 * (size_t)comm->size, sizeof *layout);
    chunks c = {0};
    lks_status st;

    LKS_GO(make_chunks(model, loss, feed, comm, &c));
    LKS_GO(layout ? LKS_OK : LKS_NOMEM);
    LKS_GO(run_chunks(model, loss, feed, device, &c));
    LKS_GO(gather(comm, &c, layout));
    if (c.tally)
        LKS_GO(lks_tally_share(c.tally, comm));
    conclude(&c, feed, out);
    c.tally = NULL;
cleanup:
    lks_tally_destroy(c.tally);
    lks_free(layout);
    lks_free(c.sums);
    return st;
}

void lks_evaluation_release(lks_evaluation *evaluation)
{
    lks_tally_destroy(evaluation->tally);
    *evaluation = (lks_evaluation){0};
}
