#include "support/suite.h"

#include <stdio.h>

#include "base/utf8.h"

START_TEST(utf8_is_read_strictly)
{
    static const char *const good[] = {
        "", "abc", "é", "∀", "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xc3",
                                      "\xc0\x80", /* overlong */
                                      "\xe0\x80\x80",
                                      "\xed\xa0\x80", /* surrogate */
                                      "\xf4\x90\x80\x80",
                                      "\xff",
                                      "\xe2\x88",
                                      "a\xe2z\x80",
                                      "\xf8\x88\x80\x80\x80"};
    uint32_t code = 0;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ck_assert_msg(lks_utf8_is_valid(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!lks_utf8_is_valid(bad[i]), "%zu", i);
    ck_assert_uint_eq(lks_utf8_next("\xe2\x88\x80", 3, &code), 3);
    ck_assert_uint_eq(code, 0x2200);
}
END_TEST

START_TEST(bytes_are_utf8_up_to_their_number)
{
    ck_assert(lks_utf8_is_valid_of("\xff", 0));
    ck_assert(lks_utf8_is_valid_of("a\0b\xc3\xa9", 5));
    ck_assert(!lks_utf8_is_valid_of("a\0b\xc3\xa9", 4)); /* cut short */
    ck_assert(!lks_utf8_is_valid_of("a\0\xff", 3));
    ck_assert(lks_utf8_is_valid("a\0\xff"));
}
END_TEST

START_TEST(what_did_not_fit_of_a_character_is_taken_off)
{
    static const struct {
        const char *printed, *left;
    } cases[] = {
        {"abcd", "abcd"}, {"abcé", "abc"},
        {"ab€", "ab"},    {"ab\U0001F600", "ab"},
        {"aé€", "aé"},    {"é€", "é"},
        {"ab", "ab"},     {"\xa0\xa0\xa0\xa0", "\xa0\xa0\xa0\xa0"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char room[5];

        snprintf(room, sizeof room, "%s", cases[i].printed);
        lks_utf8_uncut(room, sizeof room);
        ck_assert_msg(strcmp(room, cases[i].left) == 0, "%s: %s", cases[i].printed, room);
    }
}
END_TEST

LKS_SUITE("utf8", utf8_is_read_strictly, bytes_are_utf8_up_to_their_number,
          what_did_not_fit_of_a_character_is_taken_off)
