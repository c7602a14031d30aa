/* What ops.h and attention.h declare, so that no operation is without cases. */
#include "header.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "support/suite.h"

/* "lks_tensor *lks_NAME(" or "int lks_NAME(" at a line's start: NAME into name[0..size). */
static bool find_name(const char *line, char *name, size_t size)
{
    static const char *const starts[] = {"lks_tensor *lks_", "int lks_"};
    size_t n = 0;

    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        const size_t length = strlen(starts[i]);

        if (strncmp(line, starts[i], length) != 0)
            continue;
        for (line += length; n + 1 < size && (isalnum(line[n]) || line[n] == '_'); n++)
            name[n] = line[n];
        name[n] = '\0';
        return line[n] == '(';
    }
    return false;
}

static int visit_file(const char *path, void (*visit)(const char *name))
{
    FILE *file = fopen(path, "r");
    char line[256], name[64];
    int n = 0;

    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file))
        if (find_name(line, name, sizeof name)) {
            visit(name);
            n++;
        }
    fclose(file);
    return n;
}

int for_each_declared(void (*visit)(const char *name))
{
    return visit_file(LKS_SOURCE_DIR "/core/ops/ops.h", visit) +
           visit_file(LKS_SOURCE_DIR "/core/ops/attention.h", visit);
}
