#include "decode/beam.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "decode/ranking.h"
#include "maths.h"

/* Hypotheses share their beginnings: a token and the node before it, ROOT before the
 * first. */
typedef struct node {
    int64_t before, token;
} node;

enum { ROOT = -1 };

/* Under way, or finished. */
typedef struct path {
    int64_t node;
    int64_t row; /* of its sentence's: what it goes on from */
    int64_t n_tokens;
    double log_p, score; /* the latter of a finished one */
    bool is_greedy;      /* it is what greedy decoding has come to */
    bool is_beside;      /* and the beam has lost it: nothing but that goes on from it */
} path;

/* What is known of one start. */
typedef struct sentence {
    int64_t max_length;
    path *live;               /* [n_live of width + 1], the most probable first */
    int64_t n_live, n_before; /* a length before */
    path *kept;               /* [n_kept of n_best], the highest score first */
    int64_t n_kept;
} sentence;

typedef struct search {
    const lks_decoder *decoder;
    const lks_beam *beam;
    int64_t end;
    int64_t length; /* of all that is under way */
    sentence *sentences;
    size_t n_sentences;
    node *nodes;
    size_t n_nodes, nodes_capacity;
    lks_ranking ranking; /* of the continuations of a sentence's hypotheses */
    path *next;          /* [width + 1] its live ones at the next length */
    int64_t n_rows;      /* of the decoder: all live ones, sentence by sentence */
    int64_t *tokens, *from;
    float *log_p; /* [n_rows][n_tokens] */
    size_t log_p_capacity;
} search;

/* ---- scores ---- */

static double score_of(const lks_beam *beam, double log_p, int64_t n_tokens)
{
    const double length = (5.0 + (double)n_tokens) / 6.0;

    return log_p / lks_pow_f64(length, beam->length_penalty);
}

/* After those that score no less. */
static void keep(const search *self, sentence *s, path found)
{
    int64_t at = s->n_kept;

    found.score = score_of(self->beam, found.log_p, found.n_tokens);
    while (at > 0 && s->kept[at - 1].score < found.score)
        at--;
    if (at == self->beam->n_best)
        return;
    if (s->n_kept < self->beam->n_best)
        s->n_kept++;
    memmove(&s->kept[at + 1], &s->kept[at],
            (size_t)(s->n_kept - 1 - at) * sizeof *s->kept);
    s->kept[at] = found;
}

/* The least probable are the first that cannot score higher any more. */
static void give_up(const search *self, sentence *s)
{
    if (s->n_kept < self->beam->n_best)
        return;
    while (s->n_live > 0 && score_of(self->beam, s->live[s->n_live - 1].log_p,
                                     s->max_length) <= s->kept[s->n_kept - 1].score)
        s->n_live--;
}

/* ---- a length ---- */

static lks_status add_node(search *self, int64_t before, int64_t token, int64_t *out)
{
    if (self->n_nodes == self->nodes_capacity) {
        const size_t capacity = 2 * self->nodes_capacity + 64;
        node *nodes = lks_realloc(self->nodes, capacity, sizeof *nodes);

        if (!nodes)
            return LKS_NOMEM;
        self->nodes = nodes;
        self->nodes_capacity = capacity;
    }
    self->nodes[self->n_nodes] = (node){before, token};
    *out = (int64_t)self->n_nodes++;
    return LKS_OK;
}

/* Of the tokens after the greedy path the most probable, of equals the first; *out.row is
 * -1 without such a path. log_p are those of the sentence's rows. */
static lks_candidate greedy_step(const search *self, const sentence *s,
                                 const float *log_p)
{
    const int64_t n = self->decoder->n_tokens;
    lks_candidate best = {.row = -1};
    int64_t row = 0, token = 0;

    while (row < s->n_live && !s->live[row].is_greedy)
        row++;
    if (row == s->n_live)
        return best;
    for (int64_t i = 1; i < n; i++)
        if (log_p[row * n + i] > log_p[row * n + token])
            token = i;
    if (log_p[row * n + token] > -INFINITY)
        best = (lks_candidate){s->live[row].log_p + (double)log_p[row * n + token], row,
                               token};
    return best;
}

static void rank(search *self, const sentence *s, const float *log_p)
{
    const int64_t n = self->decoder->n_tokens;

    lks_ranking_clear(&self->ranking);
    for (int64_t row = 0; row < s->n_live; row++)
        for (int64_t token = 0; token < n && !s->live[row].is_beside; token++)
            if (log_p[row * n + token] > -INFINITY)
                lks_ranking_offer(
                    &self->ranking,
                    (lks_candidate){s->live[row].log_p + (double)log_p[row * n + token],
                                    row, token});
    lks_ranking_sort(&self->ranking);
}

/* The candidate as a path: finished, or behind the *n_next that go on. */
static lks_status take(search *self, sentence *s, const lks_candidate *c, bool is_greedy,
                       bool is_beside, int64_t *n_next)
{
    path found = {.row = c->row,
                  .n_tokens = self->length + 1,
                  .log_p = c->log_p,
                  .is_greedy = is_greedy,
                  .is_beside = is_beside};
    const bool ends = c->token == self->end || found.n_tokens == s->max_length;

    LKS_TRY(add_node(self, s->live[c->row].node, c->token, &found.node));
    if (ends)
        keep(self, s, found);
    else
        self->next[(*n_next)++] = found;
    return LKS_OK;
}

/* The sentence's hypotheses a token longer. */
static lks_status extend(search *self, sentence *s, const float *log_p)
{
    const lks_candidate greedy = greedy_step(self, s, log_p);
    const int64_t width = self->beam->width;
    bool has_greedy = greedy.row < 0;
    int64_t n_next = 0;

    rank(self, s, log_p);
    for (int64_t i = 0; i < self->ranking.n; i++) {
        const lks_candidate *c = &self->ranking.items[i];
        const bool is_greedy = c->row == greedy.row && c->token == greedy.token;
        const bool ends = c->token == self->end || self->length + 1 == s->max_length;

        if (ends ? i >= width : n_next == width)
            continue;
        LKS_TRY(take(self, s, c, is_greedy, false, &n_next));
        has_greedy = has_greedy || is_greedy;
    }
    if (!has_greedy)
        LKS_TRY(take(self, s, &greedy, true, true, &n_next));
    memcpy(s->live, self->next, (size_t)n_next * sizeof *s->live);
    s->n_live = n_next;
    give_up(self, s);
    return LKS_OK;
}

/* What is under way now, as the decoder's rows. */
static lks_status move_rows(search *self)
{
    int64_t n = 0, first = 0;

    for (size_t i = 0; i < self->n_sentences; i++) {
        const sentence *s = &self->sentences[i];

        for (int64_t k = 0; k < s->n_live; k++) {
            self->tokens[n] = self->nodes[s->live[k].node].token;
            self->from[n++] = first + s->live[k].row;
        }
        first += s->n_before;
    }
    if (n > 0)
        LKS_TRY(lks_decoder_reorder(self->decoder, self->from, n, self->n_rows));
    self->n_rows = n;
    return LKS_OK;
}

static lks_status make_room(search *self)
{
    const size_t n = (size_t)self->n_rows * (size_t)self->decoder->n_tokens;
    float *log_p;

    if (n <= self->log_p_capacity)
        return LKS_OK;
    if (!(log_p = lks_realloc(self->log_p, n, sizeof *log_p)))
        return LKS_NOMEM;
    self->log_p = log_p;
    self->log_p_capacity = n;
    return LKS_OK;
}

static lks_status lengthen(search *self)
{
    int64_t first = 0;

    LKS_TRY(make_room(self));
    LKS_TRY(lks_decoder_step(self->decoder, self->tokens, self->n_rows, self->log_p));
    for (size_t i = 0; i < self->n_sentences; i++) {
        sentence *s = &self->sentences[i];

        s->n_before = s->n_live;
        LKS_TRY(extend(self, s, self->log_p + first * self->decoder->n_tokens));
        first += s->n_before;
    }
    self->length++;
    return move_rows(self);
}

/* ---- the whole ---- */

static lks_status check(const lks_beam *beam, const lks_decode_start *starts, size_t n)
{
    if (beam->width < 1 || beam->width > LKS_BEAM_MAX_WIDTH)
        return lks_fail(LKS_INVALID, "a beam of width %lld: give 1 to %d",
                        (long long)beam->width, LKS_BEAM_MAX_WIDTH);
    if (beam->n_best < 1 || beam->n_best > beam->width)
        return lks_fail(LKS_INVALID, "%lld best of a beam of width %lld: give 1 to %lld",
                        (long long)beam->n_best, (long long)beam->width,
                        (long long)beam->width);
    if (!(beam->length_penalty >= 0) || isinf(beam->length_penalty))
        return lks_fail(LKS_INVALID, "length penalty %g: give 0 or more",
                        beam->length_penalty);
    return lks_decode_check_starts(starts, n);
}

static lks_status begin_sentence(const search *self, const lks_decode_start *start,
                                 sentence *out)
{
    *out = (sentence){.max_length = start->max_length, .n_live = 1};
    out->live = lks_calloc((size_t)self->beam->width + 1, sizeof *out->live);
    out->kept = lks_calloc((size_t)self->beam->n_best, sizeof *out->kept);
    if (!out->live || !out->kept)
        return LKS_NOMEM;
    out->live[0] = (path){.node = ROOT, .is_greedy = true};
    return LKS_OK;
}

static lks_status begin(search *self, const lks_decode_start *starts)
{
    const size_t n = self->n_sentences, room = (size_t)self->beam->width + 1;

    self->next = lks_calloc(room, sizeof *self->next);
    self->tokens = lks_calloc(n * room, sizeof *self->tokens);
    self->from = lks_calloc(n * room, sizeof *self->from);
    self->sentences = lks_calloc(n, sizeof *self->sentences);
    if (!self->next || !self->tokens || !self->from || !self->sentences)
        return LKS_NOMEM;
    for (size_t i = 0; i < n; i++) {
        self->tokens[i] = starts[i].token;
        LKS_TRY(begin_sentence(self, &starts[i], &self->sentences[i]));
    }
    self->n_rows = (int64_t)n;
    return lks_ranking_init(&self->ranking, 2 * self->beam->width);
}

static lks_status spell(const search *self, const path *p, lks_hypothesis *out)
{
    int64_t at = p->node;

    *out =
        (lks_hypothesis){.n_tokens = p->n_tokens, .log_p = p->log_p, .score = p->score};
    out->tokens = lks_calloc((size_t)p->n_tokens, sizeof *out->tokens);
    if (!out->tokens)
        return LKS_NOMEM;
    for (int64_t i = p->n_tokens; i-- > 0; at = self->nodes[at].before)
        out->tokens[i] = self->nodes[at].token;
    return LKS_OK;
}

static lks_status spell_all(const search *self, lks_hypotheses *out)
{
    for (size_t i = 0; i < self->n_sentences; i++) {
        const sentence *s = &self->sentences[i];

        if (s->n_kept == 0)
            return lks_fail(LKS_NUMERIC, "the model gives no token a probability");
        out[i].items = lks_calloc((size_t)s->n_kept, sizeof *out[i].items);
        if (!out[i].items)
            return LKS_NOMEM;
        for (; out[i].n < (size_t)s->n_kept; out[i].n++)
            LKS_TRY(spell(self, &s->kept[out[i].n], &out[i].items[out[i].n]));
    }
    return LKS_OK;
}

static void release(search *self)
{
    for (size_t i = 0; self->sentences && i < self->n_sentences; i++) {
        lks_free(self->sentences[i].live);
        lks_free(self->sentences[i].kept);
    }
    lks_free(self->sentences);
    lks_free(self->nodes);
    lks_ranking_release(&self->ranking);
    lks_free(self->next);
    lks_free(self->tokens);
    lks_free(self->from);
    lks_free(self->log_p);
}

lks_status lks_beam_search(const lks_decoder *decoder, const lks_beam *beam,
                           const lks_decode_start *starts, size_t n, int64_t end,
                           lks_hypotheses *out)
{
    search self = {.decoder = decoder, .beam = beam, .end = end, .n_sentences = n};
    lks_status st;

    for (size_t i = 0; i < n; i++)
        out[i] = (lks_hypotheses){0};
    LKS_TRY(check(beam, starts, n));
    LKS_GO(begin(&self, starts));
    while (self.n_rows > 0)
        LKS_GO(lengthen(&self));
    LKS_GO(spell_all(&self, out));
cleanup:
    release(&self);
    return st;
}
