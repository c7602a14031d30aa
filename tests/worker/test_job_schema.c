/* The job file's schema and the library's own tables are made from one list of layers and
 * optimisers, each in its own way, on two sides of a wall. They understand it alike. The
 * worker is the first to see both. */
#include "support/suite.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/layer_options.h"
#include "base/loss_options.h"
#include "base/optim_options.h"
#include "base/transform_options.h"
#include "data/transform.h"
#include "nn/init.h"
#include "nn/layer.h"
#include "nn/loss.h"
#include "optim/optim_type.h"
#include "optim/schedule.h"
#include "proto/job_schema.h"
#include "proto/job_yaml.h"

#define LAYER(name) extern const lks_layer_type lks_layer_##name;
LKS_LAYER_LIST(LAYER)
#undef LAYER
#define OPTIM(name) extern const lks_optim_type lks_optim_##name;
LKS_OPTIM_LIST(OPTIM)
#undef OPTIM

/* What both sides say of a type, the library's half. */
typedef struct core_type {
    const char *name;
    const lks_option_rule *rules;
    size_t n_rules;
} core_type;

static size_t core_layers(core_type *out)
{
    size_t n = 0;

#define LAYER(id)                                                                        \
    out[n++] = (core_type){lks_layer_##id.name, lks_layer_##id.options,                  \
                           lks_layer_##id.n_options};
    LKS_LAYER_LIST(LAYER)
#undef LAYER
    return n;
}

static size_t core_losses(core_type *out)
{
    size_t n = 0;

#define LOSS(id)                                                                         \
    out[n].name = #id;                                                                   \
    out[n].rules = lks_loss_rules(#id, &out[n].n_rules);                                 \
    n++;
    LKS_LOSS_LIST(LOSS)
#undef LOSS
    return n;
}

static size_t core_optimizers(core_type *out)
{
    size_t n = 0;

#define OPTIM(id)                                                                        \
    out[n++] = (core_type){lks_optim_##id.name, lks_optim_##id.options,                  \
                           lks_optim_##id.n_options};
    LKS_OPTIM_LIST(OPTIM)
#undef OPTIM
    return n;
}

static size_t core_schedules(core_type *out)
{
    size_t n = 0;

#define SCHEDULE(id)                                                                     \
    out[n].name = #id;                                                                   \
    out[n].rules = lks_schedule_rules(#id, &out[n].n_rules);                             \
    n++;
    LKS_SCHEDULE_LIST(SCHEDULE)
#undef SCHEDULE
    return n;
}

static size_t core_inits(core_type *out)
{
    size_t n = 0;

#define INIT(id, of_matrices)                                                            \
    out[n].name = #id;                                                                   \
    out[n].rules = lks_init_rules(#id, &out[n].n_rules);                                 \
    n++;
    LKS_INIT_LIST(INIT)
#undef INIT
    return n;
}

static size_t core_transforms(core_type *out)
{
    size_t n = 0;

#define TRANSFORM(id)                                                                    \
    out[n].name = #id;                                                                   \
    out[n].rules = lks_transform_type_find(#id)->options;                                \
    out[n].n_rules = lks_transform_type_find(#id)->n_options;                            \
    n++;
    LKS_TRANSFORM_LIST(TRANSFORM)
#undef TRANSFORM
    return n;
}

static const lks_option_rule *find_rule(const core_type *core, const char *key)
{
    for (size_t i = 0; i < core->n_rules; i++)
        if (strcmp(core->rules[i].key, key) == 0)
            return &core->rules[i];
    ck_abort_msg("%s: the library has no option %s", core->name, key);
}

static void same_option(const char *type, const lks_job_option *option,
                        const lks_option_rule *rule)
{
    static const lks_option_kind kinds[] = {
        [LKS_JOB_OPTION_WHOLE] = LKS_OPTION_INTEGER,
        [LKS_JOB_OPTION_REAL] = LKS_OPTION_REAL,
        [LKS_JOB_OPTION_TOGGLE] = LKS_OPTION_BOOL,
        [LKS_JOB_OPTION_WORD] = LKS_OPTION_WORD,
        [LKS_JOB_OPTION_NUMBERS] = LKS_OPTION_NUMBERS,
    };
    bool is_toggle = option->kind == LKS_JOB_OPTION_TOGGLE;

    for (size_t i = 0; option->words && (i == 0 || option->words[i - 1]); i++)
        ck_assert_pstr_eq(option->words[i], rule->words[i]);
    ck_assert_msg(option->or_null == rule->or_null, "%s.%s: null", type, option->key);
    ck_assert_msg(option->is_list == rule->is_list, "%s.%s: list", type, option->key);
    ck_assert_msg(kinds[option->kind] == rule->kind, "%s.%s: kind", type, option->key);
    ck_assert_msg(option->max_values == rule->n_values, "%s.%s: values", type,
                  option->key);
    ck_assert_msg(option->is_required == rule->required, "%s.%s: required", type,
                  option->key);
    ck_assert_msg(is_toggle || option->min == rule->min, "%s.%s: min", type, option->key);
    for (int i = 0; option->words && i <= rule->max; i++)
        ck_assert_str_eq(option->words[i], rule->words[i]);
    if (option->kind == LKS_JOB_OPTION_REAL)
        ck_assert_msg(option->below == rule->max &&
                          (rule->max_excluded != option->or_equal ||
                           rule->max == LKS_OPTION_NO_MAX),
                      "%s.%s: max", type, option->key);
}

static void same_options(const lks_job_type *type, const core_type *core)
{
    size_t n = 0;

    for (; type->options[n].key; n++)
        same_option(type->name, &type->options[n], find_rule(core, type->options[n].key));
    ck_assert_msg(n == core->n_rules, "%s: the library has %zu options, the schema %zu",
                  type->name, core->n_rules, n);
}

static bool has_to_be_said(const lks_job_type *type, const char *key)
{
    const lks_job_option *option = type->options;

    while (strcmp(option->key, key) != 0)
        option++;
    return option->is_required || option->is_lent;
}

/* An item read from "NAME: {required: 1}" carries the library's fallbacks, but for what
 * had to be said. */
static void same_fallbacks(const lks_job_item *item, const lks_job_type *type,
                           const core_type *core)
{
    for (size_t i = 0; i < item->n_options; i++) {
        const lks_option *option = &item->options[i];
        const lks_option_rule *rule = find_rule(core, option->key);

        if (has_to_be_said(type, option->key))
            continue;
        for (int v = 0; v < rule->n_values; v++)
            ck_assert_msg(option->values[option->n_values == 1 ? 0 : v] ==
                              rule->fallback[v],
                          "%s.%s: fallback", item->type, option->key);
    }
}

/* "NAME: {A: 1, B: 1}" with the options the schema requires. */
static char *least_item(const lks_job_type *type)
{
    char *text = lks_asprintf("%s: {", type->name);

    for (const lks_job_option *option = type->options; option->key; option++)
        if (has_to_be_said(type, option->key)) {
            char *longer = lks_asprintf("%s%s: 1, ", text, option->key);

            lks_free(text);
            text = longer;
        }
    return text;
}

static void read_least(const char *layer, const char *loss, const char *optimizer,
                       const char *schedule, const char *transform, lks_job *out)
{
    char *text = lks_asprintf("job: j\n"
                              "data: {format: cifar10, train: x.bin, transforms: [%s}]}\n"
                              "model: [%s}]\n"
                              "loss: {%s}}\n"
                              "optimizer: {%s}}\n"
                              "schedule: {%s}}\n"
                              "train: {steps: 1, batch_size: 1}\n",
                              transform, layer, loss, optimizer, schedule);

    ck_ok(lks_job_parse(text, strlen(text), "least", NULL, 0, out));
    lks_free(text);
}

static void same_types(const lks_job_type *types, const core_type *core, size_t n_core)
{
    const bool are_layers = types == lks_job_layer_types;
    const bool are_losses = types == lks_job_loss_types;
    const bool are_optimizers = types == lks_job_optimizer_types;
    const bool are_schedules = types == lks_job_schedule_types;
    const bool are_transforms = types == lks_job_transform_types;
    size_t n = 0;

    for (; types[n].name; n++) {
        char *least = least_item(&types[n]);
        size_t c = 0;
        lks_job job;

        while (c < n_core && strcmp(core[c].name, types[n].name) != 0)
            c++;
        ck_assert_msg(c < n_core, "the library has no %s", types[n].name);
        same_options(&types[n], &core[c]);
        read_least(are_layers ? least : "flatten: {", are_losses ? least : "mse_loss: {",
                   are_optimizers ? least : "sgd: {",
                   are_schedules ? least : "linear_lr: {",
                   are_transforms ? least : "to_float: {", &job);
        same_fallbacks(are_layers       ? &job.layers[0]
                       : are_losses     ? &job.loss
                       : are_schedules  ? &job.schedules[0]
                       : are_transforms ? &job.data.transforms[0]
                                        : &job.optimizer,
                       &types[n], &core[c]);
        lks_job_release(&job);
        lks_free(least);
    }
    ck_assert_msg(n == n_core, "the library has %zu types, the schema %zu", n_core, n);
}

START_TEST(the_schema_has_the_librarys_layers)
{
    core_type core[256];

    same_types(lks_job_layer_types, core, core_layers(core));
}
END_TEST

START_TEST(the_schema_has_the_librarys_losses)
{
    core_type core[64];

    same_types(lks_job_loss_types, core, core_losses(core));
}
END_TEST

START_TEST(the_schema_has_the_librarys_optimizers)
{
    core_type core[64];

    same_types(lks_job_optimizer_types, core, core_optimizers(core));
}
END_TEST

START_TEST(the_schema_has_the_librarys_schedules)
{
    core_type core[64];

    same_types(lks_job_schedule_types, core, core_schedules(core));
}
END_TEST

START_TEST(the_schema_has_the_librarys_transforms)
{
    core_type core[64];

    same_types(lks_job_transform_types, core, core_transforms(core));
}
END_TEST

START_TEST(the_schema_has_the_librarys_first_values)
{
    core_type core[64];
    const size_t n_core = core_inits(core);
    size_t n = 0;

    for (; lks_job_init_types[n].name; n++) {
        ck_assert_uint_lt(n, n_core);
        ck_assert_str_eq(lks_job_init_types[n].name, core[n].name);
        same_options(&lks_job_init_types[n], &core[n]);
    }
    ck_assert_uint_eq(n, n_core);
}
END_TEST

LKS_SUITE("job_schema", the_schema_has_the_librarys_transforms,
          the_schema_has_the_librarys_layers, the_schema_has_the_librarys_first_values,
          the_schema_has_the_librarys_losses, the_schema_has_the_librarys_schedules,
          the_schema_has_the_librarys_optimizers)
