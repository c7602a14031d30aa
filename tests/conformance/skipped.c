#include "skipped.h"

#include <stdio.h>
#include <string.h>

#include "base/try.h"
#include "skipped_md.h" /* made of SKIPPED.md: static const char skipped_md[] */
#include "table.h"

/* | `name` | all | why | or | `name` | `argument` | why | */
typedef struct entry {
    char name[96], argument[48], why[160];
} entry;

static const char all[] = "all";

/* One cell behind the bar at *at, without blanks and backquotes; *at moves to the next
 * bar. False: there is none, or it is empty, or too long. */
static bool cell(const char **at, char *out, size_t size)
{
    const char *begin = *at, *end;

    if (*begin++ != '|' || !(end = strpbrk(begin, "|\n")) || *end != '|')
        return false;
    *at = end;
    while (begin < end && strchr(" `", *begin))
        begin++;
    while (end > begin && strchr(" `", end[-1]))
        end--;
    if (end == begin || (size_t)(end - begin) >= size)
        return false;
    memcpy(out, begin, (size_t)(end - begin));
    out[end - begin] = '\0';
    return true;
}

static bool is_row(const char *line)
{
    return strncmp(line, "| `", 3) == 0;
}

static bool parse(const char *line, entry *out)
{
    return cell(&line, out->name, sizeof out->name) &&
           cell(&line, out->argument, sizeof out->argument) &&
           cell(&line, out->why, sizeof out->why);
}

/* The row behind `at` in the text, or NULL. */
static const char *next_row(const char *at)
{
    for (at = at ? strchr(at, '\n') : skipped_md; at; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (is_row(at))
            return at;
    }
    return NULL;
}

/* How many rows are of these. */
static int count(const char *name, const char *argument, entry *found)
{
    entry e;
    int n = 0;

    for (const char *at = next_row(NULL); at; at = next_row(at))
        if (parse(at, &e) && strcmp(e.name, name) == 0 &&
            strcmp(e.argument, argument) == 0) {
            *found = e;
            n++;
        }
    return n;
}

const char *skipped_why(const char *name, const char *argument)
{
    static entry found;

    return count(name, argument ? argument : all, &found) > 0 ? found.why : NULL;
}

static lks_status check_row(const char *at)
{
    entry e, other;
    bool whole;

    if (!parse(at, &e))
        return lks_fail(LKS_FORMAT, "SKIPPED.md: '%.60s…' is not | `name` | all | why |",
                        at);
    whole = strcmp(e.argument, all) == 0;
    if (count(e.name, e.argument, &other) > 1)
        return lks_fail(LKS_FORMAT, "SKIPPED.md: %s, %s stands twice", e.name,
                        e.argument);
    if (whole && table_find(e.name))
        return lks_fail(LKS_FORMAT, "SKIPPED.md: %s is skipped but has an adapter",
                        e.name);
    if (!whole && !table_find(e.name))
        return lks_fail(LKS_FORMAT,
                        "SKIPPED.md: %s of %s is skipped but no adapter runs "
                        "the rest",
                        e.argument, e.name);
    return LKS_OK;
}

lks_status skipped_check(void)
{
    for (const char *at = next_row(NULL); at; at = next_row(at))
        LKS_TRY(check_row(at));
    return LKS_OK;
}
