/* What an operation costs beside its numbers: a chain of additions of one element, with
 * gradients, forward and backward. Processor time, ours and the kernel's for us; the
 * median and the lowest of many rounds.
 *
 *     bench_graph [--rounds N] [--length N]        defaults: 300 rounds, 1000 additions
 *
 * Prints "forward_ns=… backward_ns=… ns=… lowest_ns=…", nanoseconds an addition. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/try.h"
#include "lockstep.h"

typedef struct round_ns {
    double forward, backward;
} round_ns;

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return 1e9 * (double)t.tv_sec + (double)t.tv_nsec;
}

/* x + x, + x, … and back. */
static lks_status measure(lks_tensor *x, int length, round_ns *out)
{
    const double start = now_ns();
    double middle;
    lks_tensor *y = x;
    lks_status st;

    LKS_TRY(lks_scope_open());
    for (int i = 0; i < length; i++)
        y = lks_add(y, x);
    middle = now_ns();
    st = lks_backward(y);
    lks_scope_close();
    out->forward = (middle - start) / length;
    out->backward = (now_ns() - middle) / length;
    return st;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof *values, by_value);
    return values[n / 2];
}

static void print(int n_rounds, double *columns[3])
{
    const double forward = median(columns[0], n_rounds);
    const double backward = median(columns[1], n_rounds);
    const double both = median(columns[2], n_rounds); /* sorts them */

    printf("forward_ns=%.1f backward_ns=%.1f ns=%.1f lowest_ns=%.1f\n", forward, backward,
           both, columns[2][0]);
}

static lks_status run(lks_tensor *x, int n_rounds, int length, double *columns[3])
{
    round_ns warm;

    for (int i = 0; i < 20; i++)
        LKS_TRY(measure(x, length, &warm));
    for (int i = 0; i < n_rounds; i++) {
        round_ns r;

        LKS_TRY(measure(x, length, &r));
        columns[0][i] = r.forward;
        columns[1][i] = r.backward;
        columns[2][i] = r.forward + r.backward;
    }
    return LKS_OK;
}

static int argument(int argc, char **argv, const char *name, int otherwise)
{
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return atoi(argv[i + 1]);
    return otherwise;
}

int main(int argc, char **argv)
{
    const int n_rounds = argument(argc, argv, "--rounds", 300);
    const int length = argument(argc, argv, "--length", 1000);
    double *columns[3] = {NULL, NULL, NULL};
    lks_tensor *x = lks_requires_grad_(lks_full(LKS_SHAPE_OF(1), 1, LKS_F32, lks_cpu));
    lks_status st = x && n_rounds > 0 && length > 0 ? LKS_OK : LKS_INVALID;

    for (int i = 0; i < 3 && st == LKS_OK; i++)
        if (!(columns[i] = lks_calloc((size_t)n_rounds, sizeof(double))))
            st = LKS_NOMEM;
    if (st == LKS_OK)
        st = run(x, n_rounds, length, columns);
    if (st == LKS_OK)
        print(n_rounds, columns);
    else
        fprintf(stderr, "bench_graph: %s: %s\n", lks_status_text(st), lks_error_text());
    for (int i = 0; i < 3; i++)
        lks_free(columns[i]);
    lks_unref(x);
    return st == LKS_OK ? 0 : 1;
}
