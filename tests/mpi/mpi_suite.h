/* The frame of a Check program whose every process is a rank: as LKS_SUITE, between
 * MPI_Init and MPI_Finalize. A failing rank aborts all, or the others would wait for it.
 */
#ifndef LKS_TESTS_MPI_MPI_SUITE_H
#define LKS_TESTS_MPI_MPI_SUITE_H

#include "support/suite.h"

#include <mpi.h>

#ifndef LKS_MPI_THREADS
#define LKS_MPI_THREADS MPI_THREAD_FUNNELED /* or what a suite defines before */
#endif

#define LKS_MPI_SUITE(name, ...)                                                         \
    int main(int argc, char **argv)                                                      \
    {                                                                                    \
        const TTest *const tests[] = {__VA_ARGS__};                                      \
        Suite *suite = suite_create(name);                                               \
        TCase *tcase = tcase_create(name);                                               \
        SRunner *runner;                                                                 \
        int failed, granted;                                                             \
                                                                                         \
        MPI_Init_thread(&argc, &argv, LKS_MPI_THREADS, &granted);                        \
        for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)                        \
            tcase_add_test(tcase, tests[i]);                                             \
        suite_add_tcase(suite, tcase);                                                   \
        runner = srunner_create(suite);                                                  \
        srunner_set_fork_status(runner, CK_NOFORK);                                      \
        srunner_run_all(runner, CK_ENV);                                                 \
        failed = srunner_ntests_failed(runner);                                          \
        srunner_free(runner);                                                            \
        if (failed)                                                                      \
            MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);                                     \
        MPI_Finalize();                                                                  \
        return EXIT_SUCCESS;                                                             \
    }

#endif
