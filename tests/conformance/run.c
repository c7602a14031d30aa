#include "run.h"

#include <stdio.h>
#include <string.h>

#include "compare.h"
#include "skipped.h"
#include "table.h"

/* A failure that the library recorded, as this case's. */
static bool has_failed(char *why)
{
    if (lks_error_status() == LKS_OK)
        return false;
    snprintf(why, WHY_SIZE, "%s", lks_error_text());
    return true;
}

static void apply(const row *r, call *c)
{
    if (r->unary)
        give(c, r->unary(input(c)));
    else if (r->binary)
        give(c, r->binary(input(c), tensor(c, arg(0, "other"))));
    else
        r->run(c);
}

/* The first value that the adapter did not ask for. Elements ("input.0") are asked for
 * with their list. */
static const item *find_unused(const sample *s)
{
    for (size_t i = 0; i < s->n_items; i++) {
        const item *it = &s->items[i];
        const bool is_element = it->role == ARG && strchr(it->name, '.');

        if (it->role <= ARG && !it->used && it->form != STATED && !is_element)
            return it;
    }
    return NULL;
}

outcome not_there(const char *name, const char *argument, char *why)
{
    const char *reason = skipped_why(name, argument);

    if (reason)
        snprintf(why, WHY_SIZE, "%s%s%s", argument ? argument : "", argument ? ": " : "",
                 reason);
    else if (argument)
        snprintf(why, WHY_SIZE, "not in the library: %s as it is given here", argument);
    else
        snprintf(why, WHY_SIZE, "not in the library");
    return reason ? SKIPPED : FAILED;
}

/* PyTorch gives a cotangent also where none of the arguments had a gradient. */
static bool wants_grads(const sample *s)
{
    for (size_t i = 0; i < s->n_items; i++)
        if (s->items[i].role == GRAD)
            return true;
    return false;
}

/* Every output's sum with its cotangent, swept. */
static bool sweep(call *c, char *why)
{
    lks_tensor *total = NULL, *term;
    char name[32];

    for (int i = 0; i < c->n_outputs; i++) {
        const item *it;

        snprintf(name, sizeof name, "o%d", i);
        if (!(it = sample_find(c->sample, COTANGENT, name)))
            continue;
        term = lks_sum_all(lks_mul(
            c->outputs[i], lks_from_data(it->shape, it->dtype, it->values, c->device)));
        total = total ? lks_add(total, term) : term;
    }
    if (total && wants_grads(c->sample))
        lks_backward(total);
    return !has_failed(why);
}

static bool compare(const char *what, const lks_tensor *got, const item *want,
                    bounds allowed, char *why)
{
    bool same = false;

    if (!got) {
        snprintf(why, WHY_SIZE, "%s: there is none", what);
        return false;
    }
    if (compare_tensor(what, got, want, allowed, &same, why, WHY_SIZE) != LKS_OK)
        return !has_failed(why);
    return same;
}

static const lks_tensor *grad_of(const sample *s, const char *name)
{
    const bool of_state = strncmp(name, "state.", 6) == 0;
    const item *it = sample_find(s, of_state ? STATE : ARG, name + (of_state ? 6 : 0));

    return it && it->tensor ? lks_grad(it->tensor) : NULL;
}

static const lks_tensor *new_state_of(const sample *s, const char *name)
{
    const item *it = sample_find(s, STATE, name);

    return it ? it->tensor : NULL;
}

/* All that the case has beside all that there is. */
static bool compare_all(const call *c, char *why)
{
    const sample *s = c->sample;
    int n_outputs = 0;
    bool same = true;
    char what[300];

    for (size_t i = 0; i < s->n_items && same; i++) {
        const item *it = &s->items[i];

        snprintf(what, sizeof what, "%s %s", role_names[it->role], it->name);
        if (it->role == OUTPUT) {
            const int at = n_outputs++;
            same = compare(what, at < c->n_outputs ? c->outputs[at] : NULL, it,
                           result_bounds, why);
        } else if (it->role == GRAD) {
            same = compare(what, grad_of(s, it->name), it, grad_bounds, why);
        } else if (it->role == NEWSTATE) {
            same = compare(what, new_state_of(s, it->name), it, result_bounds, why);
        }
    }
    if (same && c->n_outputs != n_outputs) {
        snprintf(why, WHY_SIZE, "%d outputs, wanted %d", c->n_outputs, n_outputs);
        return false;
    }
    return same;
}

static outcome run_in_scope(const row *r, call *c, char *why)
{
    const item *unused;

    apply(r, c);
    if (c->lacking) {
        lks_error_clear();
        return not_there(r->name, c->lacking, why);
    }
    if (has_failed(why))
        return FAILED;
    if ((unused = find_unused(c->sample)) != NULL)
        return not_there(r->name, unused->name, why);
    return sweep(c, why) && compare_all(c, why) ? PASSED : FAILED;
}

outcome run_sample(const sample *s, lks_device device, char *why)
{
    const row *r = table_find(s->name);
    call c = {.sample = s, .device = device};
    outcome result;

    if (!r)
        return not_there(s->name, NULL, why);
    lks_error_clear();
    if (lks_scope_open() != LKS_OK) {
        has_failed(why);
        return FAILED;
    }
    result = run_in_scope(r, &c, why);
    lks_scope_close();
    return result;
}
