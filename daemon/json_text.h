/* Writes JSON (RFC 8259) straight into a text: the status socket's documents have up to
 * tens of thousands of members, which a tree of values would make ten times slower.
 *
 * A member's `key` is a literal that needs no escapes; NULL where there is none (in an
 * array, at the top). Strings are put as lks_plain_put_json does. Whether memory
 * sufficed, the text knows. */
#ifndef LKS_DAEMON_JSON_TEXT_H
#define LKS_DAEMON_JSON_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

typedef struct lks_json {
    lks_text *out;
    bool needs_comma;
} lks_json;

/* bracket: '{' or '[', closed by '}' or ']'. */
void lks_json_open(lks_json *json, const char *key, char bracket);
void lks_json_close(lks_json *json, char bracket);

void lks_json_null(lks_json *json, const char *key);
void lks_json_string(lks_json *json, const char *key, const char *value);
void lks_json_string_or_null(lks_json *json, const char *key, const char *value); /* "" */

/* At most 2^63 - 1, which every reader can hold. */
void lks_json_count(lks_json *json, const char *key, uint64_t value);

/* As lks_text_add_real; null if it is not finite, for which JSON has no number. */
void lks_json_real(lks_json *json, const char *key, double value);

/* As lks_text_add_decimal; null if it is not finite. */
void lks_json_decimal(lks_json *json, const char *key, double value);

#endif
