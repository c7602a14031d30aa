/* The hostile device's recordings: commands that are queued anew at each replay, with
 * their memory poisoned behind them. */
#include <stdlib.h>
#include <string.h>

#include "base/try.h"
#include "deferred/deferred.h"

enum { MAX_BLOCKS = 4096 };

struct lks_recording {
    deferred_command *first, **last;
    void *live[MAX_BLOCKS], *kept[MAX_BLOCKS]; /* handed out and not back; back */
    size_t n_live, n_kept;
};

void deferred_note(lks_recording *r, const deferred_command *c)
{
    deferred_command *copy = malloc(sizeof *copy);

    if (!copy)
        deferred_die("no memory");
    *copy = *c;
    copy->next = NULL;
    *r->last = copy;
    r->last = &copy->next;
}

void deferred_note_block(int index, void *block)
{
    lks_recording *r = *deferred_noting(index);

    if (!r)
        return;
    if (r->n_live == MAX_BLOCKS)
        deferred_die("a recording makes too many blocks");
    r->live[r->n_live++] = block;
}

bool deferred_keep_block(int index, void *block)
{
    lks_recording *r = *deferred_noting(index);

    if (!r)
        return false;
    for (size_t i = 0; i < r->n_live; i++)
        if (r->live[i] == block) {
            r->live[i] = r->live[--r->n_live];
            break;
        }
    if (r->n_kept == MAX_BLOCKS)
        deferred_die("a recording frees too many blocks");
    r->kept[r->n_kept++] = block;
    return true;
}

lks_status deferred_record(int index)
{
    lks_recording **noting = deferred_noting(index);
    lks_recording *r;

    LKS_TRY(deferred_check_plain(index, "a recording"));
    if (!(r = calloc(1, sizeof *r)))
        deferred_die("no memory");
    r->last = &r->first;
    *noting = r;
    return LKS_OK;
}

lks_status deferred_recorded(int index, lks_recording **out)
{
    lks_recording **noting = deferred_noting(index), *r = *noting;
    const size_t n = r->n_live;

    *noting = NULL;
    if (n > 0) {
        deferred_forget(index, r);
        return lks_fail(LKS_STATE, "deferred: %zu blocks outlive their recording", n);
    }
    *out = r;
    return LKS_OK;
}

static lks_status run_poison(const deferred_command *c)
{
    deferred_poison_block(c->to);
    return LKS_OK;
}

lks_status deferred_replay(int index, const lks_recording *r, uint32_t steps)
{
    LKS_TRY(deferred_check_plain(index, "a replay"));
    for (const deferred_command *c = r->first; c; c = c->next) {
        deferred_command again = *c;

        if (strcmp(c->name, "dropout") == 0)
            again.params.rng.step += steps;
        LKS_TRY(deferred_push(index, &again));
    }
    for (size_t i = 0; i < r->n_kept; i++)
        LKS_TRY(deferred_push(index, &(deferred_command){.name = "poison",
                                                         .run = run_poison,
                                                         .always = true,
                                                         .to = r->kept[i]}));
    return LKS_OK;
}

static lks_status run_end(const deferred_command *c)
{
    deferred_end_block(c->dim, c->to);
    return LKS_OK;
}

void deferred_forget(int index, lks_recording *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n_kept; i++)
        deferred_push(index, &(deferred_command){.name = "free",
                                                 .run = run_end,
                                                 .always = true,
                                                 .dim = index,
                                                 .to = r->kept[i]});
    for (deferred_command *c = r->first, *next; c; c = next) {
        next = c->next;
        free(c);
    }
    free(r);
}
