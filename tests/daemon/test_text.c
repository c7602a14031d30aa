/* Bounded lines and growing text. */
#include "support/suite.h"

#include "base/alloc.h"
#include "daemon/line.h"
#include "daemon/text.h"

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

START_TEST(copied_text_is_printable_utf8)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"node-1", "node-1"},
        {"a\tb\x1b[0m\x7f\n", "a b [0m  "},
        {"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80",
         "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"\xff\xfe", "??"},
        {"\xc0\xaf", "??"},           /* overlong '/' */
        {"\xe0\x80\xaf", "???"},      /* the same in three */
        {"\xed\xa0\x80", "???"},      /* a surrogate */
        {"\xf4\x90\x80\x80", "????"}, /* above U+10FFFF */
        {"\xe2\x82", "??"},           /* cut */
        {"\xe2\x82x", "??x"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[32];

        lks_line_copy(out, sizeof out, cases[i].in);
        ck_assert_str_eq(out, cases[i].out);
    }
}
END_TEST

START_TEST(a_copy_is_not_cut_within_a_character)
{
    char out[4];

    lks_line_copy(out, sizeof out, "ab\xe2\x82\xac");
    ck_assert_str_eq(out, "ab");
    lks_line_copy(out, sizeof out, NULL);
    ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(text_grows_as_it_is_written)
{
    lks_text text = {0};
    char *whole;

    for (int i = 0; i < 1000; i++)
        lks_text_add(&text, "%d,", i % 10);
    ck_assert_uint_eq(text.n_bytes, 2000);
    whole = lks_malloc(1001);
    memset(whole, 'x', 1000);
    whole[1000] = '\0';
    lks_text_add(&text, "<%s>", whole);
    ck_assert_uint_eq(text.n_bytes, 3002);
    ck_assert_int_eq(text.bytes[2000], '<');
    ck_assert_int_eq(text.bytes[3001], '>');
    ck_assert(!text.failed);
    lks_free(whole);
    lks_text_release(&text);
}
END_TEST

START_TEST(a_failed_allocation_sticks_to_the_text)
{
    lks_text text = {0};

    lks_error_clear();
    lks_text_add(&text, "kept");
    lks_alloc_fail_after(0);
    for (int i = 0; i < 1000; i++)
        lks_text_add(&text, "more");
    lks_alloc_fail_after(-1);
    ck_assert(text.failed);
    ck_assert_int_eq(lks_error_status(), LKS_NOMEM);
    ck_assert_uint_eq(text.n_bytes, 512); /* what fitted before */
    lks_text_release(&text);
    ck_assert_ptr_null(text.bytes);
}
END_TEST

LKS_SUITE("text", a_line_is_cut_where_its_buffer_ends, copied_text_is_printable_utf8,
          a_copy_is_not_cut_within_a_character, text_grows_as_it_is_written,
          a_failed_allocation_sticks_to_the_text)
