/* Once a training loop has run a while, its steps ask the system for no memory, and ten
 * thousand of them leave nothing behind. */
#include "support/suite.h"

#include <malloc.h>
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
} training;

static lks_status step(training *t, uint64_t index)
{
    lks_status st;

    if (lks_scope_open() != LKS_OK)
        return lks_error_status();
    lks_model_set_position(t->model, 1, index, 0);
    lks_param_block_zero_grad(lks_model_params(t->model));
    st = lks_backward(
        lks_cross_entropy(lks_model_forward(t->model, t->x), t->target, NULL));
    lks_scope_close();
    return st == LKS_OK ? lks_optim_step(t->optim) : st;
}

/* Every kind of layer that a small net for images has. */
static training start(void)
{
    static const lks_option conv[] = {{"out_channels", 1, {4}}, {"kernel_size", 1, {3}}};
    static const lks_option pool[] = {{"kernel_size", 1, {2}}};
    static const lks_option linear[] = {{"out_features", 1, {3}}};
    static const lks_layer_spec layers[] = {
        {.type = "conv2d", .options = {conv, 2}},
        {.type = "batch_norm2d"},
        {.type = "relu"},
        {.type = "max_pool2d", .options = {pool, 1}},
        {.type = "dropout"},
        {.type = "flatten"},
        {.type = "linear", .options = {linear, 1}},
    };
    training t;

    ck_ok(lks_model_create(layers, sizeof layers / sizeof *layers, LKS_SHAPE_OF(1, 8, 8),
                           1, lks_cpu, &t.model));
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

START_TEST(a_step_asks_the_system_for_no_memory_and_leaves_none)
{
    training t = start();
    struct mallinfo2 before, after;
    lks_status warm, st;
    long n_before, n;

    warm = run(&t, 0, WARM);
    n_before = n_calls;
    before = mallinfo2();
    st = run(&t, WARM, STEPS / LKS_SLOWNESS);
    n = n_calls - n_before;
    after = mallinfo2();
    ck_ok(warm);
    ck_ok(st);
    if (!IS_WATCHED) {
        ck_assert_int_eq(n, 0);
        ck_assert_uint_eq(after.uordblks, before.uordblks);
    }
    stop(&t);
}
END_TEST

LKS_SUITE("steady_state", a_step_asks_the_system_for_no_memory_and_leaves_none)
