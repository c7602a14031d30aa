#include "support/suite.h"

#include <stdio.h>

#include "daemon/cli/status_table.h"

static const char job_text[] =
    "{\"name\":\"cnn\",\"state\":\"running\",\"reason\":\"waiting 3.0 s for rank 1\","
    "\"world_size\":3,\"lanes\":8,\"progress\":{\"step\":50,\"total_steps\":200,"
    "\"epoch\":1,\"loss\":0.25,\"samples_per_s\":1234.4,\"eta_s\":75},"
    "\"evaluation\":{\"accuracy\":0.885}}";
static const char ranks_text[] =
    "[{\"rank\":0,\"host\":\"n0\",\"pid\":10,\"state\":\"running\",\"step\":50,"
    "\"phase\":\"reduce\",\"phase_s\":3.25,\"samples_per_s\":400,\"heartbeat_age_s\":0.1,"
    "\"rss_bytes\":104857600},"
    "{\"rank\":1,\"host\":\"n1\",\"pid\":11,\"state\":\"stalled\",\"step\":49,"
    "\"phase\":\"backward\",\"phase_s\":7200,\"samples_per_s\":0,"
    "\"heartbeat_age_s\":100,\"rss_bytes\":1},"
    "{\"rank\":2,\"host\":null,\"pid\":null,\"state\":\"absent\",\"step\":0,"
    "\"phase\":null,\"phase_s\":null,\"samples_per_s\":0,\"heartbeat_age_s\":null,"
    "\"rss_bytes\":0}]";

/* The table of these documents; static storage. */
static const char *table(const char *job, const char *ranks, size_t max_ranks)
{
    static char text[8192];
    lks_status_report report = {json_loads(job, 0, NULL), json_loads(ranks, 0, NULL)};
    FILE *out = fmemopen(text, sizeof text, "w");

    ck_assert(report.job && report.ranks);
    lks_status_table_print(out, &report, "runs/x", max_ranks);
    fclose(out);
    lks_status_report_release(&report);
    return text;
}

static const char *line_of(const char *text, const char *start)
{
    static char line[512];
    const char *at = strstr(text, start);

    ck_assert_msg(at != NULL, "no line with '%s' in:\n%s", start, text);
    snprintf(line, sizeof line, "%.*s", (int)strcspn(at, "\n"), at);
    return line;
}

START_TEST(the_table_says_how_it_goes_and_who_is_waited_for)
{
    const char *text = table(job_text, ranks_text, 100);

    ck_assert_str_eq(line_of(text, "cnn: "), "cnn: running, 3 ranks, 8 lanes, runs/x");
    ck_assert_str_eq(line_of(text, "step 50"),
                     "step 50 of 200 (25.0 %)  epoch 2  loss 0.2500  1234 samples/s  "
                     "1m15s to go  test accuracy 88.50 %");
    ck_assert_str_eq(line_of(text, "! "), "! waiting 3.0 s for rank 1");
}
END_TEST

START_TEST(every_rank_has_a_row)
{
    const char *text = table(job_text, ranks_text, 100);
    static const char *const stalled[] = {"stalled", "49", "backward", "2h00m", "1m40s"};

    for (size_t i = 0; i < sizeof stalled / sizeof *stalled; i++)
        ck_assert_ptr_nonnull(strstr(line_of(text, "    1  n1"), stalled[i]));
    ck_assert_ptr_nonnull(strstr(line_of(text, "    0  n0"), "100 MiB"));
    ck_assert_ptr_nonnull(strstr(line_of(text, "    2  -"), "absent"));
}
END_TEST

START_TEST(ranks_in_trouble_come_first_where_room_is_short)
{
    const char *text = table(job_text, ranks_text, 2);

    ck_assert_ptr_nonnull(strstr(text, "stalled"));
    ck_assert_ptr_nonnull(strstr(text, "absent"));
    ck_assert_ptr_null(strstr(text, "  n0"));
    ck_assert_ptr_nonnull(strstr(text, "and 1 more"));
}
END_TEST

START_TEST(what_is_not_known_yet_is_left_out)
{
    const char *text = table("{\"name\":\"cnn\",\"state\":\"starting\",\"reason\":null,"
                             "\"progress\":{\"step\":0,\"total_steps\":9,\"loss\":null,"
                             "\"eta_s\":null,\"samples_per_s\":null}}",
                             "[]", 100);

    ck_assert_str_eq(line_of(text, "step 0"),
                     "step 0 of 9 (0.0 %)  epoch 1  - samples/s");
    ck_assert_ptr_null(strstr(text, "!"));
}
END_TEST

START_TEST(documents_of_other_shapes_do_no_harm)
{
    table("{}", "[]", 1);
    table("{\"progress\":7,\"name\":[],\"reason\":{}}", "[1,null,{\"rank\":\"x\"}]", 5);
}
END_TEST

LKS_SUITE("status_table", the_table_says_how_it_goes_and_who_is_waited_for,
          every_rank_has_a_row, ranks_in_trouble_come_first_where_room_is_short,
          what_is_not_known_yet_is_left_out, documents_of_other_shapes_do_no_harm)
