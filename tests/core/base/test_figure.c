#include "support/suite.h"

#include <float.h>
#include <math.h>

#include "base/figure.h"

typedef struct figure_case {
    double value;
    const char *text;
} figure_case;

static void check_figures(lks_figure (*figure)(double), const figure_case *cases,
                          size_t n)
{
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(strcmp(figure(cases[i].value).text, cases[i].text) == 0,
                      "%.17g is '%s', not '%s'", cases[i].value,
                      figure(cases[i].value).text, cases[i].text);
}
#define check(figure, cases) check_figures(figure, cases, sizeof cases / sizeof *cases)

START_TEST(counts_have_three_digits_and_a_unit)
{
    static const figure_case cases[] = {
        {0, "0"},           {7, "7"},
        {0.351, "0.351"},   {12.34, "12.3"},
        {999, "999"},       {999.4, "999"},
        {999.5, "1.00k"},   {1000, "1.00k"},
        {1234.4, "1.23k"},  {9994.9, "9.99k"},
        {9995, "10.0k"},    {9990, "9.99k"},
        {41234, "41.2k"},   {99949, "99.9k"},
        {99951, "100k"},    {999499, "999k"},
        {999501, "1.00M"},  {2.5e9, "2.50G"},
        {7e12, "7.00T"},    {9.99e14, "999T"},
        {1e15, "1.00e+15"}, {-1500, "-1.50k"},
        {NAN, "-"},         {INFINITY, "-"},
        {-INFINITY, "-"},   {1e300, "1.00e+300"},
    };

    check(lks_figure_count, cases);
}
END_TEST

#define HOUR 3600.0
#define DAY  (24 * HOUR)
#define YEAR (365 * DAY)

START_TEST(durations_never_fill_a_unit_that_the_next_one_takes)
{
    static const figure_case cases[] = {
        {0, "0.0 s"},
        {4.2, "4.2 s"},
        {59.94, "59.9 s"},
        {59.96, "1 min 00 s"},
        {60, "1 min 00 s"},
        {185, "3 min 05 s"},
        {119.6, "2 min 00 s"},
        {HOUR - 0.6, "59 min 59 s"},
        {HOUR - 0.4, "1 h 00 min"},
        {2 * HOUR + 600, "2 h 10 min"},
        {DAY - 31, "23 h 59 min"},
        {DAY - 29, "1 d 00 h"},
        {5 * DAY + 3 * HOUR, "5 d 03 h"},
        {YEAR - HOUR, "364 d 23 h"},
        {YEAR - 1, "1 y 000 d"},
        {2 * YEAR + 40 * DAY, "2 y 040 d"},
        {1000 * YEAR - DAY, "999 y 364 d"},
        {1000 * YEAR, "over 1000 y"},
        {9.2e18, "over 1000 y"},
        {DBL_MAX, "over 1000 y"},
        {INFINITY, "over 1000 y"},
        {-1, "-"},
        {-INFINITY, "-"},
        {NAN, "-"},
    };

    check(lks_figure_seconds, cases);
}
END_TEST

START_TEST(memory_is_in_powers_of_1024)
{
    const double kib = 1024, mib = 1024 * kib, gib = 1024 * mib;
    const figure_case cases[] = {
        {1, "1 B"},
        {999, "999 B"},
        {1000, "1 KiB"},
        {512 * kib, "512 KiB"},
        {1023 * kib, "1 MiB"},
        {100 * mib, "100 MiB"},
        {999 * mib, "999 MiB"},
        {1000 * mib, "1.0 GiB"},
        {1.5 * gib, "1.5 GiB"},
        {99.96 * gib, "100 GiB"},
        {2048 * gib, "2.0 TiB"},
        {0, "-"},
        {-5, "-"},
        {NAN, "-"},
        {INFINITY, "-"},
    };

    check(lks_figure_bytes, cases);
    ck_assert_uint_lt(strlen(lks_figure_bytes(DBL_MAX).text), 20);
}
END_TEST

START_TEST(losses_of_any_size_are_told_apart)
{
    static const figure_case cases[] = {
        {0, "0.0000"},           {0.43123, "0.4312"},   {-1.5, "-1.5000"},
        {2.302585, "2.3026"},    {0.001, "0.0010"},     {0.00099999, "0.0010"},
        {0.000999, "9.990e-04"}, {1e-9, "1.000e-09"},   {99999.9999, "99999.9999"},
        {1e5, "1.000e+05"},      {3.2e12, "3.200e+12"}, {DBL_MAX, "1.798e+308"},
        {5e-324, "4.941e-324"},  {NAN, "nan"},          {INFINITY, "inf"},
        {-INFINITY, "-inf"},
    };

    check(lks_figure_loss, cases);
}
END_TEST

START_TEST(all_of_a_whole_is_said_only_of_all)
{
    static const figure_case cases[] = {
        {0, "0.0 %"},   {0.25, "25.0 %"}, {0.9994, "99.9 %"}, {0.99999, "99.9 %"},
        {1, "100.0 %"}, {1.5, "150.0 %"}, {NAN, "-"},
    };

    check(lks_figure_part, cases);
}
END_TEST

/* date -u -d @1700000000 +%FT%TZ, and so on */
START_TEST(dates_are_told_to_the_second)
{
    static const figure_case cases[] = {
        {0, "1970-01-01T00:00:00Z"},
        {1700000000.9, "2023-11-14T22:13:20Z"},
        {-1, "-"},
        {253402300799, "9999-12-31T23:59:59Z"},
        {253402300800, "-"},
        {NAN, "-"},
        {INFINITY, "-"},
    };

    check(lks_figure_date, cases);
}
END_TEST

LKS_SUITE("figure", counts_have_three_digits_and_a_unit,
          durations_never_fill_a_unit_that_the_next_one_takes,
          memory_is_in_powers_of_1024, losses_of_any_size_are_told_apart,
          all_of_a_whole_is_said_only_of_all, dates_are_told_to_the_second)
