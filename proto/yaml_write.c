#include "proto/yaml_write.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "proto/scalar.h"

/* Words that some reader takes for a flag, a number or nothing, in some case.
 * source: yaml.org/type, for 1.1; YAML 1.2.2, 10.3.2; inf and nan: yaml-rust */
static bool is_word_of_yaml(const char *text)
{
    static const char *const words[] = {"y",  "n",   "yes",  "no",  "true", "false",
                                        "on", "off", "null", "inf", "nan",  "infinity"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(text, words[i]) == 0)
            return true;
    return false;
}

/* A text that is one without quotes: a letter, '/' or '_' first, so no number, date or
 * indicator, and signs that mean nothing in YAML. */
static bool is_plain(const char *text)
{
    static const char harmless[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "0123456789._/+-";
    const char first = text[0];

    return (isalpha((unsigned char)first) || first == '/' || first == '_') &&
           strspn(text, harmless) == strlen(text) && !is_word_of_yaml(text);
}

static bool needs_escape(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 ||
           code == 0x2029 || code == 0xfeff || code == 0xfffe || code == 0xffff;
}

void lks_yaml_add_text(lks_text *out, const char *text)
{
    size_t n = strlen(text), step;
    uint32_t code;

    if (is_plain(text)) {
        lks_text_add(out, "%s", text);
        return;
    }
    lks_text_add(out, "\"");
    for (; n > 0 && (step = lks_utf8_next(text, n, &code)) > 0; text += step, n -= step) {
        if (needs_escape(code))
            lks_text_add(out, "\\u%04" PRIx32, code);
        else
            lks_text_add(out, "%s%.*s", code == '"' || code == '\\' ? "\\" : "",
                         (int)step, text);
    }
    lks_text_add(out, "\"");
}

/* 1.1 knows 1.0e-05 for a float but takes 1e-05 for a text.
 * source: yaml.org/type/float.html */
void lks_yaml_add_real(lks_text *out, double value)
{
    char text[LKS_REAL_TEXT];
    const char *exponent;
    int n_before;

    lks_real_text(value, text);
    n_before = (int)strcspn(text, "e");
    exponent = text + n_before;
    lks_text_add(out, "%.*s%s%s", n_before, text, strchr(text, '.') ? "" : ".0",
                 exponent);
}
