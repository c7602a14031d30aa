#include "support/suite.h"

#include <stddef.h>

#include "base/option_rule.h"

typedef struct config {
    double rate, betas[2];
    int64_t size, pair[2];
    bool flag;
    int word;
    int64_t row, list[LKS_OPTION_MAX_VALUES];
    double part, means[LKS_OPTION_MAX_VALUES];
    lks_numbers numbers;
} config;

static const lks_option_rule rules[] = {
    {.key = "rate",
     .n_values = 1,
     .offset = offsetof(config, rate),
     .fallback = {0.5},
     .max = LKS_OPTION_NO_MAX},
    {.key = "betas",
     .n_values = 2,
     .offset = offsetof(config, betas),
     .fallback = {0.9, 0.999},
     .max = 1,
     .max_excluded = true},
    {.key = "size",
     .kind = LKS_OPTION_INTEGER,
     .n_values = 1,
     .offset = offsetof(config, size),
     .required = true,
     .min = 1,
     .max = LKS_OPTION_MAX_SIZE},
    {.key = "pair",
     .kind = LKS_OPTION_INTEGER,
     .n_values = 2,
     .offset = offsetof(config, pair),
     .fallback = {0, 0},
     .min = 1,
     .max = LKS_OPTION_MAX_SIZE},
    {.key = "flag",
     .kind = LKS_OPTION_BOOL,
     .n_values = 1,
     .offset = offsetof(config, flag)},
    {.key = "word",
     .kind = LKS_OPTION_WORD,
     .n_values = 1,
     .words = (const char *const[]){"this", "that", "both", NULL},
     .offset = offsetof(config, word),
     .max = 2},
    {.key = "numbers",
     .kind = LKS_OPTION_NUMBERS,
     .offset = offsetof(config, numbers),
     .max = LKS_OPTION_NO_MAX},
};

static const lks_option_rule more_rules[] = {
    {.key = "word",
     .kind = LKS_OPTION_WORD,
     .n_values = 1,
     .offset = offsetof(config, word),
     .words = (const char *const[]){"none", "tanh", "both", NULL},
     .max = 2},
    {.key = "row",
     .kind = LKS_OPTION_INTEGER,
     .n_values = 1,
     .offset = offsetof(config, row),
     .or_null = true,
     .fallback = {NAN},
     .max = LKS_OPTION_MAX_SIZE},
    {.key = "part",
     .n_values = 1,
     .offset = offsetof(config, part),
     .or_null = true,
     .fallback = {0.5},
     .max = LKS_OPTION_NO_MAX},
    {.key = "list",
     .kind = LKS_OPTION_INTEGER,
     .n_values = LKS_OPTION_MAX_VALUES,
     .is_list = true,
     .offset = offsetof(config, list),
     .min = -1,
     .max = LKS_OPTION_MAX_SIZE},
    {.key = "means",
     .n_values = LKS_OPTION_MAX_VALUES,
     .is_list = true,
     .offset = offsetof(config, means),
     .min = -LKS_OPTION_NO_MAX,
     .max = LKS_OPTION_NO_MAX},
};

static lks_status read_options(config *out, size_t n, const lks_option *items)
{
    lks_options options = {items, n};

    return lks_option_read(rules, sizeof rules / sizeof *rules, options, "thing", out);
}

#define READ(out, ...)                                                                   \
    read_options(out, sizeof((lks_option[]){__VA_ARGS__}) / sizeof(lks_option),          \
                 (lks_option[]){__VA_ARGS__})

START_TEST(what_is_not_given_takes_its_default)
{
    config c;

    ck_ok(READ(&c, {"size", 1, {7}}));
    ck_assert(c.rate == 0.5 && c.betas[0] == 0.9 && c.betas[1] == 0.999);
    ck_assert(c.size == 7 && c.pair[0] == 0 && c.pair[1] == 0 && !c.flag);
}
END_TEST

START_TEST(a_single_value_stands_for_a_pair)
{
    config c;

    ck_ok(READ(&c, {"size", 1, {1}}, {"pair", 1, {3}}, {"flag", 1, {1}}));
    ck_assert(c.pair[0] == 3 && c.pair[1] == 3 && c.flag);
    ck_ok(READ(&c, {"pair", 2, {3, 4}}, {"size", 1, {1}}));
    ck_assert(c.pair[0] == 3 && c.pair[1] == 4);
}
END_TEST

START_TEST(a_word_is_its_place_and_numbers_are_as_many_as_given)
{
    static const double many[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    config c;

    ck_ok(READ(&c, {"size", 1, {1}}, {"word", 1, {2}},
               {.key = "numbers", .n_values = 10, .list = many}));
    ck_assert(c.word == 2 && c.numbers.n == 10 && c.numbers.values[9] == 10);
    ck_ok(READ(&c, {"size", 1, {1}}));
    ck_assert(c.word == 0 && c.numbers.n == 0);
    ck_fails(READ(&c, {"size", 1, {1}}, {"word", 1, {3}}), LKS_INVALID,
             "thing: word is 3; it must be the number, from 0, of this, that or both");
    ck_fails(READ(&c, {"size", 1, {1}}, {"word", 1, {0.5}}), LKS_INVALID, "word is 0.5");
    ck_fails(READ(&c, {"size", 1, {1}}, {"numbers", 9, {1}}), LKS_INVALID,
             "thing: numbers has 9 values; more than 8 need a list");
    ck_fails(READ(&c, {"size", 1, {1}}, {"numbers", 2, {1, -1}}), LKS_INVALID,
             "thing: numbers has -1; each must be a finite number of at least 0");
}
END_TEST

START_TEST(errors_name_the_owner_the_option_and_what_is_allowed)
{
    config c;

    ck_fails(READ(&c, {"rate", 1, {1}}), LKS_INVALID, "thing needs size");
    ck_fails(
        READ(&c, {"size", 1, {1}}, {"sise", 1, {1}}), LKS_INVALID,
        "thing has no option 'sise'; its options are: rate, betas, size, pair, flag, "
        "word, numbers");
    ck_fails(READ(&c, {"size", 1, {0}}), LKS_INVALID,
             "thing: size is 0; it must be a whole number of at least 1");
    ck_fails(READ(&c, {"size", 1, {1.5}}), LKS_INVALID, "size is 1.5");
    ck_fails(
        READ(&c, {"size", 1, {1e10}}), LKS_INVALID,
        "thing: size is 10000000000; it must be a whole number from 1 to 2147483647");
    ck_fails(READ(&c, {"size", 1, {2147483648}}), LKS_INVALID,
             "size is 2147483648; it must be a whole number from 1 to 2147483647");
    ck_fails(READ(&c, {"size", 2, {1, 2}}), LKS_INVALID,
             "thing: size has 2 values; it takes 1");
    ck_fails(READ(&c, {"size", 1, {1}}, {"pair", 3, {1, 2, 3}}), LKS_INVALID,
             "pair has 3 values; it takes 1 or 2");
    ck_fails(READ(&c, {"size", 1, {1}}, {"betas", 2, {0.5, 1}}), LKS_INVALID,
             "betas is 1; it must be a finite number from 0 to below 1");
    ck_fails(READ(&c, {"size", 1, {1}}, {"rate", 1, {-1}}), LKS_INVALID,
             "rate is -1; it must be a finite number of at least 0");
    ck_fails(READ(&c, {"size", 1, {1}}, {"rate", 1, {NAN}}), LKS_INVALID, "rate is nan");
    ck_fails(READ(&c, {"size", 1, {1}}, {"rate", 1, {INFINITY}}), LKS_INVALID, "inf");
    ck_fails(READ(&c, {"size", 1, {1}}, {"flag", 1, {2}}), LKS_INVALID,
             "flag is 2; it must be true or false");
}
END_TEST

START_TEST(a_list_of_options_can_be_written_where_it_is_wanted)
{
    const lks_options options =
        LKS_OPTIONS_OF({"size", 1, {3}}, {"betas", 2, {0.5, 0.7}});
    config c;

    ck_assert_uint_eq(options.n_items, 2);
    ck_ok(read_options(&c, options.n_items, options.items));
    ck_assert_int_eq(c.size, 3);
    ck_assert_double_eq(c.betas[1], 0.7);
}
END_TEST

static lks_status read_more(config *out, lks_option option)
{
    return lks_option_read(more_rules, sizeof more_rules / sizeof *more_rules,
                           (lks_options){&option, 1}, "thing", out);
}

START_TEST(words_nulls_and_lists_are_read)
{
    config c;

    ck_ok(read_more(&c, (lks_option){"word", 1, {1}}));
    ck_assert(c.word == 1 && c.row == LKS_OPTION_NO_INTEGER && c.part == 0.5);
    ck_assert_int_eq(c.list[0], 0);
    ck_ok(read_more(&c, (lks_option){"part", 1, {NAN}}));
    ck_assert(isnan(c.part) && c.word == 0);
    ck_ok(read_more(&c, (lks_option){"row", 1, {7}}));
    ck_assert_int_eq(c.row, 7);
    ck_ok(read_more(&c, (lks_option){"list", 2, {3, -1}}));
    ck_assert(c.list[0] == 3 && c.list[1] == -1 && c.list[2] == 0);
    ck_fails(read_more(&c, (lks_option){"word", 1, {3}}), LKS_INVALID,
             "thing: word is 3; it must be the number, from 0, of none, tanh or both");
    ck_fails(read_more(&c, (lks_option){"list", 2, {3, 0}}), LKS_INVALID,
             "thing: list is 0; it must be a whole number of at least -1 but 0");
    ck_fails(read_more(&c, (lks_option){"list", 1, {NAN}}), LKS_INVALID, "list is nan");
}
END_TEST

START_TEST(a_list_of_numbers_may_hold_zeros)
{
    config c;

    ck_ok(read_more(&c, (lks_option){"means", 3, {0, -1.5, 0}}));
    ck_assert(c.means[0] == 0 && c.means[1] == -1.5 && c.means[2] == 0);
    ck_ok(read_more(&c, (lks_option){"means", 1, {0}}));
    ck_fails(read_more(&c, (lks_option){"means", 1, {NAN}}), LKS_INVALID,
             "thing: means is nan; it must be a finite number");
}
END_TEST

LKS_SUITE("option_rule", a_list_of_numbers_may_hold_zeros, words_nulls_and_lists_are_read,
          a_list_of_options_can_be_written_where_it_is_wanted,
          what_is_not_given_takes_its_default, a_single_value_stands_for_a_pair,
          a_word_is_its_place_and_numbers_are_as_many_as_given,
          errors_name_the_owner_the_option_and_what_is_allowed)
