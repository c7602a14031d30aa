/* The hostile device finds what it is there to find: each test here breaks the contract
 * of kernels.h on purpose. */
#include "support/test_device.h"

#include <math.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "autograd/backward.h"
#include "deferred/deferred.h"
#include "ops/ops.h"
#include "tensor/scope.h"

enum { N = 1000, N_SEEDS = 40 };

static const lks_device first = {LKS_OTHER, 0}, second = {LKS_OTHER, 1};

static const lks_kernels *kernels(void)
{
    return lks_device_kernels(first);
}

/* Whether `body` ends its process; what it said goes to `said`. */
static bool dies(void (*body)(void), char *said, size_t size)
{
    int pipe_of[2], status = 0;
    size_t at = 0;
    ssize_t n;
    pid_t child;

    ck_assert_int_eq(pipe(pipe_of), 0);
    if ((child = fork()) == 0) {
        dup2(pipe_of[1], STDERR_FILENO);
        body();
        _exit(0);
    }
    close(pipe_of[1]);
    while (at + 1 < size && (n = read(pipe_of[0], said + at, size - 1 - at)) > 0)
        at += (size_t)n;
    said[at] = '\0';
    close(pipe_of[0]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static void read_as_the_host(void)
{
    const lks_tensor *t = lks_ones(LKS_SHAPE_OF(N), LKS_F32, first);
    volatile float value;

    kernels()->finish(0);
    value = *(const float *)lks_data(t);
    (void)value;
}

static void write_past_the_end(void)
{
    lks_view x = flat_new(first, LKS_F32, N);

    x.sizes[0] = N + 32;
    kernels()->fill(&x, 1);
    kernels()->finish(0);
}

static void free_too_early(void)
{
    const lks_view x = flat_new(first, LKS_F32, N), y = flat_new(first, LKS_F32, N);

    kernels()->fill(&x, 1);
    flat_free(&x);
    kernels()->copy(&x, &y);
    kernels()->finish(0);
}

static void answer_into_the_hosts_memory(void)
{
    const lks_view x = flat_new(first, LKS_F32, N);
    double answer;
    const lks_view out = lks_view_flat(first, &answer, LKS_F64, 1);

    kernels()->fill(&x, 1);
    kernels()->reduce(LKS_REDUCE_SUM, &x, &out);
    kernels()->finish(0);
}

static void mix_devices(void)
{
    const lks_view x = flat_new(first, LKS_F32, N), y = flat_new(second, LKS_F32, N);

    kernels()->copy(&x, &y);
    kernels()->finish(1);
}

START_TEST(a_host_that_reads_device_memory_is_stopped)
{
    char said[256];

    ck_assert(dies(read_as_the_host, said, sizeof said));
    ck_assert(dies(write_past_the_end, said, sizeof said));
}
END_TEST

START_TEST(a_block_that_is_used_after_its_end_is_named)
{
    char said[256];

    ck_assert(dies(free_too_early, said, sizeof said));
    ck_assert_str_eq(said, "deferred: copy is given a block that was freed\n");
}
END_TEST

START_TEST(an_answer_that_would_land_on_the_host_is_named)
{
    char said[256];

    ck_assert(dies(answer_into_the_hosts_memory, said, sizeof said));
    ck_assert_str_eq(said, "deferred: reduce is given memory that is not the device's\n");
    ck_assert(dies(mix_devices, said, sizeof said));
    ck_assert_str_eq(said, "deferred: copy of device 1 is given a view of another\n");
}
END_TEST

/* What arrives on the second device of a 1 that the first one writes. */
static float carried(uint64_t seed, bool awaits)
{
    const lks_view x = flat_new(first, LKS_F32, N), y = flat_new(second, LKS_F32, N);
    float values[N];
    lks_mark written;

    deferred_seed(seed);
    ck_ok(kernels()->fill(&x, 1));
    ck_ok(kernels()->mark(0, &written));
    if (awaits)
        ck_ok(kernels()->await(1, &written));
    ck_ok(kernels()->copy_across(1, y.data, 0, x.data, sizeof values));
    flat_get(&y, values);
    ck_ok(kernels()->finish(0));
    flat_free(&x);
    flat_free(&y);
    return values[N - 1];
}

START_TEST(a_missing_await_shows_at_some_seed)
{
    int n_wrong = 0;

    for (uint64_t seed = 1; seed <= N_SEEDS; seed++) {
        ck_assert_float_eq(carried(seed, true), 1);
        n_wrong += carried(seed, false) != 1;
    }
    ck_assert_int_gt(n_wrong, 0);
    ck_assert_int_lt(n_wrong, N_SEEDS);
}
END_TEST

/* An answer that is looked at before anybody waited is not there yet, at some seed. */
START_TEST(work_is_done_late)
{
    int n_late = 0;

    for (uint64_t seed = 1; seed <= N_SEEDS; seed++) {
        const lks_view x = flat_new(first, LKS_F32, N);

        deferred_seed(seed);
        ck_ok(kernels()->fill(&x, 1));
        n_late += deferred_n_pending() > 0;
        flat_free(&x);
        ck_ok(kernels()->finish(0));
        ck_assert_uint_eq(deferred_n_pending(), 0);
    }
    ck_assert_int_gt(n_late, 0);
}
END_TEST

START_TEST(freed_memory_is_poisoned_once_the_queue_is_there)
{
    const lks_view x = flat_new(first, LKS_F32, N);
    lks_view again;
    float values[N];

    ck_ok(kernels()->fill(&x, 1));
    flat_free(&x);
    ck_ok(kernels()->finish(0));
    again = flat_new(first, LKS_F32, N);
    ck_assert_ptr_eq(again.data, x.data);
    flat_get(&again, values);
    for (int i = 0; i < N; i++)
        ck_assert(isnan(values[i]));
    flat_free(&again);
}
END_TEST

START_TEST(a_failure_is_told_once_by_whoever_waits)
{
    const lks_view x = flat_new(first, LKS_F32, N);
    float values[N];

    ck_ok(kernels()->finish(0));
    deferred_fail_after(1);
    ck_ok(kernels()->fill(&x, 1));
    ck_ok(kernels()->fill(&x, 2));
    ck_ok(kernels()->fill(&x, 3));
    ck_fails(kernels()->finish(0), LKS_DEVICE, "deferred: fill failed");
    flat_get(&x, values);
    ck_assert_float_eq(values[0], 1); /* what came after the failure was not done */
    flat_free(&x);
}
END_TEST

/* A step in which any one command fails says so, and leaves nothing that the next one
 * stumbles over. */
static lks_status step(lks_tensor *w, double *out)
{
    lks_status st;

    ck_ok(lks_scope_open());
    lks_tensor *loss = lks_sum_all(lks_square(lks_relu(w)));
    st = lks_backward(loss);
    if (st == LKS_OK)
        st = lks_item(loss, out);
    lks_scope_close();
    return st == LKS_OK ? kernels()->finish(0) : (kernels()->finish(0), st);
}

START_TEST(a_step_survives_each_command_failing)
{
    lks_tensor *w = lks_requires_grad_(lks_full(LKS_SHAPE_OF(3), 2, LKS_F32, first));
    int n_failures = 0;
    double loss;

    ck_ok(kernels()->finish(0));
    for (long n = 0;; n++, n_failures++) {
        lks_zero_grad(w);
        deferred_fail_after(n);
        if (step(w, &loss) == LKS_OK)
            break;
        ck_assert_int_eq(lks_error_status(), LKS_DEVICE);
        lks_error_clear();
    }
    deferred_fail_after(-1);
    ck_assert_int_ge(n_failures, 6);
    ck_assert_double_eq(loss, 12);
    ck_assert_double_eq(tensor_at(lks_grad(w), 2), 4);
    lks_unref(w);
}
END_TEST

LKS_SUITE("deferred", a_host_that_reads_device_memory_is_stopped,
          a_block_that_is_used_after_its_end_is_named,
          an_answer_that_would_land_on_the_host_is_named,
          a_missing_await_shows_at_some_seed, work_is_done_late,
          freed_memory_is_poisoned_once_the_queue_is_there,
          a_failure_is_told_once_by_whoever_waits, a_step_survives_each_command_failing)
