/* A training step in which one request for memory fails, whichever it is: an error, the
 * weights of before or after, and nothing left behind (which the address sanitizer sees). */
#include "support/test_device.h"

#include "autograd/backward.h"
#include "base/alloc.h"
#include "base/try.h"
#include "ops/ops.h"
#include "support/models.h"
#include "support/replicas.h"
#include "tensor/scope.h"
#include "train/trainer.h"

enum { N_SAMPLES = 16, BATCH = 8, N_LANES = 2, N_STEPS = 2, N_CLASSES = 3, MOST = 20000 };

static const lks_layer_spec layers[] = {
    LAYER("conv2d", {"out_channels", 1, {4}}, {"kernel_size", 1, {3}}),
    {.type = "batch_norm2d"},
    {.type = "relu"},
    LAYER("max_pool2d", {"kernel_size", 1, {2}}),
    LAYER("dropout", {"p", 1, {0.25}}),
    {.type = "flatten"},
    LAYER("linear", {"out_features", 1, {N_CLASSES}}),
};

typedef struct parts {
    lks_model *model;
    lks_optim *optim;
} parts;

/* Weights decay, biases do not; gradients are clipped both ways. */
static void make_parts(const char *optimiser, parts *out)
{
    static const lks_option decay[] = {{"weight_decay", 1, {0.01}}};
    static const lks_option none[] = {{"weight_decay", 1, {0}}, {"lr", 1, {0.05}}};
    static const char *const biases[] = {"*.bias"};
    const lks_optim_group group = {biases, 1, {none, 2}};

    ck_ok(lks_model_create(layers, N_LAYERS(layers), LKS_SHAPE_OF(1, 6, 6), 1,
                           test_device(), &out->model));
    ck_ok(lks_optim_create_grouped(optimiser, (lks_options){decay, 1}, &group, 1,
                                   lks_model_params(out->model), &out->optim));
    ck_assert_uint_gt(lks_optim_n_ranges(out->optim), 1);
    lks_optim_clip(out->optim, 0.5, 0.1);
}

static void release_parts(parts *p)
{
    lks_optim_destroy(p->optim);
    lks_model_destroy(p->model);
}

static uint64_t weights_of(const parts *p)
{
    uint64_t hash = 0;

    ck_ok(lks_param_block_hash(lks_model_params(p->model), &hash));
    return hash;
}

/* ---- the trainer's step ---------------------------------------------------------- */

static lks_status get(const void *self, uint64_t index, lks_field_place *places)
{
    const lks_rng rng = {.seed = 3, .step = (uint32_t)index};

    (void)self;
    if (places[0].data)
        lks_rng_uniform_f32(&rng, 0, 36, places[0].data);
    if (places[1].data)
        *(int64_t *)places[1].data = (int64_t)(index % N_CLASSES);
    return LKS_OK;
}

static lks_dataset *open_data(void)
{
    static const lks_dataset_ops ops = {.get = get};
    static const lks_field fields[] = {
        {.name = "inputs", .dtype = LKS_F32, .n_dims = 3, .sizes = {1, 6, 6}},
        {.name = "targets", .dtype = LKS_I64}};
    lks_dataset *data = NULL;

    ck_ok(lks_dataset_create(&ops, NULL, N_SAMPLES, fields, 2, &data));
    return data;
}

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

static const lks_step_watcher watcher = {
    .enter = enter, .add_samples = add_samples, .end_step = end_step, .wish = wish};

static lks_trainer *make_trainer(const lks_dataset *data, lks_comm *comm, const parts *p)
{
    lks_trainer_options options = {
        .comm = comm,
        .model = p->model,
        .loss = lks_loss_find("cross_entropy"),
        .optim = p->optim,
        .steps = {.n_samples = N_SAMPLES, .batch_size = BATCH},
        .n_steps = N_STEPS,
        .n_lanes = N_LANES,
        .shuffle = true,
        .ordered = true,
        .device = test_device(),
        .watcher = &watcher,
    };
    lks_trainer *trainer = NULL;

    ck_ok(lks_feed_init(&options.feed, data));
    ck_ok(lks_trainer_create(&options, &trainer));
    return trainer;
}

/* Steps from the first on, of which the request after n others fails; the weights before
 * and after each go into hashes[N_STEPS + 1]. False: there were no more than n. */
static bool train(const lks_dataset *data, long n, uint64_t *hashes)
{
    lks_status st = LKS_OK;
    lks_comm *comm = NULL;
    lks_trainer *trainer;
    bool failed;
    parts p;

    make_parts("adam", &p);
    ck_ok(lks_comm_self_create(&comm));
    trainer = make_trainer(data, comm, &p);
    hashes[0] = weights_of(&p);
    for (uint64_t i = 0; i < N_STEPS && st == LKS_OK; i++) {
        lks_step_result result;

        lks_error_clear();
        lks_alloc_fail_after(n);
        st = lks_trainer_step(trainer, i, &result);
        failed = lks_alloc_has_failed();
        lks_alloc_fail_after(-1);
        ck_assert_int_eq(st, failed ? LKS_NOMEM : LKS_OK);
        ck_assert(!failed || lks_error_text()[0]);
        hashes[i + 1] = weights_of(&p);
    }
    lks_error_clear();
    lks_trainer_destroy(trainer);
    lks_comm_destroy(comm);
    release_parts(&p);
    return st != LKS_OK;
}

START_TEST(a_trainers_step_survives_each_request_that_fails)
{
    lks_dataset *data = open_data();
    uint64_t wanted[N_STEPS + 1], hashes[N_STEPS + 1];

    ck_assert(!train(data, MOST, wanted));
    ck_assert_uint_ne(wanted[0], wanted[1]);
    for (long n = 0; train(data, n, hashes); n++) {
        ck_assert_int_lt(n, MOST);
        ck_assert(hashes[1] == wanted[0] || hashes[1] == wanted[1]);
    }
    ck_assert_mem_eq(hashes, wanted, sizeof wanted);
    lks_dataset_destroy(data);
}
END_TEST

/* ---- a program's own loop -------------------------------------------------------- */

static lks_status step(const parts *p, const lks_tensor *x, const lks_tensor *target,
                       uint64_t index)
{
    lks_param_block *params = lks_model_params(p->model);
    lks_status st;

    LKS_TRY(lks_scope_open());
    lks_model_set_position(p->model, 1, index, 0);
    lks_param_block_zero_grad(params);
    st = lks_backward(lks_cross_entropy(lks_model_forward(p->model, (lks_tensor *)x),
                                        (lks_tensor *)target, NULL));
    lks_scope_close();
    LKS_TRY(st);
    LKS_TRY(lks_clip_grad_norm(params, 0.5, NULL));
    LKS_TRY(lks_clip_grad_value(params, 0.1));
    return lks_optim_step(p->optim);
}

START_TEST(a_step_of_ones_own_that_fails_can_be_taken_again)
{
    const lks_rng rng = {.seed = 5};
    lks_tensor *x = lks_rand(LKS_SHAPE_OF(BATCH, 1, 6, 6), LKS_F32, &rng, test_device());
    lks_tensor *target = lks_ones(LKS_SHAPE_OF(BATCH), LKS_I64, test_device());
    uint64_t wanted;
    bool failed = true;
    parts p;

    make_parts("sgd", &p);
    ck_ok(step(&p, x, target, 0));
    wanted = weights_of(&p);
    release_parts(&p);
    for (long n = 0; failed; n++) {
        lks_status st;

        ck_assert_int_lt(n, MOST);
        make_parts("sgd", &p);
        lks_error_clear();
        lks_alloc_fail_after(n);
        st = step(&p, x, target, 0);
        failed = lks_alloc_has_failed();
        lks_alloc_fail_after(-1);
        ck_assert_int_eq(st, failed ? LKS_NOMEM : LKS_OK);
        lks_error_clear();
        if (failed)
            ck_ok(step(&p, x, target, 0));
        ck_assert_uint_eq(weights_of(&p), wanted);
        release_parts(&p);
    }
    lks_unref(x);
    lks_unref(target);
}
END_TEST

LKS_SUITE("step_memory", a_trainers_step_survives_each_request_that_fails,
          a_step_of_ones_own_that_fails_can_be_taken_again)
