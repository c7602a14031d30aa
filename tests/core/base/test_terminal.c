#define _GNU_SOURCE /* posix_openpt */
#include "support/suite.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/terminal.h"

/* A terminal of this size; *master keeps it alive. */
static int open_terminal(unsigned short n_columns, unsigned short n_rows, int *master)
{
    struct winsize size = {.ws_col = n_columns, .ws_row = n_rows};
    int fd;

    *master = posix_openpt(O_RDWR | O_NOCTTY);
    ck_assert(*master >= 0 && grantpt(*master) == 0 && unlockpt(*master) == 0);
    fd = open(ptsname(*master), O_RDWR | O_NOCTTY);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ioctl(fd, TIOCSWINSZ, &size), 0);
    return fd;
}

START_TEST(only_a_terminal_that_knows_control_sequences_is_drawn_upon)
{
    int master, terminal = open_terminal(80, 24, &master);
    int file = open("/dev/null", O_WRONLY);

    setenv("TERM", "xterm", 1);
    ck_assert(lks_terminal_redraws(terminal));
    ck_assert(!lks_terminal_redraws(file));
    ck_assert(!lks_terminal_redraws(-1));
    setenv("TERM", "dumb", 1);
    ck_assert(!lks_terminal_redraws(terminal));
    setenv("TERM", "", 1);
    ck_assert(!lks_terminal_redraws(terminal));
    unsetenv("TERM");
    ck_assert(!lks_terminal_redraws(terminal));
    close(file);
    close(terminal);
    close(master);
}
END_TEST

START_TEST(the_size_is_that_of_columns_then_of_the_terminal)
{
    static const char *const no_widths[] = {"", "0", "-5", "x", "40x", "99999999999999"};
    int master, terminal = open_terminal(47, 11, &master);
    int file = open("/dev/null", O_WRONLY);

    unsetenv("COLUMNS");
    ck_assert_uint_eq(lks_terminal_screen(terminal).n_columns, 47);
    ck_assert_uint_eq(lks_terminal_screen(terminal).n_rows, 11);
    ck_assert_uint_eq(lks_terminal_screen(file).n_columns, 0);
    ck_assert_uint_eq(lks_terminal_screen(file).n_rows, 0);
    setenv("COLUMNS", "60", 1);
    ck_assert_uint_eq(lks_terminal_screen(terminal).n_columns, 60);
    ck_assert_uint_eq(lks_terminal_screen(terminal).n_rows, 11);
    ck_assert_uint_eq(lks_terminal_screen(file).n_columns, 60);
    for (size_t i = 0; i < sizeof no_widths / sizeof *no_widths; i++) {
        setenv("COLUMNS", no_widths[i], 1);
        ck_assert_uint_eq(lks_terminal_screen(terminal).n_columns, 47);
    }
    close(file);
    close(terminal);
    close(master);
}
END_TEST

START_TEST(a_terminal_that_does_not_say_its_size_has_80_by_24)
{
    int master, terminal = open_terminal(0, 0, &master);

    unsetenv("COLUMNS");
    ck_assert_uint_eq(lks_terminal_screen(terminal).n_columns, 80);
    ck_assert_uint_eq(lks_terminal_screen(terminal).n_rows, 24);
    close(terminal);
    close(master);
}
END_TEST

LKS_SUITE("terminal", only_a_terminal_that_knows_control_sequences_is_drawn_upon,
          the_size_is_that_of_columns_then_of_the_terminal,
          a_terminal_that_does_not_say_its_size_has_80_by_24)
