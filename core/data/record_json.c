#include "data/record_json.h"

#include <string.h>

#include "base/alloc.h"
#include "base/try.h"

static const char *const kinds[] = {
    [LKS_TOKENS_CHAR] = "char",
    [LKS_TOKENS_WORD] = "word",
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

/* ---- written ---- */

/* NULL: no memory. */
static json_t *list_of(const lks_vocab *vocab)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < lks_vocab_size(vocab); i++) {
        const lks_token token = lks_vocab_token(vocab, (int64_t)i);

        if (json_array_append_new(list, json_stringn(token.bytes, token.n_bytes)) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *json_of(const lks_vocab *vocab)
{
    return json_pack("{s:s, s:o}", "tokens", kinds[lks_vocab_kind(vocab)], "list",
                     list_of(vocab));
}

bool lks_record_put_vocabs(json_t *root, const lks_vocab *const *vocabs)
{
    json_t *list = json_array();
    bool is_put = list != NULL;

    for (int i = 0; is_put && i < LKS_DATASET_MAX_VOCABS && vocabs[i]; i++)
        is_put = json_array_append_new(list, json_of(vocabs[i])) == 0;
    if (is_put && json_array_size(list) > 0)
        is_put = json_object_set(root, "vocabularies", list) == 0;
    json_decref(list);
    return is_put;
}

/* ---- read ---- */

static lks_status refuse(const char *path)
{
    return lks_fail(LKS_FORMAT, "%s: 'vocabularies' is not what a run writes there",
                    path);
}

static int kind_of(const json_t *vocab)
{
    const char *name = json_string_value(json_object_get(vocab, "tokens"));
    int kind = 0;

    while (name && kind < N_KINDS && strcmp(kinds[kind], name) != 0)
        kind++;
    return name ? kind : N_KINDS;
}

static lks_status read_vocab(const json_t *vocab, const char *path, lks_vocab **out)
{
    const json_t *list = json_object_get(vocab, "list");
    const size_t n = json_array_size(list);
    const int kind = kind_of(vocab);
    lks_token *tokens;
    lks_status st;

    if (kind == N_KINDS || n == 0)
        return refuse(path);
    if (!(tokens = lks_calloc(n, sizeof *tokens)))
        return LKS_NOMEM;
    for (size_t i = 0; i < n; i++) {
        const json_t *text = json_array_get(list, i);

        tokens[i] = (lks_token){json_string_value(text), json_string_length(text)};
    }
    st = lks_vocab_create((lks_token_kind)kind, tokens, n, out);
    lks_free(tokens);
    if (st != LKS_FORMAT)
        return st;
    lks_error_clear();
    return refuse(path);
}

lks_status lks_record_read_vocabs(const json_t *root, const char *path, lks_vocab **out)
{
    const json_t *list = json_object_get(root, "vocabularies");
    const size_t n = json_array_size(list);

    if (!list)
        return LKS_OK;
    if (n == 0 || n > LKS_DATASET_MAX_VOCABS)
        return refuse(path);
    for (size_t i = 0; i < n; i++)
        LKS_TRY(read_vocab(json_array_get(list, i), path, &out[i]));
    return LKS_OK;
}
