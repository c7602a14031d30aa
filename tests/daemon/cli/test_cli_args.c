#include "support/suite.h"

#include "base/alloc.h"
#include "daemon/cli/args.h"

static const lks_arg options[] = {
    {"--ranks", "-n", "N", "", LKS_ARG_COUNT, offsetof(lks_args, ranks)},
    {"--run-dir", NULL, "DIR", "", LKS_ARG_TEXT, offsetof(lks_args, run_dir)},
    {"--set", NULL, "KEY=VALUE", "", LKS_ARG_LIST, offsetof(lks_args, set)},
    {"--json", NULL, NULL, "", LKS_ARG_FLAG, offsetof(lks_args, json)},
};

/* Numbers that are passed on as they are written. */
static const lks_arg numbers[] = {
    {"--seed", NULL, "N", "", LKS_ARG_WHOLE, offsetof(lks_args, seed)},
    {"--temperature", NULL, "T", "", LKS_ARG_REAL, offsetof(lks_args, temperature)},
    {"--top-p", NULL, "P", "", LKS_ARG_PART, offsetof(lks_args, top_p)},
};

static lks_status parse(char *const *argv, lks_args *out)
{
    int argc = 0;

    while (argv[argc])
        argc++;
    return lks_args_parse(options, sizeof options / sizeof *options, argc, argv, out);
}

START_TEST(options_and_arguments_may_stand_in_any_order)
{
    char *argv[] = {"--ranks", "4",     "job.yaml", "--set", "a=1", "--run-dir=out",
                    "--set",   "b=c=d", "--json",   "--",    "-x",  "--ranks",
                    NULL};
    lks_args args;

    ck_ok(parse(argv, &args));
    ck_assert_uint_eq(args.ranks, 4);
    ck_assert_str_eq(args.run_dir, "out");
    ck_assert(args.json);
    ck_assert_uint_eq(args.set.n_items, 2);
    ck_assert_str_eq(args.set.items[1], "b=c=d");
    ck_assert_uint_eq(args.positional.n_items, 1);
    ck_assert_str_eq(args.positional.items[0], "job.yaml");
    ck_assert_uint_eq(args.rest.n_items, 2);
    ck_assert_str_eq(args.rest.items[1], "--ranks");
    lks_args_release(&args);
}
END_TEST

START_TEST(a_wrong_word_is_named_with_what_would_be_right)
{
    static const struct {
        char *argv[3];
        const char *says;
    } cases[] = {
        {{"--rank", "3", NULL},
         "unknown option '--rank': did you mean --ranks? The options are --ranks, "
         "--run-dir, --set, --json"},
        {{"--rnu-dir=x", NULL}, "unknown option '--rnu-dir': did you mean --run-dir?"},
        {{"--frobnicate", NULL},
         "unknown option '--frobnicate': the options are --ranks, --run-dir, --set, "
         "--json"},
        {{"-q", NULL}, "unknown option '-q'"},
        {{"--ranks", NULL}, "--ranks needs a value: --ranks N"},
        {{"--ranks", "0", NULL}, "--ranks 0: give a whole number from 1"},
        {{"--ranks", "-2", NULL}, "--ranks -2: give a whole number"},
        {{"--ranks", "2x", NULL}, "--ranks 2x: give a whole number"},
        {{"--ranks", "", NULL}, "give a whole number"},
        {{"--ranks", "99999999999999999999", NULL}, "give a whole number"},
        {{"--json=yes", NULL}, "--json takes no value"},
    };
    lks_args args;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_fails(parse(cases[i].argv, &args), LKS_INVALID, cases[i].says);
}
END_TEST

START_TEST(numbers_are_checked_and_kept_as_they_are_written)
{
    static const struct {
        char *word;
        const char *says;
    } wrong[] = {
        {"--seed=-1", "--seed -1: give a whole number from 0"},
        {"--seed=", "give a whole number from 0"},
        {"--seed=1.5", "--seed 1.5: give a whole number from 0"},
        {"--seed=18446744073709551616", "give a whole number from 0"},
        {"--temperature=hot", "--temperature hot: give a number from 0"},
        {"--temperature=-0.1", "--temperature -0.1: give a number from 0"},
        {"--temperature=nan", "--temperature nan: give a number from 0"},
        {"--temperature=inf", "--temperature inf: give a number from 0"},
        {"--top-p=1.01", "--top-p 1.01: give a number from 0 to 1"},
        {"--top-p=", "give a number from 0 to 1"},
    };
    char *right[] = {"--seed=18446744073709551615", "--temperature=1e-3", "--top-p=1"};
    const size_t n = sizeof numbers / sizeof *numbers;
    lks_args args;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char *argv[] = {wrong[i].word, NULL};

        ck_fails(lks_args_parse(numbers, n, 1, argv, &args), LKS_INVALID, wrong[i].says);
    }
    ck_ok(lks_args_parse(numbers, n, 3, right, &args));
    ck_assert_str_eq(args.seed, "18446744073709551615");
    ck_assert_str_eq(args.temperature, "1e-3");
    ck_assert_str_eq(args.top_p, "1");
    lks_args_release(&args);
}
END_TEST

START_TEST(no_failed_allocation_leaks_or_crashes)
{
    char *argv[] = {"--set", "a=1", "job.yaml", "--", "x", NULL};
    lks_args args;
    lks_status st;

    for (long n = 0;; n++) {
        lks_alloc_fail_after(n);
        st = parse(argv, &args);
        if (!lks_alloc_has_failed())
            break;
        ck_assert_int_eq(st, LKS_NOMEM);
        lks_error_clear();
    }
    lks_alloc_fail_after(-1);
    ck_ok(st);
    lks_args_release(&args);
}
END_TEST

LKS_SUITE("cli_args", options_and_arguments_may_stand_in_any_order,
          a_wrong_word_is_named_with_what_would_be_right,
          numbers_are_checked_and_kept_as_they_are_written,
          no_failed_allocation_leaks_or_crashes)
