#include "worker/devices.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cores.h"
#include "base/try.h"
#include "kernels.h"
#include "worker/world.h"

static bool is_auto(const lks_job *job)
{
    return strcmp(job->train.device, "auto") == 0;
}

/* The type that the job names, or the best there is. */
static const char *type_of(const lks_job *job)
{
    if (!is_auto(job))
        return job->train.device;
    return lks_device_name(lks_device_count(LKS_CUDA) > 0 ? LKS_CUDA : LKS_CPU);
}

const char *lks_devices_fault(const lks_job *job, const char *list)
{
    bool is_fault = false;
    const char *why;

    if (!is_auto(job) || (list && strcmp(list, "all") != 0) ||
        lks_device_count(LKS_CUDA) > 0)
        return NULL;
    why = lks_device_absence(LKS_CUDA, &is_fault);
    return is_fault ? why : NULL;
}

/* More CPUs than cores can be had, but only by name. */
static int count_all(lks_device device)
{
    return device.type == LKS_CPU ? (int)lks_cores_usable()
                                  : lks_device_kernels(device)->count();
}

static lks_status check_next(const lks_devices *devices, lks_device next)
{
    const lks_device *first = &devices->items[0];
    char texts[2][LKS_DEVICE_TEXT];

    if (devices->n == LKS_DEVICES_MAX)
        return lks_fail(LKS_INVALID, "--devices: more than %d", LKS_DEVICES_MAX);
    if (devices->n > 0 && next.type != first->type)
        return lks_fail(LKS_INVALID,
                        "--devices: %s and %s are of two types, a run has one",
                        lks_device_text(*first, texts[0], sizeof texts[0]),
                        lks_device_text(next, texts[1], sizeof texts[1]));
    for (int i = 0; i < devices->n; i++)
        if (devices->items[i].index == next.index)
            return lks_fail(LKS_INVALID, "--devices: %s stands there twice",
                            lks_device_text(next, texts[0], sizeof texts[0]));
    return LKS_OK;
}

static lks_status parse_list(const char *list, lks_devices *out)
{
    while (true) {
        const size_t n = strcspn(list, ",");
        char name[LKS_DEVICE_TEXT];
        lks_device device;

        snprintf(name, sizeof name, "%.*s", (int)n, list);
        if (n == 0 || strcmp(name, "all") == 0)
            return lks_fail(LKS_INVALID,
                            "--devices: %s; it is \"all\", \"cuda\", or names with "
                            "commas between them, like \"cuda:0,cuda:1\"",
                            n == 0 ? "a name is missing" : "\"all\" stands alone");
        LKS_TRY(lks_device_parse(name, &device));
        LKS_TRY(check_next(out, device));
        out->items[out->n++] = device;
        if (list[n] == '\0')
            return LKS_OK;
        list += n + 1;
    }
}

/* The first n of a type, a replica each; n 0: all. */
static lks_status take_first(const char *type, int n, lks_devices *out)
{
    lks_device device;
    int n_here;

    LKS_TRY(lks_device_parse(type, &device));
    out->is_relative = device.type == LKS_CUDA;
    n_here = lks_device_count(device.type);
    if (n > n_here)
        return lks_fail(LKS_DEVICE,
                        "train.replicas is %d, but of the devices %s:0 … the last one "
                        "here is %s:%d",
                        n, type, type, n_here - 1);
    n = n ? n : count_all(device);
    for (int i = 0; i < n && i < LKS_DEVICES_MAX; i++) {
        char name[LKS_DEVICE_TEXT];

        snprintf(name, sizeof name, "%s:%d", type, i);
        LKS_TRY(lks_device_parse(name, &out->items[out->n]));
        out->n++;
    }
    return LKS_OK;
}

static lks_status choose(const lks_job *job, const char *list, lks_devices *out)
{
    out->n = 0;
    out->is_relative = false;
    if (list && strcmp(list, "all") == 0)
        return take_first(type_of(job), 0, out);
    if (list && strcmp(list, lks_device_name(LKS_CUDA)) == 0)
        return take_first(list, 1, out);
    if (list)
        return parse_list(list, out);
    return take_first(type_of(job), (int)job->train.replicas, out);
}

lks_status lks_devices_choose(const lks_job *job, const char *list, lks_devices *out)
{
    LKS_TRY(choose(job, list, out));
    if (strcmp(job->train.numerics, "fast") == 0 &&
        !lks_device_kernels(out->items[0])->fast)
        return lks_fail(
            LKS_INVALID,
            "train.numerics is fast, but %s has one kind of arithmetic: leave "
            "it exact",
            lks_device_name(out->items[0].type));
    return LKS_OK;
}

void lks_devices_settle(const lks_devices *devices, lks_job *job)
{
    job->train.device = lks_device_name(devices->items[0].type);
    job->train.replicas = (uint32_t)devices->n;
}

/* ---- the sharing ---- */

/* "3 ranks", "2 ranks of 2 replicas", as many as one host's. */
static lks_status fail_too_few(int n_ranks, int n, int n_seen)
{
    const int fit = n_seen / n;
    char replicas[48] = "", want[48] = "";

    if (n > 1) {
        snprintf(replicas, sizeof replicas, " of %d replicas", n);
        snprintf(want, sizeof want, " want %d GPUs and", n_ranks * n);
    }
    return lks_fail(LKS_DEVICE,
                    "%d ranks%s%s are on a host with %d GPU%s: start %d there (--ranks), "
                    "or set train.device to cpu",
                    n_ranks, replicas, want, n_seen, n_seen == 1 ? "" : "s", fit);
}

static lks_status check_alike(const lks_device_seat *seats, int n_ranks)
{
    for (int r = 1; r < n_ranks; r++) {
        const bool is_first_without = seats[0].type != LKS_CUDA;

        if ((seats[r].type == LKS_CUDA) == is_first_without)
            return lks_fail(LKS_DEVICE,
                            "rank %d has a GPU, and rank %d has none that it may use: "
                            "leave that host out, or set train.device to cpu",
                            is_first_without ? r : 0, is_first_without ? 0 : r);
        if (seats[r].n != seats[0].n)
            return lks_fail(LKS_STATE,
                            "the number of devices of rank %d differs from rank 0's", r);
    }
    return LKS_OK;
}

static bool share(const lks_device_seat *a, const lks_device_seat *b)
{
    return a->host == b->host && a->sees == b->sees && b->is_relative;
}

lks_status lks_device_seats_check(const lks_device_seat *seats, int n_ranks, int rank,
                                  int *first)
{
    *first = 0;
    LKS_TRY(check_alike(seats, n_ranks));
    for (int r = 0; r < n_ranks; r++) {
        int n_sharing = 0, n_wanted = 0;

        for (int other = 0; other < n_ranks && seats[r].is_relative; other++)
            if (share(&seats[r], &seats[other])) {
                *first += r == rank && other < rank ? seats[other].n : 0;
                n_wanted += seats[other].n;
                n_sharing++;
            }
        if (n_wanted > seats[r].n_seen)
            return fail_too_few(n_sharing, seats[r].n, seats[r].n_seen);
    }
    return LKS_OK;
}

lks_device_seat lks_device_seat_of(const lks_devices *devices)
{
    const lks_device first = devices->items[0];
    const lks_kernels *kernels = lks_device_kernels(first);
    lks_device_seat own = {.type = (int32_t)first.type,
                           .is_relative = devices->is_relative,
                           .n = devices->n};

    if (first.type != LKS_CUDA)
        return own;
    own.host = lks_world_host();
    own.n_seen = kernels->count();
    for (int i = 0; i < own.n_seen && kernels->identity; i++) /* FNV-1a's step */
        own.sees = (own.sees ^ kernels->identity(i)) * 0x100000001b3u;
    return own;
}

/* Of ranks with n devices each. */
static lks_status fail_same_gpu(size_t one, size_t other, size_t n)
{
    char instead[80] = "leave its number out";

    if (n > 1)
        snprintf(instead, sizeof instead,
                 "set train.replicas to %zu and leave --devices out", n);
    return lks_fail(LKS_DEVICE,
                    "ranks %zu and %zu are on the same GPU of one host: %s, and each "
                    "takes its own",
                    one, other, instead);
}

static lks_status check_once(const lks_device_seat *seats, const uint64_t *ids,
                             int n_ranks, const lks_devices *own)
{
    const size_t n = (size_t)own->n, n_all = n * (size_t)n_ranks;

    for (size_t i = 0; i < n_all; i++)
        for (size_t j = 0; j < i; j++)
            if (ids[i] && ids[i] == ids[j] && seats[i / n].host == seats[j / n].host)
                return fail_same_gpu(j / n, i / n, n);
    return LKS_OK;
}

/* Numbers that a person has given, or GPUs that are in part hidden from some. */
static lks_status check_no_gpu_twice(lks_comm *comm, const lks_device_seat *seats,
                                     const lks_devices *devices)
{
    const lks_kernels *kernels = lks_device_kernels(devices->items[0]);
    const size_t n = (size_t)devices->n;
    uint64_t *ids = lks_calloc(n * (size_t)comm->size, sizeof *ids);
    lks_status st;

    if (!ids)
        return LKS_COMM;
    for (size_t i = 0; i < n && kernels->identity; i++)
        ids[(size_t)comm->rank * n + i] = kernels->identity(devices->items[i].index);
    LKS_GO(lks_comm_all_gather(comm, ids, n * sizeof *ids));
    st = check_once(seats, ids, comm->size, devices);
cleanup:
    lks_free(ids);
    return st;
}

lks_status lks_devices_share_out(lks_comm *comm, const lks_job *job, lks_devices *devices)
{
    lks_device_seat *seats;
    int first;
    lks_status st;

    if (comm->size == 1)
        return LKS_OK;
    if (!(seats = lks_calloc((size_t)comm->size, sizeof *seats)))
        return LKS_COMM;
    seats[comm->rank] = lks_device_seat_of(devices);
    LKS_GO(lks_comm_all_gather(comm, seats, sizeof *seats));
    LKS_GO(lks_device_seats_check(seats, comm->size, comm->rank, &first));
    for (int i = 0; i < devices->n; i++)
        devices->items[i].index += first;
    if (devices->items[0].type == LKS_CUDA && strcmp(job->train.collectives, "mpi") != 0)
        st = check_no_gpu_twice(comm, seats, devices);
cleanup:
    lks_free(seats);
    return st;
}
