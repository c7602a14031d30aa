#include "decode/sample.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "base/try.h"
#include "numerics.h"

typedef struct choice {
    float log_p;
    int64_t token;
    double weight;
} choice;

/* Under way; row i of the decoder is that of start[i]. */
typedef struct rows {
    const lks_decoder *decoder;
    const lks_sampling *how;
    const lks_decode_start *starts;
    const lks_token_sink *sink;
    lks_hypotheses *out;
    int64_t end;
    int64_t n;
    size_t *start;   /* [n] */
    int64_t *tokens; /* [n] the last of each */
    int64_t *from;   /* [n] where those that go on were */
    float *log_p;    /* [n][n_tokens] */
    choice *choices; /* [n_tokens] */
} rows;

/* ---- one token ---- */

static int by_rank(const void *a, const void *b)
{
    const choice *x = a, *y = b;

    if (x->log_p != y->log_p)
        return x->log_p > y->log_p ? -1 : 1;
    return (x->token > y->token) - (x->token < y->token);
}

static const choice *most_probable(const choice *choices, int64_t n)
{
    const choice *best = choices;

    for (int64_t i = 1; i < n; i++)
        if (by_rank(&choices[i], best) < 0)
            best = &choices[i];
    return best;
}

/* Of the first `n` of the ranked ones; also how many of them hold `part` of it. */
static double weigh(const choice *choices, int64_t n, double part, int64_t *n_part)
{
    double whole = 0, sum = 0;

    for (int64_t i = 0; i < n; i++)
        whole += choices[i].weight;
    *n_part = 0;
    while (*n_part < n && (sum < part * whole || *n_part == 0))
        sum += choices[(*n_part)++].weight;
    return sum;
}

static const choice *draw(const lks_sampling *how, choice *choices, int64_t n,
                          const lks_rng *rng)
{
    double u, sum = 0, whole;
    int64_t i = 0;

    qsort(choices, (size_t)n, sizeof *choices, by_rank);
    for (int64_t k = 0; k < n; k++) {
        const double below = (double)choices[k].log_p - (double)choices[0].log_p;

        choices[k].weight = lks_exp_f64(below / how->temperature);
    }
    whole =
        weigh(choices, how->top_k > 0 && how->top_k < n ? how->top_k : n, how->top_p, &n);
    lks_rng_uniform_f64(rng, 0, 1, &u);
    while (i + 1 < n && (sum += choices[i].weight) <= u * whole)
        i++;
    return &choices[i];
}

static const choice *choose(const rows *self, int64_t row, int64_t position)
{
    const int64_t n = self->decoder->n_tokens;
    const lks_rng rng = {.seed = self->how->seed,
                         .step = (uint32_t)position,
                         .lane = self->how->first_row + (uint32_t)self->start[row],
                         .layer = LKS_RNG_TOKEN};

    for (int64_t i = 0; i < n; i++)
        self->choices[i] = (choice){.log_p = self->log_p[row * n + i], .token = i};
    return self->how->temperature > 0 ? draw(self->how, self->choices, n, &rng)
                                      : most_probable(self->choices, n);
}

/* ---- all of them ---- */

/* A token for each row; those that go on move up. */
static lks_status advance(rows *self, int64_t position)
{
    int64_t n_on = 0;

    for (int64_t row = 0; row < self->n; row++) {
        const size_t start = self->start[row];
        lks_hypothesis *own = self->out[start].items;
        const choice *next = choose(self, row, position);

        if (next->log_p == -INFINITY)
            return lks_fail(LKS_NUMERIC, "the model gives no token a probability");
        own->tokens[own->n_tokens++] = next->token;
        own->log_p += (double)next->log_p;
        own->score = own->log_p;
        if (self->sink)
            LKS_TRY(self->sink->take(self->sink->context, start, next->token));
        if (next->token == self->end || own->n_tokens == self->starts[start].max_length)
            continue;
        self->start[n_on] = start;
        self->tokens[n_on] = next->token;
        self->from[n_on++] = row;
    }
    if (n_on > 0)
        LKS_TRY(lks_decoder_reorder(self->decoder, self->from, n_on, self->n));
    self->n = n_on;
    return LKS_OK;
}

static lks_status check(const lks_sampling *how, const lks_decode_start *starts, size_t n)
{
    if (!(how->temperature >= 0) || isinf(how->temperature))
        return lks_fail(LKS_INVALID, "temperature %g: give 0 or more", how->temperature);
    if (how->top_k < 0)
        return lks_fail(LKS_INVALID, "top_k %lld: give 1 or more, or 0 for all",
                        (long long)how->top_k);
    if (!(how->top_p > 0 && how->top_p <= 1))
        return lks_fail(LKS_INVALID, "top_p %g: give more than 0, and 1 for all",
                        how->top_p);
    return lks_decode_check_starts(starts, n);
}

static lks_status begin(rows *self)
{
    const size_t n = (size_t)self->n, n_tokens = (size_t)self->decoder->n_tokens;

    self->start = lks_calloc(n, sizeof *self->start);
    self->tokens = lks_calloc(n, sizeof *self->tokens);
    self->from = lks_calloc(n, sizeof *self->from);
    self->log_p = lks_calloc(n * n_tokens, sizeof *self->log_p);
    self->choices = lks_calloc(n_tokens, sizeof *self->choices);
    if (!self->start || !self->tokens || !self->from || !self->log_p || !self->choices)
        return LKS_NOMEM;
    for (size_t i = 0; i < n; i++) {
        lks_hypothesis *own = lks_calloc(1, sizeof *own);

        if (!own)
            return LKS_NOMEM;
        self->out[i] = (lks_hypotheses){own, 1};
        self->start[i] = i;
        self->tokens[i] = self->starts[i].token;
        own->tokens = lks_calloc((size_t)self->starts[i].max_length, sizeof *own->tokens);
        if (!own->tokens)
            return LKS_NOMEM;
    }
    return LKS_OK;
}

lks_status lks_sample(const lks_decoder *decoder, const lks_sampling *how,
                      const lks_decode_start *starts, size_t n, int64_t end,
                      const lks_token_sink *sink, lks_hypotheses *out)
{
    rows self = {.decoder = decoder,
                 .how = how,
                 .starts = starts,
                 .sink = sink,
                 .out = out,
                 .end = end,
                 .n = (int64_t)n};
    lks_status st;

    for (size_t i = 0; i < n; i++)
        out[i] = (lks_hypotheses){0};
    LKS_TRY(check(how, starts, n));
    LKS_GO(begin(&self));
    for (int64_t position = 0; self.n > 0; position++) {
        LKS_GO(lks_decoder_step(decoder, self.tokens, self.n, self.log_p));
        LKS_GO(advance(&self, position));
    }
cleanup:
    lks_free(self.start);
    lks_free(self.tokens);
    lks_free(self.from);
    lks_free(self.log_p);
    lks_free(self.choices);
    return st;
}
