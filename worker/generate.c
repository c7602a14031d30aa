/* Text that goes on from a prompt: the work of `lockstep generate`. Replica 0 does it, for
 * a text is one token after the other; the others wait for its end. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/text.h"
#include "base/try.h"
#include "decode/beam.h"
#include "decode/sample.h"
#include "nn/language_decoder.h"
#include "worker/text_model.h"

static const lks_decode_options *wanted(const lks_replica *replica)
{
    return &replica->session->options->apply.decode;
}

/* ---- the prompt ---- */

typedef struct prompt {
    int64_t *tokens; /* [n], from 1 */
    size_t n;
} prompt;

static lks_status refuse_token(const lks_vocab *vocab, const char *name, lks_token token)
{
    const bool is_char = lks_vocab_kind(vocab) == LKS_TOKENS_CHAR;

    return lks_fail(LKS_INVALID,
                    "%s: '%.*s' is none of the %zu %s of the text that the model was "
                    "trained on",
                    name, (int)token.n_bytes, token.bytes, lks_vocab_size(vocab),
                    is_char ? "characters" : "words");
}

/* A running text's tokens, each line's end being one; a last line that has none goes on. */
static lks_status number_tokens(const lks_vocab *vocab, const char *text, size_t n_bytes,
                                const char *name, prompt *out)
{
    const bool goes_on = n_bytes > 0 && text[n_bytes - 1] != '\n';
    lks_token_reader reader = lks_tokens_of(lks_vocab_kind(vocab), text, n_bytes);
    lks_token token;

    reader.is_running = reader.kind == LKS_TOKENS_WORD;
    out->tokens = lks_calloc(lks_tokens_count(reader) + 1, sizeof *out->tokens);
    if (!out->tokens)
        return LKS_NOMEM;
    while (lks_token_next(&reader, &token)) {
        const int64_t number = lks_vocab_number(vocab, token);

        if (number < 0)
            return refuse_token(vocab, name, token);
        out->tokens[out->n++] = number;
    }
    if (reader.is_running && goes_on && out->n > 0)
        out->n--;
    return LKS_OK;
}

/* What stands before a text's first token: a line's end, where there is such a token, or
 * else the most frequent one. */
static lks_status begin_anywhere(const lks_vocab *vocab, prompt *out)
{
    const lks_token line_end = {"\n", 1};
    int64_t token = lks_vocab_special(vocab, LKS_SPECIAL_EOS);
    lks_token before;

    if (token < 0)
        token = lks_vocab_find(vocab, line_end);
    if (token >= 0) {
        lks_warn("the prompt is empty: the text begins a line");
    } else {
        token = lks_vocab_special(vocab, LKS_SPECIAL_UNK) == 0 ? 1 : 0;
        before = lks_vocab_token(vocab, token);
        lks_warn("the prompt is empty: the text begins behind '%.*s', the most frequent "
                 "token",
                 (int)before.n_bytes, before.bytes);
    }
    out->tokens[out->n++] = token;
    return LKS_OK;
}

static lks_status read_file(const char *path, lks_text *out)
{
    FILE *file = fopen(path, "rb");
    char bytes[4096];
    size_t n;
    lks_status st = LKS_OK;

    if (!file)
        return lks_fail(LKS_IO, "%s: %s", path, strerror(errno));
    while ((n = fread(bytes, 1, sizeof bytes, file)) > 0)
        lks_text_append(out, bytes, n);
    if (ferror(file))
        st = lks_fail(LKS_IO, "%s: %s", path, strerror(errno));
    fclose(file);
    return out->failed ? LKS_NOMEM : st;
}

static lks_status read_prompt(const lks_vocab *vocab, const char *text, size_t n_bytes,
                              const char *name, prompt *out)
{
    LKS_TRY(lks_text_check(text, 0, n_bytes, name));
    LKS_TRY(number_tokens(vocab, text, n_bytes, name, out));
    return out->n > 0 ? LKS_OK : begin_anywhere(vocab, out);
}

/* ---- what is written ---- */

typedef struct writer {
    const lks_vocab *vocab;
    bool is_mid_line; /* a word stands before the next one */
} writer;

/* Token by token, as soon as it is there. */
static lks_status write_token(void *context, size_t start, int64_t token)
{
    writer *self = context;
    const bool is_word = lks_vocab_kind(self->vocab) == LKS_TOKENS_WORD;
    const bool ends = is_word && token == lks_vocab_special(self->vocab, LKS_SPECIAL_EOS);
    const lks_token text =
        ends ? (lks_token){"\n", 1} : lks_vocab_token(self->vocab, token);

    (void)start;
    if (is_word && self->is_mid_line && !ends)
        putchar(' ');
    fwrite(text.bytes, 1, text.n_bytes, stdout);
    self->is_mid_line = !(text.n_bytes == 1 && text.bytes[0] == '\n');
    return fflush(stdout) == 0 ? LKS_OK
                               : lks_fail(LKS_IO, "standard output: %s", strerror(errno));
}

static lks_status write_all(writer *self, const int64_t *tokens, size_t n)
{
    for (size_t i = 0; i < n; i++)
        LKS_TRY(write_token(self, 0, tokens[i]));
    return LKS_OK;
}

/* ---- the text ---- */

static lks_status search(const lks_decoder *decoder, const lks_decode_options *options,
                         const lks_decode_start *start, writer *to)
{
    const lks_beam beam = {.width = options->beam, .n_best = 1};
    lks_hypotheses found = {0};
    lks_status st = lks_beam_search(decoder, &beam, start, 1, LKS_NO_TOKEN, &found);

    if (st == LKS_OK)
        st = write_all(to, found.items[0].tokens, (size_t)found.items[0].n_tokens);
    lks_hypotheses_release(&found);
    return st;
}

static lks_status draw(const lks_decoder *decoder, const lks_decode_options *options,
                       const lks_decode_start *start, writer *to)
{
    const lks_sampling how = {.temperature = options->temperature,
                              .top_k = options->top_k,
                              .top_p = options->top_p,
                              .seed = options->seed};
    const lks_token_sink sink = {write_token, to};
    lks_hypotheses drawn = {0};
    lks_status st = lks_sample(decoder, &how, start, 1, LKS_NO_TOKEN, &sink, &drawn);

    lks_hypotheses_release(&drawn);
    return st;
}

/* Nobody has written what an empty prompt begins with. */
static lks_status go_on(lks_replica *replica, const prompt *p, bool is_written)
{
    const lks_decode_options *options = wanted(replica);
    const lks_decode_start start = {p->tokens[p->n - 1], options->length};
    writer to = {.vocab = lks_text_model_vocab(replica, 0)};
    lks_no_text never;
    lks_decoder decoder = {0};
    lks_status st;

    LKS_TRY(lks_language_decoder_create(replica->model, &decoder));
    LKS_GO(lks_text_model_fit(replica->session->options->job_path, to.vocab, &never,
                              &decoder));
    if (is_written)
        LKS_GO(write_all(&to, p->tokens, p->n));
    LKS_GO(lks_decoder_feed(&decoder, p->tokens, p->n - 1));
    LKS_GO((options->beam > 0 ? search : draw)(&decoder, options, &start, &to));
    if (to.is_mid_line)
        putchar('\n');
cleanup:
    lks_language_decoder_destroy(&decoder);
    return st;
}

static lks_status write_text(lks_replica *replica)
{
    const lks_decode_options *options = wanted(replica);
    const char *name = options->prompt_file ? options->prompt_file : "--prompt";
    lks_text text = {0};
    prompt p = {0};
    lks_status st;

    if (options->prompt_file)
        LKS_GO(read_file(name, &text));
    else
        lks_text_put(&text, options->prompt ? options->prompt : "");
    LKS_GO(read_prompt(lks_text_model_vocab(replica, 0), text.bytes, text.n_bytes, name,
                       &p));
    LKS_GO(go_on(replica, &p, text.n_bytes > 0));
    if (fflush(stdout) != 0)
        LKS_FAIL(LKS_IO, "standard output: %s", strerror(errno));
cleanup:
    lks_text_release(&text);
    lks_free(p.tokens);
    return st;
}

static lks_status generate(lks_replica *replica)
{
    const lks_status st = replica->comm->rank == 0 ? write_text(replica) : LKS_OK;

    replica->exit_code = st == LKS_INVALID ? LKS_EXIT_USAGE : LKS_EXIT_FAILED;
    return lks_world_agree(replica->comm, st, &replica->exit_code);
}

static const lks_start_stage of_a_rank[] = {
    LKS_APPLY_OF_RANK,
    LKS_APPLY_RANK("the vocabulary", DATA, AGREED, LKS_APPLY_JOB,
                   lks_text_model_open_text),
    LKS_APPLY_RANK("one vocabulary on all ranks", DATA, TOGETHER, 0,
                   lks_text_model_check_same),
};

static const lks_start_stage of_a_replica[] = {
    LKS_APPLY_OF_REPLICA(lks_text_model_make),
};

const lks_work lks_work_generate = {
    .of_rank = of_a_rank,
    .n_of_rank = sizeof of_a_rank / sizeof *of_a_rank,
    .of_replica = of_a_replica,
    .n_of_replica = sizeof of_a_replica / sizeof *of_a_replica,
    .run = generate,
};
