#include "proto/path_text.h"

#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "base/utf8.h"
#include "proto/job_node.h"
#include "proto/yaml_write.h"

static const char scheme[] = "file:";
enum { N_SCHEME = sizeof scheme - 1 };

static bool is_uri(const char *text)
{
    return strncmp(text, scheme, N_SCHEME) == 0;
}

static void write_uri(lks_text *out, const char *path)
{
    lks_text_add(out, "\"%s%s", scheme, path[0] == '/' ? "//" : "");
    for (; *path; path++) {
        const unsigned char byte = (unsigned char)*path;

        if (byte < 0x80 && (isalnum(byte) || strchr("-._~/", byte)))
            lks_text_add(out, "%c", byte);
        else
            lks_text_add(out, "%%%02X", byte);
    }
    lks_text_add(out, "\"");
}

void lks_path_write(lks_text *out, const char *path)
{
    if (is_uri(path) || !lks_utf8_is_valid(path))
        write_uri(out, path);
    else
        lks_yaml_add_text(out, path);
}

/* What follows the scheme and the host, which must be this one; NULL if it is another. */
static const char *path_of_uri(const char *text)
{
    static const char *const hosts[] = {"///", "//localhost/"};

    text += N_SCHEME;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
        if (strncmp(text, hosts[i], strlen(hosts[i])) == 0)
            return text + strlen(hosts[i]) - 1;
    return strncmp(text, "//", 2) == 0 ? NULL : text;
}

/* The value of a hexadecimal digit, 16 if it is none. */
static unsigned hex_digit(char digit)
{
    static const char digits[] = "0123456789abcdef";

    if (!isxdigit((unsigned char)digit))
        return 16;
    return (unsigned)(strchr(digits, tolower((unsigned char)digit)) - digits);
}

/* Replace each %E9 by its byte; false at one that is none, or is zero. */
static bool unescape(char *text)
{
    char *to = text;

    for (const char *from = text; *from; from++) {
        if (*from == '%') {
            const unsigned high = hex_digit(from[1]);
            const unsigned low = high < 16 ? hex_digit(from[2]) : 16;

            if (low == 16 || high + low == 0)
                return false;
            *to++ = (char)(high << 4 | low);
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    return true;
}

lks_status lks_path_read(const lks_node *node, const char *name, char **out)
{
    const char *text = NULL;
    char *path = NULL;
    lks_status st;

    LKS_GO(lks_node_text(node, name, &text));
    if (is_uri(text) && !(text = path_of_uri(text)))
        LKS_GO(lks_node_expected(node, name, "a file of this host, file:///…"));
    if (!(path = lks_strdup(text)))
        LKS_GO(LKS_NOMEM);
    if (is_uri(node->text) && (!unescape(path) || path[0] == '\0'))
        LKS_GO(lks_node_expected(node, name,
                                 "a path whose every % has two hexadecimal digits, not "
                                 "00, behind it"));
    *out = path;
    path = NULL;
cleanup:
    lks_free(path);
    return st;
}
