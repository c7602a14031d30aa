/* A job file of any bytes reads, or is refused in one line; what was read is written, and
 * reads back as the same job. Behind a zero byte stand overrides, divided by such. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "proto/job_yaml.h"

enum { MAX_OVERRIDES = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_refusal(lks_status st)
{
    const char *line = lks_error_text();

    require(st == LKS_INVALID);
    require(line[0] != '\0');
    for (; *line; line++)
        require((unsigned char)*line >= 0x20 && *line != 0x7f);
}

static void check_round_trip(const lks_job *job)
{
    char *first = NULL, *second = NULL;
    lks_job again;

    require(lks_job_format(job, &first) == LKS_OK);
    require(lks_job_parse(first, strlen(first), "again", NULL, 0, &again) == LKS_OK);
    require(lks_job_format(&again, &second) == LKS_OK);
    require(strcmp(first, second) == 0);
    lks_job_release(&again);
    lks_free(first);
    lks_free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    /* a copy that ends in zero, so that the last override does */
    char *text = lks_calloc(n_bytes + 1, 1);
    const char *overrides[MAX_OVERRIDES];
    size_t n_text, n_overrides = 0;
    lks_status st;
    lks_job job;

    memcpy(text, bytes, n_bytes);
    n_text = strlen(text);
    for (size_t at = n_text; at < n_bytes && n_overrides < MAX_OVERRIDES;) {
        overrides[n_overrides] = text + at + 1;
        at += 1 + strlen(overrides[n_overrides++]);
    }
    lks_error_clear();
    st = lks_job_parse(text, n_text, "fuzz", overrides, n_overrides, &job);
    if (st == LKS_OK) {
        check_round_trip(&job);
        lks_job_release(&job);
    } else {
        check_refusal(st);
    }
    lks_free(text);
    return 0;
}
