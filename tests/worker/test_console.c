#include "support/suite.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "worker/console.h"

/* What the console writes from now on goes there. */
static FILE *catch_output(void)
{
    FILE *file = tmpfile();

    ck_assert_ptr_nonnull(file);
    fflush(stdout);
    ck_assert_int_ge(dup2(fileno(file), STDOUT_FILENO), 0);
    return file;
}

static const char *caught(FILE *file)
{
    static char text[4096];
    size_t n;

    fflush(stdout);
    rewind(file);
    n = fread(text, 1, sizeof text - 1, file);
    text[n] = '\0';
    return text;
}

static lks_progress_line progress(uint64_t step)
{
    return (lks_progress_line){.step = step,
                               .n_steps = 14064,
                               .epoch = 1,
                               .loss = 0.43123,
                               .samples_per_s = 41234,
                               .eta_s = 185,
                               .is_reported = true};
}

/* One progress line as LOCKSTEP_TTY and COLUMNS have it. */
static const char *shown(const char *tty, const char *columns,
                         const lks_progress_line *line)
{
    FILE *file = catch_output();
    lks_console console;

    setenv("LOCKSTEP_TTY", tty, 1);
    setenv("COLUMNS", columns, 1);
    lks_console_init(&console, true, true);
    lks_console_progress(&console, line);
    return caught(file);
}

START_TEST(elsewhere_a_report_is_a_whole_line_without_control_characters)
{
    const lks_progress_line line = progress(7032);

    ck_assert_str_eq(shown("0", "40", &line),
                     "step 7032/14064  loss 0.4312  eta 3 min 05 s  41.2k samples/s  "
                     "epoch 2\n");
}
END_TEST

START_TEST(in_place_the_line_loses_its_last_parts_to_fit)
{
    static const struct {
        const char *columns, *text;
    } cases[] = {
        {"200", "step 7032/14064  loss 0.4312  eta 3 min 05 s  41.2k samples/s  epoch 2"},
        {"80", "step 7032/14064  loss 0.4312  eta 3 min 05 s  41.2k samples/s  epoch 2"},
        {"60", "step 7032/14064  loss 0.4312  eta 3 min 05 s"},
        {"40", "step 7032/14064  loss 0.4312"},
        {"20", "step 7032/14064"},
        {"8", "step 70"},
        {"1", "s"},
    };
    const lks_progress_line line = progress(7032);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char want[128];

        snprintf(want, sizeof want, "\r%s\x1b[K", cases[i].text);
        ck_assert_str_eq(shown("1", cases[i].columns, &line), want);
    }
}
END_TEST

START_TEST(absurd_values_stay_short)
{
    lks_progress_line line = progress(1);

    line.eta_s = 9.2e18;
    line.loss = 1e30;
    line.samples_per_s = 1e17;
    ck_assert_ptr_nonnull(strstr(shown("1", "200", &line),
                                 "loss 1.000e+30  eta over 1000 y  1.00e+17 sam"));
    line.eta_s = NAN;
    line.loss = INFINITY;
    ck_assert_ptr_nonnull(strstr(shown("1", "200", &line), "loss inf  eta -  "));
}
END_TEST

START_TEST(what_is_said_is_plain_and_on_a_line_of_its_own)
{
    const lks_progress_line line = progress(1);
    FILE *file = catch_output();
    lks_console console;

    setenv("LOCKSTEP_TTY", "1", 1);
    setenv("COLUMNS", "20", 1);
    lks_console_init(&console, true, true);
    lks_console_progress(&console, &line);
    lks_console_say(&console, "weights are in %s", "a\x1b[2J\nb");
    ck_assert_str_eq(caught(file), "\rstep 1/14064\x1b[K\nweights are in a?[2J?b\n");
}
END_TEST

LKS_SUITE("console", elsewhere_a_report_is_a_whole_line_without_control_characters,
          in_place_the_line_loses_its_last_parts_to_fit, absurd_values_stay_short,
          what_is_said_is_plain_and_on_a_line_of_its_own)
