#include "optim/schedule.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/optim_options.h"
#include "base/option_expand.h"
#include "base/try.h"

/* Where a schedule is. */
typedef struct course {
    uint64_t n;    /* steps taken */
    double base;   /* the rate without a schedule */
    double lr;     /* of n - 1 steps; of none, the base */
    double metric; /* of the last step */
    double best;   /* the metric's */
    int64_t n_bad, cooldown;
} course;

/* ---- the types ---- */

typedef struct step_lr {
    int64_t step_size;
    double gamma;
} step_lr;

static double step_lr_rate(const void *config, course *at)
{
    const step_lr *c = config;

    return at->n > 0 && at->n % (uint64_t)c->step_size == 0 ? at->lr * c->gamma : at->lr;
}

typedef struct multi_step_lr {
    int64_t milestones[LKS_OPTION_MAX_VALUES]; /* those not given are 0 */
    double gamma;
} multi_step_lr;

static double multi_step_lr_rate(const void *config, course *at)
{
    const multi_step_lr *c = config;
    int n = 0;

    for (int i = 0; i < LKS_OPTION_MAX_VALUES; i++)
        n += at->n > 0 && c->milestones[i] == (int64_t)at->n;
    return n > 0 ? at->lr * pow(c->gamma, n) : at->lr;
}

typedef struct constant_lr {
    double factor;
    int64_t total_iters;
} constant_lr;

static double constant_lr_rate(const void *config, course *at)
{
    const constant_lr *c = config;

    if (at->n == 0)
        return at->lr * c->factor;
    if ((int64_t)at->n != c->total_iters)
        return at->lr;
    return c->factor == 0 ? at->base : at->lr * (1.0 / c->factor);
}

typedef struct linear_lr {
    double start, end;
    int64_t total_iters;
} linear_lr;

static double linear_lr_rate(const void *config, course *at)
{
    const linear_lr *c = config;
    const double by = c->end - c->start, n = (double)at->n;

    if (at->n == 0)
        return at->lr * c->start;
    if ((int64_t)at->n > c->total_iters)
        return at->lr;
    return at->lr * (1.0 + by / ((double)c->total_iters * c->start + (n - 1) * by));
}

typedef struct exponential_lr {
    double gamma;
} exponential_lr;

static double exponential_lr_rate(const void *config, course *at)
{
    return at->n == 0 ? at->lr : at->lr * ((const exponential_lr *)config)->gamma;
}

typedef struct polynomial_lr {
    int64_t total_iters;
    double power;
} polynomial_lr;

static double polynomial_lr_rate(const void *config, course *at)
{
    const polynomial_lr *c = config;
    const double n = (double)at->n, total = (double)c->total_iters;

    if (at->n == 0 || (int64_t)at->n > c->total_iters)
        return at->lr;
    return at->lr * pow((1.0 - n / total) / (1.0 - (n - 1) / total), c->power);
}

typedef struct cosine_annealing_lr {
    int64_t t_max;
    double eta_min;
} cosine_annealing_lr;

static double cosine_annealing_lr_rate(const void *config, course *at)
{
    const cosine_annealing_lr *c = config;
    const double n = (double)at->n, most = (double)c->t_max;

    if (at->n == 0)
        return at->lr;
    if (((int64_t)at->n - 1 - c->t_max) % (2 * c->t_max) == 0) /* from eta_min upwards */
        return at->lr + (at->base - c->eta_min) * (1 - cos(M_PI / most)) / 2;
    return (1 + cos(M_PI * n / most)) / (1 + cos(M_PI * (n - 1) / most)) *
               (at->lr - c->eta_min) +
           c->eta_min;
}

typedef struct cosine_annealing_warm_restarts {
    int64_t t_0, t_mult;
    double eta_min;
} cosine_annealing_warm_restarts;

static double cosine_annealing_warm_restarts_rate(const void *config, course *at)
{
    const cosine_annealing_warm_restarts *c = config;
    double length = (double)c->t_0, n = (double)at->n;

    if (c->t_mult == 1)
        n = fmod(n, length);
    for (; n >= length; length *= (double)c->t_mult)
        n -= length;
    return c->eta_min + (at->base - c->eta_min) * (1 + cos(M_PI * n / length)) / 2;
}

typedef struct one_cycle_lr {
    double max_lr;
    int64_t total_steps;
    double pct_start, div_factor, final_div_factor;
    bool three_phase;
    bool cycle_momentum;
    double base_momentum, max_momentum;
} one_cycle_lr;

static double anneal(double from, double to, double part)
{
    return to + (from - to) / 2.0 * (cos(M_PI * part) + 1);
}

/* Where it is on the way along points[], one to the next in each phase. After the last
 * step it stays. */
static double along_cycle(const one_cycle_lr *c, const course *at, const double *points)
{
    const double total = (double)c->total_steps;
    const double n = fmin((double)at->n, total - 1), up = c->pct_start * total - 1;
    const double down = c->three_phase ? 2 * c->pct_start * total - 2 : total - 1;

    if (n <= up)
        return anneal(points[0], points[1], up > 0 ? n / up : 1);
    if (n <= down)
        return anneal(points[1], points[2], (n - up) / (down - up));
    return anneal(points[2], points[3], (n - down) / (total - 1 - down));
}

/* Up from max_lr / div_factor, down again, and to final_div_factor below the start. */
static double one_cycle_lr_rate(const void *config, course *at)
{
    const one_cycle_lr *c = config;
    const double first = c->max_lr / c->div_factor, last = first / c->final_div_factor;
    const double points[] = {first, c->max_lr, c->three_phase ? first : last, last};

    return along_cycle(c, at, points);
}

static bool one_cycle_lr_momentum(const void *config, const course *at, double *out)
{
    const one_cycle_lr *c = config;
    const double high = c->max_momentum;

    *out = along_cycle(c, at, (double[]){high, c->base_momentum, high, high});
    return c->cycle_momentum;
}

typedef struct cyclic_lr {
    double low, high;
    int64_t up, down; /* down 0: as up */
    bool cycle_momentum;
    double base_momentum, max_momentum;
} cyclic_lr;

/* From 0 to 1 and back. */
static double cycle_height(const cyclic_lr *c, const course *at)
{
    const double up = (double)c->up, total = up + (double)(c->down > 0 ? c->down : c->up);
    const double n = (double)at->n, ratio = up / total;
    const double x = 1.0 + n / total - floor(1 + n / total);

    return x <= ratio ? x / ratio : (x - 1) / (ratio - 1);
}

static double cyclic_lr_rate(const void *config, course *at)
{
    const cyclic_lr *c = config;

    return c->low + (c->high - c->low) * cycle_height(c, at);
}

static bool cyclic_lr_momentum(const void *config, const course *at, double *out)
{
    const cyclic_lr *c = config;

    *out = c->max_momentum - (c->max_momentum - c->base_momentum) * cycle_height(c, at);
    return c->cycle_momentum;
}

typedef struct reduce_lr_on_plateau {
    double factor;
    int64_t patience;
    double threshold;
    int64_t cooldown;
    double min_lr, eps;
    bool of_largest, is_absolute;
} reduce_lr_on_plateau;

static bool is_better(const reduce_lr_on_plateau *c, double metric, double best)
{
    if (c->is_absolute)
        return c->of_largest ? metric > best + c->threshold
                             : metric < best - c->threshold;
    return c->of_largest ? metric > best * (1.0 + c->threshold)
                         : metric < best * (1.0 - c->threshold);
}

static double reduce_lr_on_plateau_rate(const void *config, course *at)
{
    const reduce_lr_on_plateau *c = config;
    double lower;

    if (at->n == 0) {
        at->best = c->of_largest ? -(double)INFINITY : (double)INFINITY;
        return at->lr;
    }
    at->n_bad++;
    if (is_better(c, at->metric, at->best)) {
        at->best = at->metric;
        at->n_bad = 0;
    }
    if (at->cooldown > 0) {
        at->cooldown--;
        at->n_bad = 0;
    }
    if (at->n_bad <= c->patience)
        return at->lr;
    at->cooldown = c->cooldown;
    at->n_bad = 0;
    lower = fmax(at->lr * c->factor, c->min_lr);
    return at->lr - lower > c->eps ? lower : at->lr;
}

/* ---- the table ---- */

typedef struct schedule_type {
    const char *name;
    const lks_option_rule *options;
    size_t n_options;
    double (*rate)(const void *config, course *at);
    /* False: it leaves the momentum alone; as NULL does. */
    bool (*momentum)(const void *config, const course *at, double *out);
} schedule_type;

#define RULES(id)                                                                        \
    static const lks_option_rule id##_options[] = {LKS_OPTIONS_##id(RULE_##id)};
#define RULE_step_lr(kind, ...)        LKS_OPTION_RULE(step_lr, kind, __VA_ARGS__)
#define RULE_multi_step_lr(kind, ...)  LKS_OPTION_RULE(multi_step_lr, kind, __VA_ARGS__)
#define RULE_constant_lr(kind, ...)    LKS_OPTION_RULE(constant_lr, kind, __VA_ARGS__)
#define RULE_linear_lr(kind, ...)      LKS_OPTION_RULE(linear_lr, kind, __VA_ARGS__)
#define RULE_exponential_lr(kind, ...) LKS_OPTION_RULE(exponential_lr, kind, __VA_ARGS__)
#define RULE_polynomial_lr(kind, ...)  LKS_OPTION_RULE(polynomial_lr, kind, __VA_ARGS__)
#define RULE_cosine_annealing_lr(kind, ...)                                              \
    LKS_OPTION_RULE(cosine_annealing_lr, kind, __VA_ARGS__)
#define RULE_cosine_annealing_warm_restarts(kind, ...)                                   \
    LKS_OPTION_RULE(cosine_annealing_warm_restarts, kind, __VA_ARGS__)
#define RULE_one_cycle_lr(kind, ...) LKS_OPTION_RULE(one_cycle_lr, kind, __VA_ARGS__)
#define RULE_cyclic_lr(kind, ...)    LKS_OPTION_RULE(cyclic_lr, kind, __VA_ARGS__)
#define RULE_reduce_lr_on_plateau(kind, ...)                                             \
    LKS_OPTION_RULE(reduce_lr_on_plateau, kind, __VA_ARGS__)
LKS_SCHEDULE_LIST(RULES)

static const schedule_type types[] = {
#define ROW(id)                                                                          \
    {#id, id##_options, sizeof id##_options / sizeof *id##_options, id##_rate, NULL},
#define ROW_OF_BOTH(id)                                                                  \
    {#id, id##_options, sizeof id##_options / sizeof *id##_options, id##_rate,           \
     id##_momentum},
    LKS_LR_SCHEDULE_LIST(ROW) LKS_CYCLE_SCHEDULE_LIST(ROW_OF_BOTH)};

enum { N_TYPES = sizeof types / sizeof *types };

/* ---- a schedule ---- */

typedef union config {
#define MEMBER(id) id of_##id;
    LKS_SCHEDULE_LIST(MEMBER)
} config;

enum { MAX_STAGES = 8 };

typedef struct stage {
    uint64_t first; /* the number of steps with which it begins */
    const schedule_type *type;
    config config;
} stage;

struct lks_schedule {
    course at; /* n counts from the stage's first */
    uint64_t n_steps;
    stage stages[MAX_STAGES];
    int n_stages, now;
    lks_schedule_factor factor; /* in the place of stages */
    void *context;
};

const lks_option_rule *lks_schedule_rules(const char *type, size_t *n)
{
    for (size_t i = 0; i < N_TYPES; i++)
        if (strcmp(types[i].name, type) == 0) {
            *n = types[i].n_options;
            return types[i].options;
        }
    return NULL;
}

static lks_status find_type(const char *name, const schedule_type **out)
{
    char known[512];
    size_t n = 0;

    for (size_t i = 0; i < N_TYPES; i++) {
        if (strcmp(types[i].name, name) == 0) {
            *out = &types[i];
            return LKS_OK;
        }
        if (n < sizeof known)
            n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "",
                                  types[i].name);
    }
    return lks_fail(LKS_INVALID, "there is no schedule '%s'; there are: %s", name, known);
}

lks_status lks_schedule_then(lks_schedule *schedule, uint64_t n, const char *type,
                             lks_options options)
{
    const int last = schedule->n_stages - 1;
    stage *next = &schedule->stages[schedule->n_stages];

    if (schedule->n_stages == MAX_STAGES)
        return lks_fail(LKS_INVALID, "a schedule is at most %d, one after the other",
                        MAX_STAGES);
    if (last >= 0 && n <= schedule->stages[last].first)
        return lks_fail(LKS_INVALID, "%s begins before what it follows has begun", type);
    LKS_TRY(find_type(type, &next->type));
    LKS_TRY(lks_option_read(next->type->options, next->type->n_options, options, type,
                            &next->config));
    next->first = n;
    schedule->n_stages++;
    return LKS_OK;
}

/* The rate after at->n steps of what is now. */
static void tell(lks_schedule *schedule)
{
    course *at = &schedule->at;
    const stage *now = &schedule->stages[schedule->now];

    at->lr = schedule->factor
                 ? at->base * schedule->factor(schedule->context, schedule->n_steps)
                 : now->type->rate(&now->config, at);
}

lks_status lks_schedule_create(const char *type, lks_options options, double base_lr,
                               lks_schedule **out)
{
    lks_schedule *schedule = lks_calloc(1, sizeof *schedule);
    lks_status st;

    if (!schedule)
        return LKS_NOMEM;
    schedule->at.base = schedule->at.lr = base_lr;
    LKS_GO(lks_schedule_then(schedule, 0, type, options));
    tell(schedule);
    *out = schedule;
    schedule = NULL;
cleanup:
    lks_schedule_destroy(schedule);
    return st;
}

lks_status lks_schedule_create_lambda(lks_schedule_factor factor, void *context,
                                      double base_lr, lks_schedule **out)
{
    lks_schedule *schedule = lks_calloc(1, sizeof *schedule);

    if (!schedule)
        return LKS_NOMEM;
    schedule->at.base = base_lr;
    schedule->factor = factor;
    schedule->context = context;
    tell(schedule);
    *out = schedule;
    return LKS_OK;
}

void lks_schedule_destroy(lks_schedule *schedule)
{
    lks_free(schedule);
}

double lks_schedule_lr(const lks_schedule *schedule)
{
    return schedule->at.lr;
}

bool lks_schedule_momentum(const lks_schedule *schedule, double *out)
{
    const stage *now = &schedule->stages[schedule->now];

    return !schedule->factor && now->type->momentum &&
           now->type->momentum(&now->config, &schedule->at, out);
}

lks_status lks_schedule_tell(const lks_schedule *schedule, lks_optim *optim)
{
    double momentum;

    lks_optim_set_lr(optim, lks_schedule_lr(schedule));
    return lks_schedule_momentum(schedule, &momentum)
               ? lks_optim_set_momentum(optim, momentum)
               : LKS_OK;
}

void lks_schedule_step(lks_schedule *schedule, double metric)
{
    course *at = &schedule->at;
    const int next = schedule->now + 1;

    schedule->n_steps++;
    at->n++;
    at->metric = metric;
    if (next < schedule->n_stages && schedule->n_steps == schedule->stages[next].first) {
        schedule->now = next;
        *at = (course){.base = at->base, .lr = at->base};
    }
    tell(schedule);
}
