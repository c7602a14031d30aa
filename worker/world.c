#define _GNU_SOURCE
#include "worker/world.h"

#include <mpi.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cores.h"
#include "base/try.h"
#include "worker/comm/comm_mpi.h"
#include "worker/last_words.h"
#include "worker/memory_folder.h"
#include "worker/task.h"

/* ---- start and end ---- */

bool lks_world_is_launched(void)
{
    return lks_task_find().launcher != NULL;
}

int lks_world_rank(void)
{
    return lks_task_find().rank;
}

int lks_world_told_size(void)
{
    const int size = lks_task_find().size;

    return size > 0 ? size : 1;
}

bool lks_world_is_speaker(void)
{
    return lks_world_rank() == 0;
}

/* Open MPI's ranks meet in files of shared memory. Where these cannot be made 4.1 prints
 * much and may hang. */
static lks_status check_file_limit(void)
{
    enum { SHARED_MEMORY_BYTES = 4608 << 10 }; /* a rank's, by default, and a little */
    struct rlimit limit;

    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < SHARED_MEMORY_BYTES)
        return lks_fail(LKS_IO,
                        "files may have %llu KiB (ulimit -f), but the shared memory of "
                        "several ranks needs %d: raise the limit, or start one rank",
                        (unsigned long long)limit.rlim_cur >> 10,
                        SHARED_MEMORY_BYTES >> 10);
    return LKS_OK;
}

/* Ranks of one host read each other's memory, and where that is forbidden, as in many a
 * container, Open MPI prints a line for each message before it takes the other way. */
static void avoid_what_is_forbidden(void)
{
    char from = 0, to;
    const struct iovec local = {&to, 1}, remote = {&from, 1};

    if (process_vm_readv(getpid(), &local, 1, &remote, 1, 0) < 0)
        setenv("OMPI_MCA_btl_vader_single_copy_mechanism", "none", false);
}

static lks_status start_mpi(bool has_replicas, int *size)
{
    const int wanted = has_replicas ? MPI_THREAD_SERIALIZED : MPI_THREAD_FUNNELED;
    int granted;

    /* Where there are more ranks than cores Open MPI yields in each of its calls, for
     * ever; comm_mpi waits in a way that leaves other processes their turn. */
    setenv("OMPI_MCA_mpi_yield_when_idle", "0", false);
    /* Of fork it warns for the sake of memory that its networks know; saver.c leaves that
     * alone, and waits meanwhile. */
    setenv("OMPI_MCA_mpi_warn_on_fork", "0", false);
    lks_memory_folder_open();
    avoid_what_is_forbidden();
    if (MPI_Init_thread(NULL, NULL, wanted, &granted) != MPI_SUCCESS)
        return lks_fail(LKS_COMM, "MPI does not start");
    if (granted < wanted)
        return lks_fail(LKS_COMM, "this MPI does not allow a process to have %s",
                        has_replicas ? "several replicas: its threads may not call it"
                                     : "threads");
    MPI_Comm_size(MPI_COMM_WORLD, size);
    return LKS_OK;
}

/* Tasks of a launcher that Open MPI may or may not understand. If not it either believes
 * itself alone, or prints a page and ends the process. */
static lks_status try_mpi(const lks_task *task, bool has_replicas, int *size)
{
    lks_last_words words;
    lks_status st;

    if (task->is_unknown)
        return lks_task_check(task, 1);
    (void)lks_task_check(task, 1);
    lks_last_words_begin(&words, lks_error_text());
    lks_error_clear();
    st = start_mpi(has_replicas, size);
    lks_last_words_end(&words);
    return st;
}

lks_status lks_world_open(bool has_replicas, lks_comm **out)
{
    const lks_task task = lks_task_find();
    int size = 0;

    if (!task.launcher || task.size == 1)
        return lks_comm_self_create(out);
    LKS_TRY(check_file_limit());
    LKS_TRY(task.is_open_mpis ? start_mpi(has_replicas, &size)
                              : try_mpi(&task, has_replicas, &size));
    if (lks_task_check(&task, size) == LKS_OK)
        return lks_comm_mpi_create(out);
    MPI_Finalize();
    return LKS_INVALID;
}

void lks_world_close(lks_comm *comm)
{
    int initialized = 0;

    lks_comm_destroy(comm);
    MPI_Initialized(&initialized);
    if (initialized)
        MPI_Finalize();
    lks_memory_folder_close();
}

/* ---- placement ---- */

/* FNV-1a. source: Fowler, Noll & Vo */
static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3u;
    return hash;
}

typedef struct seat {
    uint64_t host;  /* its name and its kernel's boot */
    uint64_t cores; /* which ones this rank may use */
    uint32_t n_cores;
} seat;

uint64_t lks_world_host(void)
{
    uint64_t host = 0xcbf29ce484222325u;
    char text[256] = "";
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

    if (file) {
        if (fgets(text, sizeof text, file))
            host = hash_bytes(host, text, strlen(text));
        fclose(file);
    }
    if (gethostname(text, sizeof text - 1) == 0)
        host = hash_bytes(host, text, strlen(text));
    return host;
}

static seat own_seat(void)
{
    seat own = {.host = lks_world_host(), .cores = 0xcbf29ce484222325u, .n_cores = 1};
    cpu_set_t allowed;

    own.n_cores = lks_cores_usable();
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0)
        own.cores = hash_bytes(own.cores, &allowed, sizeof allowed);
    return own;
}

/* A rank's share of its cores: those it may use, divided by the ranks that may use just
 * the same (ranks bound apart do not share). */
static uint32_t share(const seat *seats, int n, int rank)
{
    uint32_t sharing = 0, cores = seats[rank].n_cores;

    for (int r = 0; r < n; r++)
        sharing +=
            seats[r].host == seats[rank].host && seats[r].cores == seats[rank].cores;
    return cores > sharing ? cores / sharing : 1;
}

lks_status lks_world_placement(lks_comm *comm, lks_placement *out)
{
    seat *seats = lks_calloc((size_t)comm->size, sizeof *seats);
    lks_status st;

    if (!seats)
        return LKS_COMM;
    seats[comm->rank] = own_seat();
    LKS_GO(lks_comm_all_gather(comm, seats, sizeof *seats));
    *out = (lks_placement){.one_host = true,
                           .threads_per_rank = UINT32_MAX,
                           .cores = seats[comm->rank].n_cores};
    for (int r = 0; r < comm->size; r++) {
        const uint32_t threads = share(seats, comm->size, r);

        out->one_host = out->one_host && seats[r].host == seats[0].host;
        if (threads < out->threads_per_rank)
            out->threads_per_rank = threads;
    }
cleanup:
    lks_free(seats);
    return st;
}

/* ---- agreement ---- */

typedef struct verdict {
    int status, exit_code;
    char text[1000];
} verdict;

lks_status lks_world_agree(lks_comm *comm, lks_status st, int *exit_code)
{
    verdict *verdicts = lks_calloc((size_t)comm->size, sizeof *verdicts);
    const int own_exit_code = *exit_code;
    int first = 0;

    if (!verdicts)
        return LKS_COMM;
    if (st != LKS_OK) {
        verdict *own = &verdicts[comm->rank];

        own->status = (int)st;
        own->exit_code = own_exit_code;
        snprintf(own->text, sizeof own->text, "%s", lks_error_text());
        lks_error_clear();
    }
    if (lks_comm_all_gather(comm, verdicts, sizeof *verdicts) == LKS_OK) {
        while (first < comm->size && verdicts[first].status == LKS_OK)
            first++;
        st = first == comm->size ? LKS_OK : (lks_status)verdicts[first].status;
    } else {
        st = LKS_COMM;
        first = comm->size;
    }
    if (first < comm->size) {
        *exit_code = verdicts[first].exit_code;
        if (first == 0)
            lks_fail(st, "%s", verdicts[first].text);
        else
            lks_fail(st, "rank %d: %s", first, verdicts[first].text);
    }
    lks_free(verdicts);
    return st;
}

lks_status lks_world_check_same(lks_comm *comm, uint64_t value, const char *what)
{
    uint64_t *values = lks_calloc((size_t)comm->size, sizeof *values);
    lks_status st;

    if (!values)
        return LKS_COMM;
    values[comm->rank] = value;
    LKS_GO(lks_comm_all_gather(comm, values, sizeof *values));
    for (int r = 1; r < comm->size; r++)
        if (values[r] != values[0])
            LKS_FAIL(LKS_STATE, "%s of rank %d differs from rank 0's", what, r);
cleanup:
    lks_free(values);
    return st;
}
