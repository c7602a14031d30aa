#include "worker/comm/nccl_library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/try.h"

static const char file_name[] = "libnccl.so.2";

enum { LEAST_VERSION = NCCL_VERSION(2, 14, 0) /* has communicators that do not block */ };

static struct {
    pthread_mutex_t lock;
    lks_nccl functions;
    bool is_open;
} library = {.lock = PTHREAD_MUTEX_INITIALIZER};

static lks_status find_functions(void *handle, lks_nccl *out)
{
    static const struct {
        const char *name;
        size_t offset;
    } all[] = {
#define LKS_NCCL_FUNCTION(name) {"nccl" #name, offsetof(lks_nccl, name)},
        LKS_NCCL_FUNCTIONS(LKS_NCCL_FUNCTION)
#undef LKS_NCCL_FUNCTION
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        void *function = dlsym(handle, all[i].name);

        if (!function)
            return lks_fail(LKS_STATE,
                            "%s has no %s: it is too old, install a newer "
                            "libnccl2",
                            file_name, all[i].name);
        memcpy((char *)out + all[i].offset, &function, sizeof function);
    }
    return LKS_OK;
}

static lks_status check_version(const lks_nccl *nccl)
{
    int version = 0;

    nccl->GetVersion(&version);
    if (version >= LEAST_VERSION)
        return LKS_OK;
    return lks_fail(LKS_STATE,
                    "%s is version %d, too old: install libnccl2 of 2.14 or "
                    "later",
                    file_name, version);
}

static lks_status open_library(lks_nccl *out)
{
    void *handle = dlopen(file_name, RTLD_NOW | RTLD_LOCAL);
    lks_status st;

    if (!handle)
        return lks_fail(LKS_STATE,
                        "NCCL is not installed (%s): install libnccl2, or set "
                        "train.collectives to mpi",
                        dlerror());
    LKS_GO(find_functions(handle, out));
    LKS_GO(check_version(out));
    return LKS_OK;
cleanup:
    dlclose(handle);
    return st;
}

lks_status lks_nccl_load(const lks_nccl **out)
{
    lks_status st = LKS_OK;

    pthread_mutex_lock(&library.lock);
    if (!library.is_open)
        st = open_library(&library.functions);
    library.is_open = st == LKS_OK;
    pthread_mutex_unlock(&library.lock);
    *out = &library.functions;
    return st;
}
