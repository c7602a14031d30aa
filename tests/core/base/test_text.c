/* Growing text, and what is appended to a room of fixed size. */
#include "support/suite.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/rng.h"
#include "base/text.h"

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

START_TEST(a_text_that_is_taken_is_a_string)
{
    lks_text text = {0};
    char *whole = NULL;

    ck_ok(lks_text_take(&text, &whole));
    ck_assert_str_eq(whole, "");
    lks_free(whole);
    lks_text_add(&text, "%d of ", 3);
    lks_text_put(&text, "four");
    ck_ok(lks_text_take(&text, &whole));
    ck_assert_str_eq(whole, "3 of four");
    ck_assert_ptr_null(text.bytes);
    lks_free(whole);
}
END_TEST

/* Each allocation fails in turn, the last one for the zero at the end. */
START_TEST(of_a_text_that_lacked_memory_nothing_is_taken)
{
    for (long n = 0; n < 3; n++) {
        lks_text text = {0};
        char *whole = NULL;

        lks_error_clear();
        lks_alloc_fail_after(n);
        for (int i = 0; i < 1024; i++)
            lks_text_put(&text, "x");
        ck_assert_int_eq(lks_text_take(&text, &whole), LKS_NOMEM);
        lks_alloc_fail_after(-1);
        ck_assert_int_eq(lks_error_status(), LKS_NOMEM);
        ck_assert_ptr_null(whole);
        ck_assert_ptr_null(text.bytes);
        ck_assert(!text.failed);
    }
}
END_TEST

/* What `add` writes for `value`; borrowed until the next call. */
static const char *written(void (*add)(lks_text *, double), double value)
{
    static char out[64];
    lks_text text = {0};

    add(&text, value);
    snprintf(out, sizeof out, "%.*s", (int)text.n_bytes, text.bytes);
    lks_text_release(&text);
    return out;
}

START_TEST(decimals_are_short_and_rounded)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {1, "1"},
        {1.5, "1.5"},
        {0.25, "0.25"},
        {100.000001, "100.000001"},
        {2.0000004, "2"},
        {2.0000006, "2.000001"},
        {0.9999999, "1"},
        {12345678.9, "12345678.9"},
        {999999999.5, "999999999.5"},
        {0.001, "0.001"},
        {0.000012345, "1.2345e-05"},
        {1e9, "1e+09"},
        {-1.5, "-1.5"},
        {DBL_MAX, "1.79769313e+308"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_str_eq(written(lks_text_add_decimal, cases[i].value), cases[i].text);
}
END_TEST

START_TEST(decimals_read_back_within_half_of_the_last_place)
{
    const lks_rng rng = {.seed = 3};

    for (uint64_t i = 0; i < 100000; i++) {
        double value = exp2((double)lks_rng_bits(&rng, 2 * i) / 0x1p32 * 38.7 - 9.9) *
                       (1 + (double)lks_rng_bits(&rng, 2 * i + 1) / 0x1p32);
        double back = strtod(written(lks_text_add_decimal, value), NULL);

        if (fabs(back - value) > 5.0001e-7 + value * 1e-15)
            ck_abort_msg("%.17g came back as %.17g", value, back);
    }
}
END_TEST

START_TEST(reals_bring_a_float32_back)
{
    const lks_rng rng = {.seed = 4};

    for (uint64_t i = 0; i < 10000; i++) {
        float value = (float)lks_rng_bits(&rng, i) * 0x1p-40f;

        if (strtof(written(lks_text_add_real, (double)value), NULL) != value)
            ck_abort_msg("%.9g", (double)value);
    }
    ck_assert_str_eq(written(lks_text_add_real, 0.5), "0.5");
}
END_TEST

START_TEST(counts_are_whole)
{
    lks_text text = {0};

    lks_text_add_count(&text, 0);
    lks_text_put(&text, " ");
    lks_text_add_count(&text, UINT64_MAX);
    lks_text_append(&text, "", 1);
    ck_assert_str_eq(text.bytes, "0 18446744073709551615");
    lks_text_release(&text);
}
END_TEST

START_TEST(appending_stops_at_the_end_of_the_room)
{
    char room[8] = "";

    lks_append(room, sizeof room, "%s", "abcd");
    lks_append(room, sizeof room, "%s", "efgh");
    lks_append(room, sizeof room, "%s", "ijkl");
    ck_assert_str_eq(room, "abcdefg");
}
END_TEST

LKS_SUITE("text", text_grows_as_it_is_written, a_failed_allocation_sticks_to_the_text,
          a_text_that_is_taken_is_a_string, of_a_text_that_lacked_memory_nothing_is_taken,
          decimals_are_short_and_rounded,
          decimals_read_back_within_half_of_the_last_place, reals_bring_a_float32_back,
          counts_are_whole, appending_stops_at_the_end_of_the_room)
