/* A decoder over a model that is stepped and reordered, beside what the model gives for each
 * row's tokens at once. */
#ifndef LKS_TESTS_SUPPORT_DECODER_WALK_H
#define LKS_TESTS_SUPPORT_DECODER_WALK_H

#include "support/test_device.h"

#include "decode/decoder.h"
#include "nn/model.h"
#include "ops/ops.h"

enum { N_TOKENS = 9, MAX_ROWS = 8, MAX_READ = 8 };

static inline lks_tensor *tokens(lks_shape shape, const int64_t *values)
{
    return lks_from_data(shape, LKS_I64, values, test_device());
}

typedef struct row {
    int sentence;
    int64_t read[MAX_READ];
} row;

/* A decoder, and each of its rows as they have been fed and moved. */
typedef struct trial {
    lks_model *model;
    lks_decoder decoder;
    row rows[MAX_ROWS];
    int n_rows, n_read;
    float *(*expect)(const struct trial *trial, const row *row);
} trial;

/* Feed each row a token that tells it from the others. */
static inline void step(trial *self)
{
    int64_t fed[MAX_ROWS];
    float log_p[MAX_ROWS * N_TOKENS];

    for (int i = 0; i < self->n_rows; i++)
        fed[i] = self->rows[i].read[self->n_read] = (3 * i + self->n_read * 5) % N_TOKENS;
    self->n_read++;
    ck_ok(self->decoder.ops->step(self->decoder.self, fed, self->n_rows, log_p));
    for (int i = 0; i < self->n_rows; i++) {
        float *want = self->expect(self, &self->rows[i]);

        ck_assert_msg(memcmp(log_p + i * N_TOKENS, want, N_TOKENS * sizeof *want) == 0,
                      "row %d of %d, token %d", i, self->n_rows, self->n_read);
        free(want);
    }
}

static inline void reorder(trial *self, const int64_t *rows, int n)
{
    row moved[MAX_ROWS];

    for (int i = 0; i < n; i++)
        moved[i] = self->rows[rows[i]];
    memcpy(self->rows, moved, sizeof moved);
    self->n_rows = n;
    ck_ok(self->decoder.ops->reorder(self->decoder.self, rows, n));
}

/* Rows grow more, are moved among themselves, and grow fewer. */
static inline void walk(trial *self)
{
    step(self);
    reorder(self, (const int64_t[]){2, 0, 0, 1, 2}, 5);
    step(self);
    step(self);
    reorder(self, (const int64_t[]){4, 3, 2, 1, 0}, 5);
    step(self);
    reorder(self, (const int64_t[]){1, 4}, 2);
    step(self);
    step(self);
}

/* log_softmax of y's (1, T, V) last step. */
static inline float *last_of(lks_tensor *y)
{
    ck_assert_msg(y != NULL, "%s", lks_error_text());
    return tensor_get(lks_log_softmax(lks_select(y, 1, -1), -1));
}

#endif
