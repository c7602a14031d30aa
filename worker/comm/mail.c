#include "worker/comm/mail.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"

enum {
    FIRST_LETTERS = 16,
    LINE_BYTES = 64,
    PAUSES = 32,
    NAP_NS = 20000, /* the kernel makes it some 80 us */
    N_NAPS = 64,
};

static const uint64_t spin_ns = 50000;

typedef struct slot {
    lks_letter letter;
    lks_mark taken;
} slot;

/* A ring: letter `turn` is in slots[turn % capacity] until the sender knows that it was
 * taken. The counts are changed under the reader's lock, and read without by those who
 * only wish to know whether it is worth it. */
typedef struct ring {
    slot *slots;
    uint64_t capacity;
    _Atomic uint64_t n_posted, n_taken;
    uint64_t n_forgotten;
} ring;

typedef struct box {
    _Alignas(LINE_BYTES) pthread_mutex_t lock;
    pthread_cond_t rung;
    _Atomic uint32_t bell;
    _Atomic bool is_asleep;
    ring *rings; /* [LKS_MAIL_KINDS * n] to this replica */
} box;

struct lks_mail {
    int n;
    _Atomic bool has_failed;
    box *boxes; /* [n] */
};

static bool init_box(box *b, int n)
{
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->rung, NULL);
    b->rings = lks_calloc(LKS_MAIL_KINDS * (size_t)n, sizeof *b->rings);
    return b->rings != NULL;
}

static void release_box(box *b, int n)
{
    for (int i = 0; b->rings && i < LKS_MAIL_KINDS * n; i++)
        lks_free(b->rings[i].slots);
    lks_free(b->rings);
    pthread_mutex_destroy(&b->lock);
    pthread_cond_destroy(&b->rung);
}

lks_status lks_mail_create(int n, lks_mail **out)
{
    lks_mail *mail = lks_calloc(1, sizeof *mail);
    box *boxes = lks_malloc_aligned((size_t)n * sizeof *boxes);

    if (!mail || !boxes) {
        lks_free(mail);
        lks_free(boxes);
        return LKS_NOMEM;
    }
    mail->boxes = boxes;
    memset(boxes, 0, (size_t)n * sizeof *boxes);
    for (; mail->n < n; mail->n++) {
        if (!init_box(&boxes[mail->n], n)) {
            release_box(&boxes[mail->n], n);
            lks_mail_destroy(mail);
            return LKS_NOMEM;
        }
    }
    *out = mail;
    return LKS_OK;
}

void lks_mail_destroy(lks_mail *mail)
{
    if (!mail)
        return;
    for (int i = 0; i < mail->n; i++)
        release_box(&mail->boxes[i], mail->n);
    lks_free(mail->boxes);
    lks_free(mail);
}

int lks_mail_size(const lks_mail *mail)
{
    return mail->n;
}

/* ---- the bell ---- */

static void ring_bell(box *b)
{
    atomic_fetch_add(&b->bell, 1);
    if (!atomic_load(&b->is_asleep))
        return;
    pthread_mutex_lock(&b->lock);
    pthread_cond_signal(&b->rung);
    pthread_mutex_unlock(&b->lock);
}

uint32_t lks_mail_bell(lks_mail *mail, int replica)
{
    return atomic_load(&mail->boxes[replica].bell);
}

static void pause_a_moment(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Whether the bell rang. */
static bool spin(box *b, uint32_t bell)
{
    const uint64_t until_ns = lks_clock_ns() + spin_ns;

    do {
        for (int i = 0; i < PAUSES; i++) {
            if (atomic_load_explicit(&b->bell, memory_order_acquire) != bell)
                return true;
            pause_a_moment();
        }
    } while (lks_clock_ns() < until_ns);
    return false;
}

void lks_mail_nap(void)
{
    const struct timespec nap = {.tv_nsec = NAP_NS};

    nanosleep(&nap, NULL);
}

static bool doze(box *b, uint32_t bell)
{
    for (int i = 0; i < N_NAPS; i++) {
        lks_mail_nap();
        if (atomic_load(&b->bell) != bell)
            return true;
    }
    return false;
}

void lks_mail_wait(lks_mail *mail, int replica, uint32_t bell)
{
    box *b = &mail->boxes[replica];

    if (spin(b, bell) || doze(b, bell))
        return;
    pthread_mutex_lock(&b->lock);
    atomic_store(&b->is_asleep, true);
    while (atomic_load(&b->bell) == bell)
        pthread_cond_wait(&b->rung, &b->lock);
    atomic_store(&b->is_asleep, false);
    pthread_mutex_unlock(&b->lock);
}

void lks_mail_fail(lks_mail *mail)
{
    atomic_store(&mail->has_failed, true);
    for (int i = 0; i < mail->n; i++)
        ring_bell(&mail->boxes[i]);
}

bool lks_mail_has_failed(const lks_mail *mail)
{
    return atomic_load(&mail->has_failed);
}

/* ---- letters ---- */

static ring *ring_of(lks_mail *mail, lks_route route)
{
    return &mail->boxes[route.to].rings[route.kind * mail->n + route.from];
}

static slot *slot_at(const ring *r, uint64_t turn)
{
    return &r->slots[turn % r->capacity];
}

/* Under the lock. */
static lks_status grow(ring *r)
{
    ring more = {.capacity = r->capacity ? 2 * r->capacity : FIRST_LETTERS};

    if (!(more.slots = lks_calloc(more.capacity, sizeof *more.slots)))
        return LKS_NOMEM;
    for (uint64_t turn = r->n_forgotten; turn < r->n_posted; turn++)
        *slot_at(&more, turn) = *slot_at(r, turn);
    lks_free(r->slots);
    r->slots = more.slots;
    r->capacity = more.capacity;
    return LKS_OK;
}

lks_status lks_mail_post(lks_mail *mail, lks_route route, const lks_letter *letter)
{
    box *b = &mail->boxes[route.to];
    ring *r = ring_of(mail, route);
    lks_status st = LKS_OK;

    pthread_mutex_lock(&b->lock);
    if (r->n_posted - r->n_forgotten == r->capacity)
        st = grow(r);
    if (st == LKS_OK) {
        *slot_at(r, r->n_posted) = (slot){.letter = *letter};
        r->n_posted++;
    }
    pthread_mutex_unlock(&b->lock);
    if (st == LKS_OK)
        ring_bell(b);
    return st;
}

bool lks_mail_look(lks_mail *mail, lks_route route, uint64_t turn, lks_letter *out)
{
    box *b = &mail->boxes[route.to];
    ring *r = ring_of(mail, route);

    if (r->n_taken != turn || r->n_posted <= turn)
        return false;
    pthread_mutex_lock(&b->lock);
    *out = slot_at(r, turn)->letter;
    pthread_mutex_unlock(&b->lock);
    return true;
}

void lks_mail_take(lks_mail *mail, lks_route route, const lks_mark *mark)
{
    box *b = &mail->boxes[route.to];
    ring *r = ring_of(mail, route);

    pthread_mutex_lock(&b->lock);
    slot_at(r, r->n_taken)->taken = *mark;
    r->n_taken++;
    pthread_mutex_unlock(&b->lock);
    ring_bell(&mail->boxes[route.from]);
}

bool lks_mail_is_taken(lks_mail *mail, lks_route route, uint64_t turn, lks_mark *mark)
{
    box *b = &mail->boxes[route.to];
    ring *r = ring_of(mail, route);

    if (r->n_taken <= turn)
        return false;
    pthread_mutex_lock(&b->lock);
    *mark = slot_at(r, turn)->taken;
    r->n_forgotten = turn + 1;
    pthread_mutex_unlock(&b->lock);
    return true;
}
