#include "nn/seq2seq_decoder.h"

#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "nn/seq2seq_parts.h"
#include "nn/token_scores.h"
#include "ops/ops.h"
#include "tensor/scope.h"

typedef struct translation {
    lks_seq2seq *model;
    lks_device device;
    lks_seq2seq_memory sentences, rows; /* of each sentence; of each row its sentence's */
    lks_seq2seq_state state;            /* of each row */
    int64_t *sentence;                  /* [n_rows] which one it translates */
    int64_t n_rows;
} translation;

/* ---- what is kept from step to step ---- */

/* `value`, which may be NULL, in the place of what *slot holds. */
static void hold(lks_tensor **slot, lks_tensor *value)
{
    lks_tensor *kept = lks_keep(value);

    lks_unref(*slot);
    *slot = kept;
}

static void hold_state(lks_seq2seq_state *self, const lks_seq2seq_state *state)
{
    for (int i = 0; i < 2; i++) {
        hold(&self->h[i], state->h[i]);
        hold(&self->c[i], state->c[i]);
    }
}

static void hold_memory(lks_seq2seq_memory *self, const lks_seq2seq_memory *memory)
{
    hold(&self->keys, memory->keys);
    hold(&self->values, memory->values);
    hold(&self->mask, memory->mask);
}

/* ---- the decoder ---- */

static lks_status step(void *self_, const int64_t *tokens, int64_t n_rows, float *log_p)
{
    translation *self = self_;
    const bool was = lks_set_grad_enabled(false);
    lks_seq2seq_state state = self->state;
    lks_tensor *inputs, *logits = NULL;
    lks_status st;

    LKS_GO(lks_scope_open());
    inputs = lks_from_data(LKS_SHAPE_OF(n_rows, 1), LKS_I64, tokens, self->device);
    st = lks_seq2seq_decode(self->model, &self->rows, &state, inputs, &logits);
    if (st == LKS_OK)
        st = lks_token_log_p(logits, log_p);
    if (st == LKS_OK)
        hold_state(&self->state, &state);
    lks_scope_close();
cleanup:
    lks_set_grad_enabled(was);
    return st;
}

/* The memory of each row's sentence, if rows go on with others than they had. */
static lks_status move_memory(translation *self, const int64_t *sentence, int64_t n_rows)
{
    const lks_seq2seq_memory *all = &self->sentences;
    lks_seq2seq_memory moved = {0};
    lks_tensor *index;

    if (!all->keys ||
        (n_rows == self->n_rows &&
         memcmp(sentence, self->sentence, (size_t)n_rows * sizeof *sentence) == 0))
        return LKS_OK;
    index = lks_from_data(LKS_SHAPE_OF(n_rows), LKS_I64, sentence, self->device);
    moved.keys = lks_index_select(all->keys, 0, index);
    moved.values = lks_index_select(all->values, 0, index);
    if (all->mask)
        moved.mask = lks_index_select(all->mask, 0, index);
    if (!moved.keys || !moved.values || (all->mask && !moved.mask))
        return lks_error_status();
    hold_memory(&self->rows, &moved);
    return LKS_OK;
}

static lks_status move_state(translation *self, const int64_t *rows, int64_t n_rows)
{
    lks_tensor *index = lks_from_data(LKS_SHAPE_OF(n_rows), LKS_I64, rows, self->device);
    lks_seq2seq_state moved = {0};

    for (int i = 0; i < 2; i++) {
        if (self->state.h[i] &&
            !(moved.h[i] = lks_index_select(self->state.h[i], 1, index)))
            return lks_error_status();
        if (self->state.c[i] &&
            !(moved.c[i] = lks_index_select(self->state.c[i], 1, index)))
            return lks_error_status();
    }
    hold_state(&self->state, &moved);
    return LKS_OK;
}

static lks_status reorder(void *self_, const int64_t *rows, int64_t n_rows)
{
    translation *self = self_;
    const bool was = lks_set_grad_enabled(false);
    int64_t *sentence = lks_calloc((size_t)n_rows, sizeof *sentence);
    lks_status st = sentence ? lks_scope_open() : LKS_NOMEM;

    if (st != LKS_OK)
        goto cleanup;
    for (int64_t i = 0; i < n_rows; i++)
        sentence[i] = self->sentence[rows[i]];
    st = move_memory(self, sentence, n_rows);
    if (st == LKS_OK)
        st = move_state(self, rows, n_rows);
    lks_scope_close();
    lks_free(self->sentence);
    self->sentence = sentence;
    self->n_rows = n_rows;
    sentence = NULL;
cleanup:
    lks_free(sentence);
    lks_set_grad_enabled(was);
    return st;
}

/* ---- the sentences ---- */

static lks_status check(const lks_seq2seq *model, const int64_t *const *source,
                        const int64_t *lengths, size_t n)
{
    const int64_t size = model->config->source_vocabulary;

    for (size_t i = 0; i < n; i++) {
        if (lengths[i] < 1)
            return lks_fail(LKS_INVALID,
                            "sentence %zu is empty: there is nothing to "
                            "translate",
                            i);
        for (int64_t j = 0; j < lengths[i]; j++)
            if (source[i][j] < 0 || source[i][j] >= size)
                return lks_fail(LKS_INVALID,
                                "sentence %zu has token %lld; the vocabulary has %lld", i,
                                (long long)source[i][j], (long long)size);
    }
    return LKS_OK;
}

/* (n, the longest one), padded with 0. */
static lks_tensor *pad(const translation *self, const int64_t *const *source,
                       const int64_t *lengths, size_t n)
{
    int64_t longest = 1, *values;
    lks_tensor *padded;

    for (size_t i = 0; i < n; i++)
        longest = lengths[i] > longest ? lengths[i] : longest;
    if (!(values = lks_calloc(n * (size_t)longest, sizeof *values)))
        return NULL;
    for (size_t i = 0; i < n; i++)
        memcpy(values + i * (size_t)longest, source[i],
               (size_t)lengths[i] * sizeof *values);
    padded =
        lks_from_data(LKS_SHAPE_OF((int64_t)n, longest), LKS_I64, values, self->device);
    lks_free(values);
    return padded;
}

static lks_status encode(translation *self, const int64_t *const *source,
                         const int64_t *lengths, size_t n)
{
    const bool was = lks_set_grad_enabled(false);
    lks_seq2seq_memory memory;
    lks_seq2seq_state state;
    lks_tensor *padded, *sizes;
    lks_status st;

    LKS_GO(lks_scope_open());
    padded = pad(self, source, lengths, n);
    sizes = lks_from_data(LKS_SHAPE_OF((int64_t)n), LKS_I64, lengths, self->device);
    st = padded && sizes ? lks_seq2seq_encode(self->model, padded, sizes, &memory, &state)
                         : lks_error_status();
    if (st == LKS_OK) {
        hold_memory(&self->sentences, &memory);
        hold_memory(&self->rows, &memory);
        hold_state(&self->state, &state);
    }
    lks_scope_close();
cleanup:
    lks_set_grad_enabled(was);
    return st;
}

static lks_status number_rows(translation *self, size_t n)
{
    if (!(self->sentence = lks_calloc(n, sizeof *self->sentence)))
        return LKS_NOMEM;
    self->n_rows = (int64_t)n;
    for (size_t i = 0; i < n; i++)
        self->sentence[i] = (int64_t)i;
    return LKS_OK;
}

static void destroy(translation *self)
{
    if (!self)
        return;
    hold_memory(&self->sentences, &(lks_seq2seq_memory){0});
    hold_memory(&self->rows, &(lks_seq2seq_memory){0});
    hold_state(&self->state, &(lks_seq2seq_state){0});
    lks_seq2seq_close(self->model);
    lks_free(self->sentence);
    lks_free(self);
}

lks_status lks_seq2seq_decoder_create(const lks_model *model,
                                      const int64_t *const *source,
                                      const int64_t *lengths, size_t n, lks_decoder *out)
{
    static const lks_decoder_ops ops = {step, reorder};
    translation *self = lks_calloc(1, sizeof *self);
    lks_status st;

    if (!self)
        return LKS_NOMEM;
    LKS_GO(lks_seq2seq_open(model, &self->model));
    self->device = lks_tensor_device(self->model->params[0]);
    LKS_GO(check(self->model, source, lengths, n));
    LKS_GO(number_rows(self, n));
    LKS_GO(encode(self, source, lengths, n));
    *out = (lks_decoder){
        .ops = &ops, .self = self, .n_tokens = self->model->config->target_vocabulary};
    self = NULL;
cleanup:
    destroy(self);
    return st;
}

void lks_seq2seq_decoder_destroy(lks_decoder *decoder)
{
    destroy(decoder->self);
    *decoder = (lks_decoder){0};
}
