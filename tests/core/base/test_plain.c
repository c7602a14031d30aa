#include "support/suite.h"

#include <stdio.h>

#include "base/log.h"
#include "base/plain.h"
#include "base/utf8.h"

START_TEST(nothing_that_a_terminal_acts_on_stays)
{
    static const struct {
        const char *text, *plain;
    } cases[] = {
        {"node-1", "node-1"},
        {"\x1b[2Jx\nlockstep: error: forged\r", "?[2Jx?lockstep: error: forged?"},
        {"\t\x01\x7f\x08", "????"},
        {"\xc2\x9b[31m \xc2\x80\xc2\x9f", "?[31m ??"}, /* C1 as UTF-8 */
        {"\x9b[31m", "?[31m"},                         /* and as a byte */
        {"a\u202eb\u202c \u2066c\u2069", "a?b? ?c?"},  /* directions */
        {"\u200e\u200f\u061c\u2028\u2029", "?????"},   /* marks, separators */
        {"\u00a0\u00ad", "\u00a0\u00ad"},              /* harmless */
        {"ä € \U0001F600 節", "ä € \U0001F600 節"},
        {"\xff\xc0\xaf\xed\xa0\x80", "??????"},
        {"\xe2\x82", "??"},
        {NULL, ""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[64];
        size_t n = lks_plain_copy(out, sizeof out, cases[i].text);

        ck_assert_str_eq(out, cases[i].plain);
        ck_assert_uint_eq(n, strlen(out));
    }
}
END_TEST

START_TEST(every_byte_and_pair_of_bytes_becomes_plain_text)
{
    char out[8];

    for (unsigned pair = 1; pair < 0x10000; pair++) {
        const char text[] = {(char)(pair & 0xff), (char)(pair >> 8), '\0'};

        lks_plain_copy(out, sizeof out, text);
        ck_assert(lks_utf8_is_valid(out));
        for (const char *at = out; *at; at++)
            ck_assert((unsigned char)*at >= 0x20 && *at != 0x7f);
        ck_assert_uint_le(strlen(out), strlen(text));
    }
}
END_TEST

START_TEST(text_is_made_plain_in_its_own_place)
{
    char text[] = "a\x1b\u202e€\xff.";

    lks_plain_copy(text, sizeof text, text);
    ck_assert_str_eq(text, "a??€?.");
}
END_TEST

START_TEST(a_copy_is_not_cut_within_a_character)
{
    char out[4];

    lks_plain_copy(out, sizeof out, "ab\xe2\x82\xac");
    ck_assert_str_eq(out, "ab");
    lks_plain_copy(out, sizeof out, "abcd");
    ck_assert_str_eq(out, "abc");
}
END_TEST

START_TEST(a_printed_line_is_one_line)
{
    char text[64] = "";
    FILE *file = fmemopen(text, sizeof text, "w");

    lks_plain_line(file, "job %s in %d", "a\n\x1b[1mb", 7);
    fclose(file);
    ck_assert_str_eq(text, "job a??[1mb in 7\n");
}
END_TEST

static void ck_json(const char *text, const char *json)
{
    lks_text out = {0};

    lks_plain_put_json(&out, text);
    lks_text_append(&out, "", 1);
    ck_assert_str_eq(out.bytes, json);
    lks_text_release(&out);
}

START_TEST(any_bytes_are_a_json_string_that_no_terminal_acts_on)
{
    ck_json("", "\"\"");
    ck_json("a \"b\" \\\n", "\"a \\u0022b\\u0022 \\u005c\\u000a\"");
    ck_json("ä € \U0001F600", "\"ä € \U0001F600\"");
    ck_json("\x1b[2J\x7f", "\"\\u001b[2J\\u007f\"");
    ck_json("\xc2\x9b a\u202eb", "\"\\u009b a\\u202eb\"");
    ck_json("caf\xe9", "\"caf?\"");
    ck_json("\xff\xc0\xaf\xed\xa0\x80\xe2\x82", "\"????????\"");
}
END_TEST

static char logged[128];

static void note(void *context, lks_log_level level, const char *line)
{
    (void)context;
    (void)level;
    snprintf(logged, sizeof logged, "%s", line);
}

START_TEST(log_lines_and_errors_are_plain)
{
    lks_log_set_sink(note, NULL);
    lks_warn("%s: cannot read", "a\x1b]0;t\x07\xc2\x9b\nb");
    lks_log_set_sink(NULL, NULL);
    ck_assert_str_eq(logged, "a?]0;t???b: cannot read");
    lks_fail(LKS_IO, "%s: cannot read", "a\u202eb\xc2\x9b\xff");
    ck_assert_str_eq(lks_error_text(), "a?b??: cannot read");
}
END_TEST

LKS_SUITE("plain", nothing_that_a_terminal_acts_on_stays,
          every_byte_and_pair_of_bytes_becomes_plain_text,
          text_is_made_plain_in_its_own_place, a_copy_is_not_cut_within_a_character,
          a_printed_line_is_one_line,
          any_bytes_are_a_json_string_that_no_terminal_acts_on,
          log_lines_and_errors_are_plain)
