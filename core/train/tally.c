#include "train/tally.h"

#include <math.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "ops/ops.h"
#include "tensor/scope.h"

enum { SLICE = 8192 }; /* counts that a rank sends at a time */

/* ---- one block: samples, correct, confusion ---- */

static size_t n_counts(const lks_tally *tally)
{
    const size_t n = (size_t)tally->n_classes;

    return 2 * n + (tally->confusion ? n * n : 0);
}

lks_status lks_tally_create(int64_t n_classes, lks_tally **out)
{
    const bool is_confused = n_classes <= LKS_TALLY_MAX_CONFUSED;
    const size_t n = (size_t)n_classes;
    lks_tally *self = lks_calloc(1, sizeof *self);

    if (!self)
        return LKS_NOMEM;
    self->n_classes = n_classes;
    self->samples = lks_calloc(2 * n + (is_confused ? n * n : 0), sizeof *self->samples);
    if (!self->samples) {
        lks_tally_destroy(self);
        return LKS_NOMEM;
    }
    self->correct = self->samples + n;
    self->confusion = is_confused ? self->correct + n : NULL;
    *out = self;
    return LKS_OK;
}

void lks_tally_destroy(lks_tally *self)
{
    if (!self)
        return;
    lks_free(self->samples);
    lks_free(self->class_names);
    lks_free(self);
}

/* ---- counting ---- */

static lks_status count(lks_tally *self, int64_t guess, int64_t target)
{
    if (target < 0 || target >= self->n_classes)
        return lks_fail(LKS_FORMAT, "a target is %lld; the classes are 0 to %lld",
                        (long long)target, (long long)self->n_classes - 1);
    self->samples[target]++;
    self->correct[target] += guess == target;
    if (self->confusion)
        self->confusion[target * self->n_classes + guess]++;
    return LKS_OK;
}

static lks_status count_all(lks_tally *self, const lks_tensor *best,
                            const lks_tensor *target, int64_t ignore_index)
{
    const size_t n = (size_t)lks_numel(best);
    int64_t *host = lks_calloc(2 * n, sizeof *host);
    lks_status st = host ? LKS_OK : LKS_NOMEM;

    if (st != LKS_OK)
        return st;
    LKS_GO(lks_to_host(best, host));
    LKS_GO(lks_to_host(target, host + n));
    for (size_t i = 0; i < n; i++)
        if (host[n + i] != ignore_index)
            LKS_GO(count(self, host[i], host[n + i]));
cleanup:
    lks_free(host);
    return st;
}

lks_status lks_tally_add(lks_tally *self, lks_tensor *output, lks_tensor *target,
                         int64_t ignore_index)
{
    lks_tensor *best;
    lks_status st;
    bool was;

    if (!output || !target)
        return lks_error_status();
    if (lks_ndim(output) != 2 || lks_size(output, 1) != self->n_classes ||
        lks_ndim(target) != 1 || lks_size(output, 0) != lks_size(target, 0) ||
        lks_tensor_dtype(target) != LKS_I64)
        return lks_fail(LKS_SHAPE,
                        "counting classes takes an output (N, %lld) and an int64 target "
                        "(N)",
                        (long long)self->n_classes);
    LKS_TRY(lks_scope_open());
    was = lks_set_grad_enabled(false);
    best = lks_argmax(output, 1);
    st = best ? count_all(self, best, target, ignore_index) : lks_error_status();
    lks_set_grad_enabled(was);
    lks_scope_close();
    return st;
}

/* ---- over ranks ---- */

/* n counts of each rank, whose own stand at `counts`; all [size][n] is scratch. */
static lks_status share_slice(lks_comm *comm, int64_t *counts, size_t n, int64_t *all)
{
    memcpy(all + (size_t)comm->rank * n, counts, n * sizeof *counts);
    LKS_TRY(lks_comm_all_gather(comm, all, n * sizeof *counts));
    for (size_t i = 0; i < n; i++) {
        counts[i] = 0;
        for (size_t r = 0; r < (size_t)comm->size; r++)
            counts[i] += all[r * n + i];
    }
    return LKS_OK;
}

lks_status lks_tally_share(lks_tally *self, lks_comm *comm)
{
    const size_t n = n_counts(self), most = n < SLICE ? n : SLICE;
    int64_t *all = lks_calloc((size_t)comm->size * most, sizeof *all);
    lks_status st = all ? LKS_OK : LKS_COMM; /* the others wait for this rank */

    for (size_t at = 0; st == LKS_OK && at < n; at += most)
        st = share_slice(comm, self->samples + at, n - at < most ? n - at : most, all);
    lks_free(all);
    return st;
}

/* ---- what it comes to ---- */

static int64_t sum(const int64_t *counts, int64_t n)
{
    int64_t total = 0;

    for (int64_t i = 0; i < n; i++)
        total += counts[i];
    return total;
}

int64_t lks_tally_n_samples(const lks_tally *self)
{
    return sum(self->samples, self->n_classes);
}

int64_t lks_tally_n_correct(const lks_tally *self)
{
    return sum(self->correct, self->n_classes);
}

double lks_tally_accuracy(const lks_tally *self, int64_t class_index)
{
    const int64_t n = self->samples[class_index];

    return n > 0 ? (double)self->correct[class_index] / (double)n : NAN;
}
