/* What any communicator must do, as bodies of a replica (worker/replicas.h): each returns
 * NULL or what went wrong. For up to COMM_CASES_MOST replicas. */
#ifndef LKS_TESTS_WORKER_COMM_CASES_H
#define LKS_TESTS_WORKER_COMM_CASES_H

#include "support/test_device.h"

#include "base/alloc.h"
#include "base/try.h"
#include "train/comm.h"

enum { COMM_CASES_MOST = 9, ROUNDS = 50 };

/* A replica's error, if `st` is one. */
static inline const char *text_of(lks_status st)
{
    return st == LKS_OK ? NULL : lks_error_text();
}

/* Replica r brings r + 1 numbers, all of them round * 100 + r. */
static inline lks_status gather_unequal(lks_comm *comm, float *got, size_t *n)
{
    const size_t size = (size_t)comm->size;
    size_t offsets[COMM_CASES_MOST], counts[COMM_CASES_MOST];
    lks_request *request = NULL;
    lks_view all;

    *n = 0;
    for (size_t r = 0; r < size; r++) {
        offsets[r] = *n;
        counts[r] = r + 1;
        *n += counts[r];
    }
    all = flat_new(test_device(), LKS_F32, *n);
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < *n; i++)
            got[i] = (float)(round * 100 + comm->rank);
        flat_put(&all, got);
        LKS_TRY(comm->ops->all_gather(comm, &all, offsets, counts, &request));
        LKS_TRY(comm->ops->wait(comm, &request));
    }
    flat_get(&all, got);
    flat_free(&all);
    return LKS_OK;
}

static inline const char *check_gather(lks_comm *comm, void *context)
{
    float got[COMM_CASES_MOST * (COMM_CASES_MOST + 1) / 2];
    size_t n, at = 0;

    (void)context;
    if (gather_unequal(comm, got, &n) != LKS_OK)
        return lks_error_text();
    for (int r = 0; r < comm->size; r++)
        for (int i = 0; i <= r; i++)
            if (got[at++] != (float)((ROUNDS - 1) * 100 + r))
                return "another number";
    return NULL;
}

static inline const char *check_all_reduce(lks_comm *comm, void *context)
{
    enum { N = 7 }; /* fewer than the replicas, too */
    const lks_view sums = flat_new(test_device(), LKS_F32, N);
    lks_request *request = NULL;
    float values[N];
    lks_status st = LKS_OK;

    (void)context;
    for (int round = 0; round < ROUNDS && st == LKS_OK; round++) {
        for (int i = 0; i < N; i++)
            values[i] = (float)(comm->rank + i);
        flat_put(&sums, values);
        st = comm->ops->all_reduce(comm, &sums, &request);
        st = st == LKS_OK ? comm->ops->wait(comm, &request) : st;
        flat_get(&sums, values);
        for (int i = 0; i < N && st == LKS_OK; i++)
            if (values[i] != (float)(comm->size * (comm->size - 1) / 2 + i * comm->size))
                return "another sum";
    }
    flat_free(&sums);
    return text_of(st);
}

static inline const char *check_broadcast(lks_comm *comm, void *context)
{
    (void)context;
    for (int root = 0; root < comm->size; root++) {
        int value = comm->rank == root ? 42 + root : 0;

        if (lks_comm_broadcast(comm, &value, sizeof value, root) != LKS_OK)
            return lks_error_text();
        if (value != 42 + root)
            return "another value";
        if (lks_comm_barrier(comm) != LKS_OK)
            return lks_error_text();
    }
    return NULL;
}

/* Blocks of any size, that of every third replica and of the whole being none: each rank's
 * number, as often as it says. */
static inline const char *check_blocks(lks_comm *comm, void *context)
{
    char own[3 * COMM_CASES_MOST], *all;
    const size_t n_own = (size_t)(comm->rank % 3) * (size_t)comm->rank;
    size_t n_all = 0, at = 0;
    lks_status st;

    (void)context;
    memset(own, comm->rank, sizeof own);
    st = lks_comm_all_gather_blocks(comm, own, n_own, (void **)&all, &n_all);
    if (st != LKS_OK)
        return text_of(st);
    for (int r = 0; r < comm->size; r++)
        for (size_t i = 0; i < (size_t)(r % 3) * (size_t)r; i++, at++)
            if (at >= n_all || all[at] != r)
                return "another block";
    lks_free(all);
    return at == n_all ? NULL : "blocks of another size";
}

/* Several at once, of two kinds, waited for from the last to the first. */
static inline const char *check_many(lks_comm *comm, void *context)
{
    enum { N = 20 };
    const size_t size = (size_t)comm->size;
    size_t layout[2 * COMM_CASES_MOST];
    float sums[N], parts[N][COMM_CASES_MOST];
    lks_request *requests[2 * N];
    lks_status st = LKS_OK;

    (void)context;
    for (size_t r = 0; r < size; r++) {
        layout[r] = r;
        layout[size + r] = 1;
    }
    for (int i = 0; i < N && st == LKS_OK; i++) {
        const lks_view sum = lks_view_flat(lks_cpu, &sums[i], LKS_F32, 1);
        const lks_view all = lks_view_flat(lks_cpu, parts[i], LKS_F32, size);

        sums[i] = (float)i;
        parts[i][comm->rank] = (float)(i * comm->rank);
        st = comm->ops->all_reduce(comm, &sum, &requests[2 * i]);
        st = st == LKS_OK ? comm->ops->all_gather(comm, &all, layout, layout + size,
                                                  &requests[2 * i + 1])
                          : st;
    }
    for (int i = 2 * N; i-- > 0 && st == LKS_OK;)
        st = comm->ops->wait(comm, &requests[i]);
    for (int i = 0; i < N && st == LKS_OK; i++) {
        if (sums[i] != (float)(i * comm->size))
            return "another sum";
        for (int r = 0; r < comm->size; r++)
            if (parts[i][r] != (float)(i * r))
                return "another part";
    }
    return text_of(st);
}

/* To the next replica 20 numbers, one a message; from the one before its own. */
static inline const char *check_order(lks_comm *comm, void *context)
{
    enum { N = 20 };
    const int next = (comm->rank + 1) % comm->size;
    const int last = (comm->rank + comm->size - 1) % comm->size;
    const lks_view out = flat_new(test_device(), LKS_F32, N);
    lks_view in = flat_new(test_device(), LKS_F32, N), parts[N];
    const lks_view room = in;
    lks_request *requests[2 * N];
    float values[N];
    lks_status st = LKS_OK;

    (void)context;
    for (size_t i = 0; i < N; i++)
        values[i] = (float)(comm->rank * 100) + (float)i;
    flat_put(&out, values);
    for (size_t i = 0; i < N && st == LKS_OK; i++) {
        const lks_view part = lks_view_part(&out, i, 1);

        parts[i] = lks_view_part(&in, i, 1);
        st = comm->ops->receive(comm, last, 1, &parts[i], &requests[i]);
        st = st == LKS_OK ? comm->ops->send(comm, next, 1, &part, &requests[N + i]) : st;
    }
    for (size_t i = 2 * N; i-- > 0 && st == LKS_OK;)
        st = comm->ops->wait(comm, &requests[i]);
    for (size_t i = 0; i < N && st == LKS_OK; i++) {
        float value;

        flat_get(&parts[i], &value);
        if (value != (float)(last * 100) + (float)i)
            return "another message";
    }
    /* Nobody frees what another may still read. */
    st = st == LKS_OK ? lks_comm_barrier(comm) : st;
    flat_free(&out);
    flat_free(&room);
    return text_of(st);
}

#endif
