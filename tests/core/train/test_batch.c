/* A dataset's fields on their way into models: by name, with lengths, and targets that are
 * tokens. */
#include "support/test_device.h"

#include <math.h>

#include "base/try.h"
#include "nn/layer.h"
#include "ops/ops.h"
#include "support/replicas.h"
#include "tensor/scope.h"
#include "train/evaluate.h"

enum { N_SAMPLES = 6, MOST = 4, N_TOKENS = 5 };

/* Sample i has 1 + i % 4 tokens and targets, and one weight, which stands first. */
enum { WEIGHTS, TARGETS, INPUTS, N_FIELDS };

static int64_t length_of(uint64_t index)
{
    return 1 + (int64_t)(index % MOST);
}

static lks_status get(const void *self, uint64_t index, lks_field_place *places)
{
    const int64_t n = length_of(index);

    (void)self;
    if (places[WEIGHTS].data)
        *(float *)places[WEIGHTS].data = (float)index;
    for (int64_t t = 0; places[INPUTS].data && t < n; t++)
        ((int64_t *)places[INPUTS].data)[t] = ((int64_t)index + t) % N_TOKENS;
    for (int64_t t = 0; places[TARGETS].data && t < n; t++)
        ((int64_t *)places[TARGETS].data)[t] =
            t == 2 ? -100 : ((int64_t)index + 2 * t) % N_TOKENS;
    places[INPUTS].length = places[TARGETS].length = n;
    return LKS_OK;
}

static const lks_dataset_ops ops = {.get = get};

#define TOKENS(name_, pad_)                                                              \
    {                                                                                    \
        .name = name_, .dtype = LKS_I64, .n_dims = 1, .sizes = {MOST}, .varies = true,   \
        .pad = pad_, .n_tokens = N_TOKENS                                                \
    }

static const lks_field fields[N_FIELDS] = {
    {.name = "weights", .dtype = LKS_F32, .n_dims = 1, .sizes = {1}},
    TOKENS("targets", -100),
    TOKENS("inputs", 0),
};

static void open_data(lks_dataset **out, lks_feed *feed)
{
    ck_ok(lks_dataset_create(&ops, NULL, N_SAMPLES, fields, N_FIELDS, out));
    ck_ok(lks_feed_init(feed, *out));
}

#define OPTION(key, n)                                                                   \
    {                                                                                    \
        (const lks_option[]){{key, 1, {n}}}, 1                                           \
    }

#define EMBEDDING(rows)                                                                  \
    .type = "embedding", .options = {(const lks_option[]){{"num_embeddings", 1, {rows}}, \
                                                          {"embedding_dim", 1, {3}}},    \
                                     2}

static lks_status make_model(const lks_feed *feed, const lks_layer_spec *layers, size_t n,
                             lks_model **out)
{
    lks_model_input inputs[LKS_DATASET_MAX_FIELDS];
    const size_t n_inputs = lks_feed_model_inputs(feed, inputs);

    return lks_model_create_from(layers, n, inputs, n_inputs, 3, test_device(), out);
}

START_TEST(a_models_inputs_are_all_fields_but_the_targets)
{
    lks_model_input inputs[LKS_DATASET_MAX_FIELDS];
    lks_dataset *data;
    lks_feed feed;

    open_data(&data, &feed);
    ck_assert_uint_eq(lks_feed_model_inputs(&feed, inputs), 2);
    ck_assert_str_eq(inputs[0].name, "inputs");
    ck_assert(inputs[0].varies && inputs[0].dtype == LKS_I64);
    ck_assert_int_eq(inputs[0].n_tokens, N_TOKENS);
    ck_assert_str_eq(inputs[1].name, "weights");
    ck_assert(!inputs[1].varies && inputs[1].dtype == LKS_F32);
    lks_dataset_destroy(data);
}
END_TEST

/* The lengths' sum in every element of its output, 0 where they are not said. */
static lks_status told_infer(lks_layer *layer)
{
    layer->out[0].shape = LKS_SHAPE_OF(1);
    return LKS_OK;
}

static lks_status told_forward(const lks_layer *layer, const lks_layer_run *run,
                               lks_tensor *const *in, lks_tensor **out)
{
    lks_tensor *zeros =
        lks_zeros(LKS_SHAPE_OF(lks_size(in[0], 0), 1), LKS_F32, test_device());

    (void)layer;
    return lks_layer_put(
        out, run->lengths[0]
                 ? lks_add(zeros, lks_to(lks_sum_all(run->lengths[0]), LKS_F32))
                 : zeros);
}

static const lks_layer_type told = {.name = "told",
                                    .takes = LKS_I64,
                                    .takes_varying = true,
                                    .infer = told_infer,
                                    .forward = told_forward};

/* What "told" says of the samples that stand in indices[n]. */
static double told_of(const lks_feed *feed, lks_model *model, const uint64_t *indices,
                      int64_t n)
{
    float weights[N_SAMPLES];
    int64_t tokens[2][N_SAMPLES * MOST], lengths[2][N_SAMPLES];
    lks_batch batch = {.slice = {.n = n},
                       .fields = {{.data = weights},
                                  {.data = tokens[0], .lengths = lengths[0]},
                                  {.data = tokens[1], .lengths = lengths[1]}}};
    lks_fields brought;
    double value;

    ck_ok(lks_dataset_gather(feed->dataset, indices, n, batch.fields));
    lks_scope_open();
    ck_ok(lks_batch_bring(&batch, feed->dataset, test_device(), &brought));
    value = tensor_at(lks_feed_forward(feed, model, &brought), 0);
    lks_scope_close();
    return value;
}

START_TEST(lengths_come_with_samples_that_differ)
{
    const lks_layer_spec layers[] = {
        {.own = &told, .name = "t"},
        {.type = "add", .from = (const char *const[]){"t", "weights"}, .n_from = 2}};
    lks_dataset *data;
    lks_model *model;
    lks_feed feed;

    open_data(&data, &feed);
    ck_ok(make_model(&feed, layers, 2, &model));
    ck_assert(told_of(&feed, model, (uint64_t[]){1, 3}, 2) == 2 + 4 + 1);
    ck_assert(told_of(&feed, model, (uint64_t[]){5, 1}, 2) == 5);
    lks_model_destroy(model);
    lks_dataset_destroy(data);
}
END_TEST

START_TEST(a_field_that_the_data_do_not_have_is_named)
{
    const lks_model_input inputs[] = {{"inputs", LKS_SHAPE_OF(MOST), LKS_I64, true},
                                      {"source", LKS_SHAPE_OF(MOST), LKS_I64, true}};
    const lks_layer_spec layers[] = {{EMBEDDING(N_TOKENS)}};
    lks_dataset *data;
    lks_model *model;
    lks_feed feed;

    open_data(&data, &feed);
    ck_ok(lks_model_create_from(layers, 1, inputs, 2, 0, test_device(), &model));
    lks_scope_open();
    ck_assert_ptr_null(lks_feed_forward(&feed, model, &(lks_fields){{NULL}}));
    ck_assert_str_eq(lks_error_text(),
                     "the model takes a field 'source', which the data do not have");
    lks_error_clear();
    lks_scope_close();
    lks_model_destroy(model);
    lks_dataset_destroy(data);
}
END_TEST

START_TEST(a_vocabulary_larger_than_the_embedding_is_refused)
{
    const lks_layer_spec layers[] = {{EMBEDDING(N_TOKENS - 1)}};
    lks_dataset *data;
    lks_model *model;
    lks_feed feed;

    open_data(&data, &feed);
    ck_fails(make_model(&feed, layers, 1, &model), LKS_SHAPE,
             "the vocabulary has 5 tokens, num_embeddings is 4");
    lks_dataset_destroy(data);
}
END_TEST

static uint64_t no_fingerprint(const void *self)
{
    (void)self;
    return 0;
}

START_TEST(fields_that_vary_elsewhere_are_refused)
{
    const lks_field odd[] = {{.name = "inputs",
                              .dtype = LKS_F32,
                              .n_dims = 2,
                              .sizes = {2, MOST},
                              .varies = true,
                              .varying_dim = 1}};
    const lks_dataset_ops unread = {.get = get, .fingerprint = no_fingerprint};
    lks_dataset *data;
    lks_feed feed;

    ck_ok(lks_dataset_create(&unread, NULL, 1, odd, 1, &data));
    ck_fails(lks_feed_init_inputs(&feed, data), LKS_INVALID,
             "field inputs: dimension 2 of its samples varies");
    lks_dataset_destroy(data);
}
END_TEST

START_TEST(a_sample_of_length_0_is_refused)
{
    int64_t tokens[2][MOST] = {{0}}, lengths[2] = {2, 0};
    float weights[2] = {0};
    const lks_batch batch = {
        .slice = {.n = 2},
        .fields = {{.data = weights},
                   {.data = tokens, .lengths = lengths, .longest = 2},
                   {.data = tokens, .lengths = lengths, .longest = 2}}};
    lks_dataset *data;
    lks_fields brought;
    lks_feed feed;

    open_data(&data, &feed);
    lks_scope_open();
    ck_fails(lks_batch_bring(&batch, data, test_device(), &brought), LKS_FORMAT,
             "the field targets has a sample of length 0");
    lks_scope_close();
    lks_dataset_destroy(data);
}
END_TEST

/* ---- targets that are tokens ---- */

static lks_status evaluate(lks_comm *comm, lks_evaluation *out)
{
    const lks_layer_spec layers[] = {
        {EMBEDDING(N_TOKENS)}, {.type = "linear", .options = OPTION("out_features", 5)}};
    lks_dataset *data = NULL;
    lks_model *model = NULL;
    lks_feed feed;
    lks_status st;

    open_data(&data, &feed);
    LKS_GO(make_model(&feed, layers, 2, &model));
    LKS_GO(lks_evaluate(model, lks_loss_find("cross_entropy"), &feed, test_device(), comm,
                        out));
cleanup:
    lks_model_destroy(model);
    lks_dataset_destroy(data);
    return st;
}

/* The same of one sample after the other, which are no longer than they are. */
static double loss_by_hand(double *accuracy)
{
    const lks_layer_spec layers[] = {
        {EMBEDDING(N_TOKENS)}, {.type = "linear", .options = OPTION("out_features", 5)}};
    double sum = 0, n = 0, correct = 0;
    lks_dataset *data;
    lks_model *model;
    lks_feed feed;

    open_data(&data, &feed);
    ck_ok(make_model(&feed, layers, 2, &model));
    for (uint64_t i = 0; i < N_SAMPLES; i++) {
        int64_t tokens[MOST], targets[MOST], n_correct, n_counted;
        lks_field_place places[N_FIELDS] = {{NULL}, {targets}, {tokens}};
        lks_tensor *x[2], *y, *target;
        double loss;

        ck_ok(lks_dataset_get(data, i, places));
        lks_scope_open();
        x[0] =
            lks_from_data(LKS_SHAPE_OF(1, length_of(i)), LKS_I64, tokens, test_device());
        x[1] = lks_zeros(LKS_SHAPE_OF(1, 1), LKS_F32, test_device());
        target =
            lks_from_data(LKS_SHAPE_OF(length_of(i)), LKS_I64, targets, test_device());
        ck_ok(lks_model_run(model, x, &y));
        y = lks_reshape(y, LKS_SHAPE_OF(length_of(i), N_TOKENS));
        ck_ok(lks_item(
            lks_cross_entropy(y, target,
                              &(lks_cross_entropy_options){.reduction = LKS_REDUCTION_SUM,
                                                           .ignore_index = -100}),
            &loss));
        ck_ok(lks_count_correct(y, target, -100, &n_correct, &n_counted));
        lks_scope_close();
        sum += loss;
        n += (double)n_counted;
        correct += (double)n_correct;
    }
    lks_model_destroy(model);
    lks_dataset_destroy(data);
    *accuracy = correct / n;
    return sum / n;
}

START_TEST(padding_counts_for_nothing_in_loss_accuracy_and_perplexity)
{
    lks_evaluation e = {0};
    lks_comm *comm;
    double accuracy;
    const double loss = loss_by_hand(&accuracy);

    ck_ok(lks_comm_self_create(&comm));
    ck_ok(evaluate(comm, &e));
    ck_assert_uint_eq(e.n_samples, 6);
    ck_assert(e.has_tokens && e.has_accuracy && !e.tally);
    ck_assert_uint_eq(e.n_tokens, 11); /* of 13, two of which are ignored */
    ck_assert_double_eq_tol(e.loss, loss, 1e-6);
    ck_assert_double_eq(e.accuracy, accuracy);
    ck_assert_double_eq(e.perplexity, exp(e.loss));
    lks_evaluation_release(&e);
    lks_comm_destroy(comm);
}
END_TEST

LKS_SUITE("batch", a_models_inputs_are_all_fields_but_the_targets,
          lengths_come_with_samples_that_differ,
          a_field_that_the_data_do_not_have_is_named,
          a_vocabulary_larger_than_the_embedding_is_refused,
          fields_that_vary_elsewhere_are_refused, a_sample_of_length_0_is_refused,
          padding_counts_for_nothing_in_loss_accuracy_and_perplexity)
