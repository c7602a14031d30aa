/* Samples and targets from an archive of NumPy's arrays, by their names. */
#include "data/arrays.h"
#include "data/format.h"

#include "base/alloc.h"
#include "base/try.h"
#include "io/npz.h"

enum { N_ARRAYS = 2 };

static const char *const usual[N_ARRAYS] = {"x", "y"};

typedef struct archive {
    lks_npz *npz;
    const char *names[N_ARRAYS];
} archive;

static lks_status open_member(const void *from, lks_columns *columns, int k, lks_npy *out)
{
    const archive *a = from;

    return lks_npz_open_array(a->npz, a->names[k], out, &columns->files[k].block);
}

/* Each array that is wanted counts as a file, which errors call as in Python. */
static lks_status name_arrays(const archive *a, lks_columns *columns)
{
    char *path = columns->files[0].path;
    lks_status st = LKS_OK;

    columns->files[0].path = NULL;
    columns->n_files = columns->source->inputs_only ? 1 : N_ARRAYS;
    for (int k = 0; k < columns->n_files && st == LKS_OK; k++)
        if (!(columns->files[k].path = lks_asprintf("%s[%s]", path, a->names[k])))
            st = LKS_NOMEM;
    lks_free(path);
    return st;
}

static lks_status open_npz(lks_columns *columns)
{
    archive a = {NULL, {NULL}};
    lks_status st;

    for (int k = 0; k < N_ARRAYS; k++) {
        a.names[k] = columns->source->arrays[k];
        if (!a.names[k])
            a.names[k] = usual[k];
    }
    LKS_GO(lks_npz_open(columns->files[0].path, &a.npz));
    LKS_GO(name_arrays(&a, columns));
    LKS_GO(lks_arrays_open(columns, open_member, &a));
cleanup:
    lks_npz_destroy(a.npz);
    return st;
}

const lks_dataset_format lks_dataset_npz = {
    .name = "npz",
    .wants = "1 file",
    .min_files = 1,
    .max_files = 1,
    .open = open_npz,
};
