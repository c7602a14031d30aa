/* Bounded lines, and the JSON written into growing text. */
#include "support/suite.h"

#include <jansson.h>
#include <math.h>

#include "base/text.h"
#include "daemon/json_text.h"
#include "daemon/line.h"

START_TEST(a_line_is_cut_where_its_buffer_ends)
{
    char buffer[8];
    lks_line line = lks_line_init(buffer, sizeof buffer);

    lks_line_add(&line, "%s", "abc");
    lks_line_add(&line, "%d", 123456);
    ck_assert_str_eq(buffer, "abc1234");
    lks_line_add(&line, "more");
    ck_assert_str_eq(buffer, "abc1234");
    ck_assert_uint_eq(line.n_bytes, 7);
}
END_TEST

START_TEST(json_of_every_kind_is_read_back)
{
    static const char every_byte[] =
        "\"\\/\b\f\n\r\t\x01\x1f\x7f \xc3\xa4\xf0\x9f\x98\x80";
    lks_text text = {0};
    lks_json json = {.out = &text};
    json_t *read;

    lks_json_open(&json, NULL, '{');
    lks_json_open(&json, "empty", '[');
    lks_json_close(&json, ']');
    lks_json_open(&json, "list", '[');
    lks_json_count(&json, NULL, 1);
    lks_json_real(&json, NULL, NAN);
    lks_json_decimal(&json, NULL, INFINITY);
    lks_json_decimal(&json, NULL, 0.5);
    lks_json_close(&json, ']');
    lks_json_string(&json, "text", every_byte);
    lks_json_string(&json, "bytes", "caf\xe9");
    lks_json_string_or_null(&json, "none", "");
    lks_json_null(&json, "null");
    lks_json_count(&json, "large", UINT64_MAX);
    lks_json_close(&json, '}');
    read = json_loadb(text.bytes, text.n_bytes, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_ptr_nonnull(read);
    ck_assert_uint_eq(json_array_size(json_object_get(read, "empty")), 0);
    ck_assert_uint_eq(json_array_size(json_object_get(read, "list")), 4);
    ck_assert_str_eq(json_string_value(json_object_get(read, "text")), every_byte);
    ck_assert_str_eq(json_string_value(json_object_get(read, "bytes")), "caf?");
    ck_assert(json_is_null(json_object_get(read, "none")));
    ck_assert(json_integer_value(json_object_get(read, "large")) == INT64_MAX);
    json_decref(read);
    lks_text_release(&text);
}
END_TEST

LKS_SUITE("json_text", a_line_is_cut_where_its_buffer_ends,
          json_of_every_kind_is_read_back)
