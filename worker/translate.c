/* Lines in another language: the work of `lockstep translate`. Replica 0 reads what lines
 * are there and hands them to all, each translates its share, and replica 0 writes them in
 * their order:
 *
 *     replica 0   reads lines 0 1 2 3 4 5 | broadcasts | 0   2   4  | gathers | writes
 *     replica 1   waits                   |            |   1   3   5|         |       */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/try.h"
#include "base/utf8.h"
#include "worker/lines_in.h"
#include "worker/number.h"
#include "worker/translator.h"

/* Of what replica 0 has read; the bytes follow. */
typedef struct handout {
    uint64_t n_lines; /* 0: no more come */
    uint64_t n_bytes;
    int64_t has_failed; /* replica 0 knows why */
} handout;

/* Before what a replica gives of its lines: bytes of each, then the bytes. */
typedef struct share {
    uint64_t n_bytes; /* of all that follows */
    int64_t has_failed;
} share;

typedef struct translation {
    lks_replica *replica;
    lks_translator translator;
    lks_lines_in in;    /* replica 0's */
    uint64_t n_written; /* lines of all */
    lks_text lines;     /* of this round, all of them */
    handout now;
} translation;

/* ---- lines come in ---- */

static lks_status read_lines(translation *self)
{
    const size_t most = LKS_TRANSLATOR_BATCH * (size_t)self->replica->comm->size;
    size_t n = 0;

    self->lines.n_bytes = 0;
    LKS_TRY(lks_lines_in_take(&self->in, most, &self->lines, &n));
    self->now.n_lines = n;
    self->now.n_bytes = self->lines.n_bytes;
    return LKS_OK;
}

/* `own` is what replica 0 holds. LKS_COMM; or LKS_OK, and has_failed may be set. */
static lks_status share_lines(translation *self, lks_status own)
{
    lks_comm *comm = self->replica->comm;

    self->now.has_failed = own != LKS_OK;
    LKS_TRY(lks_comm_broadcast(comm, &self->now, sizeof self->now, 0));
    if (self->now.has_failed || self->now.n_bytes == 0)
        return LKS_OK;
    if (comm->rank != 0) {
        char *bytes = lks_realloc(self->lines.bytes, self->now.n_bytes, 1);

        if (!bytes)
            return LKS_COMM;
        self->lines = (lks_text){
            .bytes = bytes, .n_bytes = self->now.n_bytes, .capacity = self->now.n_bytes};
    }
    return lks_comm_broadcast(comm, self->lines.bytes, self->now.n_bytes, 0);
}

/* ---- this replica's share ---- */

/* The lines that are this replica's, as tokens. */
typedef struct own_lines {
    lks_sentence *sentences; /* [n] */
    lks_hypotheses *found;   /* [n] */
    uint64_t *numbers;       /* [n] of all lines, from 1 */
    size_t n;
} own_lines;

/* By the number of its line among all. */
static lks_status check_utf8(lks_token line, uint64_t number)
{
    uint32_t code;
    size_t n;

    for (size_t at = 0; at < line.n_bytes; at += n)
        if ((n = lks_utf8_next(line.bytes + at, line.n_bytes - at, &code)) == 0)
            return lks_fail(LKS_FORMAT,
                            "standard input, line %" PRIu64
                            ": byte 0x%02x at offset %zu of the line is not UTF-8",
                            number, (unsigned char)line.bytes[at], at);
    return LKS_OK;
}

static lks_status number_line(const translation *self, lks_token line, uint64_t number,
                              lks_sentence *out)
{
    int64_t *tokens;

    LKS_TRY(check_utf8(line, number));
    LKS_TRY(lks_vocab_encode(self->translator.source, line.bytes, line.n_bytes,
                             "standard input", &tokens, &out->n));
    out->tokens = tokens;
    return LKS_OK;
}

static lks_status number_lines(const translation *self, own_lines *own)
{
    const uint64_t size = (uint64_t)self->replica->comm->size;
    const uint64_t rank = (uint64_t)self->replica->comm->rank;
    const char *at = self->lines.bytes, *end = at + self->lines.n_bytes;
    const size_t most = (size_t)(self->now.n_lines / size + 1);
    lks_token line;

    own->sentences = lks_calloc(most, sizeof *own->sentences);
    own->found = lks_calloc(most, sizeof *own->found);
    own->numbers = lks_calloc(most, sizeof *own->numbers);
    if (!own->sentences || !own->found || !own->numbers)
        return LKS_NOMEM;
    for (uint64_t i = 0; lks_line_next(&at, end, &line); i++)
        if (i % size == rank) {
            own->numbers[own->n] = self->n_written + i + 1;
            LKS_TRY(
                number_line(self, line, own->numbers[own->n], &own->sentences[own->n]));
            own->n++;
        }
    return LKS_OK;
}

/* The translation, or of n-best several, each behind its line's number and its score. */
static void put_line(const translation *self, const own_lines *own, size_t i,
                     lks_text *out)
{
    const lks_hypotheses *found = &own->found[i];
    const bool is_plain = self->translator.beam.n_best == 1;
    char score[LKS_NUMBER_TEXT];

    for (size_t k = 0; k < found->n; k++) {
        if (!is_plain)
            lks_text_add(out, "%" PRIu64 "\t%s\t", own->numbers[i],
                         lks_number_text(found->items[k].score, score));
        lks_translator_put(&self->translator, &found->items[k], out);
        lks_text_put(out, "\n");
    }
    if (found->n == 0 && !is_plain)
        lks_text_add(out, "%" PRIu64 "\t0\t", own->numbers[i]);
    if (found->n == 0)
        lks_text_put(out, "\n");
}

static lks_status put_lines(const translation *self, const own_lines *own, lks_text *out)
{
    lks_text text = {0};

    for (size_t i = 0; i < own->n; i++) {
        uint64_t n_bytes;

        text.n_bytes = 0;
        put_line(self, own, i, &text);
        n_bytes = text.n_bytes;
        lks_text_append(out, (const char *)&n_bytes, sizeof n_bytes);
        lks_text_append(out, text.bytes, text.n_bytes);
    }
    out->failed |= text.failed;
    lks_text_release(&text);
    return out->failed ? LKS_NOMEM : LKS_OK;
}

static lks_status translate_own(const translation *self, lks_text *out)
{
    own_lines own = {0};
    lks_status st;

    LKS_GO(number_lines(self, &own));
    LKS_GO(lks_translate(&self->translator, own.sentences, own.n, own.found));
    LKS_GO(put_lines(self, &own, out));
cleanup:
    for (size_t i = 0; own.sentences && own.found && i < own.n; i++) {
        lks_free((void *)own.sentences[i].tokens);
        lks_hypotheses_release(&own.found[i]);
    }
    lks_free(own.sentences);
    lks_free(own.found);
    lks_free(own.numbers);
    return st;
}

/* ---- lines go out ---- */

/* Line after line, from the replicas in turn: `at` [size] is where each one's next stands. */
static lks_status write_lines(translation *self, const char **at)
{
    const uint64_t size = (uint64_t)self->replica->comm->size;

    for (uint64_t i = 0; i < self->now.n_lines; i++) {
        const char **from = &at[i % size];
        uint64_t n_bytes;

        memcpy(&n_bytes, *from, sizeof n_bytes);
        fwrite(*from + sizeof n_bytes, 1, n_bytes, stdout);
        *from += sizeof n_bytes + n_bytes;
    }
    self->n_written += self->now.n_lines;
    return fflush(stdout) == 0 ? LKS_OK
                               : lks_fail(LKS_IO, "standard output: %s", strerror(errno));
}

/* `all`, each replica's share behind the other; *has_failed if one has none. */
static void find_shares(const translation *self, const char *all, const char **at,
                        bool *has_failed)
{
    *has_failed = false;
    for (int i = 0; i < self->replica->comm->size; i++) {
        share header;

        memcpy(&header, all, sizeof header);
        at[i] = all + sizeof header;
        all += sizeof header + header.n_bytes;
        *has_failed |= header.has_failed != 0;
    }
}

/* `own` is what this replica holds of `text`, its share. LKS_COMM: the others wait. */
static lks_status gather_lines(translation *self, lks_status own, lks_text *text,
                               bool *has_failed)
{
    lks_comm *comm = self->replica->comm;
    const char **at = lks_calloc((size_t)comm->size, sizeof *at);
    const share header = {.n_bytes = own == LKS_OK ? text->n_bytes - sizeof header : 0,
                          .has_failed = own != LKS_OK};
    void *all = NULL;
    size_t n_all;
    lks_status st = at ? LKS_OK : LKS_COMM;

    LKS_GO(st);
    memcpy(text->bytes, &header, sizeof header);
    LKS_GO(lks_comm_all_gather_blocks(comm, text->bytes, sizeof header + header.n_bytes,
                                      &all, &n_all));
    find_shares(self, all, at, has_failed);
    if (*has_failed)
        st = own;
    else if (comm->rank == 0)
        st = write_lines(self, at);
    else
        self->n_written += self->now.n_lines;
cleanup:
    lks_free(all);
    lks_free(at);
    return st;
}

/* All lines of a round; LKS_COMM: the others wait. */
static lks_status do_lines(translation *self, bool *has_failed)
{
    const share header = {0};
    lks_text text = {0};
    lks_status st;

    lks_text_append(&text, (const char *)&header, sizeof header);
    if (text.failed)
        return LKS_COMM;
    st = translate_own(self, &text);
    st = gather_lines(self, st, &text, has_failed);
    lks_text_release(&text);
    return st;
}

/* ---- all of it ---- */

static lks_status run_rounds(translation *self)
{
    const bool reads = self->replica->comm->rank == 0;
    lks_status own = LKS_OK;
    bool has_failed = false;

    while (!has_failed) {
        if (reads && own == LKS_OK)
            own = read_lines(self);
        LKS_TRY(share_lines(self, own));
        if (self->now.has_failed || self->now.n_lines == 0)
            return own;
        own = do_lines(self, &has_failed);
        if (own == LKS_COMM)
            return own;
    }
    return own;
}

static lks_status translate(lks_replica *replica)
{
    translation self = {.replica = replica,
                        .translator = lks_translator_of(replica),
                        .in = {.fd = STDIN_FILENO, .name = "standard input"}};
    lks_status st = run_rounds(&self);

    lks_lines_in_release(&self.in);
    lks_text_release(&self.lines);
    replica->exit_code = st == LKS_INVALID ? LKS_EXIT_USAGE : LKS_EXIT_FAILED;
    return st == LKS_COMM ? st : lks_world_agree(replica->comm, st, &replica->exit_code);
}

static const lks_start_stage of_a_rank[] = {
    LKS_APPLY_OF_RANK,
    LKS_APPLY_RANK("the vocabularies", DATA, AGREED, LKS_APPLY_JOB,
                   lks_text_model_open_pairs),
    LKS_APPLY_RANK("one vocabulary on all ranks", DATA, TOGETHER, 0,
                   lks_text_model_check_same),
};

static const lks_start_stage of_a_replica[] = {
    LKS_APPLY_OF_REPLICA(lks_text_model_make),
};

const lks_work lks_work_translate = {
    .of_rank = of_a_rank,
    .n_of_rank = sizeof of_a_rank / sizeof *of_a_rank,
    .of_replica = of_a_replica,
    .n_of_replica = sizeof of_a_replica / sizeof *of_a_replica,
    .run = translate,
};
