/* Letters between the replicas of one process: what lies under comm_local.c. A letter is
 * no copy but says where the sender's numbers stand; the reader has them from there, says
 * that it took them, and only then may the sender touch them again.
 *
 *     sender   post ----------> route (kind, from, to) -----> look, take   reader
 *              is_taken <-------------------------------------'
 *
 * A route's letters are numbered as they are posted, from 0: their turns; they are taken
 * in that order. Each function is called by the thread of the replica that it is about
 * (`from` posts, `to` takes), but for lks_mail_fail. */
#ifndef LKS_WORKER_COMM_MAIL_H
#define LKS_WORKER_COMM_MAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "kernels.h"

enum { LKS_MAIL_KINDS = 2 };

typedef struct lks_route {
    int kind, from, to;
} lks_route;

typedef struct lks_letter {
    lks_view values; /* dense */
    lks_mark mark;   /* behind what the sender has queued on their device */
} lks_letter;

typedef struct lks_mail lks_mail;

/* Between n replicas. */
lks_status lks_mail_create(int n, lks_mail **out);
void lks_mail_destroy(lks_mail *mail); /* NULL is fine */
int lks_mail_size(const lks_mail *mail);

/* The route's next letter. */
lks_status lks_mail_post(lks_mail *mail, lks_route route, const lks_letter *letter);

/* Whether the letter of this turn is the next one and is there. */
bool lks_mail_look(lks_mail *mail, lks_route route, uint64_t turn, lks_letter *out);

/* Done with the next one, when the reader's queue has passed the mark. */
void lks_mail_take(lks_mail *mail, lks_route route, const lks_mark *mark);

/* Whether it was taken, and the reader's mark; to be asked turn by turn. */
bool lks_mail_is_taken(lks_mail *mail, lks_route route, uint64_t turn, lks_mark *mark);

/* How often the bell of a replica has rung: at each letter to it, and each one of its own
 * that was taken. */
uint32_t lks_mail_bell(lks_mail *mail, int replica);

/* Wait until it has rung since: spin for some 50 us, for answers follow each other
 * closely; take naps for some 5 ms, so that the core is free for those that have work;
 * then sleep. Naps, because Linux (seen with 6.18) puts a thread that another one wakes
 * beside it, on its core: two replicas that wake each other in every step share one, and
 * leave the other idle. */
void lks_mail_wait(lks_mail *mail, int replica, uint32_t bell);
void lks_mail_nap(void); /* one of these */

/* A replica has failed and will write no more: whoever waits need not. Any thread. */
void lks_mail_fail(lks_mail *mail);
bool lks_mail_has_failed(const lks_mail *mail);

#endif
