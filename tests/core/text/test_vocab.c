/* Texts as tokens, counts in parts, vocabularies. */
#include "support/suite.h"

#include <stdio.h>

#include "base/alloc.h"
#include "text/token_counts.h"
#include "text/token_index.h"

static lks_token token_of(const char *text)
{
    return (lks_token){text, strlen(text)};
}

static lks_block block_of(const char *text)
{
    return (lks_block){.data = (const unsigned char *)text, .size = strlen(text)};
}

/* "a|b|c": a text's tokens. */
static const char *tokens_in(lks_token_kind kind, bool is_running, const char *text)
{
    static char out[256];
    lks_token_reader reader = lks_tokens_of(kind, text, strlen(text));
    lks_token token;
    size_t n = 0;

    reader.is_running = is_running;
    while (lks_token_next(&reader, &token))
        n += (size_t)snprintf(out + n, sizeof out - n, "%s%.*s", n ? "|" : "",
                              (int)token.n_bytes, token.bytes);
    out[n] = '\0';
    return out;
}

START_TEST(words_stand_between_white_space)
{
    ck_assert_str_eq(tokens_in(LKS_TOKENS_WORD, false, " ein  Haus\tam\r\nSee\n"),
                     "ein|Haus|am|See");
    ck_assert_str_eq(tokens_in(LKS_TOKENS_WORD, false, ""), "");
    ck_assert_str_eq(tokens_in(LKS_TOKENS_WORD, false, " \n "), "");
}
END_TEST

START_TEST(in_running_text_each_line_has_an_end)
{
    ck_assert_str_eq(tokens_in(LKS_TOKENS_WORD, true, "a b\nc\n"), "a|b|<eos>|c|<eos>");
    ck_assert_str_eq(tokens_in(LKS_TOKENS_WORD, true, "a b\nc"), "a|b|<eos>|c|<eos>");
    ck_assert_str_eq(tokens_in(LKS_TOKENS_WORD, true, "a\r\n\r\nb "),
                     "a|<eos>|<eos>|b|<eos>");
    ck_assert_str_eq(tokens_in(LKS_TOKENS_WORD, true, ""), "");
}
END_TEST

START_TEST(characters_are_code_points_and_lines_ends_are_some)
{
    ck_assert_str_eq(tokens_in(LKS_TOKENS_CHAR, true, "aé€𝄞\r\n"), "a|é|€|𝄞|\r|\n");
}
END_TEST

START_TEST(lines_end_in_lf_or_cr_lf_or_with_the_text)
{
    const char *text = "a b\r\n\nlast", *at = text, *end = text + strlen(text);
    const char *want[] = {"a b", "", "last"};
    lks_token line;

    for (int i = 0; i < 3; i++) {
        ck_assert(lks_line_next(&at, end, &line));
        ck_assert_int_eq(lks_token_compare(line, token_of(want[i])), 0);
    }
    ck_assert(!lks_line_next(&at, end, &line));
}
END_TEST

START_TEST(the_first_byte_that_is_no_utf8_is_told_by_line_and_offset)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"eins\nzw\xc3", "t.txt, line 2: byte 0xc3 at offset 7 is not UTF-8"},
        {"caf\xe9 am Markt, und mehr", "t.txt, line 1: byte 0xe9 at offset 3"},
        {"zwei\xed\xa0\x80", "byte 0xed at offset 4"},    /* a surrogate */
        {"\xc0\x80", "byte 0xc0 at offset 0"},            /* overlong */
        {"gut\xf4\x90\x80\x80", "byte 0xf4 at offset 3"}, /* beyond U+10FFFF */
        {"12345678\n12345678\x80", "line 2: byte 0x80 at offset 17"},
    };
    const char *fine = "Grüße, 世界 𝄞, and sixteen ASCII characters";

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_fails(lks_text_check(cases[i].text, 0, strlen(cases[i].text), "t.txt"),
                 LKS_FORMAT, cases[i].says);
    ck_ok(lks_text_check(fine, 0, strlen(fine), "t.txt"));
    ck_ok(lks_text_check("", 0, 0, "t.txt"));
}
END_TEST

/* ---- counted in parts ---- */

static const char *const text =
    "Die Sonne scheint über dem See\r\nund die Vögel singen\n\nüber dem Wald 世界 𝄞 die";

/* The vocabulary of the text counted in n parts, merged in turn from the last to the
 * first. */
static lks_vocab *vocab_in_parts(lks_token_kind kind, size_t n_parts,
                                 const lks_vocab_options *options)
{
    const lks_text_cut cut = kind == LKS_TOKENS_CHAR ? LKS_CUT_CHARS : LKS_CUT_WORDS;
    const size_t n = strlen(text);
    lks_token_counts *all;
    lks_vocab *vocab = NULL;

    ck_ok(lks_token_counts_create(kind, &all));
    for (size_t i = n_parts; i-- > 0;) {
        const size_t begin = lks_text_cut_at(cut, text, n, i * n / n_parts);
        const size_t end = lks_text_cut_at(cut, text, n, (i + 1) * n / n_parts);
        lks_token_counts *part;
        void *bytes;
        size_t n_bytes;

        ck_ok(lks_token_counts_create(kind, &part));
        ck_ok(lks_text_check(text, begin, end, "t.txt"));
        ck_ok(lks_token_counts_add_text(part, text + begin, end - begin));
        ck_ok(lks_token_counts_save(part, &bytes, &n_bytes));
        ck_ok(lks_token_counts_merge(all, bytes, n_bytes));
        lks_free(bytes);
        lks_token_counts_destroy(part);
    }
    ck_ok(lks_vocab_of_counts(all, options, &vocab));
    lks_token_counts_destroy(all);
    return vocab;
}

/* "die dem über …" */
static const char *list_of(const lks_vocab *vocab)
{
    static char out[1024];
    size_t n = 0;

    for (size_t i = 0; i < lks_vocab_size(vocab); i++) {
        const lks_token token = lks_vocab_token(vocab, (int64_t)i);

        n += (size_t)snprintf(out + n, sizeof out - n, "%s%.*s", i ? " " : "",
                              (int)token.n_bytes, token.bytes);
    }
    return out;
}

START_TEST(a_vocabulary_is_the_same_of_any_number_of_parts)
{
    static const size_t n_parts[] = {1, 2, 3, 5, 200};
    const lks_vocab_options options = {.has_specials = true};

    for (lks_token_kind kind = LKS_TOKENS_CHAR; kind <= LKS_TOKENS_WORD; kind++) {
        lks_vocab *want = vocab_in_parts(kind, 1, &options);

        for (size_t i = 0; i < sizeof n_parts / sizeof *n_parts; i++) {
            lks_vocab *got = vocab_in_parts(kind, n_parts[i], &options);

            ck_assert_uint_eq(lks_vocab_size(got), lks_vocab_size(want));
            ck_assert_uint_eq(lks_vocab_hash(got), lks_vocab_hash(want));
            lks_vocab_unref(got);
        }
        lks_vocab_unref(want);
    }
}
END_TEST

START_TEST(the_most_frequent_come_first_and_then_the_first_by_bytes)
{
    lks_vocab *vocab =
        vocab_in_parts(LKS_TOKENS_WORD, 3, &(lks_vocab_options){.has_specials = true});

    ck_assert_str_eq(list_of(vocab),
                     "<pad> <unk> <bos> <eos> dem die über Die See Sonne Vögel Wald "
                     "scheint singen und 世界 𝄞");
    ck_assert_int_eq(lks_vocab_special(vocab, LKS_SPECIAL_PAD), 0);
    ck_assert_int_eq(lks_vocab_special(vocab, LKS_SPECIAL_EOS), 3);
    ck_assert_int_eq(lks_vocab_find(vocab, token_of("über")), 6);
    ck_assert_int_eq(lks_vocab_find(vocab, token_of("Mond")), -1);
    ck_assert_int_eq(lks_vocab_number(vocab, token_of("Mond")), 1);
    lks_vocab_unref(vocab);
}
END_TEST

START_TEST(rare_tokens_are_left_out_and_the_size_is_bounded)
{
    lks_vocab *vocab = vocab_in_parts(
        LKS_TOKENS_WORD, 2, &(lks_vocab_options){.min_count = 2, .has_specials = true});

    ck_assert_str_eq(list_of(vocab), "<pad> <unk> <bos> <eos> dem die über");
    lks_vocab_unref(vocab);
    vocab = vocab_in_parts(LKS_TOKENS_WORD, 2,
                           &(lks_vocab_options){.max_size = 6, .has_specials = true});
    ck_assert_str_eq(list_of(vocab), "<pad> <unk> <bos> <eos> dem die");
    lks_vocab_unref(vocab);
    vocab = vocab_in_parts(LKS_TOKENS_CHAR, 2, &(lks_vocab_options){.max_size = 4});
    ck_assert_str_eq(list_of(vocab), "<unk>   e d");
    lks_vocab_unref(vocab);
}
END_TEST

START_TEST(running_characters_have_no_special_tokens_if_all_are_kept)
{
    lks_vocab *vocab = vocab_in_parts(LKS_TOKENS_CHAR, 1, &(lks_vocab_options){0});

    for (int i = 0; i < LKS_N_SPECIALS; i++)
        ck_assert_int_eq(lks_vocab_special(vocab, (lks_special)i), -1);
    ck_assert_int_eq(lks_vocab_number(vocab, token_of("ß")), -1);
    ck_assert_int_eq(lks_vocab_number(vocab, token_of(" ")), 0);
    lks_vocab_unref(vocab);
}
END_TEST

START_TEST(a_word_that_is_written_like_a_special_token_is_that)
{
    const lks_vocab_options options = {.has_specials = true};
    lks_token_counts *counts;
    lks_vocab *vocab;

    ck_ok(lks_token_counts_create(LKS_TOKENS_WORD, &counts));
    ck_ok(lks_token_counts_add_text(counts, "<unk> of <unk>", 14));
    ck_ok(lks_vocab_of_counts(counts, &options, &vocab));
    ck_assert_str_eq(list_of(vocab), "<pad> <unk> <bos> <eos> of");
    lks_vocab_unref(vocab);
    lks_token_counts_destroy(counts);
}
END_TEST

START_TEST(options_that_leave_nothing_are_refused)
{
    lks_token_counts *counts;
    lks_vocab *vocab;

    ck_ok(lks_token_counts_create(LKS_TOKENS_WORD, &counts));
    ck_fails(lks_vocab_of_counts(counts, &(lks_vocab_options){0}, &vocab), LKS_FORMAT,
             "the text has no tokens");
    ck_ok(lks_token_counts_add_text(counts, "a b b", 5));
    ck_fails(lks_vocab_of_counts(counts, &(lks_vocab_options){.min_count = 3}, &vocab),
             LKS_INVALID, "min_count is 3, and the most frequent token occurs 2 times");
    ck_fails(
        lks_vocab_of_counts(
            counts, &(lks_vocab_options){.max_size = 4, .has_specials = true}, &vocab),
        LKS_INVALID, "max_size is 4, and the special tokens alone are 4");
    ck_fails(lks_vocab_of_counts(counts, &(lks_vocab_options){.max_size = 1}, &vocab),
             LKS_INVALID, "max_size is 1, and the special tokens alone are 1");
    lks_token_counts_destroy(counts);
}
END_TEST

START_TEST(counts_that_are_cut_are_refused)
{
    lks_token_counts *counts, *other;
    void *bytes;
    size_t n_bytes;

    ck_ok(lks_token_counts_create(LKS_TOKENS_WORD, &counts));
    ck_ok(lks_token_counts_create(LKS_TOKENS_WORD, &other));
    ck_ok(lks_token_counts_add_text(counts, "words", 5));
    ck_ok(lks_token_counts_save(counts, &bytes, &n_bytes));
    for (size_t n = 1; n < n_bytes; n++)
        ck_fails(lks_token_counts_merge(other, bytes, n), LKS_FORMAT, "cut short");
    ck_ok(lks_token_counts_merge(other, bytes, n_bytes));
    lks_free(bytes);
    lks_token_counts_destroy(counts);
    lks_token_counts_destroy(other);
}
END_TEST

/* ---- there and back ---- */

static lks_vocab *words(const char *of)
{
    const lks_vocab_options options = {.has_specials = true};
    lks_token_counts *counts;
    lks_vocab *vocab = NULL;

    ck_ok(lks_token_counts_create(LKS_TOKENS_WORD, &counts));
    ck_ok(lks_token_counts_add_text(counts, of, strlen(of)));
    ck_ok(lks_vocab_of_counts(counts, &options, &vocab));
    lks_token_counts_destroy(counts);
    return vocab;
}

START_TEST(a_text_becomes_numbers_and_a_text_again)
{
    lks_vocab *vocab = words("das ist ein Haus");
    lks_text out = {0};
    int64_t *numbers;
    size_t n;
    char *back;

    ck_ok(lks_vocab_encode(vocab, "ein  Haus ist neu", 17, "-", &numbers, &n));
    ck_assert_uint_eq(n, 4);
    ck_assert_int_eq(numbers[3], 1);
    lks_vocab_put(vocab, numbers, n, false, &out);
    ck_ok(lks_text_take(&out, &back));
    ck_assert_str_eq(back, "ein Haus ist <unk>");
    lks_free(back);
    lks_free(numbers);
    lks_vocab_put(vocab, (int64_t[]){2, 4, 3, 5, 0}, 5, true, &out);
    ck_ok(lks_text_take(&out, &back));
    ck_assert_str_eq(back, "Haus\ndas");
    lks_free(back);
    lks_vocab_unref(vocab);
}
END_TEST

START_TEST(a_character_without_a_number_is_refused)
{
    lks_vocab *vocab = vocab_in_parts(LKS_TOKENS_CHAR, 1, &(lks_vocab_options){0});
    int64_t *numbers;
    size_t n;

    ck_fails(lks_vocab_encode(vocab, "See ß", 6, "the prompt", &numbers, &n), LKS_FORMAT,
             "the prompt: 'ß' is not in the vocabulary");
    ck_fails(lks_vocab_encode(vocab, "See \xff", 5, "the prompt", &numbers, &n),
             LKS_FORMAT, "the prompt, line 1: byte 0xff at offset 4");
    lks_vocab_unref(vocab);
}
END_TEST

START_TEST(a_vocabulary_is_of_different_tokens)
{
    const lks_token twice[] = {token_of("a"), token_of("b"), token_of("a")};
    const lks_token empty[] = {token_of("a"), token_of("")};
    lks_vocab *vocab;

    ck_fails(lks_vocab_create(LKS_TOKENS_CHAR, twice, 3, &vocab), LKS_FORMAT,
             "token 2 twice: 'a'");
    ck_fails(lks_vocab_create(LKS_TOKENS_CHAR, empty, 2, &vocab), LKS_FORMAT,
             "token 1 has no bytes");
    ck_fails(lks_vocab_create(LKS_TOKENS_CHAR, NULL, 0, &vocab), LKS_FORMAT, "no tokens");
}
END_TEST

/* ---- by number ---- */

/* A text of many lines; every `every`-th character is one of several bytes. */
static char *long_text(int n_words, int every)
{
    char *out = malloc((size_t)n_words * 12 + 1);
    size_t n = 0;

    for (int i = 0; i < n_words; i++)
        n += (size_t)sprintf(out + n, "%s%d%s", every && i % every == 0 ? "é" : "w",
                             i * 7919 % 101, i % 11 == 10 ? "\n" : " ");
    return out;
}

/* Reads at any place give what one read from the front gives. */
static void check_index(lks_token_kind kind, const char *long_one)
{
    const lks_block block = block_of(long_one);
    const lks_vocab_options options = {.has_specials = kind == LKS_TOKENS_WORD};
    lks_token_reader reader = lks_tokens_of(kind, long_one, block.size);
    lks_token_counts *counts;
    lks_token_index *index;
    lks_vocab *vocab;
    lks_token token;
    uint64_t n = 0;

    ck_ok(lks_token_counts_create(kind, &counts));
    ck_ok(lks_token_counts_add_text(counts, long_one, block.size));
    ck_ok(lks_vocab_of_counts(counts, &options, &vocab));
    lks_token_counts_destroy(counts);
    ck_ok(lks_token_index_create(vocab, &block, "long.txt", &index));
    reader.is_running = true;
    while (lks_token_next(&reader, &token)) {
        int64_t number = -1;

        ck_assert(lks_token_index_read(index, n, 1, &number));
        ck_assert_int_eq(number, lks_vocab_find(vocab, token));
        n++;
    }
    ck_assert_uint_eq(lks_token_index_size(index), n);
    ck_assert(!lks_token_index_read(index, n, 1, &(int64_t){0}));
    lks_token_index_destroy(index);
    lks_vocab_unref(vocab);
}

START_TEST(running_text_is_read_at_any_token)
{
    for (int every = 0; every < 4; every += 3) {
        char *long_one = long_text(2500, every);

        check_index(LKS_TOKENS_CHAR, long_one);
        check_index(LKS_TOKENS_WORD, long_one);
        free(long_one);
    }
}
END_TEST

START_TEST(running_text_outside_its_vocabulary_is_refused_where_it_is)
{
    lks_vocab *vocab = vocab_in_parts(LKS_TOKENS_CHAR, 1, &(lks_vocab_options){0});
    const lks_block block = block_of("See\nund ß"), bad = block_of("See\n\xff");
    lks_token_index *index;

    ck_fails(lks_token_index_create(vocab, &block, "t.txt", &index), LKS_FORMAT,
             "t.txt, line 2: the character 'ß' at offset 8 is not in the vocabulary, "
             "which has no <unk>");
    ck_fails(lks_token_index_create(vocab, &bad, "t.txt", &index), LKS_FORMAT,
             "t.txt, line 2: byte 0xff at offset 4 is not UTF-8");
    lks_vocab_unref(vocab);
}
END_TEST

START_TEST(no_memory_is_an_error_wherever_it_happens)
{
    const lks_block block = block_of(text);
    bool has_failed = true;

    for (long n = 0; has_failed; n++) {
        lks_vocab *vocab = NULL;
        lks_token_counts *counts = NULL;
        lks_token_index *index = NULL;
        lks_status st;

        lks_error_clear();
        lks_alloc_fail_after(n);
        st = lks_token_counts_create(LKS_TOKENS_WORD, &counts);
        if (st == LKS_OK)
            st = lks_token_counts_add_text(counts, text, block.size);
        if (st == LKS_OK)
            st = lks_vocab_of_counts(counts, &(lks_vocab_options){.has_specials = true},
                                     &vocab);
        if (st == LKS_OK)
            st = lks_token_index_create(vocab, &block, "t.txt", &index);
        has_failed = lks_alloc_has_failed();
        lks_alloc_fail_after(-1);
        ck_assert_int_eq(st, has_failed ? LKS_NOMEM : LKS_OK);
        lks_token_index_destroy(index);
        lks_vocab_unref(vocab);
        lks_token_counts_destroy(counts);
    }
}
END_TEST

LKS_SUITE("vocab", words_stand_between_white_space, in_running_text_each_line_has_an_end,
          characters_are_code_points_and_lines_ends_are_some,
          lines_end_in_lf_or_cr_lf_or_with_the_text,
          the_first_byte_that_is_no_utf8_is_told_by_line_and_offset,
          a_vocabulary_is_the_same_of_any_number_of_parts,
          the_most_frequent_come_first_and_then_the_first_by_bytes,
          rare_tokens_are_left_out_and_the_size_is_bounded,
          running_characters_have_no_special_tokens_if_all_are_kept,
          a_word_that_is_written_like_a_special_token_is_that,
          options_that_leave_nothing_are_refused, counts_that_are_cut_are_refused,
          a_text_becomes_numbers_and_a_text_again,
          a_character_without_a_number_is_refused, a_vocabulary_is_of_different_tokens,
          running_text_is_read_at_any_token,
          running_text_outside_its_vocabulary_is_refused_where_it_is,
          no_memory_is_an_error_wherever_it_happens)
