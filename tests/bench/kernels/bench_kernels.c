/* How fast each kernel of the CPU is at the shapes of the benchmark models, beside the
 * floor: the FMA peak for sums, the speed of copying for passes over memory.
 *
 *     bench_kernels [--threads N] [--batch N] [--isa NAME] [PART-OF-A-NAME]
 *
 * One line a kernel: the median microseconds of many calls, what that is in GF/s or
 * GB/s, and in percent of the floor. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cpu/cpu.h"
#include "device.h"

enum { MAX_ARGS = 5, MIN_REPEATS = 15, MAX_REPEATS = 2000 };

typedef struct bench {
    const lks_kernels *k;
    const char *instruction_set; /* of k */
    int64_t batch;
    const char *only;
    double peak, copy; /* GF/s, GB/s */
    double total_us;
} bench;

/* A kernel call to time; the views are the call's own. */
typedef struct call {
    lks_view views[MAX_ARGS];
    lks_conv2d_params conv;
    lks_pool2d_params pool;
    int op;
} call;

typedef lks_status (*call_fn)(const lks_kernels *k, const call *c);

static lks_view view_of(lks_dtype dtype, int ndim, const int64_t *sizes)
{
    lks_view view = {.dtype = dtype, .ndim = ndim};
    int64_t n = 1;

    for (int d = ndim - 1; d >= 0; d--) {
        view.sizes[d] = sizes[d];
        view.strides[d] = n;
        n *= sizes[d];
    }
    view.data =
        aligned_alloc(64, ((size_t)n * lks_dtype_size_bytes(dtype) / 64 + 1) * 64);
    if (!view.data)
        exit(EXIT_FAILURE);
    memset(view.data, 0, (size_t)n * lks_dtype_size_bytes(dtype));
    for (int64_t i = 0; i < n; i++)
        if (dtype == LKS_F32)
            ((float *)view.data)[i] = (float)(i * 7919 % 1000) / 500 - 1;
        else if (dtype == LKS_I64)
            ((int64_t *)view.data)[i] = i % 10;
    return view;
}

#define F32(...)                                                                         \
    view_of(LKS_F32, sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t),                 \
            (const int64_t[]){__VA_ARGS__})
#define INT(dtype, ...)                                                                  \
    view_of(dtype, sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t),                   \
            (const int64_t[]){__VA_ARGS__})

static int64_t numel(const lks_view *view)
{
    int64_t n = 1;

    for (int d = 0; d < view->ndim; d++)
        n *= view->sizes[d];
    return n;
}

static lks_view transposed(lks_view x)
{
    int64_t size = x.sizes[0], stride = x.strides[0];

    x.sizes[0] = x.sizes[1];
    x.strides[0] = x.strides[1];
    x.sizes[1] = size;
    x.strides[1] = stride;
    return x;
}

/* On one thread the processor time counts, which others on the machine disturb less. */
static double now_s(void)
{
    struct timespec t;

    clock_gettime(
        lks_num_threads(lks_cpu) == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The median of many calls. */
static double seconds_of(const bench *b, call_fn fn, const call *c)
{
    static double samples[MAX_REPEATS];
    double spent = 0;
    int n = 0;

    while (n < MAX_REPEATS && (n < MIN_REPEATS || spent < 0.1)) {
        double start = now_s();

        if (fn(b->k, c) != LKS_OK) {
            fprintf(stderr, "%s\n", lks_error_text());
            exit(EXIT_FAILURE);
        }
        samples[n] = now_s() - start;
        spent += samples[n++];
    }
    qsort(samples, (size_t)n, sizeof *samples, by_size);
    return samples[n / 2];
}

/* `flop` or, if that is 0, `bytes` of traffic say how long the call takes at least. */
static void measure(bench *b, const char *name, call_fn fn, call c, double flop,
                    double bytes)
{
    double seconds, rate, floor;

    if (b->only && !strstr(name, b->only))
        return;
    seconds = seconds_of(b, fn, &c);
    rate = (flop > 0 ? flop : bytes) / seconds * 1e-9;
    floor = flop > 0 ? b->peak : b->copy;
    b->total_us += seconds * 1e6;
    printf("%-34s %9.1f us %8.1f %s %5.0f %%\n", name, seconds * 1e6, rate,
           flop > 0 ? "GF/s" : "GB/s", 100 * rate / floor);
}

static lks_status gemm(const lks_kernels *k, const call *c)
{
    const lks_view *bias = c->views[3].data ? &c->views[3] : NULL;

    return k->gemm(&c->views[0], &c->views[1], bias, c->op, &c->views[2]);
}

static lks_status conv_forward(const lks_kernels *k, const call *c)
{
    return k->conv2d(&c->views[0], &c->views[1], &c->views[2], &c->conv, &c->views[3]);
}

static lks_status conv_data(const lks_kernels *k, const call *c)
{
    return k->conv2d_backward_data(&c->views[3], &c->views[1], &c->conv, &c->views[0]);
}

static lks_status conv_weight(const lks_kernels *k, const call *c)
{
    return k->conv2d_backward_weight(&c->views[0], &c->views[3], &c->conv, true,
                                     &c->views[1], &c->views[2]);
}

static lks_status unary(const lks_kernels *k, const call *c)
{
    return k->unary((lks_unary)c->op, &c->views[0], &c->views[1]);
}

static lks_status unary_backward(const lks_kernels *k, const call *c)
{
    return k->unary_backward((lks_unary)c->op, &c->views[0], &c->views[1], &c->views[2],
                             &c->views[3]);
}

static lks_status binary(const lks_kernels *k, const call *c)
{
    return k->binary((lks_binary)c->op, &c->views[0], &c->views[1], &c->views[2]);
}

static lks_status reduce(const lks_kernels *k, const call *c)
{
    return k->reduce((lks_reduce)c->op, &c->views[0], &c->views[1]);
}

static lks_status copy(const lks_kernels *k, const call *c)
{
    return k->copy(&c->views[0], &c->views[1]);
}

static lks_status fill(const lks_kernels *k, const call *c)
{
    return k->fill(&c->views[0], 0);
}

static lks_status pool(const lks_kernels *k, const call *c)
{
    return k->max_pool2d(&c->views[0], &c->pool, &c->views[1], &c->views[2]);
}

static lks_status pool_backward(const lks_kernels *k, const call *c)
{
    return k->max_pool2d_backward(&c->views[1], &c->views[2], &c->pool, &c->views[0]);
}

static lks_status softmax(const lks_kernels *k, const call *c)
{
    return k->softmax(&c->views[0], c->op, &c->views[1]);
}

static lks_status cross_entropy(const lks_kernels *k, const call *c)
{
    return k->cross_entropy(&c->views[0], &c->views[1], -100, &c->views[2], &c->views[3],
                            NULL);
}

static lks_status cross_entropy_backward(const lks_kernels *k, const call *c)
{
    return k->cross_entropy_backward(&c->views[2], &c->views[1], -100, &c->views[3],
                                     &c->views[0]);
}

static lks_status dropout(const lks_kernels *k, const call *c)
{
    const lks_rng rng = {.seed = 1};

    return k->dropout(&c->views[0], 0.5, &rng, &c->views[1]);
}

static lks_status sgd(const lks_kernels *k, const call *c)
{
    const lks_sgd_params params = {.lr = 1e-9, .momentum = 0.9, .grad_scale = 1};

    return k->sgd(&params, &c->views[0], &c->views[1], &c->views[2]);
}

static lks_status adam(const lks_kernels *k, const call *c)
{
    const lks_adam_params params = {.lr = 1e-9,
                                    .beta1 = 0.9,
                                    .beta2 = 0.999,
                                    .eps = 1e-8,
                                    .grad_scale = 1,
                                    .step = 10};

    return k->adam(&params, &c->views[0], &c->views[1], &c->views[2], &c->views[3]);
}

/* The gradient reduction's arithmetic. */
static lks_status add_flat(const lks_kernels *k, const call *c)
{
    return k->binary(LKS_BINARY_add, &c->views[1], &c->views[0], &c->views[1]);
}

static lks_status sum_squares_flat(const lks_kernels *k, const call *c)
{
    double sum;
    const lks_view total = lks_view_flat(lks_cpu, &sum, LKS_F64, 1);

    return k->reduce(LKS_REDUCE_SUM_SQUARES, &c->views[0], &total);
}

static void bench_conv(bench *b, const char *name, int64_t n, int64_t c, int64_t side,
                       int64_t o, int64_t kernel, int64_t padding)
{
    int64_t out = side + 2 * padding - kernel + 1;
    double flop = 2.0 * (double)(n * o * out * out * c * kernel * kernel);
    call a = {.views = {F32(n, c, side, side), F32(o, c, kernel, kernel), F32(o),
                        F32(n, o, out, out)},
              .conv = {{1, 1}, {padding, padding}, {1, 1}, 1}};
    char line[64];

    snprintf(line, sizeof line, "%s forward", name);
    measure(b, line, conv_forward, a, flop, 0);
    snprintf(line, sizeof line, "%s backward weight", name);
    measure(b, line, conv_weight, a, flop, 0);
    if (c == 1)
        return;
    snprintf(line, sizeof line, "%s backward data", name);
    measure(b, line, conv_data, a, flop, 0);
}

/* x wT + b, its gradient of the data and of the weight. */
static void bench_linear(bench *b, int64_t m, int64_t in, int64_t out)
{
    double flop = 2.0 * (double)(m * in * out);
    lks_view x = F32(m, in), w = F32(out, in), bias = F32(out), y = F32(m, out);
    char line[64];

    snprintf(line, sizeof line, "linear %lld %lld %lld forward", (long long)m,
             (long long)in, (long long)out);
    measure(b, line, gemm, (call){.views = {x, transposed(w), y, bias}}, flop, 0);
    snprintf(line, sizeof line, "linear %lld %lld %lld data", (long long)m, (long long)in,
             (long long)out);
    measure(b, line, gemm, (call){.views = {y, w, x}}, flop, 0);
    snprintf(line, sizeof line, "linear %lld %lld %lld weight", (long long)m,
             (long long)in, (long long)out);
    measure(b, line, gemm, (call){.views = {transposed(y), x, w}, .op = true}, flop, 0);
}

static void bench_memory(bench *b, const char *name, lks_view x, lks_view small)
{
    double bytes = 4.0 * (double)numel(&x), bytes_small = 4.0 * (double)numel(&small);
    lks_view y = view_of(LKS_F32, x.ndim, x.sizes), z = view_of(LKS_F32, x.ndim, x.sizes);
    lks_view index = view_of(LKS_I32, small.ndim, small.sizes);
    call pooling = {.views = {x, small, index}, .pool = {{2, 2}, {2, 2}, {0, 0}, {1, 1}}};
    char line[64];

    snprintf(line, sizeof line, "%s relu", name);
    measure(b, line, unary, (call){.views = {x, y}, .op = LKS_UNARY_relu}, 0, 2 * bytes);
    snprintf(line, sizeof line, "%s relu backward", name);
    measure(b, line, unary_backward, (call){.views = {x, y, z, z}, .op = LKS_UNARY_relu},
            0, 3 * bytes);
    snprintf(line, sizeof line, "%s max_pool", name);
    measure(b, line, pool, pooling, 0, bytes + 2 * bytes_small);
    snprintf(line, sizeof line, "%s max_pool backward", name);
    measure(b, line, pool_backward, pooling, 0, bytes + 2 * bytes_small);
}

static void bench_lenet(bench *b)
{
    int64_t n = b->batch;

    bench_conv(b, "conv 1>6 5x5 28", n, 1, 28, 6, 5, 0);
    bench_memory(b, "6x24x24", F32(n, 6, 24, 24), F32(n, 6, 12, 12));
    bench_conv(b, "conv 6>16 5x5 12", n, 6, 12, 16, 5, 0);
    bench_memory(b, "16x8x8", F32(n, 16, 8, 8), F32(n, 16, 4, 4));
    bench_linear(b, n, 256, 120);
    bench_linear(b, n, 120, 84);
    bench_linear(b, n, 84, 10);
}

static void bench_passes(bench *b)
{
    int64_t n = b->batch;
    lks_view x = F32(n, 512), y = F32(n, 512), row = F32(1, 512), flat = F32(1 << 19),
             flat2 = F32(1 << 19), m = F32(1 << 19), v = F32(1 << 19);
    double bytes = 4.0 * (double)numel(&x), flat_bytes = 4.0 * (double)numel(&flat);
    lks_view logits = F32(n, 10), target = INT(LKS_I64, n), log_p = F32(n, 10),
             loss = F32(n), wide = F32(n, 10000), wide2 = F32(n, 10000);
    lks_view expanded = row;

    expanded.sizes[0] = n;
    expanded.strides[0] = 0;
    for (int64_t i = 0; i < numel(&v); i++)
        ((float *)v.data)[i] = 1;
    measure(b, "add", binary, (call){.views = {x, y, y}, .op = LKS_BINARY_add}, 0,
            3 * bytes);
    measure(b, "add a row", binary,
            (call){.views = {x, expanded, y}, .op = LKS_BINARY_add}, 0, 2 * bytes);
    measure(b, "exp", unary, (call){.views = {x, y}, .op = LKS_UNARY_exp}, 0, 2 * bytes);
    measure(b, "log", unary, (call){.views = {x, y}, .op = LKS_UNARY_log}, 0, 2 * bytes);
    measure(b, "tanh", unary, (call){.views = {x, y}, .op = LKS_UNARY_tanh}, 0,
            2 * bytes);
    measure(b, "sigmoid", unary, (call){.views = {x, y}, .op = LKS_UNARY_sigmoid}, 0,
            2 * bytes);
    measure(b, "sum of columns", reduce, (call){.views = {x, row}}, 0, bytes);
    measure(b, "sum of rows", reduce, (call){.views = {x, F32(n, 1)}}, 0, bytes);
    measure(b, "sum of all", reduce, (call){.views = {flat, F32(1)}}, 0, flat_bytes);
    measure(b, "transpose", copy, (call){.views = {transposed(x), F32(512, n)}}, 0,
            2 * bytes);
    measure(b, "u8 to f32", copy, (call){.views = {INT(LKS_U8, n, 784), F32(n, 784)}}, 0,
            5.0 * (double)n * 784);
    measure(b, "fill", fill, (call){.views = {flat}}, 0, flat_bytes);
    measure(b, "softmax 10", softmax, (call){.views = {logits, log_p}}, 0,
            8.0 * (double)numel(&logits));
    measure(b, "softmax 10000", softmax, (call){.views = {wide, wide2}}, 0,
            8.0 * (double)numel(&wide));
    measure(b, "cross_entropy 10", cross_entropy,
            (call){.views = {logits, target, log_p, loss}}, 0,
            8.0 * (double)numel(&logits));
    measure(b, "cross_entropy 10 backward", cross_entropy_backward,
            (call){.views = {logits, target, log_p, loss}}, 0,
            8.0 * (double)numel(&logits));
    measure(b, "dropout", dropout, (call){.views = {x, y}}, 0, 2 * bytes);
    measure(b, "sgd with momentum", sgd, (call){.views = {flat, flat2, m}}, 0,
            5 * flat_bytes);
    measure(b, "adam", adam, (call){.views = {flat, flat2, m, v}}, 0, 7 * flat_bytes);
    measure(b, "add_flat", add_flat, (call){.views = {flat, flat2}}, 0, 3 * flat_bytes);
    measure(b, "sum_squares_flat", sum_squares_flat, (call){.views = {flat}}, 0,
            flat_bytes);
}

/* The floors, from kernels that do little else: a product of matrices that fit the
 * second cache, and a copy of 2 MiB. */
static void find_floors(bench *b)
{
    call product = {.views = {F32(384, 384), F32(384, 384), F32(384, 384)}};
    call copying = {.views = {F32(1 << 19), F32(1 << 19)}};

    b->peak = 2.0 * 384 * 384 * 384 / seconds_of(b, gemm, &product) * 1e-9;
    b->copy = 8.0 * (1 << 19) / seconds_of(b, copy, &copying) * 1e-9;
    printf(
        "%s, %d thread(s), batch %lld: a 384x384x384 product at %.0f GF/s, a copy of 2 "
        "MiB at %.0f GB/s\n",
        b->instruction_set, lks_num_threads(lks_cpu), (long long)b->batch, b->peak,
        b->copy);
}

static void heading(bench *b, const char *text)
{
    if (b->total_us > 0)
        printf("%-34s %9.1f us\n", "sum", b->total_us);
    b->total_us = 0;
    printf("\n%s\n", text);
}

int main(int argc, char **argv)
{
    bench b = {.instruction_set = lks_cpu_instruction_set(), .batch = 64};

    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--threads") == 0 && i + 1 < argc)
            lks_set_num_threads(lks_cpu, atoi(argv[++i]));
        else if (strcmp(argv[i], "--batch") == 0 && i + 1 < argc)
            b.batch = atoi(argv[++i]) > 0 ? atoi(argv[i]) : 1;
        else if (strcmp(argv[i], "--isa") == 0 && i + 1 < argc)
            b.instruction_set = argv[++i];
        else
            b.only = argv[i];
    b.k = lks_cpu_kernels_for(b.instruction_set);
    if (!b.k) {
        fprintf(stderr, "bench_kernels: this machine lacks that instruction set\n");
        return 2;
    }
    find_floors(&b);
    heading(&b, "LeNet");
    bench_lenet(&b);
    heading(&b, "MLP 784-512-256-10");
    bench_linear(&b, 2 * b.batch, 784, 512);
    bench_linear(&b, 2 * b.batch, 512, 256);
    bench_linear(&b, 2 * b.batch, 256, 10);
    heading(&b, "passes over memory");
    bench_passes(&b);
    heading(&b, "VGG");
    bench_conv(&b, "conv 3>32 3x3 32", 16, 3, 32, 32, 3, 1);
    bench_conv(&b, "conv 32>32 3x3 32", 16, 32, 32, 32, 3, 1);
    bench_conv(&b, "conv 64>64 3x3 16", 16, 64, 16, 64, 3, 1);
    bench_conv(&b, "conv 128>128 3x3 8", 16, 128, 8, 128, 3, 1);
    return EXIT_SUCCESS;
}
