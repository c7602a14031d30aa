#include "call.h"

#include <stdio.h>
#include <string.h>

/* A module's first argument may be named, or stand at 0. */
static item *find(call *c, place p)
{
    char positional[16];
    item *it = sample_find(c->sample, p.role, p.name);

    if (!it && p.position >= 0) {
        snprintf(positional, sizeof positional, "%c%d", p.role == CTOR ? 'c' : 'a',
                 p.position);
        it = sample_find(c->sample, p.role, positional);
    }
    if (it)
        it->used = true;
    return it;
}

static void wrong(place p, const char *what)
{
    lks_fail(LKS_INVALID, "the case has no %s %s that is %s", role_names[p.role], p.name,
             what);
}

bool given(call *c, place p)
{
    const item *it = find(c, p);

    return it && it->form != NONE;
}

static bool has_form(call *c, place p, form wanted)
{
    const item *it = find(c, p);

    return it && it->form == wanted;
}

bool is_word(call *c, place p)
{
    return has_form(c, p, STR);
}

bool is_truth(call *c, place p)
{
    return has_form(c, p, BOOL);
}

bool is_tensor(call *c, place p)
{
    return has_form(c, p, TENSOR);
}

bool is_number(call *c, place p)
{
    const item *it = find(c, p);

    return it && (it->form == INT || it->form == FLOAT);
}

static double scalar(call *c, place p, double fallback, const char *what)
{
    const item *it = find(c, p);

    if (!it || it->form == NONE)
        return fallback;
    if (it->form != INT && it->form != FLOAT && it->form != BOOL) {
        wrong(p, what);
        return fallback;
    }
    return it->numbers[0];
}

double number(call *c, place p, double fallback)
{
    return scalar(c, p, fallback, "a number");
}

int64_t integer(call *c, place p, int64_t fallback)
{
    int64_t list[MAX_LIST];
    int n;

    if (!given(c, p))
        return fallback;
    if ((n = integers(c, p, list)) != 1)
        wrong(p, "one integer");
    return n == 1 ? list[0] : fallback;
}

int whole(call *c, place p, int fallback)
{
    return (int)integer(c, p, fallback);
}

bool flag(call *c, place p, bool fallback)
{
    return scalar(c, p, fallback, "a truth value") != 0;
}

const char *word(call *c, place p, const char *fallback)
{
    const item *it = find(c, p);

    if (!it || it->form == NONE)
        return fallback;
    if (it->form != STR) {
        wrong(p, "a word");
        return fallback;
    }
    return it->text;
}

int integers(call *c, place p, int64_t *out)
{
    const item *it = find(c, p);

    if (!it || it->form == NONE)
        return 0;
    if (it->form != INT && it->form != INTS) {
        wrong(p, "a list of integers");
        return 0;
    }
    for (int i = 0; i < it->n; i++)
        out[i] = (int64_t)it->numbers[i];
    return it->n;
}

int dims(call *c, place p, int *out)
{
    int64_t list[MAX_LIST];
    const int n = integers(c, p, list);

    for (int i = 0; i < n; i++)
        out[i] = (int)list[i];
    return n;
}

lks_shape shape(call *c, place p)
{
    lks_shape s = {0};
    int64_t list[MAX_LIST];
    const int n = integers(c, p, list);

    if (n > LKS_MAX_DIMS)
        wrong(p, "a shape");
    for (int i = 0; i < n && n <= LKS_MAX_DIMS; i++)
        s.sizes[s.ndim++] = list[i];
    return s;
}

void pair(call *c, place p, int64_t fallback, int64_t *out)
{
    int64_t list[MAX_LIST] = {fallback};
    const int n = integers(c, p, list);

    if (n > 2)
        wrong(p, "one or two integers");
    out[0] = list[0];
    out[1] = n == 2 ? list[1] : list[0];
}

void pair_or_none(call *c, place p, int64_t none, int64_t *out)
{
    const item *list = find(c, p);
    char name[256];

    if (!list || list->form != LIST || list->n != 2) {
        pair(c, p, none, out);
        return;
    }
    for (int i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "%s.%d", list->name, i);
        out[i] = integer(c, (place){p.role, -1, name}, none);
    }
}

lks_reduction reduction(call *c, place p)
{
    static const char *const names[] = {
        [LKS_REDUCTION_MEAN] = "mean",
        [LKS_REDUCTION_SUM] = "sum",
        [LKS_REDUCTION_NONE] = "none",
    };
    const char *name = word(c, p, "mean");

    for (int i = 0; i < 3; i++)
        if (strcmp(names[i], name) == 0)
            return (lks_reduction)i;
    lacks(c, p.name);
    return LKS_REDUCTION_MEAN;
}

/* "grad NAME" of an argument, "grad state.NAME" of a state. */
static bool wants_grad(const call *c, const item *it)
{
    char name[256];

    snprintf(name, sizeof name, "%s%s", it->role == STATE ? "state." : "", it->name);
    return sample_find(c->sample, GRAD, name) != NULL;
}

static lks_tensor *tensor_of(const call *c, item *it)
{
    if (!it->tensor) {
        it->tensor = lks_from_data(it->shape, it->dtype, it->values, c->device);
        if (wants_grad(c, it))
            lks_requires_grad_(it->tensor);
    }
    return it->tensor;
}

lks_tensor *optional(call *c, place p)
{
    item *it = find(c, p);

    if (!it || it->form == NONE)
        return NULL;
    if (it->form != TENSOR) {
        wrong(p, "a tensor");
        return NULL;
    }
    return tensor_of(c, it);
}

lks_tensor *tensor(call *c, place p)
{
    lks_tensor *t = optional(c, p);

    if (!t)
        wrong(p, "a tensor");
    return t;
}

lks_tensor *input(call *c)
{
    return tensor(c, named("input"));
}

int tensors(call *c, place p, lks_tensor **out)
{
    const item *list = find(c, p);
    char name[256];

    if (!list || list->form != LIST || list->n > MAX_LIST) {
        wrong(p, "a list of tensors");
        return 0;
    }
    for (int i = 0; i < list->n; i++) {
        snprintf(name, sizeof name, "%s.%d", list->name, i);
        out[i] = tensor(c, (place){p.role, -1, name});
    }
    return list->n;
}

void give(call *c, lks_tensor *y)
{
    if (c->n_outputs == MAX_OUTPUTS)
        lks_fail(LKS_INVALID, "more than %d outputs", MAX_OUTPUTS);
    else
        c->outputs[c->n_outputs++] = y;
}

void lacks(call *c, const char *argument)
{
    if (!c->lacking)
        c->lacking = argument;
}

void only(call *c, place p, double value)
{
    const item *it = find(c, p);

    if (!it || it->form == NONE)
        return;
    if (!it->numbers)
        lacks(c, p.name);
    for (int i = 0; it->numbers && i < it->n; i++)
        if (it->numbers[i] != value)
            lacks(c, p.name);
}
