/* Whatever CUDA refuses, at whichever call of a step: one clear error, nothing lost, and
 * the next step works, unless the device is broken; then every call says so. */
#include "cuda_suite.h"

#ifdef LKS_CUDA_EMULATED
#include <cuda_runtime_api.h>
#include <dirent.h>

#include "autograd/backward.h"
#include "base/try.h"
#include "cuda/cuda.h"
#include "ops/ops.h"
#include "tensor/scope.h"

enum {
    MAX_FUNCTIONS = 64,
    NAME = 64,
    TERMS = 1200,
    COLUMNS = 8,
    N_CLEAN = 8, /* steps after which all pinned buffers are as large as they get */
};

/* ---- the step ---- */

static lks_status told(lks_status st)
{
    return st != LKS_OK ? st : lks_error_status();
}

/* Forward and backward of a small network, and its loss. */
static lks_status train(double *out)
{
    const lks_pool2d_params pool = {.kernel = {2, 2}};
    const lks_rng rng = {.seed = 3};
    const int64_t labels[] = {1, 0};
    lks_status st = lks_scope_open();
    lks_tensor *x, *w, *v, *h, *loss;

    if (st != LKS_OK)
        return st;
    x = lks_rand(LKS_SHAPE_OF(2, 1, 6, 6), LKS_F32, &rng, gpu);
    w = lks_requires_grad_(lks_full(LKS_SHAPE_OF(2, 1, 3, 3), 0.1, LKS_F32, gpu));
    v = lks_requires_grad_(lks_full(LKS_SHAPE_OF(3, 8), 0.2, LKS_F32, gpu));
    h = lks_max_pool2d(lks_relu(lks_conv2d(x, w, NULL, NULL)), &pool);
    h = lks_linear(lks_dropout(lks_flatten(h, 1, -1), 0.25, &rng), v, NULL);
    loss =
        lks_cross_entropy(h, lks_from_data(LKS_SHAPE_OF(2), LKS_I64, labels, gpu), NULL);
    st = lks_backward(lks_add(loss, lks_sum_all(lks_square(w))));
    if (st == LKS_OK)
        st = lks_item(lks_sum_all(lks_grad(w)), out);
    lks_scope_close();
    return told(st);
}

/* A long product, whose chunks need memory of the kernel's own. */
static lks_status multiply(const lks_view *x, const lks_view *w, const lks_view *y)
{
    lks_view row, matrix, out;

    lks_view_reshape(x, &LKS_SHAPE_OF(1, TERMS), &row);
    lks_view_reshape(w, &LKS_SHAPE_OF(TERMS, COLUMNS), &matrix);
    lks_view_reshape(y, &LKS_SHAPE_OF(1, COLUMNS), &out);
    return cuda()->gemm(&row, &matrix, NULL, false, &out);
}

typedef struct memory {
    lks_view x, w, y, there;
} memory;

static lks_status take(lks_device device, size_t n, lks_view *out)
{
    *out =
        lks_view_flat(device, cuda()->alloc(device.index, n * sizeof(float)), LKS_F32, n);
    return out->data ? LKS_OK : lks_error_status();
}

static lks_status take_all(memory *m)
{
    LKS_TRY(take(gpu, TERMS, &m->x));
    LKS_TRY(take(gpu, TERMS * COLUMNS, &m->w));
    LKS_TRY(take(gpu, COLUMNS, &m->y));
    return take(other_gpu, COLUMNS, &m->there);
}

static void free_all(const memory *m)
{
    const lks_view *const all[] = {&m->there, &m->y, &m->w, &m->x};

    for (int i = 0; i < 4; i++)
        if (all[i]->data)
            flat_free(all[i]);
}

/* As a run does it: what failed while it was recorded is no recording. */
static lks_status record(const memory *m, lks_recording **out)
{
    lks_status st, end;

    LKS_TRY(cuda()->record(0));
    st = multiply(&m->x, &m->w, &m->y);
    end = cuda()->recorded(0, out);
    if (st != LKS_OK && end == LKS_OK) {
        cuda()->forget(0, *out);
        *out = NULL;
    }
    return st != LKS_OK ? st : end;
}

static lks_status fill_in(const memory *m)
{
    static float ones[TERMS * COLUMNS];

    for (int i = 0; i < TERMS * COLUMNS; i++)
        ones[i] = 1;
    LKS_TRY(cuda()->copy_in(0, m->y.data, ones, COLUMNS * sizeof(float)));
    LKS_TRY(cuda()->copy_in(0, m->w.data, ones, sizeof ones));
    return cuda()->copy_in(0, m->x.data, ones, TERMS * sizeof(float));
}

static lks_status use(const memory *m, const lks_recording *recording, float *out)
{
    float here[COLUMNS];
    lks_mark mark;

    LKS_TRY(cuda()->replay(0, recording, 1));
    LKS_TRY(cuda()->copy_across(0, m->x.data, 0, m->y.data, sizeof here));
    LKS_TRY(cuda()->mark(0, &mark));
    LKS_TRY(cuda()->await(1, &mark));
    LKS_TRY(cuda()->copy_across(1, m->there.data, 0, m->x.data, sizeof here));
    LKS_TRY(cuda()->copy_out(1, here, m->there.data, sizeof here));
    LKS_TRY(cuda()->finish(0));
    *out = here[COLUMNS - 1];
    return LKS_OK;
}

static lks_status record_and_replay(float *out)
{
    lks_recording *recording = NULL;
    memory m = {0};
    lks_status st;

    LKS_GO(take_all(&m));
    LKS_GO(fill_in(&m));
    LKS_GO(record(&m, &recording));
    LKS_GO(use(&m, recording, out));
cleanup:
    cuda()->forget(0, recording);
    free_all(&m);
    return st;
}

static lks_status describe_both(void)
{
    lks_device_facts facts;

    LKS_TRY(cuda()->describe(0, &facts));
    return cuda()->describe(1, &facts);
}

/* Everything that a run asks of a device. */
static lks_status step(double *grad, float *product)
{
    lks_status st, end;

    LKS_TRY(describe_both());
    st = train(grad);
    end = cuda()->finish(0);
    LKS_TRY(st != LKS_OK ? st : end);
    return record_and_replay(product);
}

/* ---- one failure ---- */

typedef struct trial {
    const char *function;
    long n;
    int error;
} trial;

typedef struct outcome {
    bool has_failed;
    lks_status first, next; /* of the step that met the failure, and of one after it */
    char text[256], next_text[256];
    double grad;
    float product;
    size_t live_bytes[2], pinned_bytes;
    uint64_t in_use;
} outcome;

static void take_step(lks_status *st, char *text, size_t size, outcome *out)
{
    lks_error_clear();
    *st = step(&out->grad, &out->product);
    snprintf(text, size, "%s", *st == LKS_OK ? "" : lks_error_text());
}

static void run_trial(const trial *t, outcome *out)
{
    if (t->function)
        emulator_fail(t->function, t->n, t->error);
    take_step(&out->first, out->text, sizeof out->text, out);
    out->has_failed = t->function && emulator_calls(t->function) > t->n;
    if (!out->has_failed && t->function) /* not in this step, then not in the next */
        emulator_fail(t->function, -1, 0);
    for (int i = 0; i < (t->function ? 1 : N_CLEAN); i++)
        take_step(&out->next, out->next_text, sizeof out->next_text, out);
    for (int i = 0; i < 2; i++)
        out->live_bytes[i] = emulator_live_bytes(i);
    out->pinned_bytes = emulator_pinned_bytes();
    out->in_use = bytes_in_use(0) + bytes_in_use(1);
}

/* In a process of its own, so that each has a first call. */
static outcome outcome_of(const trial *t)
{
    outcome out = {0};
    int pipe_of[2], status = 0;
    pid_t child;

    ck_assert_int_eq(pipe(pipe_of), 0);
    if ((child = fork()) == 0) {
        run_trial(t, &out);
        exit(write(pipe_of[1], &out, sizeof out) != sizeof out);
    }
    close(pipe_of[1]);
    ck_assert_msg(read(pipe_of[0], &out, sizeof out) == sizeof out,
                  "%s, call %ld, error %d: the process came to its end", t->function,
                  t->n, t->error);
    close(pipe_of[0]);
    waitpid(child, &status, 0);
    ck_assert_msg(status == 0, "%s, call %ld, error %d: status %d", t->function, t->n,
                  t->error, status);
    return out;
}

/* ---- all of them ---- */

static char functions[MAX_FUNCTIONS][NAME];
static int n_functions;

static void add_function(const char *name, size_t n)
{
    for (int i = 0; i < n_functions; i++)
        if (strlen(functions[i]) == n && strncmp(functions[i], name, n) == 0)
            return;
    ck_assert(n_functions < MAX_FUNCTIONS && n < NAME);
    memcpy(functions[n_functions++], name, n);
}

/* cudaXyz( in a line of source. */
static void find_functions_in(const char *line)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

    for (const char *at = line; (at = strstr(at, "cuda")) != NULL;) {
        const size_t n = strspn(at, letters);

        if (at[4] >= 'A' && at[4] <= 'Z' && at[n] == '(')
            add_function(at, n);
        at += n;
    }
}

/* What core/cuda calls, by its own text. */
static void find_functions(void)
{
    const char *folder = LKS_SOURCE_DIR "/core/cuda";
    DIR *all = opendir(folder);
    char path[512], line[512];

    ck_assert_ptr_nonnull(all);
    for (const struct dirent *one; (one = readdir(all)) != NULL;) {
        FILE *file;

        if (!strchr(one->d_name, '.') || strstr(one->d_name, ".txt"))
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, one->d_name);
        if (!(file = fopen(path, "r")))
            continue;
        while (fgets(line, sizeof line, file))
            find_functions_in(line);
        fclose(file);
    }
    closedir(all);
}

/* Who frees on a device that cannot be made the current one cannot say so: the block is
 * still in use. */
static bool may_leave_blocks(const trial *t)
{
    return strcmp(t->function, "cudaSetDevice") == 0;
}

/* What a run can do without: it ends something, or only asks. */
static bool may_pass(const trial *t)
{
    static const char *const names[] = {"cudaGetLastError",     "cudaFreeAsync",
                                        "cudaFreeHost",         "cudaGraphDestroy",
                                        "cudaGraphExecDestroy", "cudaGetDeviceCount"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(t->function, names[i]) == 0)
            return true;
    if (may_leave_blocks(t))
        return true;
    /* it is tried again, with what was kept given back */
    return strcmp(t->function, "cudaMallocAsync") == 0 &&
           t->error == cudaErrorMemoryAllocation;
}

static void check_text(const trial *t, const outcome *o, const char *text)
{
    const char *words = cudaGetErrorString((cudaError_t)t->error);

    ck_assert_msg(strncmp(text, "cuda:", 5) == 0 && strchr(text, '\n') == NULL,
                  "%s, call %ld: said: %s", t->function, t->n, text);
    ck_assert_msg(strstr(text, words) || o->first == LKS_NOMEM, "%s, call %ld: said: %s",
                  t->function, t->n, text);
}

static void check_first(const trial *t, const outcome *o)
{
    const bool is_memory = t->error == cudaErrorMemoryAllocation;

    if (o->first == LKS_OK) {
        ck_assert_msg(may_pass(t), "%s, call %ld, error %d: passed over", t->function,
                      t->n, t->error);
        return;
    }
    ck_assert_msg(o->first == (is_memory ? LKS_NOMEM : LKS_DEVICE) ||
                      strcmp(t->function, "cudaMallocAsync") == 0, /* is memory as well */
                  "%s, call %ld, error %d: %s: %s", t->function, t->n, t->error,
                  lks_status_text(o->first), o->text);
    check_text(t, o, o->text);
}

/* What CUDA does not free is left. */
static bool may_leave_bytes(const trial *t)
{
    return strcmp(t->function, "cudaFreeAsync") == 0 ||
           strcmp(t->function, "cudaFreeHost") == 0;
}

static void check_next(const trial *t, const outcome *o, const outcome *clean)
{
    /* a real one ends the capture whatever it answers */
    if (strcmp(t->function, "cudaStreamEndCapture") == 0)
        return;
    ck_assert_msg(o->next == LKS_OK, "after %s, call %ld, error %d (%s): %s", t->function,
                  t->n, t->error, o->text, o->next_text);
    ck_assert(o->grad == clean->grad && o->product == clean->product);
    ck_assert(o->in_use == 0 || may_leave_blocks(t));
    if (may_leave_bytes(t) || may_leave_blocks(t))
        return;
    for (int i = 0; i < 2; i++)
        ck_assert_msg(
            o->live_bytes[i] <= clean->live_bytes[i],
            "%s, call %ld, error %d (%s): %zu bytes of cuda:%d are left, not %zu",
            t->function, t->n, t->error, o->text, o->live_bytes[i], i,
            clean->live_bytes[i]);
    ck_assert_msg(o->pinned_bytes <= clean->pinned_bytes,
                  "%s, call %ld, error %d (%s): %zu pinned bytes are left, not %zu",
                  t->function, t->n, t->error, o->text, o->pinned_bytes,
                  clean->pinned_bytes);
}

/* The call itself said so, or whatever came next. */
static void check_broken(const trial *t, const outcome *o)
{
    ck_assert_msg(o->first != LKS_OK || may_pass(t), "%s, call %ld: passed over",
                  t->function, t->n);
    if (o->first != LKS_OK)
        check_text(t, o, o->text);
    ck_assert_int_eq(o->next, LKS_DEVICE);
    check_text(t, o, o->next_text);
    ck_assert(o->in_use == 0 || may_leave_blocks(t));
}

/* Every one of the first calls, and then some. */
static long next_call(long n)
{
    return n < 40 ? n + 1 : n + 9;
}

/* Of that function, with that error; how many there were. */
static int fail_each(const char *function, int error, bool breaks, const outcome *clean)
{
    int n_failures = 0;

    for (trial t = {function, 0, error};; t.n = next_call(t.n)) {
        const outcome o = outcome_of(&t);

        if (!o.has_failed)
            return n_failures;
        n_failures++;
        if (!breaks) {
            check_first(&t, &o);
            check_next(&t, &o, clean);
        } else {
            check_broken(&t, &o);
        }
    }
}

static void fail_all(int error, bool breaks)
{
    const outcome clean = outcome_of(&(trial){0});
    int n_failures = 0, n_called = 0;

    ck_assert_msg(clean.first == LKS_OK && clean.next == LKS_OK, "%s", clean.text);
    ck_assert_float_eq(clean.product, TERMS);
    find_functions();
    for (int i = 0; i < n_functions; i++) {
        const int n = fail_each(functions[i], error, breaks, &clean);

        n_failures += n;
        n_called += n > 0;
        if (getenv("LKS_TEST_TELL"))
            fprintf(stderr, "%s %d\n", functions[i], n);
    }
    ck_assert_int_gt(n_functions, 30);
    ck_assert_int_gt(n_called, 20);
    ck_assert_int_gt(n_failures, 200);
}

START_TEST(each_call_that_is_refused_is_one_error_and_the_next_step_works)
{
    fail_all(cudaErrorInvalidValue, false);
}
END_TEST

START_TEST(each_call_that_finds_no_memory_is_one_error_and_the_next_step_works)
{
    fail_all(cudaErrorMemoryAllocation, false);
}
END_TEST

START_TEST(each_call_that_finds_the_device_broken_says_so_and_so_do_all_later_ones)
{
    fail_all(cudaErrorECCUncorrectable, true);
}
END_TEST

/* What CUDA does to a capture that waits for what is outside of it. */
static void spoil_the_recording(void)
{
    cudaStream_t side;
    cudaEvent_t event;

    ck_assert_int_eq(cudaStreamCreateWithFlags(&side, cudaStreamNonBlocking), 0);
    ck_assert_int_eq(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), 0);
    ck_assert_int_eq(cudaEventRecord(event, side), 0);
    ck_assert_int_ne(cudaStreamWaitEvent(lks_cuda_stream(0), event, 0), 0);
    cudaEventDestroy(event);
    cudaStreamDestroy(side);
}

START_TEST(a_recording_that_cuda_gives_up_is_told_and_the_queue_goes_on)
{
    const lks_view x = flat_new(gpu, LKS_F32, 64);
    lks_recording *recording = NULL;
    double grad;
    float product;

    ck_ok(cuda()->record(0));
    ck_ok(cuda()->fill(&x, 1));
    spoil_the_recording();
    ck_fails(cuda()->fill(&x, 2), LKS_DEVICE, "due to a previous error during capture");
    ck_fails(cuda()->recorded(0, &recording), LKS_DEVICE,
             "cuda:0: cudaStreamEndCapture: operation failed due to a previous error");
    ck_assert_ptr_null(recording);
    lks_error_clear();
    ck_ok(step(&grad, &product));
    ck_assert_float_eq(product, TERMS);
    flat_free(&x);
}
END_TEST

/* A queue that is half made when CUDA refuses is unmade; nothing of it is left. */
START_TEST(a_queue_that_cannot_be_made_leaves_nothing)
{
    static const char *const last[] = {"cudaEventCreateWithFlags",
                                       "cudaHostGetDevicePointer"};
    lks_device_facts facts;

    for (int i = 0; i < 2; i++) {
        /* the last of its events: of the stages */
        emulator_fail(last[i], i == 0 ? 1 + 256 + 3 : 0, cudaErrorInvalidValue);
        ck_fails(cuda()->describe(0, &facts), LKS_DEVICE, last[i]);
        ck_assert_uint_eq(emulator_pinned_bytes(), 0);
        ck_assert_uint_eq(emulator_live_bytes(0), 0);
    }
    ck_assert_int_eq(emulator_calls("cudaEventDestroy"), 1 + 256 + 3);
    ck_assert_int_eq(emulator_calls("cudaStreamDestroy"), 2);
    ck_ok(cuda()->describe(0, &facts));
}
END_TEST

/* ---- a kernel that goes astray ---- */

#define ASTRAY "an illegal memory access was encountered"

START_TEST(a_kernel_that_goes_astray_breaks_the_device_for_good)
{
    const lks_view x = flat_new(gpu, LKS_F32, 64), kept = flat_new(gpu, LKS_F32, 99);
    lks_view astray = x;
    lks_device_facts facts;
    lks_recording *recording;
    lks_mark mark;
    float value = 1;

    emulator_late(true);
    astray.data = (char *)x.data + ((size_t)1 << 30);
    ck_ok(cuda()->fill(&x, 1));
    ck_ok(cuda()->fill(&astray, 1));
    ck_fails(cuda()->finish(0), LKS_DEVICE, "cuda:0: cudaStreamSynchronize: " ASTRAY);
    ck_fails(cuda()->finish(0), LKS_DEVICE, "cuda:0: cudaStreamSynchronize: " ASTRAY);
    ck_fails(cuda()->fill(&x, 1), LKS_DEVICE, ASTRAY);
    ck_fails(cuda()->copy_in(0, x.data, &value, sizeof value), LKS_DEVICE, ASTRAY);
    ck_fails(cuda()->copy_out(0, &value, x.data, sizeof value), LKS_DEVICE, ASTRAY);
    ck_fails(cuda()->mark(0, &mark), LKS_DEVICE, ASTRAY);
    ck_fails(cuda()->record(0), LKS_DEVICE, ASTRAY);
    ck_fails(cuda()->recorded(0, &recording), LKS_DEVICE, ASTRAY);
    ck_fails(cuda()->describe(0, &facts), LKS_DEVICE, ASTRAY);
    ck_fails((cuda()->alloc(0, 1 << 20), lks_error_status()), LKS_DEVICE, ASTRAY);
    flat_free(&x);
    flat_free(&kept);
    ck_assert_uint_eq(bytes_in_use(0), 0);
    ck_ok(cuda()->finish(1)); /* the other one is whole */
}
END_TEST

static void *go_astray(void *context)
{
    const lks_view x = flat_new(gpu, LKS_F32, 64);
    lks_view astray = x;

    astray.data = (char *)x.data + ((size_t)1 << 30);
    ck_ok(cuda()->fill(&astray, 1));
    ck_assert_int_eq(cuda()->finish(0), LKS_DEVICE);
    flat_free(&x);
    return context;
}

START_TEST(a_thread_of_a_broken_device_ends_and_others_are_told)
{
    const lks_view x = flat_new(gpu, LKS_F32, 64);

    emulator_late(true);
    in_a_thread(go_astray, NULL);
    ck_fails(cuda()->fill(&x, 1), LKS_DEVICE, ASTRAY);
    flat_free(&x);
}
END_TEST

LKS_SUITE("cuda_trouble", each_call_that_is_refused_is_one_error_and_the_next_step_works,
          each_call_that_finds_no_memory_is_one_error_and_the_next_step_works,
          each_call_that_finds_the_device_broken_says_so_and_so_do_all_later_ones,
          a_recording_that_cuda_gives_up_is_told_and_the_queue_goes_on,
          a_queue_that_cannot_be_made_leaves_nothing,
          a_kernel_that_goes_astray_breaks_the_device_for_good,
          a_thread_of_a_broken_device_ends_and_others_are_told)
#else
int main(void)
{
    return 77;
}
#endif
