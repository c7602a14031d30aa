/* A decoder of small random tables: what follows depends on a row's sentence and its last
 * `memory` tokens, so that a row that goes on from the wrong one is found out. And all that
 * a search should find, by trying everything. */
#ifndef LKS_TESTS_SUPPORT_TABULATED_H
#define LKS_TESTS_SUPPORT_TABULATED_H

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "decode/decoder.h"

enum { TABULATED_LENGTH = 40, TABULATED_TOKENS = 64 };

typedef struct tabulated_row {
    uint32_t sentence;
    int n;
    int64_t tokens[TABULATED_LENGTH];
} tabulated_row;

typedef struct tabulated {
    uint64_t seed;
    int memory;
    double sharpness; /* 0: all tokens alike */
    int64_t n_tokens;
    tabulated_row *rows;
    int64_t n_rows;
    int n_steps, n_reorders;
    int64_t most_rows;
    float poison; /* of the poison_at-th step's last number, where it is not 0 */
    int poison_at;
} tabulated;

static inline void tabulated_log_p(const tabulated *self, const tabulated_row *row,
                                   float *log_p)
{
    const int first = row->n > self->memory ? row->n - self->memory : 0;
    uint64_t history = row->sentence + 1;
    double x[TABULATED_TOKENS], sum = 0;
    lks_rng rng = {.seed = self->seed};

    for (int i = first; i < row->n; i++)
        history = history * 0x9E3779B97F4A7C15u + (uint64_t)row->tokens[i] + 1;
    rng.step = (uint32_t)history;
    rng.lane = (uint32_t)(history >> 32);
    rng.layer = (uint32_t)(row->n - first);
    lks_rng_uniform_f64(&rng, 0, (size_t)self->n_tokens, x);
    for (int64_t i = 0; i < self->n_tokens; i++)
        sum += exp(self->sharpness * x[i]);
    for (int64_t i = 0; i < self->n_tokens; i++)
        log_p[i] = (float)(self->sharpness * x[i] - log(sum));
}

static inline lks_status tabulated_step(void *self_, const int64_t *tokens, int64_t n,
                                        float *log_p)
{
    tabulated *self = self_;

    ck_assert_int_eq(n, self->n_rows);
    for (int64_t i = 0; i < n; i++) {
        tabulated_row *row = &self->rows[i];

        ck_assert_int_lt(row->n, TABULATED_LENGTH);
        row->tokens[row->n++] = tokens[i];
        tabulated_log_p(self, row, log_p + i * self->n_tokens);
    }
    if (++self->n_steps == self->poison_at)
        log_p[n * self->n_tokens - 1] = self->poison;
    if (n > self->most_rows)
        self->most_rows = n;
    return LKS_OK;
}

static inline lks_status tabulated_reorder(void *self_, const int64_t *from, int64_t n)
{
    tabulated *self = self_;
    tabulated_row *rows = calloc((size_t)n, sizeof *rows);

    for (int64_t i = 0; i < n; i++) {
        ck_assert_int_lt(from[i], self->n_rows);
        rows[i] = self->rows[from[i]];
    }
    free(self->rows);
    self->rows = rows;
    self->n_rows = n;
    self->n_reorders++;
    return LKS_OK;
}

static const lks_decoder_ops tabulated_ops = {tabulated_step, tabulated_reorder};

/* As at the start: rows that have read nothing, of sentences first, first + 1 … */
static inline lks_decoder tabulated_begin(tabulated *self, uint32_t first, int64_t n)
{
    free(self->rows);
    self->rows = calloc((size_t)n, sizeof *self->rows);
    for (int64_t i = 0; i < n; i++)
        self->rows[i].sentence = first + (uint32_t)i;
    self->n_rows = n;
    self->n_steps = self->n_reorders = 0;
    self->most_rows = 0;
    return (lks_decoder){&tabulated_ops, self, self->n_tokens};
}

#endif
