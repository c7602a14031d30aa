#include "tally.h"

#include <string.h>

#include "base/alloc.h"

void tally_flush(tally *t)
{
    if (!*t->name)
        return;
    printf("%-44s %3d passed %3d failed %3d skipped\n%s", t->name, t->counts[PASSED],
           t->counts[FAILED], t->counts[SKIPPED], t->lines ? t->lines : "");
    fflush(stdout);
    for (int i = 0; i < N_OUTCOMES; i++) {
        t->total[i] += t->counts[i];
        t->counts[i] = 0;
    }
    t->n_operations++;
    t->name[0] = '\0';
    lks_free(t->lines);
    t->lines = NULL;
}

lks_status tally_add(tally *t, const char *name, int64_t number, outcome what,
                     const char *why)
{
    char *lines;

    if (strcmp(t->name, name) != 0) {
        tally_flush(t);
        snprintf(t->name, sizeof t->name, "%s", name);
    }
    t->counts[what]++;
    if (what == PASSED)
        return LKS_OK;
    lines = lks_asprintf("%s    %s %lld: %s\n", t->lines ? t->lines : "",
                         what == FAILED ? "FAILED" : "skipped", (long long)number, why);
    if (!lines)
        return LKS_NOMEM;
    lks_free(t->lines);
    t->lines = lines;
    return LKS_OK;
}

void tally_end(tally *t)
{
    tally_flush(t);
    printf("%d operations: %d cases passed, %d failed, %d skipped\n", t->n_operations,
           t->total[PASSED], t->total[FAILED], t->total[SKIPPED]);
}
