#include "support/suite.h"

#include <stdio.h>

#include "base/columns.h"
#include "base/utf8.h"

START_TEST(width_counts_columns_not_bytes)
{
    static const struct {
        const char *text;
        size_t columns;
    } cases[] = {
        {"", 0},           {"node-1", 6},   {"café", 4},
        {"cafe\u0301", 4}, /* e and a combining accent */
        {"節点", 4},       {"ノード1", 7},  {"\U0001F600", 2},
        {"a\u200bb", 2}, /* a space of no width */
        {"…", 1},          {"\xff\xfe", 2}, {"한글", 4},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_msg(lks_columns(cases[i].text) == cases[i].columns, "%s has %zu",
                      cases[i].text, lks_columns(cases[i].text));
}
END_TEST

START_TEST(a_beginning_holds_whole_characters_with_what_combines)
{
    ck_assert_uint_eq(lks_columns_prefix("abc", 2), 2);
    ck_assert_uint_eq(lks_columns_prefix("abc", 0), 3);
    ck_assert_uint_eq(lks_columns_prefix("節点", 3), strlen("節"));
    ck_assert_uint_eq(lks_columns_prefix("節点", 1), 0);
    ck_assert_uint_eq(lks_columns_prefix("e\u0301x", 1), strlen("e\u0301"));
}
END_TEST

static const char *shortened(const char *text, size_t n_columns)
{
    static char out[64];

    lks_columns_shorten(out, sizeof out, text, n_columns);
    return out;
}

START_TEST(a_long_name_loses_its_middle)
{
    ck_assert_str_eq(shortened("node-1", 6), "node-1");
    ck_assert_str_eq(shortened("node-1", 0), "node-1");
    ck_assert_str_eq(shortened("gpu-cluster-node-0012", 9), "gpu-…0012");
    ck_assert_str_eq(shortened("gpu-cluster-node-0012", 8), "gpu-…012");
    ck_assert_str_eq(shortened("節点節点節点", 7), "節…点");
    ck_assert_str_eq(shortened("abc", 1), "…");
    for (size_t n = 1; n < 14; n++) {
        const char *out = shortened("節a点e\u0301節点節b点", n);

        ck_assert_msg(lks_columns(out) <= n && lks_utf8_is_valid(out), "%zu: %s", n, out);
    }
}
END_TEST

START_TEST(a_line_loses_its_last_parts_first)
{
    static const struct {
        size_t n_columns;
        const char *left;
    } cases[] = {
        {0, "step 7/9  loss 0.5  eta 3 s"},
        {27, "step 7/9  loss 0.5  eta 3 s"},
        {26, "step 7/9  loss 0.5"},
        {18, "step 7/9  loss 0.5"},
        {17, "step 7/9"},
        {8, "step 7/9"},
        {7, "step 7/"},
        {1, "s"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[] = "step 7/9  loss 0.5  eta 3 s";

        lks_columns_drop(line, cases[i].n_columns);
        ck_assert_str_eq(line, cases[i].left);
    }
}
END_TEST

/* What is written of `text`; static storage. */
static const char *wrapped(const char *text, const char *separator, size_t at,
                           size_t indent, size_t n_columns, size_t *n_lines)
{
    static char out[1024];
    FILE *file = fmemopen(out, sizeof out, "w");

    *n_lines = lks_columns_wrap(file, text, separator, at, indent, n_columns);
    fclose(file);
    return out;
}

START_TEST(text_is_wrapped_at_words)
{
    size_t n;

    ck_assert_str_eq(wrapped("one two three", " ", 0, 0, 0, &n), "one two three\n");
    ck_assert_uint_eq(n, 1);
    ck_assert_str_eq(wrapped("one two three", " ", 0, 2, 8, &n), "one two\n  three\n");
    ck_assert_uint_eq(n, 2);
    ck_assert_str_eq(wrapped("one two three", " ", 4, 4, 9, &n),
                     "one\n    two\n    three\n");
    ck_assert_str_eq(wrapped("a\nb c\n", " ", 0, 0, 80, &n), "a\nb c\n");
    ck_assert_uint_eq(n, 2);
    ck_assert_str_eq(wrapped("a b  c d", "  ", 0, 0, 4, &n), "a b\nc d\n");
    ck_assert_str_eq(wrapped("節点 節点", " ", 0, 0, 8, &n), "節点\n節点\n");
    ck_assert_str_eq(wrapped("", " ", 0, 0, 8, &n), "\n");
}
END_TEST

START_TEST(a_word_wider_than_a_line_is_broken_between_characters)
{
    size_t n;

    ck_assert_str_eq(wrapped("abcdefgh", " ", 0, 0, 3, &n), "abc\ndef\ngh\n");
    ck_assert_str_eq(wrapped("節点節", " ", 0, 0, 3, &n), "節\n点\n節\n");
    ck_assert_str_eq(wrapped("節点", " ", 0, 0, 1, &n), "節\n点\n"); /* no end of lines */
    ck_assert_str_eq(wrapped("abcd", " ", 3, 1, 5, &n), "\n abcd\n");
}
END_TEST

LKS_SUITE("columns", width_counts_columns_not_bytes,
          a_beginning_holds_whole_characters_with_what_combines,
          a_long_name_loses_its_middle, a_line_loses_its_last_parts_first,
          text_is_wrapped_at_words, a_word_wider_than_a_line_is_broken_between_characters)
