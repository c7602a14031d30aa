#include "daemon/json_text.h"

#include <math.h>

#include "base/plain.h"

static void begin_value(lks_json *json, const char *key)
{
    if (json->needs_comma)
        lks_text_put(json->out, ",");
    json->needs_comma = true;
    if (!key)
        return;
    lks_text_put(json->out, "\"");
    lks_text_put(json->out, key);
    lks_text_put(json->out, "\":");
}

void lks_json_open(lks_json *json, const char *key, char bracket)
{
    begin_value(json, key);
    lks_text_append(json->out, &bracket, 1);
    json->needs_comma = false;
}

void lks_json_close(lks_json *json, char bracket)
{
    lks_text_append(json->out, &bracket, 1);
    json->needs_comma = true;
}

void lks_json_null(lks_json *json, const char *key)
{
    begin_value(json, key);
    lks_text_put(json->out, "null");
}

void lks_json_string(lks_json *json, const char *key, const char *value)
{
    begin_value(json, key);
    lks_plain_put_json(json->out, value);
}

void lks_json_string_or_null(lks_json *json, const char *key, const char *value)
{
    if (value[0])
        lks_json_string(json, key, value);
    else
        lks_json_null(json, key);
}

void lks_json_count(lks_json *json, const char *key, uint64_t value)
{
    begin_value(json, key);
    lks_text_add_count(json->out, value > INT64_MAX ? INT64_MAX : value);
}

void lks_json_real(lks_json *json, const char *key, double value)
{
    if (!isfinite(value)) {
        lks_json_null(json, key);
        return;
    }
    begin_value(json, key);
    lks_text_add_real(json->out, value);
}

void lks_json_decimal(lks_json *json, const char *key, double value)
{
    if (!isfinite(value)) {
        lks_json_null(json, key);
        return;
    }
    begin_value(json, key);
    lks_text_add_decimal(json->out, value);
}
