/* Replicas for tests: each in a thread of this process, over comm_local; where
 * LKS_TEST_COLLECTIVES says nccl, each on a GPU of its own, over comm_nccl on top of it.
 */
#ifndef LKS_TESTS_SUPPORT_REPLICAS_H
#define LKS_TESTS_SUPPORT_REPLICAS_H

#include "support/test_device.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "worker/comm/comm_local.h"
#include "worker/comm/comm_nccl.h"

enum { MAX_REPLICAS = 16 };

/* What each does; returns NULL or an error's text. */
typedef const char *(*replica_body)(lks_comm *comm, void *context);

typedef struct replica_thread {
    pthread_t thread;
    lks_mail *mail;
    lks_comm *comm, *nccl;
    lks_comm_nccl_options options; /* without a watch: not over NCCL */
    replica_body body;
    void *context;
    char text[512];
} replica_thread;

static inline lks_status join_nccl(replica_thread *self)
{
    lks_nccl_id id = {{0}};

    test_device_offset = self->comm->rank;
    self->options.host = self->comm;
    self->options.device = test_device().index;
    LKS_TRY(lks_comm_nccl_create(&self->options, &self->nccl));
    if (self->comm->rank == 0)
        LKS_TRY(lks_comm_nccl_make_id(self->nccl, &id));
    LKS_TRY(lks_comm_broadcast(self->comm, &id, sizeof id, 0));
    return lks_comm_nccl_join(self->nccl, &id);
}

static void *replica_main(void *thread)
{
    replica_thread *self = thread;
    const lks_status st = self->options.watch ? join_nccl(self) : LKS_OK;
    const char *text = st != LKS_OK ? lks_error_text()
                       : self->nccl ? self->body(self->nccl, self->context)
                                    : self->body(self->comm, self->context);

    snprintf(self->text, sizeof self->text, "%s", text ? text : "");
    if (st != LKS_OK)
        lks_mail_fail(self->mail); /* nobody is to wait for it */
    lks_comm_destroy(self->nccl);
    return NULL;
}

/* Run `body` on every replica; one that gives a text fails the test. `options`: of NCCL,
 * the watch excepted; NULL: not over NCCL. */
static inline void run_replicas_over(int size, const lks_comm_nccl_options *options,
                                     replica_body body, void *context)
{
    static replica_thread threads[MAX_REPLICAS];
    lks_nccl_watch *watch = NULL;
    lks_mail *mail = NULL;

    if (options)
        ck_ok(lks_nccl_watch_start(&watch));
    ck_ok(lks_mail_create(size, &mail));
    for (int r = 0; r < size; r++) {
        threads[r] = (replica_thread){.mail = mail, .body = body, .context = context};
        if (options)
            threads[r].options = *options;
        threads[r].options.watch = watch;
        ck_ok(lks_comm_local_create(mail, NULL, r, &threads[r].comm));
    }
    for (int r = 0; r < size; r++)
        ck_assert_int_eq(
            pthread_create(&threads[r].thread, NULL, replica_main, &threads[r]), 0);
    for (int r = 0; r < size; r++)
        pthread_join(threads[r].thread, NULL);
    for (int r = 0; r < size; r++) {
        lks_comm_destroy(threads[r].comm);
        ck_assert_msg(threads[r].text[0] == '\0', "replica %d of %d: %s", r, size,
                      threads[r].text);
    }
    lks_nccl_watch_stop(watch);
    lks_mail_destroy(mail);
}

static inline void run_replicas(int size, replica_body body, void *context)
{
    const lks_comm_nccl_options options = {.timeout_s = 30};
    const char *collectives = getenv("LKS_TEST_COLLECTIVES");
    const bool over_nccl = collectives && strcmp(collectives, "nccl") == 0;

    run_replicas_over(size, over_nccl ? &options : NULL, body, context);
}

#endif
