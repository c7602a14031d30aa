/* How far the kernels are from the true values: the largest errors in units of the last
 * place, against long double. Numbers are in (0, 1), lest sums cancel and an ulp of the
 * result say nothing.
 *
 *     accuracy [TABLE]       avx512f, avx2, neon, reference; the machine's best one
 *                            unless named */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "cpu/cpu.h"
#include "device.h"

typedef long double wide;

static const lks_kernels *k;

static int64_t numel(const lks_view *x)
{
    int64_t n = 1;

    for (int d = 0; d < x->ndim; d++)
        n *= x->sizes[d];
    return n;
}

static lks_view view_of(lks_dtype dtype, int ndim, const int64_t *sizes)
{
    static lks_rng rng = {.seed = 1};
    lks_view x = {.dtype = dtype, .ndim = ndim};
    int64_t n = 1;

    for (int d = ndim; d-- > 0; n *= sizes[d]) {
        x.sizes[d] = sizes[d];
        x.strides[d] = n;
    }
    x.data = malloc((size_t)n * sizeof(double));
    if (!x.data)
        exit(EXIT_FAILURE);
    rng.step++;
    if (dtype == LKS_F64)
        lks_rng_uniform_f64(&rng, 0, (size_t)n, x.data);
    else
        lks_rng_uniform_f32(&rng, 0, (size_t)n, x.data);
    return x;
}

#define VIEW(dtype, ...)                                                                 \
    view_of(dtype, sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t),                   \
            (const int64_t[]){__VA_ARGS__})

static wide at(const lks_view *x, int64_t i)
{
    return x->dtype == LKS_F64 ? (wide)((const double *)x->data)[i]
                               : (wide)((const float *)x->data)[i];
}

static double ulps(const lks_view *got, int64_t i, wide want)
{
    const int digits = got->dtype == LKS_F64 ? DBL_MANT_DIG : FLT_MANT_DIG;
    const int least = got->dtype == LKS_F64 ? DBL_MIN_EXP : FLT_MIN_EXP;
    int exponent;

    if (want == 0 || isinf(at(got, i)))
        return 0;
    frexpl(want, &exponent);
    if (exponent < least)
        exponent = least;
    return (double)(fabsl(at(got, i) - want) / ldexpl(1, exponent - digits));
}

static void check(lks_status st)
{
    if (st != LKS_OK) {
        fprintf(stderr, "%s\n", lks_error_text());
        exit(EXIT_FAILURE);
    }
}

static void tell(const char *what, lks_dtype dtype, double worst)
{
    printf("%-44s %s %8.2f\n", what, dtype == LKS_F64 ? "f64" : "f32", worst);
}

static double larger(double a, double b)
{
    return b > a ? b : a;
}

static void product(lks_dtype dtype, int64_t m, int64_t n, int64_t depth)
{
    const lks_view a = VIEW(dtype, m, depth), w = VIEW(dtype, n, depth);
    const lks_view c = VIEW(dtype, m, n);
    lks_view b = w;
    double worst = 0;
    char what[64];

    b.sizes[0] = depth, b.sizes[1] = n, b.strides[0] = 1, b.strides[1] = depth;
    check(k->gemm(&a, &b, NULL, false, &c));
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            wide sum = 0;

            for (int64_t t = 0; t < depth; t++)
                sum += at(&a, i * depth + t) * at(&w, j * depth + t);
            worst = larger(worst, ulps(&c, i * n + j, sum));
        }
    snprintf(what, sizeof what, "product of %d terms, %d x %d", (int)depth, (int)m,
             (int)n);
    tell(what, dtype, worst);
}

/* One image size: x (n, c, side, side), w (o, c, kernel, kernel), y (n, o, out, out). */
static void convolutions(lks_dtype dtype, int64_t n, int64_t c, int64_t side, int64_t o,
                         int64_t kernel)
{
    const int64_t out = side - kernel + 1, area = kernel * kernel;
    const lks_conv2d_params params = {{1, 1}, {0, 0}, {1, 1}, 1};
    const lks_view x = VIEW(dtype, n, c, side, side), dx = VIEW(dtype, n, c, side, side);
    const lks_view w = VIEW(dtype, o, c, kernel, kernel);
    const lks_view dw = VIEW(dtype, o, c, kernel, kernel);
    const lks_view dy = VIEW(dtype, n, o, out, out), y = VIEW(dtype, n, o, out, out);
    const lks_view dbias = VIEW(dtype, o);
    wide *sums = calloc((size_t)(numel(&y) + numel(&dx) + numel(&dw) + o), sizeof *sums);
    wide *want_dx = sums + numel(&y), *want_dw = want_dx + numel(&dx);
    wide *want_db = want_dw + numel(&dw);
    double worst[4] = {0};

    check(k->conv2d(&x, &w, NULL, &params, &y));
    check(k->conv2d_backward_data(&dy, &w, &params, &dx));
    check(k->conv2d_backward_weight(&x, &dy, &params, false, &dw, &dbias));
    for (int64_t i = 0; i < numel(&y); i++) { /* i: image, o, oh, ow */
        const int64_t at_o = i / (out * out) % o, image = i / (out * out * o);
        const int64_t oh = i / out % out, ow = i % out;

        want_db[at_o] += at(&dy, i);
        for (int64_t t = 0; t < c * area; t++) {
            const int64_t row = oh + t / kernel % kernel, column = ow + t % kernel;
            const int64_t x_at = ((image * c + t / area) * side + row) * side + column;

            sums[i] += at(&x, x_at) * at(&w, at_o * c * area + t);
            want_dx[x_at] += at(&dy, i) * at(&w, at_o * c * area + t);
            want_dw[at_o * c * area + t] += at(&dy, i) * at(&x, x_at);
        }
    }
    for (int64_t i = 0; i < numel(&y); i++)
        worst[0] = larger(worst[0], ulps(&y, i, sums[i]));
    for (int64_t i = 0; i < numel(&dx); i++)
        worst[1] = larger(worst[1], ulps(&dx, i, want_dx[i]));
    for (int64_t i = 0; i < numel(&dw); i++)
        worst[2] = larger(worst[2], ulps(&dw, i, want_dw[i]));
    for (int64_t i = 0; i < o; i++)
        worst[3] = larger(worst[3], ulps(&dbias, i, want_db[i]));
    tell("convolution, forward", dtype, worst[0]);
    tell("convolution, gradient of the data", dtype, worst[1]);
    tell("convolution, gradient of the weight", dtype, worst[2]);
    tell("convolution, gradient of the bias", dtype, worst[3]);
    free(sums);
}

static void sum(lks_dtype dtype, int64_t rows, int64_t columns, bool of_columns)
{
    const lks_view x = VIEW(dtype, rows, columns);
    const lks_view y = of_columns ? VIEW(dtype, 1, columns) : VIEW(dtype, rows, 1);
    double worst = 0;
    char what[64];

    check(k->reduce(LKS_REDUCE_SUM, &x, &y));
    for (int64_t i = 0; i < numel(&y); i++) {
        wide want = 0;

        for (int64_t j = 0; j < (of_columns ? rows : columns); j++)
            want += at(&x, of_columns ? j * columns + i : i * columns + j);
        worst = larger(worst, ulps(&y, i, want));
    }
    snprintf(what, sizeof what, "sum of %d numbers, %s",
             (int)(of_columns ? rows : columns), of_columns ? "columns" : "rows");
    tell(what, dtype, worst);
}

static void softmax(lks_dtype dtype, int64_t rows, int64_t columns)
{
    const lks_view x = VIEW(dtype, rows, columns), y = VIEW(dtype, rows, columns);
    double worst = 0;
    char what[64];

    check(k->softmax(&x, false, &y));
    for (int64_t i = 0; i < rows; i++) {
        wide total = 0;

        for (int64_t j = 0; j < columns; j++)
            total += expl(at(&x, i * columns + j));
        for (int64_t j = 0; j < columns; j++)
            worst = larger(
                worst, ulps(&y, i * columns + j, expl(at(&x, i * columns + j)) / total));
    }
    snprintf(what, sizeof what, "softmax of %d", (int)columns);
    tell(what, dtype, worst);
}

/* Over every binade, and where networks are. */
static void function(lks_dtype dtype, const char *name, lks_unary op, wide (*f)(wide))
{
    enum { N = 1 << 22 };
    const lks_view x = VIEW(dtype, N), y = VIEW(dtype, N);
    const lks_rng rng = {.seed = 2};
    double worst = 0;

    for (int64_t i = 0; i < N; i++) {
        const uint32_t bits[2] = {lks_rng_bits(&rng, 2 * (uint64_t)i),
                                  lks_rng_bits(&rng, 2 * (uint64_t)i + 1)};

        if (dtype == LKS_F64)
            memcpy((double *)x.data + i, bits, sizeof(double));
        else
            memcpy((float *)x.data + i, bits, sizeof(float));
        if (i % 2 && dtype == LKS_F64)
            ((double *)x.data)[i] = bits[0] * 0x1p-28 - 8;
        else if (i % 2)
            ((float *)x.data)[i] = (float)(bits[0] * 0x1p-28 - 8);
    }
    check(k->unary(op, NULL, &x, &y));
    for (int64_t i = 0; i < N; i++) {
        const wide want = f(at(&x, i));
        const wide least = dtype == LKS_F64 ? (wide)DBL_MIN : (wide)FLT_MIN;
        const wide most = dtype == LKS_F64 ? (wide)DBL_MAX : (wide)FLT_MAX;

        if (fabsl(want) >= least && fabsl(want) <= most)
            worst = larger(worst, ulps(&y, i, want));
    }
    tell(name, dtype, worst);
}

int main(int argc, char **argv)
{
    const char *table = argc > 1 ? argv[1] : lks_cpu_instruction_set();

    k = lks_cpu_kernels_for(table);
    if (!k) {
        fprintf(stderr, "accuracy: this machine has no table %s\n", table);
        return 2;
    }
    printf("%s: largest errors in ulp\n", table);
    for (int d = 0; d < 2; d++) {
        const lks_dtype dtype = d ? LKS_F64 : LKS_F32;

        product(dtype, 64, 120, 256);
        product(dtype, 32, 64, 784);
        product(dtype, 4, 256, 4096);
        convolutions(dtype, 32, 6, 12, 16, 5);
        sum(dtype, 64, 512, true);
        sum(dtype, 4, 100000, false);
        softmax(dtype, 200, 10);
        softmax(dtype, 10, 10000);
        function(dtype, "exp", LKS_UNARY_exp, expl);
        function(dtype, "log", LKS_UNARY_log, logl);
        function(dtype, "tanh", LKS_UNARY_tanh, tanhl);
    }
    return EXIT_SUCCESS;
}
