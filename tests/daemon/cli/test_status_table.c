#include "support/suite.h"

#include <stdio.h>

#include "base/columns.h"
#include "base/utf8.h"
#include "daemon/cli/status_table.h"

static const char job_text[] =
    "{\"name\":\"cnn\",\"state\":\"running\",\"reason\":\"waiting 3.0 s for rank 1\","
    "\"world_size\":3,\"lanes\":8,\"progress\":{\"step\":50,\"total_steps\":200,"
    "\"epoch\":1,\"loss\":0.25,\"samples_per_s\":1234.4,\"eta_s\":75},"
    "\"evaluation\":{\"split\":\"test\",\"accuracy\":0.885,\"loss\":0.5}}";
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

/* The table of these documents on a screen; static storage. */
static const char *table_on(lks_screen screen, const char *job, const char *ranks)
{
    static char text[16384];
    lks_status_report report = {json_loads(job, 0, NULL), json_loads(ranks, 0, NULL)};
    FILE *out = fmemopen(text, sizeof text, "w");
    size_t n_lines, n_newlines = 0;

    ck_assert(report.job && report.ranks);
    n_lines = lks_status_table_print(out, &report, "runs/x", screen);
    fclose(out);
    lks_status_report_release(&report);
    for (const char *at = text; *at; at++)
        n_newlines += *at == '\n';
    ck_assert_uint_eq(n_lines, n_newlines);
    return text;
}

static const char *table(const char *job, const char *ranks)
{
    return table_on((lks_screen){0}, job, ranks);
}

/* No line of `text` is wider, cut within a character or ends in a space. */
static void check_fits(const char *text, size_t n_columns)
{
    char line[1024];

    for (; *text; text += strcspn(text, "\n") + 1) {
        snprintf(line, sizeof line, "%.*s", (int)strcspn(text, "\n"), text);
        ck_assert_msg(lks_columns(line) <= n_columns, "%zu columns, not %zu: %s",
                      lks_columns(line), n_columns, line);
        ck_assert(lks_utf8_is_valid(line));
        ck_assert(!line[0] || line[strlen(line) - 1] != ' ');
    }
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
    const char *text = table(job_text, ranks_text);

    ck_assert_str_eq(line_of(text, "cnn: "), "cnn: running, 3 ranks, 8 lanes, runs/x");
    ck_assert_str_eq(line_of(text, "step 50"),
                     "step 50 of 200 (25.0 %)  epoch 2  loss 0.2500  1.23k samples/s  "
                     "1 min 15 s to go  test accuracy 88.50 %");
    ck_assert_str_eq(line_of(text, "! "), "! waiting 3.0 s for rank 1");
}
END_TEST

START_TEST(an_evaluation_is_told_with_what_it_was_on)
{
    static const struct {
        const char *evaluation, *told;
    } cases[] = {
        {"{\"split\":\"test\",\"accuracy\":0.885,\"loss\":0.5}",
         "  test accuracy 88.50 %"},
        {"{\"split\":\"validation\",\"accuracy\":0.885,\"loss\":0.5}",
         "  validation accuracy 88.50 %"},
        {"{\"split\":\"validation\",\"accuracy\":null,\"loss\":0.5}",
         "  validation loss 0.5000"},
        {"{\"split\":\"a\\n\\u001bb\",\"accuracy\":0.885}", "  a??b accuracy 88.50 %"},
        {"{\"split\":\"test\",\"accuracy\":null,\"loss\":null}", "  - samples/s"},
        {"null", "  - samples/s"},
    };
    char job[256];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *line;

        snprintf(job, sizeof job, "{\"evaluation\":%s}", cases[i].evaluation);
        line = line_of(table(job, "[]"), "step 0");
        ck_assert_str_eq(line + strlen(line) - strlen(cases[i].told), cases[i].told);
    }
}
END_TEST

START_TEST(every_rank_has_a_row)
{
    const char *text = table(job_text, ranks_text);
    static const char *const stalled[] = {"stalled", "49", "backward", "2 h 00 min",
                                          "1 min 40 s"};

    for (size_t i = 0; i < sizeof stalled / sizeof *stalled; i++)
        ck_assert_ptr_nonnull(strstr(line_of(text, "   1  n1"), stalled[i]));
    ck_assert_ptr_nonnull(strstr(line_of(text, "   0  n0"), "100 MiB"));
    ck_assert_ptr_nonnull(strstr(line_of(text, "   2  -"), "absent"));
}
END_TEST

START_TEST(ranks_in_trouble_come_first_where_room_is_short)
{
    char four[1024];
    const char *text;

    snprintf(four, sizeof four, "[{\"rank\":3,\"host\":\"n3\",\"state\":\"running\"},%s",
             ranks_text + 1);
    /* three lines of the job and a blank one, the titles, the ranks, the cursor's */
    text = table_on((lks_screen){.n_rows = 10}, job_text, four);
    ck_assert_ptr_nonnull(strstr(text, "  n3"));
    text = table_on((lks_screen){.n_rows = 9}, job_text, four);
    ck_assert_ptr_nonnull(strstr(text, "stalled"));
    ck_assert_ptr_nonnull(strstr(text, "absent"));
    ck_assert_ptr_null(strstr(text, "  n3"));
    ck_assert_ptr_null(strstr(text, "  n0"));
    ck_assert_ptr_nonnull(strstr(text, "and 2 more"));
    text = table_on((lks_screen){.n_rows = 1}, job_text, ranks_text);
    ck_assert_ptr_nonnull(strstr(text, "and 2 more"));
}
END_TEST

START_TEST(what_is_not_known_yet_is_left_out)
{
    const char *text = table("{\"name\":\"cnn\",\"state\":\"starting\",\"reason\":null,"
                             "\"progress\":{\"step\":0,\"total_steps\":9,\"loss\":null,"
                             "\"eta_s\":null,\"samples_per_s\":null}}",
                             "[]");

    ck_assert_str_eq(line_of(text, "step 0"),
                     "step 0 of 9 (0.0 %)  epoch 1  - samples/s");
    ck_assert_ptr_null(strstr(text, "!"));
}
END_TEST

START_TEST(documents_of_other_shapes_do_no_harm)
{
    table("{}", "[]");
    table_on((lks_screen){.n_columns = 1, .n_rows = 1}, "{}", "[]");
    table("{\"progress\":7,\"name\":[],\"reason\":{}}", "[1,null,{\"rank\":\"x\"}]");
    table("{\"progress\":{\"epoch\":9223372036854775807,\"step\":-9223372036854775808,"
          "\"eta_s\":1e300,\"loss\":-1e300,\"samples_per_s\":1e300},"
          "\"evaluation\":{\"accuracy\":1e300}}",
          "[{\"rank\":-1,\"pid\":1e300,\"phase_s\":1e300,\"rss_bytes\":1e300}]");
}
END_TEST

START_TEST(devices_are_shown_where_there_are_several)
{
    static const char one[] = "[{\"rank\":0,\"device\":\"cpu:0\"},"
                              "{\"rank\":1,\"device\":\"cpu:0\"}]";
    static const char two[] = "[{\"rank\":0,\"device\":\"cpu:0\"},"
                              "{\"rank\":1,\"device\":\"cpu:1\"}]";

    ck_assert_ptr_null(strstr(table(job_text, one), "device"));
    ck_assert_ptr_nonnull(strstr(table(job_text, two), "device"));
    ck_assert_ptr_nonnull(strstr(table(job_text, two), "cpu:1"));
}
END_TEST

START_TEST(gpus_are_shown_with_their_model_and_memory)
{
    static const char gpus[] =
        "[{\"rank\":0,\"device\":\"cuda:0\",\"device_model\":\"NVIDIA H100\","
        "\"device_memory_bytes\":3221225472,\"device_memory_peak_bytes\":5368709120},"
        "{\"rank\":1,\"device\":\"cuda:0\",\"device_model\":\"NVIDIA H100\","
        "\"device_memory_bytes\":0,\"device_memory_peak_bytes\":0}]";
    static const char mixed[] = "[{\"device_model\":\"A\"},{\"device_model\":\"B\"}]";
    static const char cpus[] = "[{\"rank\":0,\"device\":\"cpu:0\"}]";
    const char *text = table(job_text, gpus);

    ck_assert_ptr_nonnull(strstr(text, " ranks on NVIDIA H100, "));
    ck_assert_ptr_nonnull(strstr(text, "on GPU"));
    ck_assert_ptr_nonnull(strstr(text, "cuda:0"));
    ck_assert_ptr_nonnull(strstr(text, "3.0 GiB"));
    ck_assert_ptr_nonnull(strstr(text, "5.0 GiB"));
    ck_assert_ptr_nonnull(strstr(table(job_text, mixed), " ranks on A and others, "));
    text = table(job_text, cpus);
    ck_assert_ptr_null(strstr(text, "GPU"));
    ck_assert_ptr_null(strstr(text, "peak"));
}
END_TEST

static const char long_hosts[] =
    "[{\"rank\":0,\"host\":\"gpu-cluster-rack-17-node-0012.eu-west-1.compute.internal\","
    "\"pid\":1234567,\"state\":\"stalled\",\"step\":1234567,\"phase\":\"backward\","
    "\"phase_s\":3599,\"samples_per_s\":1234567,\"heartbeat_age_s\":3599,"
    "\"rss_bytes\":1048051711999},"
    "{\"rank\":1023,\"host\":\"計算機室の節点・第十七号機・東京都千代田区\","
    "\"pid\":1,\"state\":\"running\",\"step\":1,\"phase\":\"reduce\"},"
    "{\"rank\":2,\"host\":\"ca\\u0301fe\\u0301-"
    "a\\u0301a\\u0301a\\u0301a\\u0301a\\u0301a\\u0301aaaaa-1\","
    "\"state\":\"running\",\"step\":1}]";

START_TEST(columns_of_least_use_give_way_to_the_screen)
{
    static const struct {
        size_t n_columns;
        const char *titles;
    } cases[] = {
        {200, "rank  host                                                          pid  "
              "state       step  phase             for  samples/s        heard   memory"},
        {80, "rank  host                    state       step  phase             for  "
             "samples/s"},
        {60, "rank  host                        state       step  phase"},
        {40, "rank  host              state       step"},
        {30, "rank  host             state"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text =
            table_on((lks_screen){.n_columns = cases[i].n_columns}, job_text, long_hosts);

        check_fits(text, cases[i].n_columns);
        ck_assert_str_eq(line_of(text, "rank  host"), cases[i].titles);
    }
}
END_TEST

START_TEST(no_screen_is_too_narrow_or_too_wide)
{
    static const char strange[] =
        "[{\"rank\":0,\"host\":\"h\",\"state\":\"a state that nobody knows of\","
        "\"phase\":\"a phase that nobody knows of, and a long one\"}]";

    for (size_t n = 40; n < 250; n++)
        check_fits(table_on((lks_screen){.n_columns = n}, job_text, strange), n);
    for (size_t n = 16; n < 250; n++)
        check_fits(table_on((lks_screen){.n_columns = n}, job_text, long_hosts), n);
}
END_TEST

START_TEST(host_names_are_whole_where_there_is_room)
{
    static const char whole[] =
        "gpu-cluster-rack-17-node-0012.eu-west-1.compute.internal";

    ck_assert_ptr_nonnull(strstr(table(job_text, long_hosts), whole));
    ck_assert_ptr_nonnull(
        strstr(table_on((lks_screen){.n_columns = 200}, job_text, long_hosts), whole));
    ck_assert_ptr_nonnull(
        strstr(table_on((lks_screen){.n_columns = 80}, job_text, long_hosts),
               "   0  gpu-cluster…e.internal"));
}
END_TEST

START_TEST(rows_stand_below_their_titles_whatever_the_names_are)
{
    static const size_t widths[] = {0, 40, 60, 80, 200};

    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        const char *text =
            table_on((lks_screen){.n_columns = widths[i]}, job_text, long_hosts);
        const char *rows = strstr(text, "rank  host"), *row = rows;
        size_t at[4], n = 0;

        /* "state" and what stands in its column begin after as many columns */
        for (; *row; row += strcspn(row, "\n") + 1) {
            static const char *const cells[] = {"state", "stalled", "running", "running"};
            char before[512];

            snprintf(before, sizeof before, "%.*s", (int)(strstr(row, cells[n]) - row),
                     row);
            at[n++] = lks_columns(before);
        }
        ck_assert_uint_eq(n, 4);
        ck_assert(at[1] == at[0] && at[2] == at[0] && at[3] == at[0]);
    }
}
END_TEST

START_TEST(bytes_of_a_strange_socket_are_text)
{
    static const char job[] =
        "{\"name\":\"\\u001b[2Jx\\nlockstep: error: forged\",\"state\":\"\\u009b31m\","
        "\"reason\":\"a\\rb\\u202ec\",\"progress\":{}}";
    static const char ranks[] = "[{\"rank\":0,\"host\":\"h\\u001b]0;t\\u0007\","
                                "\"state\":\"\\n\",\"phase\":\"\\u007f\"}]";
    const char *text = table(job, ranks);
    char line[512] = "";
    FILE *out = fmemopen(line, sizeof line, "w");
    json_t *document = json_loads(job, 0, NULL);

    ck_assert_str_eq(line_of(text, "?[2J"),
                     "?[2Jx?lockstep: error: forged: ?31m, 0 ranks, 0 lanes, runs/x");
    ck_assert_str_eq(line_of(text, "! "), "! a?b?c");
    ck_assert_ptr_nonnull(strstr(text, "  h?]0;t?  "));
    ck_assert_ptr_null(strpbrk(text, "\x1b\r\x07\x7f"));
    lks_status_table_print_line(out, document);
    fclose(out);
    ck_assert_str_eq(line, "?31m: step 0 of 0  epoch 1  - samples/s  ! a?b?c\n");
    json_decref(document);
}
END_TEST

LKS_SUITE("status_table", the_table_says_how_it_goes_and_who_is_waited_for,
          an_evaluation_is_told_with_what_it_was_on, every_rank_has_a_row,
          ranks_in_trouble_come_first_where_room_is_short,
          what_is_not_known_yet_is_left_out, documents_of_other_shapes_do_no_harm,
          devices_are_shown_where_there_are_several,
          gpus_are_shown_with_their_model_and_memory,
          columns_of_least_use_give_way_to_the_screen,
          no_screen_is_too_narrow_or_too_wide, host_names_are_whole_where_there_is_room,
          rows_stand_below_their_titles_whatever_the_names_are,
          bytes_of_a_strange_socket_are_text)
