/* Runs cases of PyTorch's own tables through the library:
 *
 *     conformance [--device DEVICE] FILE…
 *
 * Exit status: 0 none failed, 1 some did, 2 a file is malformed or cannot be read, or the
 * command line is wrong. */
#include <stdio.h>
#include <string.h>

#include "base/try.h"
#include "lockstep.h"
#include "run.h"
#include "sample.h"
#include "skipped.h"
#include "tally.h"
#include "text.h"
#include "trajectory.h"

static lks_status run_case(text *t, lks_device device, tally *counts)
{
    char why[WHY_SIZE] = "";
    sample *s = NULL;
    lks_status st;

    LKS_TRY(sample_read(t, &s));
    st = tally_add(counts, s->name, s->number, run_sample(s, device, why), why);
    sample_destroy(s);
    return st;
}

static bool begins(const char *line, const char *word)
{
    return strncmp(line, word, strlen(word)) == 0;
}

static lks_status run_next(text *t, lks_device device, tally *counts)
{
    if (begins(t->line, "case "))
        return run_case(t, device, counts);
    if (begins(t->line, "optimizer "))
        return run_trajectory(t, device, counts);
    if (begins(t->line, "schedule "))
        return run_schedule(t, counts);
    return text_fail(t, "'%.30s' begins neither a case nor a trajectory nor a schedule",
                     t->line);
}

static lks_status run_file(const char *path, lks_device device, tally *counts)
{
    lks_status st;
    text t;

    LKS_TRY(text_open(path, &t));
    if (!t.line)
        LKS_FAIL(LKS_FORMAT, "%s: no case is in it", path);
    while (t.line)
        LKS_GO(run_next(&t, device, counts));
    st = LKS_OK;
cleanup:
    text_close(&t);
    tally_flush(counts);
    return st;
}

/* On stderr, the failure that stands. */
static int complain(void)
{
    fprintf(stderr, "conformance: %s\n", lks_error_text());
    return 2;
}

int main(int argc, char **argv)
{
    lks_device device = lks_cpu;
    tally counts = {0};
    int first = 1, status = 0;

    if (argc > 2 && strcmp(argv[1], "--device") == 0) {
        if (lks_device_parse(argv[2], &device) != LKS_OK)
            return complain();
        first = 3;
    }
    if (first >= argc || argv[first][0] == '-') {
        fprintf(stderr, "usage: conformance [--device DEVICE] FILE...\n");
        return 2;
    }
    if (skipped_check() != LKS_OK)
        return complain();
    for (int i = first; i < argc; i++)
        if (run_file(argv[i], device, &counts) != LKS_OK)
            status = complain();
    tally_end(&counts);
    return status ? status : counts.total[FAILED] > 0;
}
