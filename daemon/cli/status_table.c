#include "daemon/cli/status_table.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/columns.h"
#include "base/figure.h"
#include "base/plain.h"

/* A cell's or a line's text: what is longer is cut. */
enum { CELL_BYTES = 256, LINE_BYTES = 4096 };

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? text : "-";
}

/* NaN for what is not there or null. */
static double number_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : NAN;
}

static long long count_of(const json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key));
}

/* ---- the columns of the table ---- */

typedef struct column column;
struct column {
    const char *title;
    const char *key; /* of the rank's document */
    void (*write)(const column *c, const json_t *rank, char out[CELL_BYTES]);
    lks_figure (*figure)(double); /* for write_figure */
    bool is_left;
    bool is_gpus; /* left out where no rank has it */
    int use;      /* 0: never left out; else the least goes first */
};

static void write_text(const column *c, const json_t *rank, char out[CELL_BYTES])
{
    lks_plain_copy(out, CELL_BYTES, text_of(rank, c->key));
}

static void write_count(const column *c, const json_t *rank, char out[CELL_BYTES])
{
    if (json_is_integer(json_object_get(rank, c->key)))
        snprintf(out, CELL_BYTES, "%lld", count_of(rank, c->key));
    else
        strcpy(out, "-");
}

static void write_figure(const column *c, const json_t *rank, char out[CELL_BYTES])
{
    snprintf(out, CELL_BYTES, "%s", c->figure(number_of(rank, c->key)).text);
}

static const column columns[] = {
    {.title = "rank", .key = "rank", .write = write_count},
    {.title = "host", .key = "host", .write = write_text, .is_left = true},
    {.title = "pid", .key = "pid", .write = write_count, .use = 1},
    {.title = "device", .key = "device", .write = write_text, .is_left = true, .use = 8},
    {.title = "state", .key = "state", .write = write_text, .is_left = true},
    {.title = "step", .key = "step", .write = write_count, .use = 7},
    {.title = "phase", .key = "phase", .write = write_text, .is_left = true, .use = 6},
    {.title = "for",
     .key = "phase_s",
     .write = write_figure,
     .figure = lks_figure_seconds,
     .use = 5},
    {.title = "samples/s",
     .key = "samples_per_s",
     .write = write_figure,
     .figure = lks_figure_count,
     .use = 4},
    {.title = "heard",
     .key = "heartbeat_age_s",
     .write = write_figure,
     .figure = lks_figure_seconds,
     .use = 3},
    {.title = "memory",
     .key = "rss_bytes",
     .write = write_figure,
     .figure = lks_figure_bytes,
     .use = 2},
    {.title = "on GPU",
     .key = "device_memory_bytes",
     .write = write_figure,
     .figure = lks_figure_bytes,
     .is_gpus = true,
     .use = 4},
    {.title = "peak",
     .key = "device_memory_peak_bytes",
     .write = write_figure,
     .figure = lks_figure_bytes,
     .is_gpus = true,
     .use = 3},
};
enum {
    N_COLUMNS = sizeof columns / sizeof *columns,
    HOST = 1,
    DEVICE = 3,
    GAP = 2,
    /* Columns stay out rather than that a host's name gets shorter than this. */
    HOST_WIDTH = 16,
    OTHER_WIDTH = 16, /* at most */
};

typedef struct layout {
    size_t width[N_COLUMNS]; /* 0: left out */
} layout;

static size_t width_of(const layout *l)
{
    size_t width = 0;

    for (size_t i = 0; i < N_COLUMNS; i++)
        if (l->width[i])
            width += l->width[i] + (i ? GAP : 0);
    return width;
}

static bool has_key(const json_t *ranks, const char *key)
{
    const json_t *rank;
    size_t row;

    json_array_foreach(ranks, row, rank) {
        if (json_object_get(rank, key))
            return true;
    }
    return false;
}

/* One for all is not worth a column, unless it is a GPU. */
static bool have_one_device(const json_t *ranks)
{
    const json_t *rank;
    size_t row;

    if (has_key(ranks, "device_model"))
        return false;
    json_array_foreach(ranks, row, rank) {
        if (strcmp(text_of(rank, "device"),
                   text_of(json_array_get(ranks, 0), "device")) != 0)
            return false;
    }
    return true;
}

static layout natural_layout(const json_t *ranks)
{
    const json_t *rank;
    char text[CELL_BYTES];
    layout l;
    size_t row;

    for (size_t i = 0; i < N_COLUMNS; i++) {
        l.width[i] = 0;
        if (columns[i].is_gpus && !has_key(ranks, columns[i].key))
            continue;
        l.width[i] = strlen(columns[i].title);
        json_array_foreach(ranks, row, rank) {
            size_t width;

            columns[i].write(&columns[i], rank, text);
            width = lks_columns(text);
            if (i != HOST && width > OTHER_WIDTH) /* of a strange socket */
                width = OTHER_WIDTH;
            if (width > l.width[i])
                l.width[i] = width;
        }
    }
    if (have_one_device(ranks))
        l.width[DEVICE] = 0;
    return l;
}

/* Of those that are in, the one of least use; N_COLUMNS if none may go. */
static size_t least_useful(const layout *l)
{
    size_t least = N_COLUMNS;

    for (size_t i = 0; i < N_COLUMNS; i++)
        if (l->width[i] && columns[i].use &&
            (least == N_COLUMNS || columns[i].use < columns[least].use))
            least = i;
    return least;
}

/* First the host's name gives way, down to HOST_WIDTH, then columns, then the name
 * again. It takes the room that is left. */
static layout fit(layout l, size_t n_columns)
{
    const size_t host = l.width[HOST];
    size_t least, others;

    if (n_columns == 0)
        return l;
    if (width_of(&l) > n_columns && host > HOST_WIDTH)
        l.width[HOST] = HOST_WIDTH;
    while (width_of(&l) > n_columns && (least = least_useful(&l)) < N_COLUMNS)
        l.width[least] = 0;
    others = width_of(&l) - l.width[HOST];
    l.width[HOST] = others + 1 > n_columns ? 1 : n_columns - others;
    if (l.width[HOST] > host)
        l.width[HOST] = host;
    return l;
}

/* One row, the titles where `rank` is NULL. Spaces at its end are left out. */
static void print_row(FILE *out, const layout *l, const json_t *rank)
{
    char full[CELL_BYTES], text[CELL_BYTES];
    size_t n_spaces = 0;

    for (size_t i = 0; i < N_COLUMNS; i++) {
        size_t pad;

        if (!l->width[i])
            continue;
        if (rank)
            columns[i].write(&columns[i], rank, full);
        else
            strcpy(full, columns[i].title);
        lks_columns_shorten(text, sizeof text, full, l->width[i]);
        pad = l->width[i] - lks_columns(text);
        n_spaces += (i ? GAP : 0) + (columns[i].is_left ? 0 : pad);
        fprintf(out, "%*s%s", (int)n_spaces, "", text);
        n_spaces = columns[i].is_left ? pad : 0;
    }
    fputc('\n', out);
}

/* ---- the lines above it ---- */

/* "  validation accuracy 88.50 %", or its loss where classes are not told; nothing before
 * there is one. */
static void put_evaluation(FILE *line, const json_t *evaluation)
{
    const double accuracy = number_of(evaluation, "accuracy");
    const double loss = number_of(evaluation, "loss");
    char split[CELL_BYTES] = "test";

    if (json_object_get(evaluation, "split"))
        lks_plain_copy(split, sizeof split, text_of(evaluation, "split"));
    if (isfinite(accuracy))
        fprintf(line, "  %s accuracy %.2f %%", split, 100 * accuracy);
    else if (isfinite(loss))
        fprintf(line, "  %s loss %s", split, lks_figure_loss(loss).text);
}

/* Parts two spaces apart. */
static void describe_progress(const json_t *job, char *out, size_t size_bytes)
{
    const json_t *progress = json_object_get(job, "progress");
    long long step = count_of(progress, "step");
    long long total = count_of(progress, "total_steps");
    long long epoch = count_of(progress, "epoch");
    double loss = number_of(progress, "loss");
    double eta_s = number_of(progress, "eta_s");
    FILE *line = fmemopen(out, size_bytes, "w");

    out[0] = '\0';
    if (!line)
        return;
    fprintf(line, "step %lld of %lld", step, total);
    if (total > 0)
        fprintf(line, " (%s)", lks_figure_part((double)step / (double)total).text);
    fprintf(line, "  epoch %lld", epoch < INT64_MAX ? epoch + 1 : epoch);
    if (isfinite(loss))
        fprintf(line, "  loss %s", lks_figure_loss(loss).text);
    fprintf(line, "  %s samples/s",
            lks_figure_count(number_of(progress, "samples_per_s")).text);
    if (isfinite(eta_s))
        fprintf(line, "  %s to go", lks_figure_seconds(eta_s).text);
    put_evaluation(line, json_object_get(job, "evaluation"));
    fclose(line);
}

static const char *reason_of(const json_t *job)
{
    const char *reason = json_string_value(json_object_get(job, "reason"));

    return reason ? reason : "";
}

/* " on NVIDIA H100 80GB HBM3", or nothing where no rank is on a GPU. */
static void describe_gpus(const json_t *ranks, char *out, size_t size_bytes)
{
    const char *model = NULL;
    const json_t *rank;
    bool is_mixed = false;
    size_t i;

    json_array_foreach(ranks, i, rank) {
        const char *own = json_string_value(json_object_get(rank, "device_model"));

        if (own && !model)
            model = own;
        is_mixed = is_mixed || (own && strcmp(own, model) != 0);
    }
    snprintf(out, size_bytes, "%s%s%s", model ? " on " : "", model ? model : "",
             is_mixed ? " and others" : "");
}

static size_t print_job(FILE *out, const json_t *job, const json_t *ranks,
                        const char *where, size_t n_columns)
{
    char raw[LINE_BYTES], line[LINE_BYTES], gpus[CELL_BYTES];
    size_t n_lines;

    describe_gpus(ranks, gpus, sizeof gpus);
    snprintf(raw, sizeof raw, "%s: %s, %lld ranks%s, %lld lanes, %s",
             text_of(job, "name"), text_of(job, "state"), count_of(job, "world_size"),
             gpus, count_of(job, "lanes"), where);
    lks_plain_copy(line, sizeof line, raw);
    n_lines = lks_columns_wrap(out, line, " ", 0, 2, n_columns);
    describe_progress(job, line, sizeof line);
    n_lines += lks_columns_wrap(out, line, "  ", 0, 2, n_columns);
    if (reason_of(job)[0]) {
        lks_plain_copy(line, sizeof line, reason_of(job));
        fputs("! ", out);
        n_lines += lks_columns_wrap(out, line, " ", 2, 2, n_columns);
    }
    return n_lines;
}

void lks_status_table_print_line(FILE *out, const json_t *job)
{
    const char *reason = reason_of(job);
    char progress[LINE_BYTES];

    describe_progress(job, progress, sizeof progress);
    lks_plain_line(out, "%s: %s%s%s", text_of(job, "state"), progress,
                   reason[0] ? "  ! " : "", reason);
}

/* ---- all of it ---- */

static bool is_well(const json_t *rank)
{
    return strcmp(text_of(rank, "state"), "running") == 0;
}

/* Up to `left` ranks that are well, or are not; gives how many may still follow. */
static size_t print_some(FILE *out, const layout *l, const json_t *ranks, bool well,
                         size_t left)
{
    const json_t *rank;
    size_t i;

    json_array_foreach(ranks, i, rank) {
        if (left == 0)
            break;
        if (is_well(rank) != well)
            continue;
        print_row(out, l, rank);
        left--;
    }
    return left;
}

/* Ranks that a screen shows below n_lines of others, when not all fit: the titles, the
 * line that counts the rest and the cursor's take one each. */
static size_t count_visible(size_t n_rows, size_t n_lines)
{
    return n_rows > n_lines + 4 ? n_rows - n_lines - 3 : 1;
}

size_t lks_status_table_print(FILE *out, const lks_status_report *report,
                              const char *where, lks_screen screen)
{
    size_t n_ranks = json_array_size(report->ranks), n_visible = n_ranks, i;
    layout l = fit(natural_layout(report->ranks), screen.n_columns);
    size_t n_lines =
        print_job(out, report->job, report->ranks, where, screen.n_columns) + 1;
    const json_t *rank;

    fputc('\n', out);
    print_row(out, &l, NULL);
    if (screen.n_rows && n_lines + n_ranks + 2 > screen.n_rows)
        n_visible = count_visible(screen.n_rows, n_lines);
    if (n_visible < n_ranks) {
        print_some(out, &l, report->ranks, true,
                   print_some(out, &l, report->ranks, false, n_visible));
        fprintf(out, "and %zu more\n", n_ranks - n_visible);
        return n_lines + n_visible + 2;
    }
    json_array_foreach(report->ranks, i, rank) {
        print_row(out, &l, rank);
    }
    return n_lines + n_ranks + 1;
}
