#include "support/suite.h"

#include <glob.h>

#include "base/alloc.h"
#include "proto/job_yaml.h"

/* Every job file that the repository ships can be read and written. */
static void read_all(const char *pattern, size_t at_least)
{
    glob_t found;

    ck_assert_int_eq(glob(pattern, 0, NULL, &found), 0);
    ck_assert_uint_ge(found.gl_pathc, at_least);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        lks_job job;
        char *text = NULL;

        ck_ok(lks_job_read(found.gl_pathv[i], NULL, 0, &job));
        ck_assert_uint_gt(job.n_layers, 0);
        ck_ok(lks_job_format(&job, &text));
        lks_free(text);
        lks_job_release(&job);
    }
    globfree(&found);
}

START_TEST(the_deployed_jobs_can_be_read)
{
    read_all(LKS_SOURCE_DIR "/deploy/jobs/*.yaml", 8);
}
END_TEST

START_TEST(the_benchmark_jobs_can_be_read)
{
    read_all(LKS_SOURCE_DIR "/tests/bench/jobs/*.yaml", 5);
}
END_TEST

static void count_weights(const char *path, const double *want, size_t n)
{
    lks_job job;
    size_t seen = 0;

    ck_ok(lks_job_read(path, NULL, 0, &job));
    for (size_t i = 0; i < job.n_layers; i++) {
        const lks_options options = {job.layers[i].options, job.layers[i].n_options};
        double outputs = lks_option_get(options, "out_channels", 0) +
                         lks_option_get(options, "out_features", 0);

        if (outputs > 0) {
            ck_assert_uint_lt(seen, n);
            ck_assert_double_eq(outputs, want[seen++]);
        }
    }
    ck_assert_uint_eq(seen, n);
    lks_job_release(&job);
}

/* What their PyTorch counterparts have, so that the comparison stays one. */
START_TEST(the_benchmark_models_are_those_of_their_counterparts)
{
    static const double lenet[] = {6, 16, 120, 84, 10}, mlp[] = {512, 256, 10},
                        one[] = {1};

    count_weights(LKS_SOURCE_DIR "/tests/bench/jobs/lenet.yaml", lenet, 5);
    count_weights(LKS_SOURCE_DIR "/tests/bench/jobs/mlp.yaml", mlp, 3);
    count_weights(LKS_SOURCE_DIR "/tests/bench/jobs/cifar.yaml", lenet, 5);
    count_weights(LKS_SOURCE_DIR "/tests/bench/jobs/linreg.yaml", one, 1);
}
END_TEST

LKS_SUITE("job_files", the_deployed_jobs_can_be_read, the_benchmark_jobs_can_be_read,
          the_benchmark_models_are_those_of_their_counterparts)
