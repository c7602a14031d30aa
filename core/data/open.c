/* From a format's name and paths to a dataset. */
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "data/format.h"

/* Every format. */
static const lks_dataset_format *const formats[] = {
    &lks_dataset_idx, &lks_dataset_cifar10, &lks_dataset_npy,      &lks_dataset_npz,
    &lks_dataset_csv, &lks_dataset_text,    &lks_dataset_labelled, &lks_dataset_pairs,
};
enum { N_FORMATS = sizeof formats / sizeof *formats };

static lks_status find_format(const lks_dataset_source *source,
                              const lks_dataset_format **out)
{
    char known[128] = "";
    size_t n = 0;

    for (int i = 0; i < N_FORMATS; i++) {
        n += (size_t)snprintf(known + n, sizeof known - n, " %s", formats[i]->name);
        if (strcmp(formats[i]->name, source->format) != 0)
            continue;
        if (source->inputs_only && source->n_files == 1) {
            *out = formats[i];
            return LKS_OK;
        }
        if (source->n_files < formats[i]->min_files ||
            source->n_files > formats[i]->max_files)
            return lks_fail(LKS_INVALID, "data format %s wants %s, not %d",
                            formats[i]->name, formats[i]->wants, source->n_files);
        *out = formats[i];
        return LKS_OK;
    }
    return lks_fail(LKS_INVALID, "unknown data format '%s'; known are%s", source->format,
                    known);
}

lks_status lks_dataset_check_source(const lks_dataset_source *source)
{
    const lks_dataset_format *format;

    return find_format(source, &format);
}

char *lks_dataset_path(const lks_dataset_source *source, int k)
{
    const char *file = source->files[k];

    return source->root && file[0] != '/' ? lks_asprintf("%s/%s", source->root, file)
                                          : lks_strdup(file);
}

static lks_status join_paths(lks_columns *columns, const lks_dataset_source *source)
{
    for (int k = 0; k < source->n_files; k++)
        if (!(columns->files[columns->n_files++].path = lks_dataset_path(source, k)))
            return LKS_NOMEM;
    return LKS_OK;
}

lks_status lks_dataset_open(const lks_dataset_source *source, lks_dataset **out)
{
    const lks_dataset_format *format = NULL;
    lks_columns *columns = NULL;
    lks_status st;

    LKS_GO(find_format(source, &format));
    if (format->make)
        return format->make(source, out);
    if (!(columns = lks_calloc(1, sizeof *columns)))
        LKS_GO(LKS_NOMEM);
    columns->source = source;
    LKS_GO(join_paths(columns, source));
    LKS_GO(format->open(columns));
    LKS_GO(lks_columns_create_dataset(columns, source, out));
    columns = NULL;
cleanup:
    lks_columns_destroy(columns);
    return st;
}
