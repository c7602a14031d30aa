#include "daemon/cli/args.h"

#include <errno.h>
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "daemon/line.h"
#include "proto/nearest.h"

/* One option as it stands on the command line. */
typedef struct word {
    const char *text;         /* the whole word */
    size_t n_name;            /* letters before '=' or the end */
    const char *inline_value; /* after '=', or NULL */
} word;

static bool names_option(const lks_arg *option, const word *w)
{
    if (option->short_name && strcmp(option->short_name, w->text) == 0)
        return true;
    return strlen(option->name) == w->n_name &&
           strncmp(option->name, w->text, w->n_name) == 0;
}

static lks_status refuse_option(const lks_arg *options, size_t n_options, const word *w)
{
    const char *names[n_options], *near;
    char name[64] = "", list[512];
    lks_line line = lks_line_init(list, sizeof list);

    for (size_t i = 0; i < n_options; i++) {
        names[i] = options[i].name;
        lks_line_add(&line, "%s%s", i ? ", " : "", names[i]);
    }
    strncat(name, w->text, w->n_name < sizeof name ? w->n_name : sizeof name - 1);
    near = lks_nearest(name, names, n_options);
    if (near)
        return lks_fail(LKS_INVALID,
                        "unknown option '%s': did you mean %s? The options are %s", name,
                        near, list);
    return lks_fail(LKS_INVALID, "unknown option '%s': the options are %s", name, list);
}

static lks_status find_option(const lks_arg *options, size_t n_options, const word *w,
                              const lks_arg **out)
{
    for (size_t i = 0; i < n_options; i++)
        if (names_option(&options[i], w)) {
            *out = &options[i];
            return LKS_OK;
        }
    return refuse_option(options, n_options, w);
}

static lks_status read_count(const lks_arg *option, const char *text, uint32_t *out)
{
    char *end;
    unsigned long long value;

    errno = 0;
    value = strtoull(text, &end, 10);
    if (errno || end == text || *end || text[0] == '-' || value < 1 || value > 1000000)
        return lks_fail(LKS_INVALID, "%s %s: give a whole number from 1 to 1000000",
                        option->name, text);
    *out = (uint32_t)value;
    return LKS_OK;
}

static lks_status read_whole(const lks_arg *option, const char *text, const char **out)
{
    char *end;

    errno = 0;
    strtoull(text, &end, 10);
    if (errno || end == text || *end || text[0] == '-')
        return lks_fail(LKS_INVALID, "%s %s: give a whole number from 0", option->name,
                        text);
    *out = text;
    return LKS_OK;
}

static lks_status read_real(const lks_arg *option, const char *text, const char **out)
{
    const bool is_part = option->kind == LKS_ARG_PART;
    char *end;
    const double value = strtod(text, &end);

    if (end == text || *end || !(value >= 0) || value > (is_part ? 1 : DBL_MAX))
        return lks_fail(LKS_INVALID, "%s %s: give a number from 0%s", option->name, text,
                        is_part ? " to 1" : "");
    *out = text;
    return LKS_OK;
}

static lks_status store(const lks_arg *option, const char *value, lks_args *args)
{
    void *slot = (char *)args + option->offset;

    switch (option->kind) {
    case LKS_ARG_FLAG:
        *(bool *)slot = true;
        return LKS_OK;
    case LKS_ARG_TEXT:
        *(const char **)slot = value;
        return LKS_OK;
    case LKS_ARG_COUNT:
        return read_count(option, value, slot);
    case LKS_ARG_WHOLE:
        return read_whole(option, value, slot);
    case LKS_ARG_REAL:
    case LKS_ARG_PART:
        return read_real(option, value, slot);
    case LKS_ARG_LIST:
        return lks_strings_add(slot, value);
    }
    return LKS_INVALID;
}

/* The option at argv[*i], and its value if that is the next word; moves *i to its last
 * word. */
static lks_status read_option(const lks_arg *options, size_t n_options, int argc,
                              char *const *argv, int *i, lks_args *args)
{
    const char *equals = strchr(argv[*i], '=');
    word w = {.text = argv[*i],
              .n_name = equals ? (size_t)(equals - argv[*i]) : strlen(argv[*i]),
              .inline_value = equals ? equals + 1 : NULL};
    const lks_arg *option = NULL;
    const char *value = w.inline_value;

    LKS_TRY(find_option(options, n_options, &w, &option));
    if (option->kind == LKS_ARG_FLAG && value)
        return lks_fail(LKS_INVALID, "%s takes no value", option->name);
    if (option->kind != LKS_ARG_FLAG && !value) {
        if (*i + 1 >= argc)
            return lks_fail(LKS_INVALID, "%s needs a value: %s %s", option->name,
                            option->name, option->value);
        value = argv[++*i];
    }
    return store(option, value, args);
}

lks_status lks_args_parse(const lks_arg *options, size_t n_options, int argc,
                          char *const *argv, lks_args *out)
{
    lks_args args = {0};
    lks_status st = LKS_OK;
    int i;

    for (i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (argv[i][0] == '-' && argv[i][1] != '\0')
            LKS_GO(read_option(options, n_options, argc, argv, &i, &args));
        else
            LKS_GO(lks_strings_add(&args.positional, argv[i]));
    }
    for (i++; i < argc; i++)
        LKS_GO(lks_strings_add(&args.rest, argv[i]));
    *out = args;
    args = (lks_args){0};
cleanup:
    lks_args_release(&args);
    return st;
}

void lks_args_release(lks_args *args)
{
    lks_strings_release(&args->positional);
    lks_strings_release(&args->rest);
    lks_strings_release(&args->set);
}
