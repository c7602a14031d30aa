#include "nn/language_decoder.h"

#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "nn/model_internal.h"
#include "nn/token_scores.h"
#include "ops/ops.h"
#include "tensor/scope.h"

typedef struct language {
    lks_model *model;
    lks_device device;
    bool carries;
    /* Without: the last tokens of each row, [n_rows][window], of which n_read are there. */
    int64_t *history, window, n_read, n_rows;
} language;

/* ---- the tokens that are run ---- */

/* Every row has read n_read tokens, and now reads one more. */
static lks_status append(language *self, const int64_t *tokens, int64_t n_rows)
{
    const size_t row_bytes = (size_t)self->window * sizeof *tokens;

    if (!self->history) {
        if (!(self->history = lks_calloc((size_t)n_rows, row_bytes)))
            return LKS_NOMEM;
        self->n_rows = n_rows;
    }
    if (self->n_read == self->window)
        memmove(self->history, self->history + 1,
                (size_t)n_rows * row_bytes - sizeof *tokens);
    else
        self->n_read++;
    for (int64_t i = 0; i < n_rows; i++)
        self->history[i * self->window + self->n_read - 1] = tokens[i];
    return LKS_OK;
}

static lks_tensor *input_of(language *self, const int64_t *tokens, int64_t n_rows)
{
    lks_tensor *history;

    if (self->carries)
        return lks_from_data(LKS_SHAPE_OF(n_rows, 1), LKS_I64, tokens, self->device);
    if (append(self, tokens, n_rows) != LKS_OK)
        return NULL;
    history = lks_from_data(LKS_SHAPE_OF(n_rows, self->window), LKS_I64, self->history,
                            self->device);
    return lks_contiguous(lks_narrow(history, 1, 0, self->n_read));
}

/* ---- the decoder ---- */

static lks_status step(void *self_, const int64_t *tokens, int64_t n_rows, float *log_p)
{
    language *self = self_;
    const bool was = lks_set_grad_enabled(false);
    lks_tensor *x, *y;
    lks_status st;

    LKS_GO(lks_scope_open());
    x = input_of(self, tokens, n_rows);
    st = x ? lks_model_run(self->model, &x, &y) : lks_error_status();
    if (st == LKS_OK)
        st = lks_token_log_p(y, log_p);
    lks_scope_close();
cleanup:
    lks_set_grad_enabled(was);
    return st;
}

static lks_status reorder_history(language *self, const int64_t *rows, int64_t n_rows)
{
    const size_t row_bytes = (size_t)self->window * sizeof *self->history;
    int64_t *moved = lks_calloc((size_t)n_rows, row_bytes);

    if (!moved)
        return LKS_NOMEM;
    for (int64_t i = 0; i < n_rows; i++)
        memcpy(moved + i * self->window, self->history + rows[i] * self->window,
               row_bytes);
    lks_free(self->history);
    self->history = moved;
    self->n_rows = n_rows;
    return LKS_OK;
}

static lks_status reorder(void *self_, const int64_t *rows, int64_t n_rows)
{
    language *self = self_;
    lks_status st;

    if (!self->carries)
        return self->history ? reorder_history(self, rows, n_rows) : LKS_OK;
    LKS_TRY(lks_scope_open());
    st = lks_model_select_carried(
        self->model, lks_from_data(LKS_SHAPE_OF(n_rows), LKS_I64, rows, self->device));
    lks_scope_close();
    return st;
}

static lks_status check(const lks_model *model)
{
    const lks_model_input *input = lks_model_input_at(model, 0);
    const lks_shape output = lks_model_output_shape(model);

    if (lks_model_n_inputs(model) != 1 || input->dtype != LKS_I64 ||
        input->shape.ndim != 1 || !input->varies)
        return lks_fail(LKS_INVALID, "the model is no language model: that takes one "
                                     "field, tokens, of any number");
    if (output.ndim != 2 || !lks_plan_last(model->plan)->out[0].varies_with)
        return lks_fail(LKS_SHAPE, "the model is no language model: that gives scores of "
                                   "the next token for each token");
    return LKS_OK;
}

lks_status lks_language_decoder_create(lks_model *model, lks_decoder *out)
{
    static const lks_decoder_ops ops = {step, reorder};
    language *self;

    LKS_TRY(check(model));
    if (!(self = lks_calloc(1, sizeof *self)))
        return LKS_NOMEM;
    *self = (language){
        .model = model,
        .device =
            lks_tensor_device(lks_param_block_at(lks_model_params(model), 0)->tensor),
        .carries = lks_plan_steps(model->plan),
        .window = lks_model_input_at(model, 0)->shape.sizes[0],
    };
    lks_model_set_training(model, false);
    lks_model_set_carrying(model, self->carries);
    lks_model_forget_carried(model);
    *out = (lks_decoder){
        .ops = &ops, .self = self, .n_tokens = lks_model_output_shape(model).sizes[1]};
    return LKS_OK;
}

void lks_language_decoder_destroy(lks_decoder *decoder)
{
    language *self = decoder->self;

    if (!self)
        return;
    lks_model_forget_carried(self->model);
    lks_model_set_carrying(self->model, false);
    lks_free(self->history);
    lks_free(self);
    *decoder = (lks_decoder){0};
}
