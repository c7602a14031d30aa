/* Replicas for tests: each in a thread of this process, over comm_local. */
#ifndef LKS_TESTS_WORKER_REPLICAS_H
#define LKS_TESTS_WORKER_REPLICAS_H

#include "support/suite.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "worker/comm/comm.h"
#include "worker/comm/mail.h"

enum { MAX_REPLICAS = 16 };

/* What each does; returns NULL or an error's text. */
typedef const char *(*replica_body)(lks_comm *comm, void *context);

typedef struct replica_thread {
    pthread_t thread;
    lks_comm *comm;
    replica_body body;
    void *context;
    char text[256];
} replica_thread;

static void *replica_main(void *thread)
{
    replica_thread *self = thread;
    const char *text = self->body(self->comm, self->context);

    snprintf(self->text, sizeof self->text, "%s", text ? text : "");
    return NULL;
}

/* Run `body` on every replica; one that gives a text fails the test. */
static inline void run_replicas(int size, replica_body body, void *context)
{
    static replica_thread threads[MAX_REPLICAS];
    lks_mail *mail = NULL;

    ck_ok(lks_mail_create(size, &mail));
    for (int r = 0; r < size; r++) {
        threads[r] = (replica_thread){.body = body, .context = context};
        ck_ok(lks_comm_local_create(mail, NULL, r, &threads[r].comm));
        ck_assert_int_eq(
            pthread_create(&threads[r].thread, NULL, replica_main, &threads[r]), 0);
    }
    for (int r = 0; r < size; r++)
        pthread_join(threads[r].thread, NULL);
    for (int r = 0; r < size; r++) {
        lks_comm_destroy(threads[r].comm);
        ck_assert_msg(threads[r].text[0] == '\0', "replica %d of %d: %s", r, size,
                      threads[r].text);
    }
    lks_mail_destroy(mail);
}

#endif
