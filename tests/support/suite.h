/* The frame of a Check program:
 *
 *     START_TEST(empty_shard_is_an_io_error) { … } END_TEST
 *     LKS_SUITE("loader", empty_shard_is_an_io_error, second_test)
 */
#ifndef LKS_TESTS_SUPPORT_SUITE_H
#define LKS_TESTS_SUPPORT_SUITE_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/status.h"

/* The call succeeds; else the test fails with the error's text. */
#define ck_ok(call)                                                                      \
    do {                                                                                 \
        lks_status ck_st_ = (call);                                                      \
        ck_assert_msg(ck_st_ == LKS_OK, "%s: %s: %s", #call, lks_status_text(ck_st_),    \
                      lks_error_text());                                                 \
    } while (0)

/* The call fails with this code, and its text contains `part`. */
#define ck_fails(call, code, part)                                                       \
    do {                                                                                 \
        lks_error_clear();                                                               \
        lks_status ck_st_ = (call);                                                      \
        const char *ck_text_ = lks_error_text();                                         \
        ck_assert_msg(ck_st_ == (code), "%s gave: %s (%s)", #call,                       \
                      lks_status_text(ck_st_), ck_text_);                                \
        ck_assert_msg(strstr(ck_text_, (part)) != NULL, "%s said: %s", #call, ck_text_); \
    } while (0)

#ifndef LKS_SLOWNESS /* under sanitizers ten times */
#define LKS_SLOWNESS 1
#endif

/* main for a list of tests; CK_FORK=no in the environment runs them in one process. */
#define LKS_SUITE(name, ...)                                                             \
    int main(void)                                                                       \
    {                                                                                    \
        const TTest *const tests[] = {__VA_ARGS__};                                      \
        Suite *suite = suite_create(name);                                               \
        TCase *tcase = tcase_create(name);                                               \
        SRunner *runner;                                                                 \
        int failed;                                                                      \
                                                                                         \
        tcase_set_timeout(tcase, LKS_SLOWNESS > 1 ? 300 : 120);                          \
        for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)                        \
            tcase_add_test(tcase, tests[i]);                                             \
        suite_add_tcase(suite, tcase);                                                   \
        runner = srunner_create(suite);                                                  \
        srunner_run_all(runner, CK_ENV);                                                 \
        failed = srunner_ntests_failed(runner);                                          \
        srunner_free(runner);                                                            \
        return failed ? EXIT_FAILURE : EXIT_SUCCESS;                                     \
    }

#endif
