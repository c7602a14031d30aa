#include "timing.h"

#include <stdlib.h>
#include <time.h>

#include "base/try.h"
#include "device.h"

enum { MIN_REPEATS = 15, MAX_REPEATS = 2000, ROUNDS = 5 };

static const double ROUND_S = 0.01, CPU_S = 0.1;

typedef struct subject {
    const lks_kernels *k;
    lks_device device;
    call_fn fn;
    const struct call *c;
} subject;

/* On one thread the processor time counts, which others on the machine disturb less. */
static double now_s(const subject *s)
{
    const bool is_alone = s->k->host_reads && lks_num_threads(s->device) == 1;
    struct timespec t;

    clock_gettime(is_alone ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *samples, int n)
{
    qsort(samples, (size_t)n, sizeof *samples, by_size);
    return samples[n / 2];
}

static lks_status time_at_once(const subject *s, double *out)
{
    static double samples[MAX_REPEATS];
    double spent = 0;
    int n = 0;

    while (n < MAX_REPEATS && (n < MIN_REPEATS || spent < CPU_S)) {
        double start = now_s(s);

        LKS_TRY(s->fn(s->k, s->c));
        samples[n] = now_s(s) - start;
        spent += samples[n++];
    }
    *out = median(samples, n);
    return LKS_OK;
}

/* ---- a queue ---- */

static lks_status call_many(const subject *s, int n)
{
    for (int i = 0; i < n; i++)
        LKS_TRY(s->fn(s->k, s->c));
    return LKS_OK;
}

/* n calls, or as many replays of `recording` instead, up to the wait for them. */
static lks_status time_queued(const subject *s, const lks_recording *recording, int n,
                              double *out)
{
    const int index = s->device.index;
    const double start = now_s(s);

    if (!recording)
        LKS_TRY(call_many(s, n));
    for (int i = 0; recording && i < n; i++)
        LKS_TRY(s->k->replay(index, recording, 0));
    LKS_TRY(s->k->finish(index));
    *out = now_s(s) - start;
    return LKS_OK;
}

/* Seconds of one among so many that they take ROUND_S, or `most`. */
static lks_status time_rounds(const subject *s, const lks_recording *recording, int most,
                              double *out)
{
    double samples[ROUNDS];
    int n = 1;

    LKS_TRY(time_queued(s, recording, n, &samples[0]));
    LKS_TRY(time_queued(s, recording, n, &samples[0]));
    while (n < most && samples[0] < ROUND_S) {
        n = 2 * n < most ? 2 * n : most;
        LKS_TRY(time_queued(s, recording, n, &samples[0]));
    }
    for (int i = 1; i < ROUNDS; i++)
        LKS_TRY(time_queued(s, recording, n, &samples[i]));
    *out = median(samples, ROUNDS) / n;
    return LKS_OK;
}

static lks_status time_recorded(const subject *s, int n_calls, double *out)
{
    const int index = s->device.index, n = n_calls < 16 ? n_calls : 16;
    lks_recording *recording = NULL;
    lks_status st;

    LKS_TRY(s->k->record(index));
    st = call_many(s, n);
    if (st == LKS_OK)
        st = s->k->recorded(index, &recording);
    if (st == LKS_OK)
        st = time_rounds(s, recording, n_calls / n, out);
    s->k->forget(index, recording);
    *out /= n;
    return st;
}

static lks_status count_work(const subject *s, lks_device_work *out)
{
    lks_device_work before, after;

    *out = (lks_device_work){0};
    if (!s->k->work)
        return LKS_OK;
    LKS_TRY(s->k->work(s->device.index, &before));
    LKS_TRY(s->fn(s->k, s->c));
    LKS_TRY(s->k->work(s->device.index, &after));
    out->n_launches = after.n_launches - before.n_launches;
    out->n_bytes = after.n_bytes - before.n_bytes;
    out->n_flops = after.n_flops - before.n_flops;
    return LKS_OK;
}

lks_status timing_of(const lks_kernels *k, lks_device device, call_fn fn,
                     const struct call *c, int n_calls, timing *out)
{
    const subject s = {k, device, fn, c};

    *out = (timing){0};
    if (k->host_reads)
        return time_at_once(&s, &out->seconds);
    LKS_TRY(count_work(&s, &out->work));
    LKS_TRY(time_rounds(&s, NULL, n_calls, &out->seconds));
    if (k->record)
        LKS_TRY(time_recorded(&s, n_calls, &out->recorded));
    return LKS_OK;
}
