#include "nn/loss_type.h"

#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "ops/ops.h"
#include "tensor/scope.h"

/* ---- the types ---- */

#define LOSS(name) extern const lks_loss_type lks_loss_##name;
LKS_LOSS_LIST(LOSS)
#undef LOSS

static const lks_loss_type *const types[] = {
#define LOSS(name) &lks_loss_##name,
    LKS_LOSS_LIST(LOSS)
#undef LOSS
};

static const lks_loss_type *find_type(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i]->loss.name, name) == 0)
            return types[i];
    return NULL;
}

/* The same, or NULL with the failure recorded. */
static const lks_loss_type *need_type(const char *name)
{
#define LOSS(name) ", " #name
    static const char known[] = LKS_LOSS_LIST(LOSS);
#undef LOSS
    const lks_loss_type *type = name ? find_type(name) : NULL;

    if (!type)
        lks_fail(LKS_INVALID, "there is no loss '%s'; there are: %s", name ? name : "",
                 known + 2);
    return type;
}

const lks_loss *lks_loss_find(const char *name)
{
    const lks_loss_type *type = need_type(name);

    return type ? &type->loss : NULL;
}

const lks_option_rule *lks_loss_rules(const char *name, size_t *n)
{
    const lks_loss_type *type = find_type(name);

    *n = type ? type->n_options : 0;
    return type ? type->options : NULL;
}

/* ---- those with options ---- */

typedef struct made_loss {
    lks_loss loss; /* whose self is the config */
    lks_loss_config config;
} made_loss;

static void destroy_made(const lks_loss *loss)
{
    made_loss *self = (made_loss *)(void *)loss;

    lks_unref(self->config.weight);
    lks_free(self);
}

/* The numbers as f32 on the device, the caller's; none: NULL. */
static lks_status bring_weight(lks_numbers numbers, lks_device device, lks_tensor **out)
{
    float *values = lks_calloc((size_t)numbers.n, sizeof *values);
    lks_status st;

    if (!values)
        return LKS_NOMEM;
    for (int i = 0; i < numbers.n; i++)
        values[i] = (float)numbers.values[i];
    LKS_GO(lks_scope_open());
    *out = lks_keep(lks_from_data(LKS_SHAPE_OF(numbers.n), LKS_F32, values, device));
    lks_scope_close();
    st = *out ? LKS_OK : lks_error_status();
cleanup:
    lks_free(values);
    return st;
}

/* pos_weight may be, which leaves the other targets to train on. */
static lks_status refuse_no_weight(const char *name, lks_options options)
{
    const lks_option *weight = lks_option_find(options, "weight");

    for (int i = 0; weight && i < weight->n_values; i++)
        if ((weight->list ? weight->list : weight->values)[i] != 0)
            return LKS_OK;
    return weight ? lks_fail(LKS_INVALID,
                             "%s: weight is 0 for every class: nothing would be trained",
                             name)
                  : LKS_OK;
}

lks_status lks_loss_create(const char *name, lks_options options, lks_device device,
                           const lks_loss **out)
{
    const lks_loss_type *type = need_type(name);
    made_loss *self;
    lks_status st;

    if (!type)
        return LKS_INVALID;
    if (!(self = lks_calloc(1, sizeof *self)))
        return LKS_NOMEM;
    LKS_GO(lks_option_read(type->options, type->n_options, options, name, &self->config));
    LKS_GO(refuse_no_weight(name, options));
    if (self->config.numbers.n > 0)
        LKS_GO(bring_weight(self->config.numbers, device, &self->config.weight));
    self->config.numbers = (lks_numbers){0};
    self->loss = type->loss;
    self->loss.self = &self->config;
    self->loss.ignore_index = self->config.ignore_index;
    self->loss.destroy = destroy_made;
    *out = &self->loss;
    self = NULL;
cleanup:
    lks_free(self);
    return st;
}

void lks_loss_destroy(const lks_loss *loss)
{
    if (loss && loss->destroy)
        loss->destroy(loss);
}

/* ---- sums and counts ---- */

int64_t lks_loss_ignored(const lks_loss *loss)
{
    return loss->ignore_index == 0 && !loss->has_ignore_index ? LKS_NO_IGNORE_INDEX
                                                              : loss->ignore_index;
}

lks_loss_count lks_loss_counted(const lks_loss *loss, double known, lks_tensor *tensor)
{
    if (lks_loss_config_of(loss)->reduction == LKS_REDUCTION_SUM)
        return (lks_loss_count){0};
    return (lks_loss_count){known, tensor};
}

lks_tensor *lks_loss_sum(const lks_loss *loss, lks_tensor *output, lks_tensor *target,
                         lks_loss_count *count)
{
    lks_loss_count unused;

    if (!output || !target)
        return NULL;
    if (!loss) {
        lks_fail(LKS_INVALID, "loss_sum: given no loss");
        return NULL;
    }
    return loss->sum(loss, output, target, count ? count : &unused);
}

lks_status lks_loss_count_item(const lks_loss_count *count, double *out)
{
    if (count->tensor)
        return lks_item(count->tensor, out);
    *out = count->known;
    return LKS_OK;
}

double lks_loss_divisor(double count)
{
    return count == 0 ? 1 : count;
}

/* How many of target[0..n) count, and how many of these best[0..n) is equal to. */
static lks_status count_equal(const lks_tensor *best, const lks_tensor *target,
                              int64_t ignore_index, int64_t *n_equal, int64_t *n_counted)
{
    size_t n = (size_t)lks_numel(best);
    int64_t *host = lks_calloc(2 * n, sizeof *host), equal = 0, counted = 0;
    lks_status st;

    if (!host)
        return LKS_NOMEM;
    LKS_GO(lks_to_host(best, host));
    LKS_GO(lks_to_host(target, host + n));
    for (size_t i = 0; i < n; i++) {
        counted += host[n + i] != ignore_index;
        equal += host[n + i] != ignore_index && host[i] == host[n + i];
    }
    *n_equal = equal;
    *n_counted = counted;
cleanup:
    lks_free(host);
    return st;
}

bool lks_loss_are_rows(const lks_shape *output, const lks_shape *target)
{
    return output->ndim == target->ndim + 1 &&
           memcmp(output->sizes, target->sizes,
                  (size_t)target->ndim * sizeof *target->sizes) == 0;
}

lks_status lks_count_correct(lks_tensor *output, lks_tensor *target, int64_t ignore_index,
                             int64_t *n_correct, int64_t *n_counted)
{
    lks_shape outputs, targets;
    lks_tensor *best;
    lks_status st;
    bool was;

    if ((!output || !target) && lks_error_status() != LKS_OK)
        return lks_error_status();
    if (!output || !target)
        return lks_fail(LKS_INVALID, "counting correct rows: given no tensor");
    outputs = lks_sizes(output);
    targets = lks_sizes(target);
    if (!lks_loss_are_rows(&outputs, &targets) || lks_tensor_dtype(target) != LKS_I64)
        return lks_fail(LKS_SHAPE,
                        "counting correct rows takes an output (N, …, classes) and an "
                        "int64 target (N, …)");
    LKS_TRY(lks_scope_open());
    was = lks_set_grad_enabled(false);
    best = lks_argmax(output, -1);
    st = best ? count_equal(best, target, ignore_index, n_correct, n_counted)
              : lks_error_status();
    lks_set_grad_enabled(was);
    lks_scope_close();
    return st;
}
