/* Data that are streams: lanes stay on theirs, and what layers carry goes along. */
#include "support/test_device.h"

#include "base/try.h"
#include "nn/layer.h"
#include "ops/ops.h"
#include "support/replicas.h"
#include "tensor/scope.h"
#include "train/evaluate.h"
#include "train/trainer.h"

enum {
    N_STREAMS = 40,
    N_WINDOWS = 5,
    LENGTH = 3,
    N_TOKENS = 7,
    N_LANES = 4,
    N_STEPS = 2 * N_WINDOWS,
};

/* Token t of stream s. */
static int64_t token_at(uint64_t stream, uint64_t t)
{
    return (int64_t)((stream * 5 + t * t + stream * t / 3) % N_TOKENS);
}

static lks_status get(const void *self, uint64_t index, lks_field_place *places)
{
    const uint64_t stream = index % N_STREAMS, first = index / N_STREAMS * LENGTH;

    (void)self;
    for (uint64_t t = 0; t < LENGTH; t++) {
        if (places[0].data)
            ((int64_t *)places[0].data)[t] = token_at(stream, first + t);
        if (places[1].data)
            ((int64_t *)places[1].data)[t] = token_at(stream, first + t + 1);
    }
    return LKS_OK;
}

static uint64_t n_streams(const void *self)
{
    (void)self;
    return N_STREAMS;
}

#define TOKENS(name_)                                                                    \
    {                                                                                    \
        .name = name_, .dtype = LKS_I64, .n_dims = 1, .sizes = {LENGTH},                 \
        .n_tokens = N_TOKENS                                                             \
    }

static const lks_field fields[] = {TOKENS("inputs"), TOKENS("targets")};

/* `are_streams`: else the same samples, which nobody says go on from one another. */
static lks_dataset *open_data(bool are_streams)
{
    static const lks_dataset_ops streams = {.get = get, .n_streams = n_streams},
                                 alone = {.get = get};
    lks_dataset *data = NULL;

    ck_ok(lks_dataset_create(are_streams ? &streams : &alone, NULL, N_STREAMS * N_WINDOWS,
                             fields, 2, &data));
    return data;
}

/* ---- a model that carries: y = x + half of what the last step was before ---- */

static lks_status echo_infer(lks_layer *layer)
{
    lks_layer_add_carried(layer);
    return lks_layer_same_shape(layer);
}

static lks_status echo_forward(const lks_layer *layer, const lks_layer_run *run,
                               lks_tensor *const *in, lks_tensor **out)
{
    lks_tensor *y =
        run->carried[0] ? lks_add(in[0], lks_mul_scalar(run->carried[0], 0.5)) : in[0];

    (void)layer;
    LKS_TRY(lks_layer_carry(run, 0, lks_narrow(y, 1, LENGTH - 1, 1)));
    return lks_layer_put(out, y);
}

static const lks_layer_type echo = {
    .name = "echo", .infer = echo_infer, .forward = echo_forward};

/* Two layers of an LSTM, in place of the echo. */
static const lks_layer_spec lstm = {
    .type = "lstm",
    .options = {(const lks_option[]){{"hidden_size", 1, {6}},
                                     {"num_layers", 1, {2}},
                                     {"dropout", 1, {0.25}}},
                3}};

static lks_status make_model(const lks_feed *feed, double p, bool has_lstm,
                             lks_model **out)
{
    static const lks_option embedding[] = {{"num_embeddings", 1, {N_TOKENS}},
                                           {"embedding_dim", 1, {6}}},
                            linear[] = {{"out_features", 1, {N_TOKENS}}};
    const lks_option dropout[] = {{"p", 1, {p}}};
    const lks_layer_spec layers[] = {{"embedding", {embedding, 2}},
                                     has_lstm ? lstm : (lks_layer_spec){.own = &echo},
                                     {"dropout", {dropout, 1}},
                                     {"linear", {linear, 1}}};
    lks_model_input inputs[LKS_DATASET_MAX_FIELDS];
    const size_t n = lks_feed_model_inputs(feed, inputs);

    return lks_model_create_from(layers, 4, inputs, n, 5, test_device(), out);
}

/* ---- runs ---- */

typedef struct task {
    const lks_dataset *data;
    double lr;
    bool evaluates; /* after each step */
    bool is_plain;  /* without dropout and shuffling */
    bool has_lstm;
    uint64_t batch_size;
} task;

typedef struct trace {
    double losses[N_STEPS], evaluations[N_STEPS];
    uint64_t weights;
} trace;

typedef struct runs {
    task task;
    trace traces[MAX_REPLICAS];
} runs;

static void enter(void *context, lks_step_phase phase)
{
    (void)context, (void)phase;
}

static void add_samples(void *context, uint64_t n)
{
    (void)context, (void)n;
}

static void end_step(void *context)
{
    (void)context;
}

static lks_wish wish(void *context)
{
    (void)context;
    return LKS_WISH_GO_ON;
}

static const lks_step_watcher watcher = {enter, add_samples, end_step, wish};

static lks_status evaluate(const lks_trainer_options *options, double *out)
{
    lks_evaluation e = {0};

    LKS_TRY(lks_evaluate(options->model, options->loss, &options->feed, options->device,
                         options->comm, &e));
    *out = e.loss;
    lks_evaluation_release(&e);
    return LKS_OK;
}

static lks_status take_steps(const task *t, const lks_trainer_options *options,
                             lks_trainer *trainer, trace *out)
{
    for (uint64_t i = 0; i < N_STEPS; i++) {
        lks_step_result result;

        LKS_TRY(lks_trainer_step(trainer, i, &result));
        out->losses[i] = result.loss;
        if (t->evaluates)
            LKS_TRY(evaluate(options, &out->evaluations[i]));
    }
    return lks_param_block_hash(lks_model_params(options->model), &out->weights);
}

static lks_status run(const task *t, lks_comm *comm, trace *out)
{
    const lks_option sgd[] = {{"lr", 1, {t->lr}}};
    lks_trainer_options options = {
        .comm = comm,
        .loss = lks_loss_find("cross_entropy"),
        .steps = {.n_samples = N_STREAMS * N_WINDOWS,
                  .batch_size = t->batch_size ? t->batch_size : N_STREAMS},
        .n_steps = N_STEPS,
        .n_lanes = N_LANES,
        .shuffle = !t->is_plain, /* of streams it is off by itself */
        .ordered = true,
        .device = test_device(),
        .watcher = &watcher,
    };
    lks_trainer *trainer = NULL;
    lks_status st;

    *out = (trace){{0}};
    LKS_GO(lks_feed_init(&options.feed, t->data));
    LKS_GO(
        make_model(&options.feed, t->is_plain ? 0 : 0.25, t->has_lstm, &options.model));
    LKS_GO(lks_optim_create("sgd", (lks_options){sgd, 1}, lks_model_params(options.model),
                            &options.optim));
    LKS_GO(lks_trainer_create(&options, &trainer));
    LKS_GO(take_steps(t, &options, trainer, out));
cleanup:
    lks_trainer_destroy(trainer);
    lks_optim_destroy(options.optim);
    lks_model_destroy(options.model);
    return st;
}

static const char *run_replica(lks_comm *comm, void *context)
{
    runs *r = context;

    return run(&r->task, comm, &r->traces[comm->rank]) == LKS_OK ? NULL
                                                                 : lks_error_text();
}

static trace run_on(int n_replicas, task t)
{
    static runs r;

    r = (runs){.task = t};
    run_replicas(n_replicas, run_replica, &r);
    for (int i = 1; i < n_replicas; i++)
        ck_assert_mem_eq(&r.traces[i], &r.traces[0], sizeof *r.traces);
    return r.traces[0];
}

START_TEST(what_lanes_carry_is_the_same_on_any_number_of_replicas)
{
    lks_dataset *data = open_data(true);
    const task t = {.data = data, .lr = 0.5, .evaluates = true};
    const trace one = run_on(1, t);

    for (int n = 2; n <= 5; n++) {
        const trace several = run_on(n, t);

        ck_assert_mem_eq(&several, &one, sizeof one);
    }
    ck_assert_double_lt(one.losses[N_STEPS - 1], one.losses[0]);
    lks_dataset_destroy(data);
}
END_TEST

START_TEST(
    an_lstm_language_model_with_dropout_has_the_same_bits_on_any_number_of_replicas)
{
    lks_dataset *data = open_data(true);
    const task t = {.data = data, .lr = 1, .evaluates = true, .has_lstm = true};
    const trace one = run_on(1, t);

    for (int n = 2; n <= 4; n++) {
        const trace several = run_on(n, t);

        ck_assert_mem_eq(&several, &one, sizeof one);
    }
    ck_assert_double_lt(one.losses[N_STEPS - 1], one.losses[0]);
    lks_dataset_destroy(data);
}
END_TEST

/* Without learning, and without dropout, which differs by step, an epoch is like the one
 * before; but its windows are not those of samples that carry nothing, the first excepted. */
START_TEST(a_state_is_carried_through_an_epoch_and_forgotten_at_its_end)
{
    lks_dataset *streams = open_data(true), *alone = open_data(false);
    const trace got = run_on(1, (task){.data = streams, .is_plain = true}),
                plain = run_on(1, (task){.data = alone, .is_plain = true});

    ck_assert_mem_eq(got.losses, got.losses + N_WINDOWS, N_WINDOWS * sizeof(double));
    ck_assert_double_eq(got.losses[0], plain.losses[0]);
    for (int i = 1; i < N_WINDOWS; i++)
        ck_assert_double_ne(got.losses[i], plain.losses[i]);
    lks_dataset_destroy(alone);
    lks_dataset_destroy(streams);
}
END_TEST

START_TEST(an_evaluation_disturbs_nothing_that_training_carries)
{
    lks_dataset *data = open_data(true);
    const trace quiet = run_on(1, (task){.data = data, .lr = 0.5}),
                disturbed = run_on(1, (task){.data = data, .lr = 0.5, .evaluates = true});

    ck_assert_mem_eq(disturbed.losses, quiet.losses, sizeof quiet.losses);
    ck_assert_uint_eq(disturbed.weights, quiet.weights);
    lks_dataset_destroy(data);
}
END_TEST

START_TEST(samples_that_are_no_streams_carry_nothing)
{
    lks_dataset *streams = open_data(true), *alone = open_data(false);
    const task t = {.data = alone, .lr = 0, .evaluates = true};
    const trace carried = run_on(1, (task){.data = streams, .lr = 0, .evaluates = true}),
                plain = run_on(1, t);

    ck_assert_double_ne(carried.evaluations[0], plain.evaluations[0]);
    lks_dataset_destroy(alone);
    lks_dataset_destroy(streams);
}
END_TEST

/* Each stream alone, from its first window to its last, by a forward that carries. */
START_TEST(an_evaluation_runs_each_stream_through_all_its_windows)
{
    lks_dataset *data = open_data(true);
    const trace got = run_on(2, (task){.data = data, .lr = 0, .evaluates = true});
    lks_model *model;
    lks_feed feed;
    double sum = 0;

    ck_ok(lks_feed_init(&feed, data));
    ck_ok(make_model(&feed, 0, false, &model));
    lks_model_set_training(model, false);
    lks_model_set_carrying(model, true);
    for (uint64_t s = 0; s < N_STREAMS; s++) {
        lks_model_forget_carried(model);
        for (uint64_t w = 0; w < N_WINDOWS; w++) {
            int64_t x[LENGTH], targets[LENGTH];
            lks_tensor *y, *target;
            double loss;

            ck_ok(lks_dataset_get(data, w * N_STREAMS + s,
                                  (lks_field_place[]){{x}, {targets}}));
            lks_scope_open();
            y = lks_model_forward(
                model, lks_from_data(LKS_SHAPE_OF(1, LENGTH), LKS_I64, x, test_device()));
            target =
                lks_from_data(LKS_SHAPE_OF(1, LENGTH), LKS_I64, targets, test_device());
            ck_ok(lks_item(lks_loss_sum(lks_loss_find("cross_entropy"), y, target, NULL),
                           &loss));
            lks_scope_close();
            sum += loss;
        }
    }
    ck_assert_double_eq_tol(got.evaluations[0], sum / (N_STREAMS * N_WINDOWS * LENGTH),
                            1e-6);
    ck_assert_double_eq(got.evaluations[N_STEPS - 1], got.evaluations[0]);
    lks_model_destroy(model);
    lks_dataset_destroy(data);
}
END_TEST

START_TEST(a_batch_has_a_window_of_each_stream_or_is_refused)
{
    lks_dataset *data = open_data(true);
    lks_comm *comm;
    trace t;

    ck_ok(lks_comm_self_create(&comm));
    ck_fails(
        run(&(task){.data = data, .lr = 0.5, .batch_size = 20}, comm, &t), LKS_INVALID,
        "the data are 40 streams, of which a batch has a window each: a batch of 20");
    lks_comm_destroy(comm);
    lks_dataset_destroy(data);
}
END_TEST

LKS_SUITE("streams", what_lanes_carry_is_the_same_on_any_number_of_replicas,
          an_lstm_language_model_with_dropout_has_the_same_bits_on_any_number_of_replicas,
          a_state_is_carried_through_an_epoch_and_forgotten_at_its_end,
          an_evaluation_disturbs_nothing_that_training_carries,
          samples_that_are_no_streams_carry_nothing,
          an_evaluation_runs_each_stream_through_all_its_windows,
          a_batch_has_a_window_of_each_stream_or_is_refused)
