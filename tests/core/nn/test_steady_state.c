/* Once a training loop has run a while, its steps ask the system for no memory, and ten
 * thousand of them leave nothing behind. */
#include "support/models.h"
#include "support/suite.h"

#include <malloc.h>
#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "lockstep.h"

static _Atomic long n_calls;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum {
    IS_WATCHED = true
}; /* by a tool that has a malloc of its own, and keeps nothing */
#else
enum { IS_WATCHED = false };

/* The C library's own, under the names that it has for who stands in front of them. */
void *__libc_malloc(size_t n_bytes);
void *__libc_calloc(size_t count, size_t n_bytes);
void *__libc_realloc(void *block, size_t n_bytes);
void *__libc_memalign(size_t alignment, size_t n_bytes);

void *malloc(size_t n_bytes)
{
    atomic_fetch_add(&n_calls, 1);
    return __libc_malloc(n_bytes);
}

void *calloc(size_t count, size_t n_bytes)
{
    atomic_fetch_add(&n_calls, 1);
    return __libc_calloc(count, n_bytes);
}

void *realloc(void *block, size_t n_bytes)
{
    atomic_fetch_add(&n_calls, 1);
    return __libc_realloc(block, n_bytes);
}

int posix_memalign(void **out, size_t alignment, size_t n_bytes)
{
    atomic_fetch_add(&n_calls, 1);
    *out = __libc_memalign(alignment, n_bytes);
    return *out ? 0 : 12 /* ENOMEM */;
}
#endif

enum { BATCH = 4, WARM = 20, STEPS = 10000 };

typedef struct training {
    lks_model *model;
    lks_optim *optim;
    lks_tensor *x, *target;
    const lks_loss *loss; /* NULL: a mean of cross_entropy */
} training;

static lks_tensor *loss_of(const training *t)
{
    lks_tensor *y = lks_model_forward(t->model, t->x);
    lks_loss_count count;

    return t->loss ? lks_loss_sum(t->loss, y, t->target, &count)
                   : lks_cross_entropy(y, t->target, NULL);
}

static lks_status step(training *t, uint64_t index)
{
    lks_status st;

    if (lks_scope_open() != LKS_OK)
        return lks_error_status();
    lks_model_set_position(t->model, 1, index, 0);
    lks_param_block_zero_grad(lks_model_params(t->model));
    st = lks_backward(loss_of(t));
    lks_scope_close();
    return st == LKS_OK ? lks_optim_step(t->optim) : st;
}

/* Every kind of layer that a small net for images has. */
static const lks_layer_spec small[] = {
    LAYER("conv2d", {"out_channels", 1, {4}}, {"kernel_size", 1, {3}}),
    LAYER("batch_norm2d"),
    LAYER("relu"),
    LAYER("max_pool2d", {"kernel_size", 1, {2}}),
    LAYER("dropout"),
    LAYER("flatten"),
    LAYER("linear", {"out_features", 1, {3}}),
};

/* Those that are made of many operations. */
static const lks_layer_spec composed[] = {
    LAYER("conv2d", {"out_channels", 1, {4}}, {"kernel_size", 1, {3}}),
    LAYER("instance_norm2d", {"track_running_stats", 1, {1}}),
    LAYER("prelu"),
    LAYER("pixel_shuffle", {"upscale_factor", 1, {2}}),
    LAYER("local_response_norm", {"size", 1, {2}}),
    LAYER("upsample", {"size", 2, {7, 9}}, {"mode", 1, {LKS_INTERPOLATE_BILINEAR}}),
    LAYER("upsample", {"size", 1, {6}}, {"mode", 1, {LKS_INTERPOLATE_BICUBIC}}),
    LAYER("upsample", {"size", 1, {4}}, {"mode", 1, {LKS_INTERPOLATE_AREA}}),
    LAYER("upsample", {"scale_factor", 1, {1.5}}),
    LAYER("batch_norm2d", {"momentum", 1, {NAN}}),
    LAYER("layer_norm", {"normalized_shape", 2, {6, 6}}, {"bias", 1, {0}}),
    LAYER("dropout2d"),
    LAYER("gelu", {"approximate", 1, {1}}),
    LAYER("unflatten", {"dim", 1, {2}}, {"unflattened_size", 2, {2, -1}}),
    LAYER("flatten"),
    LAYER("linear", {"out_features", 1, {3}}),
};

static training start(const lks_layer_spec *layers, size_t n_layers)
{
    training t = {0};

    ck_ok(
        lks_model_create(layers, n_layers, LKS_SHAPE_OF(1, 8, 8), 1, lks_cpu, &t.model));
    ck_ok(lks_optim_create("adam", (lks_options){NULL, 0}, lks_model_params(t.model),
                           &t.optim));
    t.x = lks_full(LKS_SHAPE_OF(BATCH, 1, 8, 8), 0.5, LKS_F32, lks_cpu);
    t.target = lks_full(LKS_SHAPE_OF(BATCH), 1, LKS_I64, lks_cpu);
    ck_assert(t.x && t.target);
    return t;
}

static void stop(training *t)
{
    lks_unref(t->x);
    lks_unref(t->target);
    lks_loss_destroy(t->loss);
    lks_optim_destroy(t->optim);
    lks_model_destroy(t->model);
}

/* Without assertions, which take memory of their own. */
static lks_status run(training *t, uint64_t first, uint64_t end)
{
    lks_status st = LKS_OK;

    for (uint64_t i = first; i < end && st == LKS_OK; i++)
        st = step(t, i);
    return st;
}

static void keeps_its_memory(training *t, uint64_t steps)
{
    struct mallinfo2 before, after;
    lks_status warm, st;
    long n_before, n;

    warm = run(t, 0, WARM);
    n_before = n_calls;
    before = mallinfo2();
    st = run(t, WARM, steps / LKS_SLOWNESS);
    n = n_calls - n_before;
    after = mallinfo2();
    ck_ok(warm);
    ck_ok(st);
    if (!IS_WATCHED) {
        ck_assert_int_eq(n, 0);
        ck_assert_uint_eq(after.uordblks, before.uordblks);
    }
    stop(t);
}

START_TEST(a_step_asks_the_system_for_no_memory_and_leaves_none)
{
    training t = start(small, N_LAYERS(small));

    keeps_its_memory(&t, STEPS);
}
END_TEST

START_TEST(a_step_of_layers_of_many_operations_asks_for_none_either)
{
    training t = start(composed, N_LAYERS(composed));

    keeps_its_memory(&t, STEPS / 20);
}
END_TEST

START_TEST(a_step_of_a_weighted_loss_asks_for_none_either)
{
    static const lks_option options[] = {{"weight", 3, {1, 2, 3}},
                                         {"label_smoothing", 1, {0.1}}};
    training t = start(small, N_LAYERS(small));

    ck_ok(lks_loss_create("cross_entropy", (lks_options){options, 2}, lks_cpu, &t.loss));
    keeps_its_memory(&t, STEPS);
}
END_TEST

LKS_SUITE("steady_state", a_step_of_layers_of_many_operations_asks_for_none_either,
          a_step_asks_the_system_for_no_memory_and_leaves_none,
          a_step_of_a_weighted_loss_asks_for_none_either)
