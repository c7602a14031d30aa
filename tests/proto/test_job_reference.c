#include "support/suite.h"

#include <stdio.h>

#include "base/alloc.h"
#include "proto/job_schema.h"

#define README   LKS_SOURCE_DIR "/proto/README.md"
#define REPLACED LKS_BINARY_DIR "/proto-README.md"
#define PAGE     LKS_BINARY_DIR "/deploy/lockstep-job.5"

static const char begin[] = "<!-- made by lks_job_reference(), kept by "
                            "tests/proto/test_job_reference.c -->\n";
static const char end[] = "<!-- end -->\n";

static char *read_text(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = lks_calloc(1, 1 << 20);

    ck_assert_msg(file != NULL, "cannot open %s", path);
    fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    return text;
}

START_TEST(the_readme_lists_the_schema_as_it_is)
{
    char *readme = read_text(README), *want = NULL, *from, *to;
    size_t n;

    ck_ok(lks_job_reference(&want));
    from = strstr(readme, begin);
    ck_assert_ptr_nonnull(from);
    from += strlen(begin);
    to = strstr(from, end);
    ck_assert_ptr_nonnull(to);
    n = strlen(want);
    if ((size_t)(to - from) != n || memcmp(from, want, n) != 0) {
        FILE *file = fopen(REPLACED, "wb");

        fprintf(file, "%.*s%s%s", (int)(from - readme), readme, want, to);
        fclose(file);
        ck_abort_msg(
            "the tables of proto/README.md are not job_schema.def's any more: cp "
            "%s %s",
            REPLACED, README);
    }
    lks_free(want);
    lks_free(readme);
}
END_TEST

START_TEST(every_key_layer_and_option_is_named_and_explained)
{
    char *readme = read_text(README), word[80];

    for (size_t i = 0; i < LKS_JOB_N_KEYS; i++) {
        snprintf(word, sizeof word, "| `%s` |", lks_job_keys[i].path);
        ck_assert_msg(strstr(readme, word) != NULL, "%s", word);
        ck_assert_uint_gt(strlen(lks_job_keys[i].doc), 2);
    }
    for (const lks_job_type *type = lks_job_layer_types; type->name; type++) {
        snprintf(word, sizeof word, "| `%s` |", type->name);
        ck_assert_msg(strstr(readme, word) != NULL, "%s", word);
        for (const lks_job_option *option = type->options; option->key; option++) {
            snprintf(word, sizeof word, "`%s`", option->key);
            ck_assert_msg(strstr(readme, word) != NULL, "%s", word);
        }
    }
    lks_free(readme);
}
END_TEST

/* The item of that name in the page, up to the next one of its list. */
static char *item_of(char *page, const char *name)
{
    char heading[80], *from, *to;
    size_t n;

    snprintf(heading, sizeof heading, "\n.It Ic %s\n", name);
    from = strstr(page, heading);
    ck_assert_msg(from != NULL, "lockstep-job(5) lacks %s", name);
    to = strstr(from + 1, "\n.It Ic ");
    n = to ? (size_t)(to - from) : strlen(from);
    from = memcpy(lks_calloc(1, n + 2), from, n);
    from[n] = '\n';
    return from;
}

static void check_types(char *page, const lks_job_type *types)
{
    char option_line[80];

    for (const lks_job_type *type = types; type->name; type++) {
        char *item = item_of(page, type->name);

        for (const lks_job_option *option = type->options; option->key; option++) {
            snprintf(option_line, sizeof option_line, "\n.It Cm %s\n", option->key);
            ck_assert_msg(strstr(item, option_line) != NULL,
                          "lockstep-job(5): %s lacks %s", type->name, option->key);
        }
        lks_free(item);
    }
}

START_TEST(the_manual_page_lists_the_schema_as_it_is)
{
    char *page = read_text(PAGE), word[80];

    for (size_t i = 0; i < LKS_JOB_N_KEYS; i++) {
        const lks_job_key *key = &lks_job_keys[i];
        char *item = item_of(page, key->path), word[80];

        for (const char *const *words = key->words; words && *words; words++) {
            snprintf(word, sizeof word, "\\fB%s\\fP", *words);
            ck_assert_msg(strstr(item, word) != NULL, "%s lacks %s", key->path, *words);
        }
        lks_free(item);
    }
    for (const lks_job_format_type *format = lks_job_formats; format->name; format++)
        lks_free(item_of(page, format->name));
    check_types(page, lks_job_transform_types);
    check_types(page, lks_job_layer_types);
    check_types(page, lks_job_init_types);
    check_types(page, lks_job_loss_types);
    check_types(page, lks_job_optimizer_types);
    check_types(page, lks_job_schedule_types);
    for (const char *const *beside =
             (const char *const[]){"name", "from", "weight_of", "init", "groups",
                                   "params", "type", "every", "until", NULL};
         *beside; beside++) {
        snprintf(word, sizeof word, "\n.Cm %s", *beside);
        ck_assert_msg(strstr(page, word) != NULL, "lockstep-job(5) lacks %s", *beside);
    }
    lks_free(page);
}
END_TEST

START_TEST(the_formats_a_job_may_name_are_those_it_has_files_for)
{
    const lks_job_key *key = &lks_job_keys[lks_job_key_find("data.format")];
    size_t n = 0;

    for (; key->words[n]; n++)
        ck_assert_ptr_nonnull(lks_job_format_find(key->words[n]));
    for (size_t i = 0; i <= n; i++)
        ck_assert_int_eq(lks_job_formats[i].name == NULL, i == n);
}
END_TEST

START_TEST(every_failed_allocation_of_the_reference_is_reported)
{
    char *text = NULL;

    for (long n = 0;; n++) {
        lks_status st;

        lks_error_clear();
        lks_alloc_fail_after(n);
        st = lks_job_reference(&text);
        if (!lks_alloc_has_failed())
            break;
        ck_assert_int_eq(st, LKS_NOMEM);
        ck_assert_ptr_null(text);
    }
    lks_alloc_fail_after(-1);
    lks_free(text);
}
END_TEST

LKS_SUITE("job_reference", the_readme_lists_the_schema_as_it_is,
          every_key_layer_and_option_is_named_and_explained,
          the_manual_page_lists_the_schema_as_it_is,
          the_formats_a_job_may_name_are_those_it_has_files_for,
          every_failed_allocation_of_the_reference_is_reported)
