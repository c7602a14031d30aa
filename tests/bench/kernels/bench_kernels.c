/* How fast each kernel of a device is at the shapes of the benchmark models, beside the
 * floor: the FMA peak for sums, the speed of copying for passes over memory.
 *
 *     bench_kernels [--device NAME] [--threads N] [--batch N] [--isa NAME] [--flat N]
 *                   [--product N] [--calls N] [PART-OF-A-NAME]
 *
 * One line a kernel: the microseconds of a call (timing.h), what that is in GF/s or GB/s,
 * and in percent of the floor. Of a device with a queue also those of a call that is
 * recorded, from which the rates are then taken, and how many launches it is. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/cpu.h"
#include "device.h"
#include "timing.h"

enum { MAX_ARGS = 11 };

typedef struct bench {
    lks_device device;
    const lks_kernels *k;
    const char *instruction_set; /* of a CPU */
    int64_t batch, flat, product;
    int n_calls;
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
    bool backward;
} call;

static void leave(void)
{
    fprintf(stderr, "bench_kernels: %s\n", lks_error_text());
    exit(EXIT_FAILURE);
}

static void fill_host(void *data, lks_dtype dtype, int64_t n)
{
    memset(data, 0, (size_t)n * lks_dtype_size_bytes(dtype));
    for (int64_t i = 0; i < n; i++)
        if (dtype == LKS_F32)
            ((float *)data)[i] = (float)(i * 7919 % 1000) / 500 - 1;
        else if (dtype == LKS_I64)
            ((int64_t *)data)[i] = i % 10;
}

/* Of the device, until the program ends. */
static lks_view view_of(const bench *b, lks_dtype dtype, int ndim, const int64_t *sizes)
{
    lks_view view = {.dtype = dtype, .ndim = ndim, .device = b->device};
    int64_t n = 1;
    size_t n_bytes;

    for (int d = ndim - 1; d >= 0; d--) {
        view.sizes[d] = sizes[d];
        view.strides[d] = n;
        n *= sizes[d];
    }
    n_bytes = (size_t)n * lks_dtype_size_bytes(dtype);
    view.data = aligned_alloc(64, (n_bytes / 64 + 1) * 64);
    if (!view.data)
        exit(EXIT_FAILURE);
    fill_host(view.data, dtype, n);
    if (!b->k->host_reads) {
        void *host = view.data;

        view.data = b->k->alloc(b->device.index, n_bytes);
        if (!view.data || b->k->copy_in(b->device.index, view.data, host, n_bytes))
            leave();
        free(host);
    }
    return view;
}

#define F32(b, ...)                                                                      \
    view_of(b, LKS_F32, sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t),              \
            (const int64_t[]){__VA_ARGS__})
#define INT(b, dtype, ...)                                                               \
    view_of(b, dtype, sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t),                \
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

static timing timed(const bench *b, call_fn fn, const call *c)
{
    timing t;

    if (timing_of(b->k, b->device, fn, c, b->n_calls, &t) != LKS_OK)
        leave();
    return t;
}

/* `flop` or, if that is 0, `bytes` of traffic say how long the call takes at least. */
static void measure(bench *b, const char *name, call_fn fn, call c, double flop,
                    double bytes)
{
    timing t;
    double seconds, rate;

    if (b->only && !strstr(name, b->only))
        return;
    t = timed(b, fn, &c);
    seconds = t.recorded > 0 ? t.recorded : t.seconds;
    rate = (flop > 0 ? flop : bytes) / seconds * 1e-9;
    b->total_us += seconds * 1e6;
    printf("%-34s %9.1f us ", name, t.seconds * 1e6);
    if (!b->k->host_reads)
        printf("%9.1f us recorded, %2d launches ", t.recorded * 1e6,
               (int)t.work.n_launches);
    printf("%8.1f %s %5.0f %%\n", rate, flop > 0 ? "GF/s" : "GB/s",
           100 * rate / (flop > 0 ? b->peak : b->copy));
    fflush(stdout);
}

/* The same by the device's own library, where it has one that works. */
static void measure_fast(bench *b, const char *name, call_fn fn, call c, double flop)
{
    const int index = b->device.index;
    char line[80];

    if (!b->k->fast)
        return;
    snprintf(line, sizeof line, "%s, fast", name);
    if (b->k->fast(index, true) == LKS_OK && fn(b->k, &c) == LKS_OK &&
        b->k->finish(index) == LKS_OK)
        measure(b, line, fn, c, flop, 0);
    else
        printf("%-34s %s\n", line, lks_error_text());
    b->k->fast(index, false);
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
    return k->unary((lks_unary)c->op, NULL, &c->views[0], &c->views[1]);
}

static lks_status unary_backward(const lks_kernels *k, const call *c)
{
    return k->unary_backward((lks_unary)c->op, NULL, &c->views[0], &c->views[1],
                             &c->views[2], &c->views[3]);
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
    const lks_rates rates = {
        .clip = (double)INFINITY, .lr = 1e-9, .beta1 = 0.9, .take1 = 1, .scale = 1};

    return k->optim(LKS_UPDATE_momentum, &rates, &c->views[0], &c->views[1],
                    &c->views[2]);
}

static lks_status adam(const lks_kernels *k, const call *c)
{
    const lks_rates rates = {.clip = (double)INFINITY,
                             .keep = 1,
                             .lr = 1e-9,
                             .beta1 = 0.9,
                             .take1 = 0.1,
                             .beta2 = 0.999,
                             .take2 = 0.001,
                             .unbias = 10,
                             .eps = 1e-8,
                             .scale = 1};

    return k->optim(LKS_UPDATE_adam, &rates, &c->views[0], &c->views[1], &c->views[2]);
}

/* The gradient reduction's arithmetic. */
static lks_status add_flat(const lks_kernels *k, const call *c)
{
    return k->binary(LKS_BINARY_add, &c->views[1], &c->views[0], &c->views[1]);
}

static lks_status sum_squares_flat(const lks_kernels *k, const call *c)
{
    return k->reduce(LKS_REDUCE_SUM_SQUARES, &c->views[0], &c->views[1]);
}

static lks_status recurrent(const lks_kernels *k, const call *c)
{
    const lks_view *v = c->views;
    const bool lstm = c->op == LKS_LSTM, gru = c->op == LKS_GRU;
    const lks_recurrent r = {.kind = (lks_recurrence)c->op,
                             .x = &v[0],
                             .w_hh = &v[1],
                             .b_hh = &v[2],
                             .y = &v[3],
                             .h_n = &v[4],
                             .c_n = lstm ? &v[5] : NULL,
                             .gates = lstm || gru ? &v[6] : NULL,
                             .cells = lstm ? &v[7] : NULL,
                             .hidden = gru ? &v[7] : NULL};
    const lks_recurrent_grads g = {.dy = &v[8],
                                   .dx = &v[10],
                                   .dh0 = &v[4],
                                   .dc0 = lstm ? &v[5] : NULL,
                                   .d_hidden = gru ? &v[9] : NULL};

    return c->backward ? k->recurrent_backward(&r, &g) : k->recurrent(&r);
}

/* Steps of a layer after its input's product. */
static void bench_recurrent(bench *b, const char *name, lks_recurrence kind, int64_t n,
                            int64_t n_steps, int64_t hidden)
{
    const int64_t gates = lks_recurrence_gates(kind) * hidden;
    const double flop = 2.0 * (double)(n * n_steps * gates * hidden);
    call a = {.views = {F32(b, n_steps, n, gates), F32(b, gates, hidden), F32(b, gates),
                        F32(b, n_steps, n, hidden), F32(b, n, hidden), F32(b, n, hidden),
                        F32(b, n_steps, n, gates), F32(b, n_steps, n, hidden),
                        F32(b, n_steps, n, hidden), F32(b, n_steps, n, hidden),
                        F32(b, n_steps, n, gates)},
              .op = (int)kind};
    char sizes[64], line[80];

    snprintf(sizes, sizeof sizes, "%s %lld x %lld steps, %lld", name, (long long)n,
             (long long)n_steps, (long long)hidden);
    snprintf(line, sizeof line, "%s forward", sizes);
    measure(b, line, recurrent, a, flop, 0);
    a.backward = true;
    snprintf(line, sizeof line, "%s backward", sizes);
    measure(b, line, recurrent, a, flop, 0);
}

static void bench_conv(bench *b, const char *name, int64_t n, int64_t c, int64_t side,
                       int64_t o, int64_t kernel, int64_t padding)
{
    int64_t out = side + 2 * padding - kernel + 1;
    double flop = 2.0 * (double)(n * o * out * out * c * kernel * kernel);
    call a = {.views = {F32(b, n, c, side, side), F32(b, o, c, kernel, kernel), F32(b, o),
                        F32(b, n, o, out, out)},
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
    lks_view x = F32(b, m, in), w = F32(b, out, in), bias = F32(b, out),
             y = F32(b, m, out);
    char line[64];

    snprintf(line, sizeof line, "linear %lld %lld %lld forward", (long long)m,
             (long long)in, (long long)out);
    measure(b, line, gemm, (call){.views = {x, transposed(w), y, bias}}, flop, 0);
    measure_fast(b, line, gemm, (call){.views = {x, transposed(w), y, bias}}, flop);
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
    lks_view y = view_of(b, LKS_F32, x.ndim, x.sizes),
             z = view_of(b, LKS_F32, x.ndim, x.sizes);
    lks_view index = view_of(b, LKS_I32, small.ndim, small.sizes);
    call pooling = {.views = {x, small, index},
                    .pool = {.kernel = {2, 2}, .stride = {2, 2}, .dilation = {1, 1}}};
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
    bench_memory(b, "6x24x24", F32(b, n, 6, 24, 24), F32(b, n, 6, 12, 12));
    bench_conv(b, "conv 6>16 5x5 12", n, 6, 12, 16, 5, 0);
    bench_memory(b, "16x8x8", F32(b, n, 16, 8, 8), F32(b, n, 16, 4, 4));
    bench_linear(b, n, 256, 120);
    bench_linear(b, n, 120, 84);
    bench_linear(b, n, 84, 10);
}

static void bench_passes(bench *b)
{
    int64_t n = b->batch;
    lks_view x = F32(b, n, 512), y = F32(b, n, 512), row = F32(b, 1, 512),
             flat = F32(b, b->flat), flat2 = F32(b, b->flat), m = F32(b, b->flat),
             v = F32(b, b->flat);
    double bytes = 4.0 * (double)numel(&x), flat_bytes = 4.0 * (double)numel(&flat);
    lks_view logits = F32(b, n, 10), target = INT(b, LKS_I64, n), log_p = F32(b, n, 10),
             loss = F32(b, n), wide = F32(b, n, 10000), wide2 = F32(b, n, 10000);
    lks_view expanded = row;

    expanded.sizes[0] = n;
    expanded.strides[0] = 0;
    b->k->fill(&v, 1);
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
    measure(b, "sum of rows", reduce, (call){.views = {x, F32(b, n, 1)}}, 0, bytes);
    measure(b, "sum of all", reduce, (call){.views = {flat, F32(b, 1)}}, 0, flat_bytes);
    measure(b, "transpose", copy, (call){.views = {transposed(x), F32(b, 512, n)}}, 0,
            2 * bytes);
    measure(b, "u8 to f32", copy,
            (call){.views = {INT(b, LKS_U8, n, 784), F32(b, n, 784)}}, 0,
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
    measure(b, "sum_squares_flat", sum_squares_flat,
            (call){.views = {flat, view_of(b, LKS_F64, 1, (const int64_t[]){1})}}, 0,
            flat_bytes);
}

static lks_status copy_across(const lks_kernels *k, const call *c)
{
    const int index = c->views[0].device.index;

    return k->copy_across(index, c->views[1].data, index, c->views[0].data,
                          (size_t)numel(&c->views[0]) * sizeof(float));
}

static double best(timing t)
{
    return t.recorded > 0 ? t.recorded : t.seconds;
}

/* The floors, from kernels that do little else: a product of matrices, on a CPU of ones
 * that fit the second cache, and a copy. */
static void find_floors(bench *b)
{
    const int64_t n = b->product;
    call product = {.views = {F32(b, n, n), F32(b, n, n), F32(b, n, n)}};
    call copying = {.views = {F32(b, b->flat), F32(b, b->flat)}};
    const double flop = 2.0 * (double)n * (double)n * (double)n;
    const double bytes = 8.0 * (double)b->flat;

    b->peak = flop / best(timed(b, gemm, &product)) * 1e-9;
    b->copy = bytes / best(timed(b, copy, &copying)) * 1e-9;
    printf("a product of %lld x %lld by %lld at %.0f GF/s, a copy of %.0f MiB at %.0f "
           "GB/s\n",
           (long long)n, (long long)n, (long long)n, b->peak, bytes / 2 / (1 << 20),
           b->copy);
    if (b->k->host_reads)
        return;
    measure_fast(b, "that product", gemm, product, flop);
    measure(b, "that copy, by the driver", copy_across, copying, 0, bytes);
}

static void introduce(const bench *b)
{
    lks_device_facts facts = {.model = ""};
    char text[LKS_DEVICE_TEXT];

    if (b->k->describe && b->k->describe(b->device.index, &facts) != LKS_OK)
        leave();
    printf("%s, %s, batch %lld\n", lks_device_text(b->device, text, sizeof text),
           facts.model[0] ? facts.model : b->instruction_set, (long long)b->batch);
    if (b->k->host_reads)
        printf("%d thread(s)\n", lks_num_threads(b->device));
}

static void heading(bench *b, const char *text)
{
    if (b->total_us > 0)
        printf("%-34s %9.1f us\n", "sum", b->total_us);
    b->total_us = 0;
    printf("\n%s\n", text);
}

static int64_t at_most(int64_t limit, int64_t n)
{
    return n < limit ? n : limit;
}

/* tests/bench/jobs' charlstm, chargru, wordlstm and rnn_tiny. A small batch, which only
 * tries the program, has short sequences and few words. */
static void bench_language_models(bench *b)
{
    const int64_t n = b->batch, chars = at_most(64, n), words = at_most(35, n);
    const int64_t n_word = (n * 20 + 63) / 64;

    bench_linear(b, n, 650, 2600);
    bench_linear(b, n * chars, 256, 1024);
    bench_linear(b, n_word * words, 650, at_most(10000, n * 160));
    bench_recurrent(b, "lstm", LKS_LSTM, n, chars, 256);
    bench_recurrent(b, "gru", LKS_GRU, n, chars, 256);
    bench_recurrent(b, "lstm", LKS_LSTM, n_word, words, 650);
    bench_recurrent(b, "rnn", LKS_RNN_TANH, 3, 5, 50);
}

/* Models of the benchmarks, and what larger ones consist of. */
static void bench_all(bench *b)
{
    find_floors(b);
    heading(b, "LeNet");
    bench_lenet(b);
    heading(b, "MLP 784-512-256-10");
    bench_linear(b, 2 * b->batch, 784, 512);
    bench_linear(b, 2 * b->batch, 512, 256);
    bench_linear(b, 2 * b->batch, 256, 10);
    heading(b, "passes over memory");
    bench_passes(b);
    heading(b, "VGG");
    bench_conv(b, "conv 3>32 3x3 32", b->batch / 4 + 1, 3, 32, 32, 3, 1);
    bench_conv(b, "conv 32>32 3x3 32", b->batch / 4 + 1, 32, 32, 32, 3, 1);
    bench_conv(b, "conv 64>64 3x3 16", b->batch / 4 + 1, 64, 16, 64, 3, 1);
    bench_conv(b, "conv 128>128 3x3 8", b->batch / 4 + 1, 128, 8, 128, 3, 1);
    heading(b, "recurrent: language models of characters and words, a tiny layer");
    bench_language_models(b);
}

static const char usage[] =
    "bench_kernels [--device NAME] [--threads N] [--batch N] [--isa NAME] [--flat N] "
    "[--product N] [--calls N] [PART-OF-A-NAME]";

/* One option with its value; false: there is none of this name. */
static bool take(bench *b, const char *name, const char *value)
{
    const long n = atol(value) > 0 ? atol(value) : 1;

    if (strcmp(name, "--threads") == 0)
        lks_set_num_threads(lks_cpu, (int)n);
    else if (strcmp(name, "--batch") == 0)
        b->batch = n;
    else if (strcmp(name, "--flat") == 0)
        b->flat = n;
    else if (strcmp(name, "--product") == 0)
        b->product = n;
    else if (strcmp(name, "--calls") == 0)
        b->n_calls = (int)n;
    else if (strcmp(name, "--isa") == 0)
        b->instruction_set = value;
    else if (strcmp(name, "--device") == 0)
        return lks_device_parse(value, &b->device) == LKS_OK || (leave(), false);
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    bench b = {.instruction_set = lks_cpu_instruction_set(), .batch = 64, .n_calls = 256};
    bool is_cpu;

    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "--", 2) != 0)
            b.only = argv[i];
        else if (i + 1 == argc || !take(&b, argv[i], argv[i + 1])) {
            fprintf(stderr, "usage: %s\n", usage);
            return 2;
        } else
            i++;
    is_cpu = b.device.type == LKS_CPU;
    b.k = is_cpu ? lks_cpu_kernels_for(b.instruction_set) : lks_device_kernels(b.device);
    if (!b.k) {
        fprintf(stderr, "bench_kernels: this machine lacks that instruction set\n");
        return 2;
    }
    b.product = b.product ? b.product : b.k->host_reads ? 384 : 4096;
    b.flat = b.flat ? b.flat : b.k->host_reads ? 1 << 19 : 1 << 26;
    introduce(&b);
    bench_all(&b);
    return EXIT_SUCCESS;
}
