#include "share/npy_map.h"

#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "io/npy.h"
#include "tensor/tensor_impl.h"

_Static_assert((int)LKS_NPY_MAX_DIMS <= (int)LKS_MAX_DIMS, "a tensor has its dimensions");

typedef struct mapping {
    char *path;
    lks_block block;
} mapping;

static void destroy(void *owner)
{
    mapping *m = owner;

    lks_block_release(&m->block);
    lks_free(m->path);
    lks_free(m);
}

static lks_status create(const char *path, bool writable, lks_npy *array, mapping **out)
{
    mapping *m = lks_calloc(1, sizeof *m);

    if (!m)
        return LKS_NOMEM;
    *out = m;
    if (!(m->path = lks_strdup(path)))
        return LKS_NOMEM;
    return lks_npy_share(path, writable, array, &m->block);
}

lks_tensor *lks_npy_map(const char *path, lks_map_mode mode)
{
    lks_npy array = {0};
    mapping *m = NULL;
    lks_storage *storage;
    lks_shape shape = {0};
    lks_view view;
    lks_tensor *t;

    if (create(path, mode == LKS_MAP_WRITE, &array, &m) != LKS_OK ||
        !(storage =
              lks_storage_adopt(lks_cpu, array.data, array.size_bytes, destroy, m))) {
        if (m)
            destroy(m);
        return NULL;
    }
    storage->read_only = mode != LKS_MAP_WRITE;
    shape.ndim = array.ndim;
    memcpy(shape.sizes, array.sizes, (size_t)array.ndim * sizeof *shape.sizes);
    view = lks_view_dense(lks_cpu, array.data, array.dtype, &shape);
    t = lks_tensor_from_storage(storage, &view);
    lks_storage_unref(storage);
    return lks_scope_own(t);
}

/* That of t's file. */
static lks_status find(const lks_tensor *t, const char *what, const mapping **out)
{
    if (!t)
        return lks_refuse_null(what);
    if (t->storage->release != destroy)
        return lks_fail(LKS_INVALID, "%s: the tensor is of no mapped file", what);
    *out = t->storage->owner;
    return LKS_OK;
}

static lks_status refuse_cut(const mapping *m)
{
    if (!lks_block_is_cut(&m->block))
        return LKS_OK;
    return lks_fail(LKS_IO,
                    "%s: the file has become shorter while it was in use, or its disk "
                    "failed",
                    m->path);
}

lks_status lks_npy_map_check(const lks_tensor *t)
{
    const mapping *m = NULL;

    LKS_TRY(find(t, "npy_map_check", &m));
    return refuse_cut(m);
}

lks_status lks_npy_map_flush(const lks_tensor *t)
{
    const mapping *m = NULL;

    LKS_TRY(find(t, "npy_map_flush", &m));
    LKS_TRY(refuse_cut(m));
    if (!lks_block_flush(&m->block))
        return lks_fail(LKS_IO, "cannot write %s: %s", m->path, strerror(errno));
    return LKS_OK;
}
