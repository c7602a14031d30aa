/* A folder for one test's files. */
#ifndef LKS_TESTS_SUPPORT_TEMP_DIR_H
#define LKS_TESTS_SUPPORT_TEMP_DIR_H

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char temp_dir[64];

static inline void temp_dir_make(void)
{
    strcpy(temp_dir, "/tmp/lockstep-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(temp_dir));
}

/* temp_dir/name; the text stands until the fourth call after. */
static inline const char *temp_path(const char *name)
{
    static char paths[4][512];
    static int next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof paths[0], "%s/%s", temp_dir, name);
    return path;
}

static inline int temp_dir_count(void)
{
    DIR *folder = opendir(temp_dir);
    const struct dirent *found;
    int n = 0;

    ck_assert_ptr_nonnull(folder);
    while ((found = readdir(folder)) != NULL)
        n += found->d_name[0] != '.';
    closedir(folder);
    return n;
}

static inline void temp_dir_remove(void)
{
    DIR *folder = opendir(temp_dir);
    const struct dirent *found;

    while (folder && (found = readdir(folder)) != NULL)
        if (found->d_name[0] != '.')
            unlink(temp_path(found->d_name));
    if (folder)
        closedir(folder);
    rmdir(temp_dir);
}

static inline void file_put(const char *path, const void *bytes, size_t n_bytes)
{
    FILE *file = fopen(path, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, n_bytes, file), n_bytes);
    ck_assert_int_eq(fclose(file), 0);
}

/* The file's first bytes into out[0..size); how many. */
static inline size_t file_get(const char *path, void *out, size_t size)
{
    FILE *file = fopen(path, "rb");
    size_t n;

    ck_assert_ptr_nonnull(file);
    n = fread(out, 1, size, file);
    fclose(file);
    return n;
}

#endif
