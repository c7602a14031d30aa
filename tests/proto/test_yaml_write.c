#include "support/suite.h"

#include <math.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "proto/scalar.h"
#include "base/utf8.h"
#include "proto/yaml_tree.h"
#include "proto/yaml_write.h"

static char *written_text(const char *text)
{
    lks_text draft = {0};
    char *out = NULL;

    lks_yaml_add_text(&draft, text);
    ck_ok(lks_text_take(&draft, &out));
    return out;
}

static char *written_real(double value)
{
    lks_text draft = {0};
    char *out = NULL;

    lks_yaml_add_real(&draft, value);
    ck_ok(lks_text_take(&draft, &out));
    return out;
}

START_TEST(a_harmless_text_stands_without_quotes)
{
    static const char *const texts[] = {
        "plain", "x.npy", "/a/b-c_d.gz", "train-images-idx3-ubyte.gz",
        "_1",    "e5",    "a1e3",        "nope",
        "yess",  "nulls", "On2",         "z"};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *text = written_text(texts[i]);

        ck_assert_str_eq(text, texts[i]);
        lks_free(text);
    }
}
END_TEST

/* What the resolvers of YAML 1.1 (yaml.org/type) and 1.2 (core schema), of PyYAML, Go's
 * yaml.v3, serde_yaml and yaml-rust take for something else than a text, and what is none
 * without quotes in a flow. */
static const char *const resolved[] = {
    /* null */
    "",
    "~",
    "null",
    "Null",
    "NULL",
    "nULL",
    /* bool */
    "y",
    "Y",
    "yes",
    "Yes",
    "YES",
    "n",
    "N",
    "no",
    "No",
    "NO",
    "nO",
    "true",
    "True",
    "TRUE",
    "false",
    "False",
    "FALSE",
    "on",
    "On",
    "ON",
    "off",
    "Off",
    "OFF",
    "oFF",
    /* int: decimal, octal of both versions, hexadecimal, binary, base 60 */
    "0",
    "12",
    "-1",
    "+1",
    "1_000",
    "0123",
    "-0123",
    "0o17",
    "-0o17",
    "0x1f",
    "-0x1F",
    "0b1010_0111",
    "-0b1",
    "190:20:30",
    "1:30",
    "-1:30",
    "685_230",
    "18446744073709551616",
    "1,000",
    "09",
    "1_",
    "0x_0A",
    /* float */
    "1.5",
    ".5",
    "-.5",
    "5.",
    "1e3",
    "1E3",
    "1e-05",
    "1.0e+05",
    "+1e3",
    "6.8523015e+5",
    "685.230_15e+03",
    "1:30.5",
    "190:20:30.15",
    ".inf",
    ".Inf",
    ".INF",
    "-.inf",
    "+.inf",
    "+.Inf",
    ".nan",
    ".NaN",
    ".NAN",
    "inf",
    "-inf",
    "Infinity",
    "NaN",
    "nan",
    "0.",
    "1e",
    "1e+",
    "1._",
    ".1_",
    /* timestamp */
    "2026-11-28",
    "2001-12-14t21:59:43.10-05:00",
    "2001-12-14 21:59:43.10 -5",
    "2001-12-15 2:59:43.10",
    "2001-12-14T21:59:43Z",
    "2026-1-2",
    "21:59:43",
    /* merge, value */
    "<<",
    "=",
    /* indicators */
    "-",
    "- a",
    "---",
    "?",
    "? a",
    ":",
    ":a",
    ",",
    "[",
    "]",
    "{",
    "}",
    "[1]",
    "{a: b}",
    "#",
    "#a",
    "&a",
    "*a",
    "!",
    "!t",
    "!!int",
    "|",
    ">",
    "'",
    "\"",
    "%",
    "%YAML",
    "@x",
    "`x",
    "...",
    "a: b",
    "a:",
    "a #b",
    "a,b",
    "a]",
    "a}",
    "it's",
    /* blanks */
    " a",
    "a ",
    "a b",
    "a\tb",
    "a\nb",
    "\n",
    "\r",
};

START_TEST(what_any_reader_takes_for_something_else_stands_in_quotes)
{
    for (size_t i = 0; i < sizeof resolved / sizeof *resolved; i++) {
        char *text = written_text(resolved[i]);
        const size_t n = strlen(text);

        ck_assert_msg(n >= 2 && text[0] == '"' && text[n - 1] == '"', "%s", text);
        lks_free(text);
    }
}
END_TEST

START_TEST(characters_that_yaml_does_not_print_are_escaped)
{
    static const struct {
        const char *text, *want;
    } cases[] = {{"a\"b\\c", "\"a\\\"b\\\\c\""},
                 {"a\tb\x7f", "\"a\\u0009b\\u007f\""},
                 {"\x1b[1m", "\"\\u001b[1m\""},
                 {"\xc2\x85\xc2\xa0", "\"\\u0085\xc2\xa0\""},
                 {"\xe2\x80\xa8\xe2\x80\xa9", "\"\\u2028\\u2029\""},
                 {"\xef\xbb\xbf\xef\xbf\xbe\xef\xbf\xbf", "\"\\ufeff\\ufffe\\uffff\""},
                 {"é\xf0\x9f\x98\x80", "\"é\xf0\x9f\x98\x80\""}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = written_text(cases[i].text);

        ck_assert_str_eq(text, cases[i].want);
        lks_free(text);
    }
}
END_TEST

START_TEST(a_real_has_a_point_and_a_signed_exponent)
{
    static const struct {
        double value;
        const char *want;
    } cases[] = {{0, "0.0"},
                 {-0.0, "-0.0"},
                 {1, "1.0"},
                 {-2, "-2.0"},
                 {0.1, "0.1"},
                 {0.001, "0.001"},
                 {1e-5, "1.0e-05"},
                 {-1.5e-8, "-1.5e-08"},
                 {1e22, "1.0e+22"},
                 {9007199254740993, "9007199254740992.0"},
                 {1.7976931348623157e308, "1.7976931348623157e+308"},
                 {4.9406564584124654e-324, "5.0e-324"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = written_real(cases[i].value);

        ck_assert_str_eq(text, cases[i].want);
        lks_free(text);
    }
}
END_TEST

/* [-+]?[0-9]+\.[0-9]+([eE][-+][0-9]+)?, a float in 1.1 and in 1.2 */
static bool is_float_everywhere(const char *text)
{
    static const char digits[] = "0123456789";
    size_t n;

    text += *text == '-' || *text == '+';
    if ((n = strspn(text, digits)) == 0 || text[n] != '.')
        return false;
    text += n + 1;
    if ((n = strspn(text, digits)) == 0)
        return false;
    text += n;
    if (*text == '\0')
        return true;
    if ((*text != 'e' && *text != 'E') || (text[1] != '-' && text[1] != '+'))
        return false;
    return (n = strspn(text + 2, digits)) > 0 && text[2 + n] == '\0';
}

START_TEST(any_double_reads_back_as_itself_and_as_a_float)
{
    static const lks_rng rng = {.seed = 6};

    for (uint64_t i = 0; i < 200000; i += 2) {
        const uint64_t bits =
            (uint64_t)lks_rng_bits(&rng, i) << 32 | lks_rng_bits(&rng, i + 1);
        double value, back = 0;
        char *text;

        memcpy(&value, &bits, sizeof value);
        if (i % 4 == 0)
            value = (double)(bits % 100000) / 1e4;
        if (!isfinite(value))
            continue;
        text = written_real(value);
        ck_assert_msg(is_float_everywhere(text), "%s", text);
        ck_assert(lks_scalar_real(text, &back));
        ck_assert_mem_eq(&back, &value, sizeof back);
        lks_free(text);
    }
}
END_TEST

/* In a flow, where more signs mean something than in a block. */
static void check_read_back(const char *text, const char *want)
{
    static const lks_source source = {.name = "t", .is_file = true};
    char *document = lks_asprintf("{k: [%s]}", text);
    lks_tree tree = {0};
    lks_node *root = NULL;

    ck_ok(lks_tree_parse(&tree, document, strlen(document), &source, &root));
    ck_assert_uint_eq(root->first->n_entries, 1);
    ck_assert_str_eq(root->first->first->text, want);
    lks_tree_release(&tree);
    lks_free(document);
}

static size_t put_utf8(uint32_t code, char *out)
{
    const size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t leads[] = {0, 0, 0xc0, 0xe0, 0xf0};

    for (size_t i = n - 1; i > 0; i--, code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)(leads[n] | code);
    return n;
}

START_TEST(any_text_reads_back_as_itself)
{
    static const lks_rng rng = {.seed = 7};
    uint64_t at = 0;

    for (size_t i = 0; i < sizeof resolved / sizeof *resolved; i++) {
        char *text = written_text(resolved[i]);

        check_read_back(text, resolved[i]);
        lks_free(text);
    }
    for (int i = 0; i < 20000; i++) {
        static const uint32_t limits[] = {0x80, 0x800, 0x10000, 0x110000};
        const uint32_t length = lks_rng_bits(&rng, at++) % 12;
        char text[64];
        char *written;
        size_t n = 0;

        for (uint32_t k = 0; k < length; k++) {
            const uint32_t limit = limits[lks_rng_bits(&rng, at++) % 4];
            const uint32_t code = 1 + lks_rng_bits(&rng, at++) % (limit - 1);

            if (code < 0xd800 || code >= 0xe000)
                n += put_utf8(code, text + n);
        }
        text[n] = '\0';
        ck_assert(lks_utf8_is_valid(text));
        written = written_text(text);
        check_read_back(written, text);
        lks_free(written);
    }
}
END_TEST

LKS_SUITE("yaml_write", a_harmless_text_stands_without_quotes,
          what_any_reader_takes_for_something_else_stands_in_quotes,
          characters_that_yaml_does_not_print_are_escaped,
          a_real_has_a_point_and_a_signed_exponent,
          any_double_reads_back_as_itself_and_as_a_float, any_text_reads_back_as_itself)
