#include "support/suite.h"

#include <unistd.h>

#include "worker/lines_in.h"

enum { IN, OUT };

/* Up to `most` lines of it are these. */
static void gives(lks_lines_in *in, size_t most, const char *lines, size_t n_lines)
{
    lks_text text = {0};
    size_t n;

    ck_ok(lks_lines_in_take(in, most, &text, &n));
    ck_assert_uint_eq(n, n_lines);
    ck_assert_uint_eq(text.n_bytes, strlen(lines));
    ck_assert(text.n_bytes == 0 || memcmp(text.bytes, lines, text.n_bytes) == 0);
    lks_text_release(&text);
}

static void put(int fd, const char *text)
{
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

START_TEST(lines_that_are_there_are_taken_and_no_more_is_waited_for)
{
    int ends[2];
    lks_lines_in in = {.name = "a pipe"};

    ck_assert_int_eq(pipe(ends), 0);
    in.fd = ends[IN];
    put(ends[OUT], "one\n\nthr"); /* the pipe stays open: a wait would be for ever */
    gives(&in, 10, "one\n\n", 2);
    put(ends[OUT], "ee\nfour\nfive\n");
    gives(&in, 2, "three\nfour\n", 2);
    gives(&in, 2, "five\n", 1);
    put(ends[OUT], "the last has no end");
    close(ends[OUT]);
    gives(&in, 2, "the last has no end\n", 1);
    gives(&in, 2, "", 0);
    gives(&in, 2, "", 0);
    lks_lines_in_release(&in);
    close(ends[IN]);
}
END_TEST

START_TEST(an_end_at_once_is_no_line)
{
    int ends[2];
    lks_lines_in in = {.name = "a pipe"};

    ck_assert_int_eq(pipe(ends), 0);
    close(ends[OUT]);
    in.fd = ends[IN];
    gives(&in, 4, "", 0);
    lks_lines_in_release(&in);
    close(ends[IN]);
}
END_TEST

START_TEST(what_cannot_be_read_is_named)
{
    lks_lines_in in = {.fd = -1, .name = "standard input"};
    lks_text text = {0};
    size_t n;

    ck_fails(lks_lines_in_take(&in, 1, &text, &n), LKS_IO,
             "standard input: Bad file descriptor");
    lks_lines_in_release(&in);
    lks_text_release(&text);
}
END_TEST

LKS_SUITE("lines_in", lines_that_are_there_are_taken_and_no_more_is_waited_for,
          an_end_at_once_is_no_line, what_cannot_be_read_is_named)
