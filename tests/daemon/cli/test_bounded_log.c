/* A log of which the beginning, the end and what matters stay. */
#include "support/suite.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "daemon/cli/bounded_log.h"

enum { MAX_BYTES = 1 << 20 };

static char *text;
static size_t n_bytes;
static lks_bounded_log bounded;

static void start(void)
{
    FILE *file = open_memstream(&text, &n_bytes);

    ck_assert_ptr_nonnull(file);
    lks_bounded_log_init(&bounded, file);
}

/* Lines "line FROM" to "line TO". */
static void add_lines(long from, long to)
{
    char line[32];

    for (long i = from; i <= to; i++) {
        snprintf(line, sizeof line, "line %ld", i);
        lks_bounded_log_add(&bounded, line, false);
    }
}

static void end(void)
{
    lks_bounded_log_end(&bounded);
    fclose(bounded.file);
    ck_assert_uint_lt(n_bytes, MAX_BYTES);
}

static long n_lines(void)
{
    long n = 0;

    for (size_t i = 0; i < n_bytes; i++)
        n += text[i] == '\n';
    return n;
}

START_TEST(a_short_log_is_written_at_once_and_whole)
{
    start();
    add_lines(1, 3);
    ck_assert_uint_gt(n_bytes, 0);
    ck_assert_str_eq(text, "line 1\nline 2\nline 3\n");
    end();
    ck_assert_str_eq(text, "line 1\nline 2\nline 3\n");
    free(text);
}
END_TEST

START_TEST(of_a_long_log_the_first_and_last_lines_stay_and_the_rest_is_counted)
{
    const long n = 1000000;
    uint64_t left_out = 0;
    const char *gap;

    start();
    add_lines(1, n);
    end();
    ck_assert(strncmp(text, "line 1\nline 2\n", 14) == 0);
    ck_assert_str_eq(text + n_bytes - 13, "line 1000000\n");
    gap = strstr(text, "\n[");
    ck_assert_ptr_nonnull(gap);
    ck_assert_int_eq(sscanf(gap, "\n[%" SCNu64 " lines are left out here]", &left_out),
                     1);
    ck_assert_int_eq(n_lines() - 1 + (long)left_out, n);
    free(text);
}
END_TEST

START_TEST(a_log_that_is_a_little_too_long_for_its_head_is_whole)
{
    start();
    add_lines(1, 60000);
    end();
    ck_assert_uint_gt(n_bytes, LKS_BOUNDED_LOG_HEAD_BYTES);
    ck_assert_ptr_null(strstr(text, "left out"));
    ck_assert_int_eq(n_lines(), 60000);
    ck_assert_str_eq(text + n_bytes - 11, "line 60000\n");
    free(text);
}
END_TEST

START_TEST(what_matters_is_written_at_once_however_much_there_is)
{
    start();
    add_lines(1, 100000);
    lks_bounded_log_add(&bounded, "rank 1 died", true);
    ck_assert_ptr_nonnull(strstr(text, "rank 1 died\n"));
    add_lines(1, 1000000);
    for (int i = 0; i < 1000000; i++) /* even of that there may be too much */
        lks_bounded_log_add(&bounded, "lockstep: again", true);
    end();
    ck_assert_ptr_nonnull(strstr(text, "rank 1 died\n"));
    free(text);
}
END_TEST

START_TEST(without_memory_for_the_last_lines_they_are_counted)
{
    start();
    lks_alloc_fail_after(0);
    add_lines(1, 1000000);
    lks_alloc_fail_after(-1);
    end();
    ck_assert_ptr_nonnull(strstr(text, " lines are left out here]\n"));
    free(text);
}
END_TEST

LKS_SUITE("bounded_log", a_short_log_is_written_at_once_and_whole,
          of_a_long_log_the_first_and_last_lines_stay_and_the_rest_is_counted,
          a_log_that_is_a_little_too_long_for_its_head_is_whole,
          what_matters_is_written_at_once_however_much_there_is,
          without_memory_for_the_last_lines_they_are_counted)
