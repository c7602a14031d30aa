/* Steps of several replicas over a dataset and a loss of a program's own, whose lanes do
 * not count alike. */
#include "support/test_device.h"

#include <math.h>

#include "base/alloc.h"
#include "base/try.h"
#include "ops/ops.h"
#include "tensor/scope.h"
#include "support/replicas.h"
#include "train/trainer.h"

enum {
    N_SAMPLES = 96,
    BATCH = 32,
    N_LANES = 8,
    N_STEPS = 6,
    N_INPUTS = 5,
    N_CLASSES = 3
};

/* A sample has some numbers and a class, which is ignored in lanes 1, 2 and 6 (of four
 * samples each), in single samples elsewhere, and in all of the second batch. */
static int64_t class_of(uint64_t index)
{
    const uint64_t lane = index % BATCH / (BATCH / N_LANES);
    const bool is_ignored =
        index / BATCH == 1 || lane == 1 || lane == 2 || lane == 6 || index % 5 == 0;

    return is_ignored ? -100 : (int64_t)(index * 7 / 3 % N_CLASSES);
}

static lks_status get(const void *self, uint64_t index, lks_field_place *places)
{
    const lks_rng rng = {.seed = 11, .step = (uint32_t)index};

    (void)self;
    if (places[0].data)
        *(int64_t *)places[0].data = class_of(index);
    if (places[1].data)
        lks_rng_uniform_f32(&rng, 0, N_INPUTS, places[1].data);
    return LKS_OK;
}

/* The targets come first, and nothing is called inputs. */
static lks_dataset *open_data(void)
{
    static const lks_dataset_ops ops = {.get = get};
    static const lks_field fields[] = {
        {.name = "targets", .dtype = LKS_I64},
        {.name = "points", .dtype = LKS_F32, .n_dims = 1, .sizes = {N_INPUTS}}};
    lks_dataset *dataset = NULL;

    ck_ok(lks_dataset_create(&ops, NULL, N_SAMPLES, fields, 2, &dataset));
    return dataset;
}

/* What a run leaves behind. */
typedef struct trace {
    double losses[N_STEPS], divisors[N_STEPS];
    uint64_t weights[N_STEPS];
} trace;

typedef struct task {
    const lks_dataset *data;
    const lks_loss *loss;
    bool ordered;
    trace *traces; /* [size] */
} task;

/* What a step's watcher has heard, and what it is to say. */
typedef struct watch {
    uint64_t step, samples;
    int n_phases; /* of the step under way */
    lks_step_phase first, before, last;
    bool is_late; /* in asking: the losses wait already */
    lks_wish wish;
} watch;

static void enter(void *context, lks_step_phase phase)
{
    watch *w = context;

    if (w->n_phases++ == 0)
        w->first = phase;
    w->before = w->last;
    w->last = phase;
}

static void add_samples(void *context, uint64_t n)
{
    ((watch *)context)->samples += n;
}

static void end_step(void *context)
{
    ((watch *)context)->step++;
}

static lks_wish wish(void *context)
{
    watch *w = context;

    w->is_late = w->is_late || w->last >= LKS_STEP_REDUCE;
    return w->wish;
}

static const lks_step_watcher watcher = {
    .enter = enter,
    .add_samples = add_samples,
    .end_step = end_step,
    .wish = wish,
};

/* What a replica works with. */
typedef struct parts {
    lks_model *model;
    lks_optim *optim;
    lks_trainer *trainer;
    watch watch;
} parts;

static lks_status make_model(parts *p)
{
    static const lks_option linear[] = {{"out_features", 1, {N_CLASSES}}};
    static const lks_layer_spec layers[] = {{"linear", {linear, 1}}};
    static const lks_option sgd[] = {{"lr", 1, {0.5}}};

    LKS_TRY(
        lks_model_create(layers, 1, LKS_SHAPE_OF(N_INPUTS), 5, test_device(), &p->model));
    return lks_optim_create("sgd", (lks_options){sgd, 1}, lks_model_params(p->model),
                            &p->optim);
}

static void release(parts *p)
{
    lks_trainer_destroy(p->trainer);
    lks_optim_destroy(p->optim);
    lks_model_destroy(p->model);
}

static lks_status describe(const task *t, lks_comm *comm, parts *p,
                           lks_trainer_options *out)
{
    *out = (lks_trainer_options){
        .comm = comm,
        .model = p->model,
        .loss = t->loss,
        .optim = p->optim,
        .steps = {.n_samples = N_SAMPLES, .batch_size = BATCH},
        .n_steps = N_STEPS,
        .n_lanes = N_LANES,
        .ordered = t->ordered,
        .device = test_device(),
        .watcher = &watcher,
        .watched = &p->watch,
    };
    return lks_feed_init(&out->feed, t->data);
}

static lks_status make_parts(const task *t, lks_comm *comm, parts *p)
{
    lks_trainer_options options;

    LKS_TRY(make_model(p));
    LKS_TRY(describe(t, comm, p, &options));
    return lks_trainer_create(&options, &p->trainer);
}

static lks_status run(const task *t, lks_comm *comm, parts *p, trace *out)
{
    LKS_TRY(make_parts(t, comm, p));
    for (uint64_t i = 0; i < N_STEPS; i++) {
        lks_step_result result;

        LKS_TRY(lks_trainer_step(p->trainer, i, &result));
        out->losses[i] = result.loss;
        out->divisors[i] = result.divisor;
        LKS_TRY(lks_param_block_hash(lks_model_params(p->model), &out->weights[i]));
    }
    return LKS_OK;
}

static const char *train(lks_comm *comm, void *context)
{
    const task *t = context;
    parts p = {0};
    const lks_status st = run(t, comm, &p, &t->traces[comm->rank]);

    release(&p);
    return st == LKS_OK ? NULL : lks_error_text();
}

/* The run of one replica; those of 2, 3, 4, 5 and 8 are the same to the bit. */
static trace same_at_any_size(const lks_dataset *data, const lks_loss *loss)
{
    static const int sizes[] = {1, 2, 3, 4, 5, 8};
    trace traces[MAX_REPLICAS], first;

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        run_replicas(sizes[i], train, &(task){data, loss, true, traces});
        if (i == 0)
            first = traces[0];
        for (int r = 0; r < sizes[i]; r++)
            ck_assert_mem_eq(&traces[r], &first, sizeof first);
    }
    return first;
}

static int n_counted(uint64_t step)
{
    int n = 0;

    for (uint64_t i = 0; i < BATCH; i++)
        n += class_of((step * BATCH + i) % N_SAMPLES) != -100;
    return n;
}

START_TEST(lanes_that_do_not_count_alike_give_the_same_bits_on_any_number_of_replicas)
{
    lks_dataset *data = open_data();
    const trace got = same_at_any_size(data, lks_loss_find("cross_entropy"));

    for (uint64_t i = 0; i < N_STEPS; i++) {
        const int n = n_counted(i);

        ck_assert_double_eq(got.divisors[i], n > 0 ? n : 1);
        ck_assert(isfinite(got.losses[i]));
    }
    ck_assert_double_lt(got.losses[5], got.losses[2]);
    lks_dataset_destroy(data);
}
END_TEST

START_TEST(a_step_that_counts_nothing_has_loss_0_and_changes_no_weight)
{
    lks_dataset *data = open_data();
    trace got;

    run_replicas(1, train, &(task){data, lks_loss_find("cross_entropy"), true, &got});
    ck_assert_int_eq(n_counted(1), 0);
    ck_assert(got.losses[1] == 0 && got.divisors[1] == 1);
    ck_assert_uint_eq(got.weights[1], got.weights[0]);
    ck_assert_uint_ne(got.weights[2], got.weights[1]);
    lks_dataset_destroy(data);
}
END_TEST

/* The step's loss is PyTorch's mean over the whole batch: F.cross_entropy(model(x), t).
 */
START_TEST(the_first_loss_is_the_mean_over_all_that_count)
{
    lks_dataset *data = open_data();
    float x[BATCH][N_INPUTS];
    int64_t targets[BATCH];
    parts p = {0};
    double want = 0;
    trace got;

    run_replicas(1, train, &(task){data, lks_loss_find("cross_entropy"), true, &got});
    for (uint64_t i = 0; i < BATCH; i++)
        ck_ok(lks_dataset_get(data, i, (lks_field_place[]){{&targets[i]}, {x[i]}}));
    ck_ok(make_model(&p));
    lks_scope_open();
    ck_ok(lks_item(
        lks_cross_entropy(
            lks_model_forward(p.model, lks_from_data(LKS_SHAPE_OF(BATCH, N_INPUTS),
                                                     LKS_F32, x, test_device())),
            lks_from_data(LKS_SHAPE_OF(BATCH), LKS_I64, targets, test_device()), NULL),
        &want));
    lks_scope_close();
    ck_assert_double_eq_tol(got.losses[0], want, 1e-6);
    release(&p);
    lks_dataset_destroy(data);
}
END_TEST

/* A program's own: samples weigh as much as their class says, and are counted so. */
static lks_tensor *weighted_sum(const lks_loss *loss, lks_tensor *output,
                                lks_tensor *target, lks_loss_count *count)
{
    static const lks_cross_entropy_options none = {LKS_REDUCTION_NONE, -100};
    lks_tensor *weights = lks_from_data(LKS_SHAPE_OF(N_CLASSES), LKS_F32, loss->self,
                                        lks_tensor_device(output));
    lks_tensor *each = lks_index_select(weights, 0, target);

    count->tensor = lks_sum_all(each);
    return lks_sum_all(lks_mul(each, lks_cross_entropy(output, target, &none)));
}

static int64_t weighed_class(uint64_t index)
{
    return (int64_t)((index * index + index / 40) % N_CLASSES);
}

static lks_status get_weighed(const void *self, uint64_t index, lks_field_place *places)
{
    LKS_TRY(get(self, index, places));
    if (places[0].data)
        *(int64_t *)places[0].data = weighed_class(index);
    return LKS_OK;
}

START_TEST(a_programs_own_loss_may_count_weights)
{
    static const float weights[N_CLASSES] = {0.1f, 0.7f, 1.3f};
    static const lks_dataset_ops ops = {.get = get_weighed};
    static const lks_field fields[] = {
        {.name = "targets", .dtype = LKS_I64},
        {.name = "inputs", .dtype = LKS_F32, .n_dims = 1, .sizes = {N_INPUTS}}};
    const lks_loss loss = {.name = "weighted",
                           .target_dtype = LKS_I64,
                           .self = weights,
                           .sum = weighted_sum};
    lks_dataset *data;
    double want = 0;
    trace got;

    ck_ok(lks_dataset_create(&ops, NULL, N_SAMPLES, fields, 2, &data));
    got = same_at_any_size(data, &loss);
    for (uint64_t i = 0; i < BATCH; i++)
        want += (double)weights[weighed_class(i)];
    ck_assert_double_eq_tol(got.divisors[0], want, 1e-5);
    ck_assert_double_ne(got.divisors[0], got.divisors[1]);
    lks_dataset_destroy(data);
}
END_TEST

START_TEST(the_fast_reduction_divides_by_the_same_count)
{
    lks_dataset *data = open_data();
    const lks_loss *loss = lks_loss_find("cross_entropy");
    trace ordered, fast[3];

    run_replicas(1, train, &(task){data, loss, true, &ordered});
    run_replicas(3, train, &(task){data, loss, false, fast});
    for (int i = 0; i < N_STEPS; i++) {
        ck_assert_double_eq(fast[2].divisors[i], ordered.divisors[i]);
        ck_assert_double_eq_tol(fast[2].losses[i], ordered.losses[i], 1e-5);
    }
    lks_dataset_destroy(data);
}
END_TEST

/* Of three replicas the last one wants to leave in the third step. */
static lks_status run_watched(const task *t, lks_comm *comm, parts *p)
{
    lks_step_result result;

    LKS_TRY(make_parts(t, comm, p));
    for (uint64_t i = 0; i < 3; i++) {
        p->watch.n_phases = 0;
        p->watch.wish = comm->rank == 2 && i == 2 ? LKS_WISH_LEAVE : LKS_WISH_GO_ON;
        LKS_TRY(lks_trainer_step(p->trainer, i, &result));
        if (p->watch.first != LKS_STEP_LOAD || p->watch.before != LKS_STEP_REDUCE ||
            p->watch.last != LKS_STEP_UPDATE || p->watch.is_late)
            return lks_fail(LKS_STATE, "the phases of step %d are in disorder", (int)i);
        if (p->watch.step != i + 1)
            return lks_fail(LKS_STATE, "the end of step %d is not told", (int)i);
        if (result.wish != (i == 2 ? LKS_WISH_LEAVE : LKS_WISH_GO_ON))
            return lks_fail(LKS_STATE, "the wish of step %d is %d", (int)i, result.wish);
    }
    return LKS_OK;
}

static const char *be_watched(lks_comm *comm, void *context)
{
    const lks_range mine =
        lks_shard_lanes((uint32_t)comm->rank, (uint32_t)comm->size, N_LANES);
    parts p = {0};
    lks_status st = run_watched(context, comm, &p);

    if (st == LKS_OK && p.watch.samples != 3 * (mine.end - mine.begin) * BATCH / N_LANES)
        st = lks_fail(LKS_STATE, "%d samples are told of", (int)p.watch.samples);
    release(&p);
    return st == LKS_OK ? NULL : lks_error_text();
}

START_TEST(a_watcher_is_told_of_phases_samples_and_ends_and_its_wish_reaches_all)
{
    lks_dataset *data = open_data();

    run_replicas(3, be_watched,
                 &(task){data, lks_loss_find("cross_entropy"), true, NULL});
    lks_dataset_destroy(data);
}
END_TEST

START_TEST(a_trainer_without_memory_says_so_and_is_none)
{
    lks_dataset *data = open_data();
    const task t = {data, lks_loss_find("cross_entropy"), true, NULL};
    lks_trainer_options options;
    lks_status st = LKS_NOMEM;
    lks_comm *comm;
    parts p = {0};

    ck_ok(lks_comm_self_create(&comm));
    ck_ok(make_model(&p));
    ck_ok(describe(&t, comm, &p, &options));
    for (long n = 0; st != LKS_OK; n++) {
        lks_alloc_fail_after(n);
        st = lks_trainer_create(&options, &p.trainer);
        lks_alloc_fail_after(-1);
        ck_assert(st == LKS_OK || st == LKS_NOMEM);
        ck_assert(!p.trainer == (st != LKS_OK));
        lks_error_clear();
    }
    release(&p);
    lks_comm_destroy(comm);
    lks_dataset_destroy(data);
}
END_TEST

LKS_SUITE("step",
          lanes_that_do_not_count_alike_give_the_same_bits_on_any_number_of_replicas,
          a_step_that_counts_nothing_has_loss_0_and_changes_no_weight,
          the_first_loss_is_the_mean_over_all_that_count,
          a_programs_own_loss_may_count_weights,
          the_fast_reduction_divides_by_the_same_count,
          a_watcher_is_told_of_phases_samples_and_ends_and_its_wish_reaches_all,
          a_trainer_without_memory_says_so_and_is_none)
