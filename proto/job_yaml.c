#include "proto/job_yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/try.h"
#include "proto/job_build.h"
#include "proto/job_node.h"
#include "proto/job_set.h"

static lks_status parse(const char *text, size_t n_bytes, const lks_source *source,
                        const char *const *overrides, size_t n_overrides,
                        lks_job_build *build, lks_job *out)
{
    lks_status st;

    LKS_GO(lks_tree_parse(build->tree, text, n_bytes, source, &build->root));
    if (!build->root)
        LKS_FAIL(LKS_INVALID,
                 "%s: empty, a job says at least job, data, model, loss, optimizer and "
                 "train",
                 source->name);
    if (build->root->kind != LKS_NODE_MAP)
        LKS_GO(lks_node_expected(build->root, "the job", "a map of keys, such as job"));
    for (size_t i = 0; i < n_overrides; i++)
        LKS_GO(lks_job_set(build->tree, build->root, overrides[i]));
    LKS_GO(lks_job_build_run(build, out));
cleanup:
    lks_tree_release(build->tree);
    return st;
}

lks_status lks_job_parse(const char *text, size_t n_bytes, const char *name,
                         const char *const *overrides, size_t n_overrides, lks_job *out)
{
    const lks_source source = {.name = name, .is_file = true};
    lks_tree tree = {0};
    lks_job_build build = {.tree = &tree};

    return parse(text, n_bytes, &source, overrides, n_overrides, &build, out);
}

/* All of a file, and one byte more than a job may have if it is longer. */
static lks_status read_file(const char *path, char **out, size_t *n_bytes)
{
    enum { CAPACITY = LKS_YAML_MAX_BYTES + 1 };
    char *text = NULL;
    size_t n = 0;
    ssize_t got;
    lks_status st = LKS_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        LKS_FAIL(LKS_IO, "job file %s: %s", path, strerror(errno));
    if (!(text = lks_malloc(CAPACITY)))
        LKS_GO(LKS_NOMEM);
    while (n < CAPACITY && (got = read(fd, text + n, CAPACITY - n)) != 0) {
        if (got < 0 && errno != EINTR)
            LKS_FAIL(LKS_IO, "job file %s: %s", path, strerror(errno));
        n += got > 0 ? (size_t)got : 0;
    }
    *out = text;
    *n_bytes = n;
    text = NULL;
cleanup:
    if (fd >= 0)
        close(fd);
    lks_free(text);
    return st;
}

/* The absolute folder of a file that exists. */
static lks_status folder_of(const char *path, char **out)
{
    const char *slash = strrchr(path, '/');
    char *name =
        !slash ? lks_strdup(".") : lks_asprintf("%.*s", (int)(slash - path) + 1, path);
    char *absolute = name ? realpath(name, NULL) : NULL;
    lks_status st = LKS_OK;

    if (!name)
        LKS_GO(LKS_NOMEM);
    if (!absolute)
        LKS_FAIL(LKS_IO, "folder %s: %s", name, strerror(errno));
    if (!(*out = lks_strdup(absolute)))
        LKS_GO(LKS_NOMEM);
cleanup:
    lks_free(name);
    free(absolute);
    return st;
}

lks_status lks_job_read_rest(const char *path, const char *const *overrides,
                             size_t n_overrides, unsigned brought, lks_job *out)
{
    const lks_source source = {.name = path, .is_file = true};
    char *text = NULL, *folder = NULL, *cwd = NULL;
    size_t n_bytes = 0;
    lks_tree tree = {0};
    lks_job_build build = {.tree = &tree, .job.brought = brought};
    lks_status st;

    LKS_GO(read_file(path, &text, &n_bytes));
    LKS_GO(folder_of(path, &folder));
    LKS_GO(folder_of("", &cwd));
    build.folder = folder;
    build.cwd = cwd;
    st = parse(text, n_bytes, &source, overrides, n_overrides, &build, out);
cleanup:
    lks_free(text);
    lks_free(folder);
    lks_free(cwd);
    return st;
}

lks_status lks_job_read(const char *path, const char *const *overrides,
                        size_t n_overrides, lks_job *out)
{
    return lks_job_read_rest(path, overrides, n_overrides, 0, out);
}
