#include "proto/sample_job.h"

#include "proto/yaml_text.h"

static lks_tree tree;

static lks_status parse_bytes(const char *text, size_t n, bool is_file, lks_node **out)
{
    static lks_source source;

    source = (lks_source){.name = "t", .is_file = is_file};
    lks_tree_release(&tree);
    lks_error_clear();
    return lks_tree_parse(&tree, text, n, &source, out);
}

static lks_status parse(const char *text, lks_node **out)
{
    return parse_bytes(text, strlen(text), true, out);
}

#define GRIN "\xf0\x9f\x98\x80" /* U+1F600, \ud83d\ude00 in JSON */

START_TEST(every_escape_of_json_is_read)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
        {"\"\\u0041\\u00e9\\u2200\\uFFFD\\u007f\\u001b\"",
         "A\xc3\xa9\xe2\x88\x80\xef\xbf\xbd\x7f\x1b"},
        {"\"\\ud83d\\ude00\"", GRIN},
        {"\"\\uD83D\\uDE00\"", GRIN},
        {"\"a\\ud83d\\ude00b\\ud83d\\ude00\"", "a" GRIN "b" GRIN},
        {"\"\\ud83d\\ude00\\ud83d\\ude00\"", GRIN GRIN},
        {"\"\\ud800\\udc00\\udbff\\udfff\"", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"},
        {"\"" GRIN "\\ud83d\\ude00\\u0041\"", GRIN GRIN "A"},
        {"\"\\\\ud83d\\\\ude00\"", "\\ud83d\\ude00"},
        {"\"\\\\\\ud83d\\ude00\"", "\\" GRIN},
        {"\"\\n\\ud83d\\ude00\\t\"", "\n" GRIN "\t"},
        {"\"\\uD83D\\uDE00 \\\n  x\"", GRIN " x"},
        {"\xef\xbb\xbf\"\xc3\xa9\\ud83d\\ude00\"", "\xc3\xa9" GRIN},
        /* where YAML has no escapes */
        {"'\\ud83d\\ude00'", "\\ud83d\\ude00"},
        {"\\ud83d\\ude00", "\\ud83d\\ude00"},
        {"|\n  \\ud83d \"\\ud83d\\ude00\"\n", "\\ud83d \"\\ud83d\\ude00\"\n"},
        {"a\\ud83d # \"\\ud83d\"", "a\\ud83d"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lks_node *root = NULL;

        ck_assert_msg(parse(cases[i].text, &root) == LKS_OK, "%s: %s", cases[i].text,
                      lks_error_text());
        ck_assert_msg(strcmp(root->text, cases[i].want) == 0, "%s: %s", cases[i].text,
                      root->text);
    }
}
END_TEST

START_TEST(keys_and_values_beside_each_other_keep_their_own)
{
    lks_node *root = NULL;

    ck_ok(parse("# \"\\ud83d\n"
                "{\"\\ud83d\\ude00\": \"\\ud83d\\ude01\", 'k\\ud83d': it\"s \\ud83d,\n"
                " \"\xc3\xa9\": [\"\\ud83d\\ude02\", \"\", '\"', \"\\ud83d\\ude03\"]}",
                &root));
    ck_assert_str_eq(root->first->key, GRIN);
    ck_assert_str_eq(root->first->text, "\xf0\x9f\x98\x81");
    ck_assert_str_eq(root->first->next->key, "k\\ud83d");
    ck_assert_str_eq(root->first->next->text, "it\"s \\ud83d");
    ck_assert_str_eq(root->last->first->text, "\xf0\x9f\x98\x82");
    ck_assert_str_eq(root->last->first->next->next->text, "\"");
    ck_assert_str_eq(root->last->last->text, "\xf0\x9f\x98\x83");
}
END_TEST

START_TEST(lines_and_columns_are_those_of_the_file)
{
    lks_node *root = NULL;

    ck_ok(parse("{\"\\ud83d\\ude00\": \"\\ud83d\\ude00\", \"b\": 1,\n \"c\": 2}", &root));
    ck_assert_int_eq(root->first->column, 18);
    ck_assert_int_eq(root->first->next->key_column, 34);
    ck_assert_int_eq(root->first->next->column, 39);
    ck_assert_int_eq(root->last->line, 2);
    ck_assert_int_eq(root->last->column, 7);
}
END_TEST

START_TEST(half_a_pair_is_refused_where_it_stands)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"\"\\ud83d\"", "t:1:2: a lone surrogate '\\ud83d': JSON escapes a character "
                        "beyond U+FFFF by two, as in \\ud83d\\ude00"},
        {"\"\\ude00\"", "t:1:2: a lone surrogate '\\ude00'"},
        {"\"\\ude00\\ud83d\"", "t:1:2: a lone surrogate '\\ude00'"},
        {"\"\\ud83d\\ud83d\\ude00\"", "t:1:2: a lone surrogate '\\ud83d'"},
        {"\"\\ud83d\\ude00\\ud83d\"", "t:1:14: a lone surrogate '\\ud83d'"},
        {"\"\\ud83d\\u0041\"", "t:1:2: a lone surrogate"},
        {"\"\\ud83dx\\ude00\"", "t:1:2: a lone surrogate"},
        {"\"\\ud83d\\\\ude00\"", "t:1:2: a lone surrogate"},
        {"\"\\ud83d\\U0000DE00\"", "t:1:10: not YAML while parsing a quoted scalar: "
                                   "found invalid Unicode character escape code"},
        {"{\"a\": 1,\n \"\xc3\xa9\": \"x\\uDBFF\"}", "t:2:9: a lone surrogate '\\uDBFF'"},
        {"\xef\xbb\xbf\"\\udfff\"", "t:1:2: a lone surrogate '\\udfff'"},
        {"\"\\ud83d\\ude00\\0\"", "t:1:14: a text with a zero byte"},
        {"[\"\\ud83d\\ude00\", \"\\u0000\"]", "t:1:19: a text with a zero byte"},
        {"\"\\u0000\"", "t:1:1: a text with a zero byte"},
        {"\"\\U0000D83D\"", "found invalid Unicode character escape code"},
        {"\"\\ud8\"", "did not find expected hexdecimal number"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lks_node *root = NULL;

        ck_fails(parse(cases[i].text, &root), LKS_INVALID, cases[i].error);
        ck_assert_ptr_null(root);
    }
}
END_TEST

/* The error is the file's own, wherever pairs stand in it. */
START_TEST(what_is_no_yaml_is_told_as_without_pairs)
{
    static const char *const texts[] = {"{\"a\": \"%s\"",
                                        "{\"a\": \"%s\"]",
                                        "a: \"%s\"\n  b: c\n",
                                        "\"%s",
                                        "%s: &x 1",
                                        "a: 1\n\tb: \"%s\"",
                                        "[1, 2}\n\"%s\"",
                                        "a: 1\n---\nb: \"%s\"",
                                        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"%s\"",
                                        "\"%s\" x\n\"%s\""};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *with = lks_asprintf(texts[i], "\\ud83d\\ude00", "\\ud83d\\ude00");
        char *without = lks_asprintf(texts[i], "\\u0041\\u0042", "\\u0041\\u0042");
        char said[512];
        lks_node *root = NULL;

        ck_assert_int_eq(parse(without, &root), LKS_INVALID);
        snprintf(said, sizeof said, "%s", lks_error_text());
        ck_assert_int_eq(parse(with, &root), LKS_INVALID);
        ck_assert_str_eq(lks_error_text(), said);
        lks_free(with);
        lks_free(without);
    }
}
END_TEST

START_TEST(json_may_have_tabs_wherever_it_has_blanks)
{
    static const char *const texts[] = {
        "{\"a\": 1}",
        "\t{\"a\":\t1}\t",
        "\n\t \r\n\t{\n\t\"a\"\t:\t1\n\t}\n\t\r\n\t",
        "{\"a\":1\t}\n\t\n",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        lks_node *root = NULL;

        ck_assert_msg(parse(texts[i], &root) == LKS_OK, "%s: %s", texts[i],
                      lks_error_text());
        ck_assert_str_eq(root->first->key, "a");
        ck_assert_str_eq(root->first->text, "1");
    }
    ck_fails(parse("\ta: 1", &(lks_node *){NULL}), LKS_INVALID, "t:1:1: not YAML");
    ck_fails(parse("a: {\n\t}\n\tb: 1", &(lks_node *){NULL}), LKS_INVALID, "a tab");
}
END_TEST

START_TEST(a_setting_may_hold_bytes_that_are_no_utf8)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"/d\xe9j\xe0", "/d\xe9j\xe0"},
        {"\"\xff\\ud83d\\ude00\\u0041\"", "\xff" GRIN "A"},
        {"'\x80\xc3\xa9\xc3'", "\x80\xc3\xa9\xc3"},
        {"\xf4\x8f\xbf\xbf\xff", "\xf4\x8f\xbf\xbf\xff"}, /* U+10FFFF */
        {"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"},
        {"\xed\xa0\xbd", "\xed\xa0\xbd"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lks_node *root = NULL;

        ck_assert_msg(parse_bytes(cases[i].text, strlen(cases[i].text), false, &root) ==
                          LKS_OK,
                      "%zu: %s", i, lks_error_text());
        ck_assert_str_eq(root->text, cases[i].want);
    }
    ck_fails(parse("/d\xe9j\xe0", &(lks_node *){NULL}), LKS_INVALID,
             "t:1:4: not YAML: invalid trailing UTF-8 octet");
}
END_TEST

START_TEST(a_text_of_two_bytes_a_character_is_left_alone)
{
    static const char utf_16[] =
        "\xff\xfe\\ud83d\"\0\n"; /* three of China's and a quote */
    lks_node *root = NULL;

    ck_fails(parse_bytes(utf_16, sizeof utf_16 - 1, true, &root), LKS_INVALID,
             "not YAML");
    ck_assert_ptr_null(strstr(lks_error_text(), "surrogate"));
}
END_TEST

START_TEST(many_pairs_take_no_more_time_than_their_bytes)
{
    enum { N = 1000 * 1000 };
    char *text = lks_calloc(N + 1, 1);
    lks_node *root = NULL;

    memset(text, '[', 1);
    for (int i = 1; i + 16 < N - 1; i += 16)
        memcpy(text + i, "\"\\ud83d\\ude00\", ", 16);
    ck_fails(parse(text, &root), LKS_INVALID, "more than 1024 entries");
    memset(text, 0, N);
    for (int i = 0; i + 12 < N; i += 12)
        memcpy(text + i, i ? "\\ud83d\\ude00" : "          \"\\", 12);
    ck_fails(parse(text, &root), LKS_INVALID, "not YAML");
    lks_free(text);
}
END_TEST

START_TEST(every_failed_allocation_is_reported)
{
    static const char text[] = "\t{\"\\ud83d\\ude00\": \"\\ud83d\\ude00\"}";
    lks_node *root = NULL;

    for (long n = 0;; n++) {
        lks_status st;

        lks_tree_release(&tree);
        lks_alloc_fail_after(n);
        st = parse_bytes(text, strlen(text), true, &root);
        if (!lks_alloc_has_failed())
            break;
        ck_assert_int_eq(st, LKS_NOMEM);
    }
    lks_alloc_fail_after(-1);
    ck_assert_str_eq(root->first->text, GRIN);
    lks_tree_release(&tree);
}
END_TEST

LKS_SUITE("yaml_text", every_escape_of_json_is_read,
          keys_and_values_beside_each_other_keep_their_own,
          lines_and_columns_are_those_of_the_file, half_a_pair_is_refused_where_it_stands,
          what_is_no_yaml_is_told_as_without_pairs,
          json_may_have_tabs_wherever_it_has_blanks,
          a_setting_may_hold_bytes_that_are_no_utf8,
          a_text_of_two_bytes_a_character_is_left_alone,
          many_pairs_take_no_more_time_than_their_bytes,
          every_failed_allocation_is_reported)
