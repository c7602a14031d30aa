#include "trajectory.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "compare.h"
#include "lockstep.h"

enum { MAX_OPTIONS = 16, MAX_LAYERS = 16, MAX_VALUES = 256 };

/* Linear with n_out outputs, or, with none, a function of each element. */
typedef struct layer {
    int64_t n_in, n_out;
    lks_tensor *(*function)(lks_tensor *x);
} layer;

typedef struct setting {
    char name[64]; /* "torch.optim.SGD" */
    char type[32]; /* "sgd" */
    lks_option options[MAX_OPTIONS];
    size_t n_options;
    layer layers[MAX_LAYERS];
    size_t n_layers;
    int64_t n_in;
    double inputs[MAX_VALUES];
    size_t n_inputs;
} setting;

/* One file's run. `judged`: it did not pass, and the rest is only read. */
typedef struct trajectory {
    setting set;
    lks_param_block *block; /* of f64 */
    lks_optim *optim;
    lks_tensor *x;
    int64_t step;
    double loss; /* of the last forward */
    bool judged;
    outcome what;
    char why[WHY_SIZE];
} trajectory;

/* The next word, "(0.9, 0.999)" being one. */
static char *option_of(char **rest)
{
    char *word = *rest + strspn(*rest, " "), *end = word;

    for (int depth = 0; *end && (*end != ' ' || depth > 0); end++)
        depth += (*end == '(') - (*end == ')');
    *rest = *end ? end + 1 : end;
    *end = '\0';
    return word;
}

static bool read_option(char *word, lks_option *out)
{
    char *value = strchr(word, '='), *rest;

    if (!value)
        return false;
    *value++ = '\0';
    *out = (lks_option){.key = word, .n_values = 1};
    if (strcmp(value, "True") == 0 || strcmp(value, "False") == 0) {
        out->values[0] = *value == 'T';
        return true;
    }
    for (char *c = value; *c; c++)
        if (strchr("(),", *c))
            *c = ' ';
    rest = value;
    for (out->n_values = 0; *(word = word_of(&rest)) != '\0'; out->n_values++)
        if (out->n_values == LKS_OPTION_MAX_VALUES ||
            !number_of(word, &out->values[out->n_values]))
            return false;
    return out->n_values > 0;
}

/* optimizer SGD lr=0.1 nesterov=True */
static lks_status read_optimizer(text *t, setting *set)
{
    char *rest = t->line, *word;

    word_of(&rest);
    word = word_of(&rest);
    snprintf(set->name, sizeof set->name, "torch.optim.%s", word);
    snprintf(set->type, sizeof set->type, "%s", word);
    for (char *c = set->type; *c; c++)
        *c = (char)tolower(*c);
    while (*(word = option_of(&rest)) != '\0')
        if (set->n_options == MAX_OPTIONS ||
            !read_option(word, &set->options[set->n_options++]))
            return text_fail(t, "'%.30s' is no option", word);
    text_next(t);
    return LKS_OK;
}

/* "linear2-3", "sigmoid" */
static bool read_layer(const char *word, setting *set)
{
    static const struct {
        const char *name;
        lks_tensor *(*function)(lks_tensor *x);
    } functions[] = {{"sigmoid", lks_sigmoid}, {"tanh", lks_tanh}, {"relu", lks_relu}};
    layer *l = &set->layers[set->n_layers];
    long n_in, n_out;

    if (set->n_layers == MAX_LAYERS)
        return false;
    set->n_layers++;
    if (sscanf(word, "linear%ld-%ld", &n_in, &n_out) == 2) {
        l->n_in = n_in;
        l->n_out = n_out;
        set->n_in = set->n_in == 0 ? n_in : set->n_in;
        return true;
    }
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (strcmp(functions[i].name, word) == 0)
            l->function = functions[i].function;
    return l->function != NULL;
}

/* net linear2-3 sigmoid … loss sum(output) input 0.1 0.2 … (3x2) */
static lks_status read_net(text *t, setting *set)
{
    char *rest = t->line, *word;

    if (!rest || strcmp(word_of(&rest), "net") != 0)
        return text_fail(t, "no net follows the optimizer");
    while (*(word = word_of(&rest)) != '\0' && strcmp(word, "loss") != 0)
        if (!read_layer(word, set))
            return text_fail(t, "'%.30s' is no layer of a net of at most %d", word,
                             MAX_LAYERS);
    if (strcmp(word_of(&rest), "sum(output)") != 0 ||
        strcmp(word_of(&rest), "input") != 0)
        return text_fail(t, "the net's loss is not sum(output) of an input");
    while (*(word = word_of(&rest)) != '\0' && *word != '(')
        if (set->n_inputs == MAX_VALUES ||
            !number_of(word, &set->inputs[set->n_inputs++]))
            return text_fail(t, "'%.30s' is no input", word);
    if (set->n_in <= 0 || set->n_inputs % (size_t)set->n_in != 0)
        return text_fail(t, "%zu inputs for a net that takes %lld", set->n_inputs,
                         (long long)set->n_in);
    text_next(t);
    return LKS_OK;
}

/* It did not pass: for what the library says, or SKIPPED.md. */
static void judge(trajectory *tr, outcome what)
{
    if (tr->judged)
        return;
    tr->judged = true;
    tr->what = what;
    if (lks_error_status() != LKS_OK)
        snprintf(tr->why, WHY_SIZE, "%s", lks_error_text());
}

static lks_status build(trajectory *tr, lks_device device)
{
    const setting *set = &tr->set;
    const lks_shape rows = LKS_SHAPE_OF((int64_t)set->n_inputs / set->n_in, set->n_in);
    const lks_options options = {set->options, set->n_options};
    lks_param_spec specs[2 * MAX_LAYERS];
    size_t n = 0;

    for (const layer *l = set->layers; l < set->layers + set->n_layers; l++)
        if (l->n_out > 0) {
            specs[n++] = (lks_param_spec){"weight", LKS_SHAPE_OF(l->n_out, l->n_in)};
            specs[n++] = (lks_param_spec){"bias", LKS_SHAPE_OF(l->n_out)};
        }
    LKS_TRY(lks_param_block_create_typed(specs, n, LKS_F64, device, &tr->block));
    LKS_TRY(lks_optim_create(set->type, options, tr->block, &tr->optim));
    tr->x = lks_from_data(rows, LKS_F64, set->inputs, device);
    return lks_error_status();
}

static lks_tensor *forward(const trajectory *tr)
{
    lks_tensor *x = tr->x;
    size_t param = 0;

    for (const layer *l = tr->set.layers; l < tr->set.layers + tr->set.n_layers; l++)
        if (l->n_out > 0) {
            x = lks_linear(x, lks_param_block_at(tr->block, param)->tensor,
                           lks_param_block_at(tr->block, param + 1)->tensor);
            param += 2;
        } else {
            x = l->function(x);
        }
    return x;
}

static lks_status one_step(trajectory *tr)
{
    lks_tensor *loss;
    lks_status st;

    LKS_TRY(lks_scope_open());
    lks_param_block_zero_grad(tr->block);
    loss = lks_sum_all(forward(tr));
    LKS_GO(lks_item(loss, &tr->loss));
    LKS_GO(lks_backward(loss));
    LKS_GO(lks_param_block_fill_missing_grads(tr->block));
    LKS_GO(lks_optim_step(tr->optim));
    tr->step++;
cleanup:
    lks_scope_close();
    return st;
}

/* "w2" of the net: the second layer's that has parameters. */
static lks_tensor *param_of(const trajectory *tr, const char *name)
{
    const size_t is_bias = *name == 'b';
    int64_t number;

    if ((*name != 'w' && !is_bias) || !integer_of(name + 1, &number) || number < 1 ||
        2 * (size_t)number > lks_param_block_count(tr->block))
        return NULL;
    return lks_param_block_at(tr->block, 2 * (size_t)(number - 1) + is_bias)->tensor;
}

/* At the start: the file's values into the parameter. */
static lks_status set_param(trajectory *tr, lks_tensor *param, const double *values)
{
    const bool was = lks_set_grad_enabled(false);

    lks_copy_(param,
              lks_from_data(lks_sizes(param), LKS_F64, values, lks_tensor_device(param)));
    lks_set_grad_enabled(was);
    lks_param_block_touch(tr->block);
    return lks_error_status();
}

/* Later: the parameter beside the file's values. */
static lks_status compare_param(trajectory *tr, const char *name, lks_tensor *param,
                                const double *values, size_t n)
{
    double got[MAX_VALUES];
    char what[64];

    LKS_TRY(lks_to_host(param, got));
    snprintf(what, sizeof what, "step %lld, %s", (long long)tr->step, name);
    if (!compare_numbers(what, got, values, n, result_bounds, tr->why, WHY_SIZE))
        judge(tr, FAILED);
    return LKS_OK;
}

/* w1 -0.2 … */
static lks_status read_param(text *t, trajectory *tr)
{
    double values[MAX_VALUES];
    size_t n = 0;
    char *rest = t->line, *word;
    const char *name = word_of(&rest);
    lks_tensor *param;

    while (*(word = word_of(&rest)) != '\0')
        if (n == MAX_VALUES || !number_of(word, &values[n++]))
            return text_fail(t, "'%.30s' is no value of %.30s", word, name);
    if (tr->judged)
        return LKS_OK;
    param = param_of(tr, name);
    if (!param || lks_numel(param) != (int64_t)n)
        return text_fail(t, "the net has no parameter %.30s of %zu values", name, n);
    if ((tr->step == 0 ? set_param(tr, param, values)
                       : compare_param(tr, name, param, values, n)) != LKS_OK)
        judge(tr, FAILED);
    return LKS_OK;
}

/* step 5 loss 0.39: the loss that step 5 saw. */
static lks_status read_step(text *t, trajectory *tr)
{
    char *rest = t->line, *word;
    int64_t step;
    double loss = 0;
    char what[64];

    word_of(&rest);
    if (!integer_of(word_of(&rest), &step) || step < tr->step)
        return text_fail(t, "a step has a number that is not below the one before");
    word = word_of(&rest);
    if (*word && (strcmp(word, "loss") != 0 || !number_of(word_of(&rest), &loss)))
        return text_fail(t, "a step has nothing but a loss");
    while (!tr->judged && tr->step < step)
        if (one_step(tr) != LKS_OK)
            judge(tr, FAILED);
    if (tr->judged || !*word)
        return LKS_OK;
    snprintf(what, sizeof what, "step %lld, loss", (long long)step);
    if (!compare_numbers(what, &tr->loss, &loss, 1, result_bounds, tr->why, WHY_SIZE))
        judge(tr, FAILED);
    return LKS_OK;
}

static bool is_of_trajectory(const text *t)
{
    return t->line &&
           (strncmp(t->line, "step ", 5) == 0 || *t->line == 'w' || *t->line == 'b');
}

static lks_status follow(text *t, lks_device device, trajectory *tr)
{
    const outcome absent = not_there(tr->set.name, NULL, tr->why);

    if (absent == SKIPPED)
        judge(tr, SKIPPED);
    else if (build(tr, device) != LKS_OK)
        judge(tr, FAILED);
    if (!is_of_trajectory(t))
        return text_fail(t, "no step follows the net");
    for (; is_of_trajectory(t); text_next(t))
        LKS_TRY(*t->line == 's' ? read_step(t, tr) : read_param(t, tr));
    return LKS_OK;
}

lks_status run_trajectory(text *t, lks_device device, tally *counts)
{
    trajectory tr = {0};
    int64_t number = t->number;
    lks_status st;

    lks_error_clear();
    LKS_TRY(read_optimizer(t, &tr.set));
    LKS_TRY(read_net(t, &tr.set));
    LKS_TRY(lks_scope_open());
    LKS_GO(follow(t, device, &tr));
    LKS_GO(tally_add(counts, tr.set.name, number, tr.judged ? tr.what : PASSED, tr.why));
cleanup:
    lks_optim_destroy(tr.optim);
    lks_scope_close();
    lks_param_block_destroy(tr.block);
    return st;
}

/* schedule StepLR step_size=10 … and, on the next line, the rate of each step. Nothing in
 * the library makes rates yet: where it does, this is the place to compare them. */
lks_status run_schedule(text *t, tally *counts)
{
    char name[128], why[WHY_SIZE], *rest = t->line, *word;
    const int64_t number = t->number;
    double rate;
    int n = 0;

    word_of(&rest);
    snprintf(name, sizeof name, "lr_scheduler.%s", word_of(&rest));
    text_next(t);
    for (rest = t->line; rest && *(word = word_of(&rest)) != '\0'; n++)
        if (!number_of(word, &rate))
            return text_fail(t, "'%.30s' is no rate of %s", word, name);
    if (n == 0)
        return text_fail(t, "no rates follow %s", name);
    text_next(t);
    return tally_add(counts, name, number, not_there(name, NULL, why), why);
}
