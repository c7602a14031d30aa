#include "daemon/cli/programs.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/try.h"

static bool is_file(const char *path, int mode)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, mode) == 0;
}

static bool is_program(const char *path)
{
    return is_file(path, X_OK);
}

/* Sets *out when `folder`, of n bytes, has the program; leaves it NULL otherwise. */
static lks_status try_folder(const char *folder, size_t n, const char *name, char **out)
{
    char *path = lks_asprintf("%.*s/%s", (int)n, folder, name);

    if (!path)
        return LKS_NOMEM;
    if (is_program(path))
        *out = path;
    else
        lks_free(path);
    return LKS_OK;
}

static lks_status try_path(const char *name, char **out)
{
    const char *at = getenv("PATH");

    while (at && *at && !*out) {
        size_t n = strcspn(at, ":");

        if (n > 0)
            LKS_TRY(try_folder(at, n, name, out));
        at += n + (at[n] == ':');
    }
    return LKS_OK;
}

/* The program that the environment names; it must then be there. */
static lks_status try_variable(const char *variable, char **out)
{
    const char *path = getenv(variable);

    if (!path || !*path)
        return LKS_OK;
    if (!is_program(path))
        return lks_fail(LKS_INVALID, "%s=%s: there is no such program", variable, path);
    *out = lks_strdup(path);
    return *out ? LKS_OK : LKS_NOMEM;
}

lks_status lks_programs_self(char **out)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);

    if (n < 0)
        return lks_fail(LKS_IO, "cannot find out where this program is: is /proc there?");
    path[n] = '\0';
    *out = lks_strdup(path);
    return *out ? LKS_OK : LKS_NOMEM;
}

lks_status lks_programs_worker(char **out)
{
    static const char name[] = "lockstep-worker";
    static const char *const beside[] = {"", "/../libexec/lockstep"};
    char *self = NULL, *found = NULL;
    lks_status st;

    LKS_GO(try_variable("LOCKSTEP_WORKER", &found));
    LKS_GO(lks_programs_self(&self));
    *strrchr(self, '/') = '\0';
    for (size_t i = 0; i < sizeof beside / sizeof *beside && !found; i++) {
        char *folder = lks_asprintf("%s%s", self, beside[i]);

        st = folder ? try_folder(folder, strlen(folder), name, &found) : LKS_NOMEM;
        lks_free(folder);
        LKS_GO(st);
    }
    if (!found)
        LKS_GO(try_path(name, &found));
    if (!found)
        LKS_FAIL(LKS_STATE, "%s is neither beside this program (%s) nor on the PATH",
                 name, self);
    *out = found;
    found = NULL;
cleanup:
    lks_free(found);
    lks_free(self);
    return st;
}

lks_status lks_programs_become_worker(const lks_strings *arguments)
{
    char *worker = NULL;
    lks_strings argv = {0};
    lks_status st;

    LKS_GO(lks_programs_worker(&worker));
    LKS_GO(lks_strings_add(&argv, worker));
    LKS_GO(lks_strings_add_all(&argv, (const char *const *)arguments->items));
    fflush(NULL);
    execv(worker, argv.items);
    st = lks_fail(LKS_IO, "%s: %s", worker, strerror(errno));
cleanup:
    lks_strings_release(&argv);
    lks_free(worker);
    return st;
}

lks_status lks_programs_loopback(char **out)
{
    static const char *const places[] = {"", "/../" LKS_LIBDIR "/lockstep"};
    char *self = NULL, *path = NULL;
    lks_status st;

    LKS_GO(lks_programs_self(&self));
    *strrchr(self, '/') = '\0';
    for (size_t i = 0; i < sizeof places / sizeof *places && !*out; i++) {
        path = lks_asprintf("%s%s/liblockstep-loopback.so", self, places[i]);
        if (!path)
            LKS_GO(LKS_NOMEM);
        if (is_file(path, R_OK)) {
            *out = path;
            path = NULL;
        }
        lks_free(path);
    }
cleanup:
    lks_free(self);
    return st;
}

lks_status lks_programs_mpirun(char **out)
{
    char *found = NULL;
    lks_status st;

    LKS_GO(try_variable("LOCKSTEP_MPIRUN", &found));
    if (!found)
        LKS_GO(try_path("mpirun", &found));
    if (!found)
        LKS_FAIL(LKS_STATE, "mpirun is not on the PATH: install Open MPI (Debian and "
                            "Ubuntu: apt install openmpi-bin)");
    *out = found;
    found = NULL;
cleanup:
    lks_free(found);
    return st;
}
