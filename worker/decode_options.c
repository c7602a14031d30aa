#include "worker/decode_options.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef enum kind { TEXT, WHOLE, SEED, REAL } kind;

enum { GENERATE = 1, TRANSLATE = 2, EVALUATE = 4 };

/* In the order of LKS_DECODE_OPTIONS. */
typedef struct rule {
    const char *name;
    kind kind;
    size_t offset; /* in lks_decode_options */
    unsigned uses; /* that take it */
    double least, most;
} rule;

#define AT(member) offsetof(lks_decode_options, member)
static const rule rules[LKS_DECODE_N_OPTIONS] = {
    {"--prompt", TEXT, AT(prompt), GENERATE, 0, 0},
    {"--prompt-file", TEXT, AT(prompt_file), GENERATE, 0, 0},
    {"--length", WHOLE, AT(length), GENERATE, 1, 1e9},
    {"--temperature", REAL, AT(temperature), GENERATE, 0, 1e9},
    {"--top-k", WHOLE, AT(top_k), GENERATE, 1, 1e9},
    {"--top-p", REAL, AT(top_p), GENERATE, 0, 1},
    {"--seed", SEED, AT(seed), GENERATE, 0, 0},
    {"--beam", WHOLE, AT(beam), GENERATE | TRANSLATE | EVALUATE, 1, 1e9},
    {"--n-best", WHOLE, AT(n_best), TRANSLATE, 1, 1e9},
    {"--length-penalty", REAL, AT(length_penalty), TRANSLATE | EVALUATE, 0, 1e9},
};

enum { PROMPT, PROMPT_FILE, LENGTH, TEMPERATURE, TOP_K, TOP_P, SEED_OF, BEAM };

static bool has(const lks_decode_given *given, int option)
{
    return given->bits & 1u << option;
}

/* ---- one ---- */

static bool read_whole(const rule *r, const char *value, void *slot)
{
    char *end;
    const long long n = strtoll(value, &end, 10);

    if (errno || *end || (double)n < r->least || (double)n > r->most)
        return false;
    *(int64_t *)slot = n;
    return true;
}

static bool read_seed(const char *value, void *slot)
{
    char *end;

    *(uint64_t *)slot = strtoull(value, &end, 10);
    return !errno && !*end && value[0] != '-';
}

static bool read_real(const rule *r, const char *value, void *slot)
{
    char *end;
    const double x = strtod(value, &end);

    if (*end || !(x >= r->least && x <= r->most))
        return false;
    *(double *)slot = x;
    return true;
}

bool lks_decode_option_take(int val, const char *value, lks_decode_given *given,
                            lks_decode_options *to, char *why, size_t size)
{
    const int option = val - LKS_DECODE_OPTION_FIRST;
    const rule *r = &rules[option];
    void *slot = (char *)to + r->offset;

    given->bits |= 1u << option;
    errno = 0;
    if (r->kind == TEXT) {
        *(const char **)slot = value;
        return true;
    }
    if (*value && (r->kind == WHOLE  ? read_whole(r, value, slot)
                   : r->kind == SEED ? read_seed(value, slot)
                                     : read_real(r, value, slot)))
        return true;
    if (r->kind == SEED)
        snprintf(why, size, "%s %s: give a whole number from 0", r->name, value);
    else
        snprintf(why, size, "%s %s: give a %snumber from %g to %.10g", r->name, value,
                 r->kind == WHOLE ? "whole " : "", r->least, r->most);
    return false;
}

/* ---- all of them ---- */

static unsigned use_of(const lks_work *work)
{
    return work == &lks_work_generate    ? GENERATE
           : work == &lks_work_translate ? TRANSLATE
           : work == &lks_work_evaluate  ? EVALUATE
                                         : 0;
}

static const char *fault_of_generate(const lks_decode_given *given)
{
    const bool draws = has(given, TEMPERATURE) || has(given, TOP_K) ||
                       has(given, TOP_P) || has(given, SEED_OF);

    if (has(given, PROMPT) && has(given, PROMPT_FILE))
        return "--prompt and --prompt-file are two prompts: leave one out";
    if (!has(given, LENGTH))
        return "--generate takes --length N: how many tokens?";
    if (has(given, BEAM) && draws)
        return "--beam looks for the most probable text: without --temperature, --top-k, "
               "--top-p and --seed";
    return NULL;
}

bool lks_decode_options_settle(const lks_work *work, const lks_decode_given *given,
                               lks_decode_options *to, char *why, size_t size)
{
    const unsigned use = use_of(work);
    const char *fault = NULL;

    for (int i = 0; i < LKS_DECODE_N_OPTIONS; i++)
        if (has(given, i) && !(rules[i].uses & use)) {
            snprintf(why, size, "%s is for %s%s", rules[i].name,
                     rules[i].uses & GENERATE ? "--generate" : "--translate",
                     rules[i].uses & EVALUATE ? " and --evaluate" : "");
            return false;
        }
    if (use == TRANSLATE && !has(given, BEAM))
        to->beam = 5;
    if (to->n_best == 0)
        to->n_best = 1;
    if (!has(given, BEAM + 2)) /* as in Vaswani et al. 2017, section 6.1 */
        to->length_penalty = 0.6;
    if (use == GENERATE)
        fault = fault_of_generate(given);
    else if (to->n_best > to->beam && use == TRANSLATE)
        fault = "--n-best is at most the width of the beam";
    if (fault)
        snprintf(why, size, "%s", fault);
    if (!has(given, TOP_P))
        to->top_p = 1;
    /* a restricted or seeded choice is one that draws */
    if (use == GENERATE && !has(given, TEMPERATURE) &&
        (has(given, TOP_K) || has(given, TOP_P) || has(given, SEED_OF)))
        to->temperature = 1;
    return !fault;
}
