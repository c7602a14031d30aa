#define _GNU_SOURCE
#include "worker/world.h"

#include <mpi.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/try.h"
#include "worker/memory_folder.h"

/* ---- start and end ---- */

/* The launchers' variables: rank, and size where they tell it. */
static const struct {
    const char *rank, *size;
} launchers[] = {
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
    {"PMI_RANK", "PMI_SIZE"},
    {"PMIX_RANK", NULL},
};

/* The first launcher whose rank this is, or -1. */
static int find_launcher(void)
{
    for (size_t i = 0; i < sizeof launchers / sizeof *launchers; i++)
        if (getenv(launchers[i].rank))
            return (int)i;
    return -1;
}

bool lks_world_is_launched(void)
{
    return find_launcher() >= 0;
}

int lks_world_rank(void)
{
    const int i = find_launcher();

    return i < 0 ? 0 : atoi(getenv(launchers[i].rank));
}

int lks_world_told_size(void)
{
    const int i = find_launcher();
    const char *size = i >= 0 && launchers[i].size ? getenv(launchers[i].size) : NULL;

    return size && atoi(size) > 0 ? atoi(size) : 1;
}

bool lks_world_is_speaker(void)
{
    return lks_world_rank() == 0;
}

static bool has_peers(void)
{
    const int i = find_launcher();
    const char *size = i >= 0 && launchers[i].size ? getenv(launchers[i].size) : NULL;

    return i >= 0 && (!size || strcmp(size, "1") != 0);
}

lks_status lks_world_open(lks_comm **out)
{
    int granted;

    if (!has_peers())
        return lks_comm_self_create(out);
    /* Where there are more ranks than cores Open MPI yields in each of its calls, for
     * ever; comm_mpi waits in a way that leaves other processes their turn. */
    setenv("OMPI_MCA_mpi_yield_when_idle", "0", false);
    lks_memory_folder_open();
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &granted) != MPI_SUCCESS)
        return lks_fail(LKS_COMM, "MPI does not start");
    if (granted < MPI_THREAD_FUNNELED)
        return lks_fail(LKS_COMM, "this MPI does not allow a process to have threads");
    return lks_comm_mpi_create(out);
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

static seat own_seat(void)
{
    seat own = {.host = 0xcbf29ce484222325u, .cores = 0xcbf29ce484222325u, .n_cores = 1};
    char text[256] = "";
    cpu_set_t allowed;
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

    if (file) {
        if (fgets(text, sizeof text, file))
            own.host = hash_bytes(own.host, text, strlen(text));
        fclose(file);
    }
    if (gethostname(text, sizeof text - 1) == 0)
        own.host = hash_bytes(own.host, text, strlen(text));
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
        own.n_cores = (uint32_t)CPU_COUNT(&allowed);
        own.cores = hash_bytes(own.cores, &allowed, sizeof allowed);
    }
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
