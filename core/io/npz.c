#include "io/npz.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "io/npy_parts.h"
#include "io/zip.h"

static const char suffix[] = ".npy";
enum { SUFFIX_SIZE = sizeof suffix - 1, MOST_NAMED = 8 /* arrays, in an error */ };

struct lks_npz {
    char *path;
    lks_zip *zip;
    char **names; /* [n_names] of its members, without the suffix */
    size_t n_names;
};

/* "weights" of "weights.npy"; as it is, what is called otherwise. */
static char *name_of(const char *member)
{
    const size_t n = strlen(member);
    char *name = lks_strdup(member);

    if (name && n >= SUFFIX_SIZE && strcmp(member + n - SUFFIX_SIZE, suffix) == 0)
        name[n - SUFFIX_SIZE] = '\0';
    return name;
}

/* An archive of `zip`, which is its own from here on. */
static lks_status create(const char *path, lks_zip *zip, lks_npz **out)
{
    const size_t n = lks_zip_n_members(zip);
    lks_npz *npz = lks_calloc(1, sizeof *npz);
    lks_status st = LKS_OK;

    if (!npz) {
        lks_zip_destroy(zip);
        return LKS_NOMEM;
    }
    npz->zip = zip;
    npz->path = lks_strdup(path);
    npz->names = lks_calloc(n + 1, sizeof(char *));
    if (!npz->path || !npz->names)
        LKS_GO(LKS_NOMEM);
    for (; npz->n_names < n; npz->n_names++)
        if (!(npz->names[npz->n_names] = name_of(lks_zip_member(zip, npz->n_names))))
            LKS_GO(LKS_NOMEM);
    *out = npz;
    npz = NULL;
cleanup:
    lks_npz_destroy(npz);
    return st;
}

lks_status lks_npz_open(const char *path, lks_npz **out)
{
    lks_zip *zip;

    LKS_TRY(lks_zip_open(path, &zip));
    return create(path, zip, out);
}

lks_status lks_npz_parse(const void *bytes, size_t n_bytes, const char *name,
                         lks_npz **out)
{
    lks_zip *zip;

    LKS_TRY(lks_zip_of_memory(bytes, n_bytes, name, &zip));
    return create(name, zip, out);
}

void lks_npz_destroy(lks_npz *npz)
{
    if (!npz)
        return;
    for (size_t i = 0; i < npz->n_names; i++)
        lks_free(npz->names[i]);
    lks_free(npz->names);
    lks_free(npz->path);
    lks_zip_destroy(npz->zip);
    lks_free(npz);
}

size_t lks_npz_n_arrays(const lks_npz *npz)
{
    return npz->n_names;
}

const char *lks_npz_name(const lks_npz *npz, size_t i)
{
    return npz->names[i];
}

/* ---- reading ---- */

static lks_status fail_missing(const lks_npz *npz, const char *name)
{
    char names[256];
    size_t n = 0;

    names[0] = '\0';
    for (size_t i = 0; i < npz->n_names && i < MOST_NAMED; i++) {
        const size_t n_name = strlen(npz->names[i]);

        if (n_name + 8 > sizeof names - n)
            break;
        n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", i > 0 ? ", " : "",
                              npz->names[i]);
        if (i + 1 == MOST_NAMED && i + 1 < npz->n_names)
            snprintf(names + n, sizeof names - n, " …");
    }
    return lks_fail(LKS_INVALID, "%s holds no array '%s'; it holds %s", npz->path, name,
                    npz->n_names == 0 ? "none" : names);
}

/* A reader of the array of that name, called "x.npz[name]" in errors. */
static lks_status find(const lks_npz *npz, const char *name, lks_reader **out)
{
    size_t i = 0;
    char *called;
    lks_status st;

    while (i < npz->n_names && strcmp(npz->names[i], name) != 0)
        i++;
    if (i == npz->n_names)
        return fail_missing(npz, name);
    if (!(called = lks_asprintf("%s[%s]", npz->path, name)))
        return LKS_NOMEM;
    st = lks_zip_read(npz->zip, i, called, out);
    lks_free(called);
    return st;
}

lks_status lks_npz_read(const lks_npz *npz, const char *name, lks_npy *out)
{
    lks_reader *reader;
    lks_status st;

    LKS_TRY(find(npz, name, &reader));
    st = lks_npy_read_array(reader, out);
    lks_reader_destroy(reader);
    return st;
}

lks_status lks_npz_open_array(const lks_npz *npz, const char *name, lks_npy *out,
                              lks_block *block)
{
    lks_reader *reader;
    lks_status st;

    LKS_TRY(find(npz, name, &reader));
    st = lks_npy_open_array(reader, out, block);
    lks_reader_destroy(reader);
    return st;
}

/* ---- writing ---- */

static lks_status make_entries(const lks_npz_array *arrays, size_t n, lks_npy_head *heads,
                               lks_zip_entry *entries)
{
    for (size_t i = 0; i < n; i++) {
        LKS_TRY(lks_npy_make_head(&arrays[i].array, &heads[i]));
        entries[i] = (lks_zip_entry){
            .name = lks_asprintf("%s%s", arrays[i].name, suffix),
            .parts = {{heads[i].bytes, heads[i].n_bytes},
                      {arrays[i].array.data, heads[i].n_data}},
        };
        if (!entries[i].name)
            return LKS_NOMEM;
    }
    return LKS_OK;
}

lks_status lks_npz_write(const char *path, const lks_npz_array *arrays, size_t n,
                         bool compressed)
{
    lks_npy_head *heads = lks_calloc(n + 1, sizeof *heads);
    lks_zip_entry *entries = lks_calloc(n + 1, sizeof *entries);
    lks_status st;

    if (!heads || !entries)
        LKS_GO(LKS_NOMEM);
    LKS_GO(make_entries(arrays, n, heads, entries));
    LKS_GO(lks_zip_write(path, entries, n, compressed));
cleanup:
    for (size_t i = 0; entries && i < n; i++)
        lks_free((void *)entries[i].name);
    lks_free(entries);
    lks_free(heads);
    return st;
}
