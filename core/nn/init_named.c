/* torch.nn.init's distributions by name and options: those of base/layer_options.h. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/layer_options.h"
#include "base/option_expand.h"
#include "base/try.h"
#include "nn/init.h"

enum { TEXT_SIZE = 256 };

/* The options of any of them. */
typedef struct settings {
    double p, q; /* a and b, mean and std, val, gain */
    int mode, nonlinearity;
} settings;

#define RULE(kind, ...) LKS_OPTION_RULE(settings, kind, __VA_ARGS__)

/* Whether a shape has what a kind reads: fans and matrices want two dimensions. */
typedef struct kind {
    const char *name;
    const lks_option_rule *rules;
    size_t n_rules;
    bool of_matrices;
    lks_init (*make)(const settings *s, const lks_shape *shape);
} kind;

static double receptive(const lks_shape *shape)
{
    double n = 1;

    for (int i = 2; i < shape->ndim; i++)
        n *= (double)shape->sizes[i];
    return n;
}

static double fan_in(const lks_shape *shape)
{
    return (double)shape->sizes[1] * receptive(shape);
}

static double fan_out(const lks_shape *shape)
{
    return (double)shape->sizes[0] * receptive(shape);
}

/* source: torch.nn.init.calculate_gain */
static double gain_of(const settings *s)
{
    enum { LEAKY_RELU, RELU, LINEAR, SIGMOID, TANH, SELU };

    return s->nonlinearity == LEAKY_RELU ? sqrt(2 / (1 + s->p * s->p))
           : s->nonlinearity == RELU     ? sqrt(2)
           : s->nonlinearity == TANH     ? 5.0 / 3
           : s->nonlinearity == SELU     ? 0.75
                                         : 1;
}

static double fan_of(const settings *s, const lks_shape *shape)
{
    return s->mode == 0 ? fan_in(shape) : fan_out(shape);
}

#define MAKE(id, expression)                                                             \
    static const lks_option_rule id##_rules[] = {LKS_OPTIONS_##id(RULE){.key = NULL}};   \
    static lks_init make_##id(const settings *s, const lks_shape *shape)                 \
    {                                                                                    \
        (void)s, (void)shape;                                                            \
        return expression;                                                               \
    }

MAKE(uniform, lks_init_uniform(s->p, s->q))
MAKE(normal, lks_init_normal(s->p, s->q))
MAKE(constant, lks_init_constant(s->p))
MAKE(zeros, lks_init_constant(0))
MAKE(ones, lks_init_constant(1))
MAKE(xavier_uniform, lks_init_xavier_uniform(fan_in(shape), fan_out(shape), s->p))
MAKE(xavier_normal, lks_init_xavier_normal(fan_in(shape), fan_out(shape), s->p))
MAKE(kaiming_uniform, lks_init_kaiming_uniform(fan_of(s, shape), gain_of(s)))
MAKE(kaiming_normal, lks_init_kaiming_normal(fan_of(s, shape), gain_of(s)))
MAKE(orthogonal,
     lks_init_orthogonal((size_t)shape->sizes[0], (size_t)fan_in(shape), s->p))

static const kind kinds[] = {
#define KIND(id, of_matrices)                                                            \
    {#id, id##_rules, sizeof id##_rules / sizeof *id##_rules - 1, of_matrices, make_##id},
    LKS_INIT_LIST(KIND)
#undef KIND
};

enum { N_KINDS = sizeof kinds / sizeof *kinds };

const lks_option_rule *lks_init_rules(const char *name, size_t *n_rules)
{
    for (size_t i = 0; i < N_KINDS; i++)
        if (strcmp(kinds[i].name, name) == 0) {
            *n_rules = kinds[i].n_rules;
            return kinds[i].rules;
        }
    return NULL;
}

static lks_status refuse(const char *name, const char *owner)
{
    char known[TEXT_SIZE];
    size_t n = 0;

    for (size_t i = 0; i < N_KINDS && n < sizeof known; i++)
        n += (size_t)snprintf(known + n, sizeof known - n, "%s%s", i ? ", " : "",
                              kinds[i].name);
    return lks_fail(LKS_INVALID, "%s: there is no init '%s'; there are: %s", owner, name,
                    known);
}

/* source: torch.nn.init.constant_: "value cannot be converted to type float without
 * overflow" */
static lks_status check_float(const char *name, const char *owner, double value)
{
    return fabs(value) <= FLT_MAX
               ? LKS_OK
               : lks_fail(LKS_INVALID, "%s: %s of %g is beyond float32", owner, name,
                          value);
}

lks_status lks_init_named(const char *name, lks_options options, const lks_shape *shape,
                          const char *owner, lks_init *out)
{
    const kind *k = kinds;
    settings s = {0};

    while (k < kinds + N_KINDS && strcmp(k->name, name) != 0)
        k++;
    if (k == kinds + N_KINDS)
        return refuse(name, owner);
    LKS_TRY(lks_option_read(k->rules, k->n_rules, options, owner, &s));
    LKS_TRY(check_float(name, owner, s.p));
    LKS_TRY(check_float(name, owner, s.q));
    if (k->of_matrices && shape->ndim < 2) {
        char text[LKS_SHAPE_TEXT];

        return lks_fail(LKS_INVALID, "%s: %s is of two dimensions at least, not of %s",
                        owner, name, lks_shape_text(shape, text, sizeof text));
    }
    *out = k->make(&s, shape);
    return LKS_OK;
}
