/* Ranks as threads of one process: a communicator for tests, over mailboxes in memory.
 * Messages between two ranks arrive in order; a receive completes when its turn comes. */
#ifndef LKS_TESTS_WORKER_FAKE_COMM_H
#define LKS_TESTS_WORKER_FAKE_COMM_H

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker/comm/comm.h"
#include "worker/comm/staging.h"

enum { FAKE_MAX_RANKS = 16 };

typedef struct fake_letter {
    struct fake_letter *next;
    size_t n_bytes;
    unsigned char bytes[];
} fake_letter;

/* Two post routes from each rank to each: point to point, and of collectives. */
typedef struct fake_route {
    fake_letter *first, **last;
    uint64_t n_taken, n_asked;
} fake_route;

typedef struct fake_world {
    pthread_mutex_t lock;
    pthread_cond_t arrived;
    int size;
    fake_route routes[2][FAKE_MAX_RANKS][FAKE_MAX_RANKS];
} fake_world;

typedef struct fake_comm {
    lks_comm base;
    fake_world *world;
    lks_request *started; /* not complete, in no order */
} fake_comm;

/* What is still to be received, one part a peer. */
typedef struct fake_part {
    fake_route *route;
    uint64_t turn;
    void *into;
    size_t n_bytes;
    int adds; /* to f32 values that stand there */
} fake_part;

struct lks_request {
    lks_request *next;
    lks_staging staging; /* its view, where the host may reach it */
    int n_parts, n_done;
    fake_part parts[FAKE_MAX_RANKS];
};

static lks_request *fake_start(lks_comm *comm, const lks_view *values)
{
    fake_comm *self = (fake_comm *)comm;
    lks_request *request = calloc(1, sizeof *request);

    if (lks_staging_open(&request->staging, values, true) != LKS_OK)
        abort();
    request->next = self->started;
    return self->started = request;
}

static void fake_world_init(fake_world *world, int size)
{
    memset(world, 0, sizeof *world);
    pthread_mutex_init(&world->lock, NULL);
    pthread_cond_init(&world->arrived, NULL);
    world->size = size;
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < size; i++)
            for (int j = 0; j < size; j++)
                world->routes[k][i][j].last = &world->routes[k][i][j].first;
}

static void fake_post(fake_comm *self, int kind, int peer, const void *bytes,
                      size_t n_bytes)
{
    fake_route *route = &self->world->routes[kind][self->base.rank][peer];
    fake_letter *letter = malloc(sizeof *letter + n_bytes);

    letter->next = NULL;
    letter->n_bytes = n_bytes;
    memcpy(letter->bytes, bytes, n_bytes);
    pthread_mutex_lock(&self->world->lock);
    *route->last = letter;
    route->last = &letter->next;
    pthread_cond_broadcast(&self->world->arrived);
    pthread_mutex_unlock(&self->world->lock);
}

static void fake_expect(fake_comm *self, lks_request *request, int kind, int peer,
                        void *into, size_t n_bytes, int adds)
{
    fake_route *route = &self->world->routes[kind][peer][self->base.rank];

    request->parts[request->n_parts++] =
        (fake_part){route, route->n_asked++, into, n_bytes, adds};
}

/* Under the lock: take what has arrived; parts in their order, so that sums repeat. */
static lks_status fake_advance(lks_request *request)
{
    while (request->n_done < request->n_parts) {
        fake_part *part = &request->parts[request->n_done];
        fake_letter *letter = part->route->first;

        if (!letter || part->turn != part->route->n_taken)
            return LKS_OK;
        if (letter->n_bytes != part->n_bytes)
            return lks_fail(LKS_COMM, "a message of %zu bytes, %zu expected",
                            letter->n_bytes, part->n_bytes);
        for (size_t i = 0; part->adds && i < part->n_bytes / sizeof(float); i++)
            ((float *)part->into)[i] += ((float *)(void *)letter->bytes)[i];
        if (!part->adds)
            memcpy(part->into, letter->bytes, part->n_bytes);
        part->route->n_taken++;
        if (!(part->route->first = letter->next))
            part->route->last = &part->route->first;
        free(letter);
        request->n_done++;
    }
    return LKS_OK;
}

static size_t fake_bytes(const lks_view *values)
{
    return (size_t)values->sizes[0] * lks_dtype_size_bytes(values->dtype);
}

static lks_status fake_send(lks_comm *comm, int peer, int tag, const lks_view *values,
                            lks_request **out)
{
    lks_staging staging;

    (void)tag;
    if (lks_staging_open(&staging, values, true) != LKS_OK)
        abort();
    fake_post((fake_comm *)comm, 0, peer, staging.host, fake_bytes(values));
    *out = NULL;
    return lks_staging_close(&staging, false);
}

static lks_status fake_receive(lks_comm *comm, int peer, int tag, const lks_view *values,
                               lks_request **out)
{
    (void)tag;
    *out = fake_start(comm, values);
    fake_expect((fake_comm *)comm, *out, 0, peer, (*out)->staging.host,
                fake_bytes(values), 0);
    return LKS_OK;
}

static lks_status fake_all_reduce(lks_comm *comm, const lks_view *values,
                                  lks_request **out)
{
    void *host = (*out = fake_start(comm, values))->staging.host;

    for (int peer = 0; peer < comm->size; peer++)
        if (peer != comm->rank)
            fake_post((fake_comm *)comm, 1, peer, host, fake_bytes(values));
    for (int peer = 0; peer < comm->size; peer++)
        if (peer != comm->rank)
            fake_expect((fake_comm *)comm, *out, 1, peer, host, fake_bytes(values), 1);
    return LKS_OK;
}

static lks_status fake_all_gather(lks_comm *comm, const lks_view *values,
                                  const size_t *offsets, const size_t *counts,
                                  lks_request **out)
{
    const size_t size = lks_dtype_size_bytes(values->dtype);
    char *bytes = (*out = fake_start(comm, values))->staging.host;

    for (int peer = 0; peer < comm->size; peer++) {
        if (peer == comm->rank)
            continue;
        fake_post((fake_comm *)comm, 1, peer, bytes + offsets[comm->rank] * size,
                  counts[comm->rank] * size);
        fake_expect((fake_comm *)comm, *out, 1, peer, bytes + offsets[peer] * size,
                    counts[peer] * size, 0);
    }
    return LKS_OK;
}

static lks_status fake_broadcast(lks_comm *comm, void *bytes, size_t n_bytes, int root,
                                 lks_request **out)
{
    const lks_view view = lks_view_flat(lks_cpu, bytes, LKS_U8, n_bytes);

    *out = fake_start(comm, &view);
    if (comm->rank != root)
        fake_expect((fake_comm *)comm, *out, 1, root, bytes, n_bytes, 0);
    for (int peer = 0; comm->rank == root && peer < comm->size; peer++)
        if (peer != root)
            fake_post((fake_comm *)comm, 1, peer, bytes, n_bytes);
    return LKS_OK;
}

/* As in MPI, whoever waits takes all that was started along. */
static lks_status fake_advance_all(fake_comm *self)
{
    bool any = true;

    while (any) {
        any = false;
        for (lks_request *request = self->started; request; request = request->next) {
            const int before = request->n_done;
            const lks_status st = fake_advance(request);

            if (st != LKS_OK)
                return st;
            any = any || request->n_done > before;
        }
    }
    return LKS_OK;
}

static lks_status fake_end(fake_comm *self, lks_request **request)
{
    const lks_status st = lks_staging_close(&(*request)->staging, true);
    lks_request **at = &self->started;

    while (*at != *request)
        at = &(*at)->next;
    *at = (*request)->next;
    free(*request);
    *request = NULL;
    return st;
}

static lks_status fake_finish(fake_comm *self, lks_request **request, int waits,
                              int *done)
{
    lks_status st = LKS_OK;

    *done = 1;
    if (!*request)
        return LKS_OK;
    pthread_mutex_lock(&self->world->lock);
    do {
        st = fake_advance_all(self);
        *done = st != LKS_OK || (*request)->n_done == (*request)->n_parts;
        if (waits && !*done)
            pthread_cond_wait(&self->world->arrived, &self->world->lock);
    } while (waits && !*done);
    pthread_mutex_unlock(&self->world->lock);
    if (*done) {
        const lks_status ended = fake_end(self, request);

        st = st == LKS_OK ? ended : st;
    }
    return st;
}

static lks_status fake_test(lks_comm *comm, lks_request **request, int *done)
{
    return fake_finish((fake_comm *)comm, request, 0, done);
}

static lks_status fake_wait(lks_comm *comm, lks_request **request)
{
    int done;

    return fake_finish((fake_comm *)comm, request, 1, &done);
}

static const lks_comm_ops fake_ops = {
    .name = "fake",
    .all_reduce = fake_all_reduce,
    .send = fake_send,
    .receive = fake_receive,
    .all_gather = fake_all_gather,
    .broadcast = fake_broadcast,
    .test = fake_test,
    .wait = fake_wait,
};

static fake_comm fake_rank(fake_world *world, int rank)
{
    return (fake_comm){
        {.ops = &fake_ops, .rank = rank, .size = world->size}, world, NULL};
}

/* Run `body` on every rank, each in a thread; it returns NULL or an error's text. */
typedef const char *(*fake_body)(lks_comm *comm, void *context);

typedef struct fake_thread {
    pthread_t thread;
    fake_comm comm;
    fake_body body;
    void *context;
    char text[256];
} fake_thread;

static void *fake_main(void *thread)
{
    fake_thread *self = thread;
    const char *text = self->body(&self->comm.base, self->context);

    snprintf(self->text, sizeof self->text, "%s", text ? text : "");
    return NULL;
}

static void fake_run(int size, fake_body body, void *context)
{
    static fake_world world;
    static fake_thread threads[FAKE_MAX_RANKS];

    fake_world_init(&world, size);
    for (int r = 0; r < size; r++) {
        threads[r] =
            (fake_thread){.comm = fake_rank(&world, r), .body = body, .context = context};
        ck_assert_int_eq(pthread_create(&threads[r].thread, NULL, fake_main, &threads[r]),
                         0);
    }
    for (int r = 0; r < size; r++)
        pthread_join(threads[r].thread, NULL);
    for (int r = 0; r < size; r++)
        ck_assert_msg(threads[r].text[0] == '\0', "rank %d of %d: %s", r, size,
                      threads[r].text);
}

#endif
