#include "support/suite.h"

#include "daemon/cli/redraw.h"

static char seen[4096];

static void note(void *context, const char *bytes, size_t n_bytes)
{
    (void)context;
    strncat(seen, bytes, n_bytes);
}

/* What a terminal of n_columns sees of `text`, which comes in pieces of n_piece bytes. */
static const char *pass(const char *text, size_t n_columns, size_t n_piece)
{
    lks_redraw redraw = {0};
    size_t n = strlen(text);

    seen[0] = '\0';
    for (size_t i = 0; i < n; i += n_piece)
        lks_redraw_pass(&redraw, n_columns, text + i, n - i < n_piece ? n - i : n_piece,
                        note, NULL);
    return seen;
}

static const char two_steps[] = "job\n\rstep 1/9  loss 0.5000  eta 3 s\x1b[K"
                                "\rstep 2/9  loss 0.4000  eta 2 s\x1b[K\ntrained\n";

START_TEST(lines_drawn_in_place_fit_whatever_pieces_they_come_in)
{
    for (size_t n = 1; n <= sizeof two_steps; n++) {
        ck_assert_str_eq(pass(two_steps, 80, n), two_steps);
        ck_assert_str_eq(pass(two_steps, 0, n), two_steps);
        ck_assert_str_eq(pass(two_steps, 22, n),
                         "job\n\rstep 1/9  loss 0.5000\x1b[K"
                         "\rstep 2/9  loss 0.4000\x1b[K\ntrained\n");
        ck_assert_str_eq(pass(two_steps, 21, n), "job\n\rstep 1/9\x1b[K"
                                                 "\rstep 2/9\x1b[K\ntrained\n");
    }
    ck_assert_str_eq(pass(two_steps, 1, 7), "job\n\rs\x1b[K\rs\x1b[K\ntrained\n");
}
END_TEST

START_TEST(a_new_width_is_that_of_the_next_line)
{
    lks_redraw redraw = {0};
    static const char line[] = "\rstep 1  loss 2\x1b[K";

    seen[0] = '\0';
    lks_redraw_pass(&redraw, 80, line, strlen(line), note, NULL);
    lks_redraw_pass(&redraw, 10, line, strlen(line), note, NULL);
    ck_assert_str_eq(seen, "\rstep 1  loss 2\x1b[K\rstep 1\x1b[K");
}
END_TEST

START_TEST(all_else_passes_untouched)
{
    static const char *const others[] = {
        "a long line that is wider than the screen\n",
        "carriage return\r\n", /* of somebody else */
        "\rno end of the line\n\rnor here\rand here\n",
        "\x1b[31mred\x1b[K\n",
        "\r\r\x1b[K\r",
    };
    char long_line[1200] = "\r";

    for (size_t n = 1; n < 9; n += 3)
        for (size_t i = 0; i + 1 < sizeof others / sizeof *others; i++)
            ck_assert_str_eq(pass(others[i], 8, n), others[i]);
    ck_assert_str_eq(pass(others[4], 8, 1), "\r\r\x1b[K"); /* the rest is still held */
    memset(long_line + 1, 'x', sizeof long_line - 2);
    ck_assert_str_eq(pass(long_line, 8, 100), long_line);
}
END_TEST

LKS_SUITE("redraw", lines_drawn_in_place_fit_whatever_pieces_they_come_in,
          a_new_width_is_that_of_the_next_line, all_else_passes_untouched)
