#include "proto/sample_job.h"

#include "proto/path_text.h"

static const struct {
    const char *path, *text;
} paths[] = {
    {"/data", "/data"},
    {"a b.gz", "\"a b.gz\""},
    {"/d\xc3\xa9j\xc3\xa0", "\"/d\xc3\xa9j\xc3\xa0\""},
    {"100%.npy", "\"100%.npy\""},
    {"/d\xe9j\xe0", "\"file:///d%E9j%E0\""},
    {"d\xe9j\xe0.gz", "\"file:d%E9j%E0.gz\""},
    {"/a b\xff/%41\n\"\\", "\"file:///a%20b%FF/%2541%0A%22%5C\""},
    {"/\xc3\xa9\xe9", "\"file:///%C3%A9%E9\""},
    {"\xed\xa0\xbd", "\"file:%ED%A0%BD\""},
    {"file:x", "\"file:file%3Ax\""},
    {"file:///x", "\"file:file%3A///x\""},
    {"/file:x", "\"/file:x\""},
    {"~a-b._c\x80", "\"file:~a-b._c%80\""},
};

START_TEST(a_path_of_any_bytes_is_written_and_reads_back)
{
    static const lks_source source = {.name = "t", .is_file = true};

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        lks_text draft = {0};
        lks_tree tree = {0};
        lks_node *node = NULL;
        char *text = NULL, *back = NULL;

        lks_path_write(&draft, paths[i].path);
        ck_ok(lks_text_take(&draft, &text));
        ck_assert_str_eq(text, paths[i].text);
        ck_ok(lks_tree_parse(&tree, text, strlen(text), &source, &node));
        ck_ok(lks_path_read(node, "root", &back));
        ck_assert_str_eq(back, paths[i].path);
        lks_tree_release(&tree);
        lks_free(text);
        lks_free(back);
    }
}
END_TEST

/* The path that `text` says for data.root, or NULL and the error. */
static char *root_of(const char *text)
{
    char *yaml = spoiled("root: /data", text), *root = NULL;
    lks_job job;

    lks_error_clear();
    if (parse_text(yaml, &job) == LKS_OK) {
        root = lks_strdup(job.data.root);
        lks_job_release(&job);
    }
    lks_free(yaml);
    return root;
}

START_TEST(a_file_uri_is_read_as_its_path)
{
    static const struct {
        const char *text, *root;
    } cases[] = {{"root: file:///d%E9j%e0", "/d\xe9j\xe0"},
                 {"root: file:/d", "/d"},
                 {"root: file://localhost/d%20", "/d "},
                 {"root: 'file:///a?b#c'", "/a?b#c"},
                 {"root: \"file:///\xc3\xa9%2F\"", "/\xc3\xa9/"},
                 {"root: file:sub/%ff", "sub/\xff"},
                 {"root: FILE:///d", "FILE:///d"},
                 {"root: '%41'", "%41"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *root = root_of(cases[i].text);

        ck_assert_msg(root != NULL, "%s", lks_error_text());
        ck_assert_str_eq(root, cases[i].root);
        lks_free(root);
    }
}
END_TEST

START_TEST(a_uri_that_says_no_path_here_is_refused)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"root: file://host/d",
         "j.yaml:7:9: root is 'file://host/d', it must be a file of "
         "this host"},
        {"root: 'file://'", "it must be a file of this host"},
        {"root: file:///d%", "root is 'file:///d%', it must be a path whose every %"},
        {"root: file:///d%4", "every % has two hexadecimal digits"},
        {"root: file:///d%g1", "every % has two hexadecimal digits"},
        {"root: file:///d%1g", "every % has two hexadecimal digits"},
        {"root: file:///d%00", "not 00"},
        {"root: 'file:'", "root is 'file:', it must be"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_ptr_null(root_of(cases[i].text));
        ck_assert_msg(strstr(lks_error_text(), cases[i].error) != NULL, "%s",
                      lks_error_text());
    }
}
END_TEST

START_TEST(a_relative_uri_starts_where_a_relative_path_does)
{
    const char *const set[] = {"data.root=file:there%FF", "data.train.images=file:%E9.gz",
                               "train.init=file:w%FF"};
    char *cwd = realpath(".", NULL), *want = lks_asprintf("%s/there\xff", cwd);
    lks_job job;
    char *text = NULL;

    ck_ok(lks_job_read(LKS_SOURCE_DIR "/deploy/jobs/fashion_mlp.yaml", set, 3, &job));
    ck_assert_str_eq(job.data.root, want);
    ck_assert_str_eq(job.data.train.files[0], "\xe9.gz");
    ck_assert_ptr_nonnull(strstr(job.train.init, "/w\xff"));
    ck_ok(lks_job_format(&job, &text));
    ck_assert_ptr_nonnull(strstr(text, "/there%FF\"\n"));
    ck_assert_ptr_nonnull(strstr(text, "images: \"file:%E9.gz\""));
    lks_job_release(&job);
    lks_free(text);
    lks_free(want);
    free(cwd);
}
END_TEST

LKS_SUITE("path_text", a_path_of_any_bytes_is_written_and_reads_back,
          a_file_uri_is_read_as_its_path, a_uri_that_says_no_path_here_is_refused,
          a_relative_uri_starts_where_a_relative_path_does)
