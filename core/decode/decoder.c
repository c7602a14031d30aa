#include "decode/decoder.h"

#include <math.h>

#include "base/alloc.h"
#include "base/try.h"

void lks_hypotheses_release(lks_hypotheses *self)
{
    for (size_t i = 0; i < self->n; i++)
        lks_free(self->items[i].tokens);
    lks_free(self->items);
    *self = (lks_hypotheses){0};
}

/* Of log_p[n]. */
static lks_status settle(float *log_p, int64_t n)
{
    const float rounding = 1e-3f;

    for (int64_t i = 0; i < n; i++) {
        if (!(log_p[i] <= rounding))
            return lks_fail(LKS_NUMERIC,
                            "the model gives %g as the logarithm of a probability: its "
                            "weights are not finite, or it gives no probabilities",
                            log_p[i]);
        log_p[i] = log_p[i] > 0 ? 0 : log_p[i];
    }
    return LKS_OK;
}

lks_status lks_decoder_step(const lks_decoder *self, const int64_t *tokens,
                            int64_t n_rows, float *log_p)
{
    LKS_TRY(self->ops->step(self->self, tokens, n_rows, log_p));
    LKS_TRY(settle(log_p, n_rows * self->n_tokens));
    for (int64_t row = 0; row < n_rows; row++)
        for (size_t i = 0; i < self->n_never; i++)
            log_p[row * self->n_tokens + self->never[i]] = -INFINITY;
    return LKS_OK;
}

lks_status lks_decoder_reorder(const lks_decoder *self, const int64_t *rows,
                               int64_t n_rows, int64_t n_before)
{
    int64_t n_same = 0;

    while (n_same < n_rows && rows[n_same] == n_same)
        n_same++;
    return n_same == n_rows && n_rows == n_before
               ? LKS_OK
               : self->ops->reorder(self->self, rows, n_rows);
}

lks_status lks_decode_check_starts(const lks_decode_start *starts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (starts[i].max_length < 1)
            return lks_fail(LKS_INVALID, "a length of %lld tokens: give 1 or more",
                            (long long)starts[i].max_length);
    return LKS_OK;
}

lks_status lks_decoder_feed(const lks_decoder *self, const int64_t *tokens, size_t n)
{
    float *log_p = lks_calloc((size_t)self->n_tokens, sizeof *log_p);
    lks_status st = log_p ? LKS_OK : LKS_NOMEM;

    for (size_t i = 0; i < n && st == LKS_OK; i++)
        st = lks_decoder_step(self, &tokens[i], 1, log_p);
    lks_free(log_p);
    return st;
}
