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

/* ---- schedules ---- */

typedef struct plan {
    char name[64]; /* "StepLR" */
    lks_option options[MAX_OPTIONS];
    size_t n_options;
    double base_lr, metrics[MAX_VALUES];
    size_t n_metrics;
} plan;

/* "ReduceLROnPlateau" is reduce_lr_on_plateau. */
static void snake_case(const char *name, char *out)
{
    for (const char *c = name; *c; c++) {
        if (c > name && isupper(*c) && (islower(c[-1]) || islower(c[1])))
            *out++ = '_';
        *out++ = (char)tolower(*c);
    }
    *out = '\0';
}

/* step_size=10, milestones=10,25, mode=min */
static bool read_setting(char *word, plan *out)
{
    static const char *const full[][2] = {{"base", "base_lr"},
                                          {"max", "max_lr"},
                                          {"step_up", "step_size_up"},
                                          {"div", "div_factor"},
                                          {"final_div", "final_div_factor"}};
    lks_option *option = &out->options[out->n_options];

    if (strcmp(word, "mode=min") == 0)
        return true;
    if (out->n_options == MAX_OPTIONS || !read_option(word, option))
        return false;
    for (size_t i = 0; i < sizeof full / sizeof *full; i++)
        if (strcmp(option->key, full[i][0]) == 0)
            option->key = full[i][1];
    out->n_options++;
    return true;
}

/* What stands behind the name. */
static bool read_plan(char *rest, plan *out)
{
    static const char *const defaults[] = {"cos", "triangular", "rel"};
    double ignored;
    char *word;

    while (*(word = word_of(&rest)) != '\0') {
        bool is_default = false;

        for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
            is_default = is_default || strcmp(word, defaults[i]) == 0;
        if (strcmp(word, "base_lr") == 0) {
            if (!number_of(word_of(&rest), &out->base_lr))
                return false;
        } else if (strcmp(word, "steps") == 0) {
            if (!number_of(word_of(&rest), &ignored))
                return false;
        } else if (strcmp(word, "metrics") == 0) {
            while (*(word = word_of(&rest)) != '\0')
                if (out->n_metrics == MAX_VALUES ||
                    !number_of(word, &out->metrics[out->n_metrics++]))
                    return false;
        } else if (!is_default && !read_setting(word, out)) {
            return false;
        }
    }
    return true;
}

/* "(cos,pct_start=0.3)": words as any other. */
static void open_brackets(char *line)
{
    bool inside = false;

    for (; *line; line++) {
        inside = *line == '(' || (inside && *line != ')');
        if (*line == '(' || *line == ')' || (inside && *line == ','))
            *line = ' ';
    }
}

/* SequentialLR Linear(0.1,1,5)->Cosine(T_max=35) */
static lks_status create_sequence(const plan *p, const double *n, lks_schedule **out)
{
    const lks_option linear[] = {{.key = "start_factor", .n_values = 1, .values = {n[0]}},
                                 {.key = "end_factor", .n_values = 1, .values = {n[1]}},
                                 {.key = "total_iters", .n_values = 1, .values = {n[2]}}};
    const lks_option cosine[] = {{.key = "T_max", .n_values = 1, .values = {n[3]}}};

    LKS_TRY(lks_schedule_create("linear_lr", (lks_options){linear, 3}, p->base_lr, out));
    return lks_schedule_then(*out, (uint64_t)n[2], "cosine_annealing_lr",
                             (lks_options){cosine, 1});
}

static lks_status create_schedule(const plan *p, lks_schedule **out)
{
    char type[2 * sizeof p->name];

    snake_case(p->name, type);
    return lks_schedule_create(type, (lks_options){p->options, p->n_options}, p->base_lr,
                               out);
}

/* To the bit: the rate before each step, or, with metrics, what each made of it. */
static outcome compare_rates(const double *want, size_t n, const plan *p,
                             lks_schedule *schedule, char *why)
{
    for (size_t i = 0; i < n; i++) {
        const double before = lks_schedule_lr(schedule);
        double got;

        lks_schedule_step(schedule, i < p->n_metrics ? p->metrics[i] : 0);
        got = p->n_metrics > 0 ? lks_schedule_lr(schedule) : before;
        if (got != want[i]) {
            snprintf(why, WHY_SIZE, "rate %zu is %.17g, not %.17g", i, got, want[i]);
            return FAILED;
        }
    }
    return PASSED;
}

static lks_status read_rates(text *t, const char *name, double *out, size_t *n)
{
    char *rest = t->line, *word;

    *n = 0;
    while (rest && *(word = word_of(&rest)) != '\0')
        if (*n == MAX_VALUES || !number_of(word, &out[(*n)++]))
            return text_fail(t, "'%.30s' is no rate of %s", word, name);
    if (*n == 0)
        return text_fail(t, "no rates follow %s", name);
    text_next(t);
    return LKS_OK;
}

/* schedule StepLR step_size=10 … and, on the next line, the rate of each step. */
lks_status run_schedule(text *t, tally *counts)
{
    char name[128], why[WHY_SIZE] = "", *rest = t->line;
    const int64_t number = t->number;
    plan p = {.base_lr = 0.1};
    lks_schedule *schedule = NULL;
    double rates[MAX_VALUES], of[4];
    size_t n;
    outcome what;
    lks_status st;

    lks_error_clear();
    word_of(&rest);
    snprintf(p.name, sizeof p.name, "%s", word_of(&rest));
    snprintf(name, sizeof name, "lr_scheduler.%s", p.name);
    what = not_there(name, NULL, why);
    if (sscanf(rest, "Linear(%lf,%lf,%lf)->Cosine(T_max=%lf)", &of[0], &of[1], &of[2],
               &of[3]) == 4) {
        st = create_sequence(&p, of, &schedule);
    } else {
        open_brackets(rest);
        if (!read_plan(rest, &p))
            return text_fail(t, "%s is not said as the others are", name);
        st = create_schedule(&p, &schedule);
    }
    if (st != LKS_OK)
        snprintf(why, WHY_SIZE, "%s", lks_error_text());
    text_next(t);
    LKS_GO(read_rates(t, name, rates, &n));
    if (what != SKIPPED)
        what = schedule ? compare_rates(rates, n, &p, schedule, why) : FAILED;
    LKS_GO(tally_add(counts, name, number, what, why));
cleanup:
    lks_schedule_destroy(schedule);
    return st;
}
