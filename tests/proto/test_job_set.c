#include "proto/sample_job.h"

static lks_status parse_with(const char *const *set, size_t n, lks_job *out)
{
    return lks_job_parse(sample_job, strlen(sample_job), "j.yaml", set, n, out);
}

#define SET(...)                                                                         \
    (const char *const[]){__VA_ARGS__},                                                  \
        sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)

static double option(const lks_job_item *item, const char *key)
{
    const lks_options options = {item->options, item->n_options};
    return lks_option_get(options, key, -1e9);
}

START_TEST(a_key_is_replaced_wherever_it_stands)
{
    lks_job job;

    ck_ok(parse_with(SET("seed=11", "train.batch_size=128", "optimizer.sgd.lr=0.1",
                         "data.root=/x", "data.normalize.mean=[0.5]", "job=other",
                         "data.test.labels=z.gz", "loss=mse_loss"),
                     &job));
    ck_assert_uint_eq(job.seed, 11);
    ck_assert_uint_eq(job.train.batch_size, 128);
    ck_assert_double_eq(option(&job.optimizer, "lr"), 0.1);
    ck_assert_double_eq(option(&job.optimizer, "momentum"), 0.9);
    ck_assert_str_eq(job.data.root, "/x");
    ck_assert_double_eq(job.data.mean[0], 0.5);
    ck_assert_str_eq(job.name, "other");
    ck_assert_str_eq(job.data.test.files[0], "c.gz");
    ck_assert_str_eq(job.data.test.files[1], "z.gz");
    ck_assert_str_eq(job.loss.type, "mse_loss");
    lks_job_release(&job);
}
END_TEST

START_TEST(a_key_the_file_lacks_is_added)
{
    static const char least[] = "job: j\n"
                                "data: {format: cifar10, train: a.bin}\n"
                                "model: [flatten, linear: {out_features: 10}]\n"
                                "loss: cross_entropy\n"
                                "optimizer: adam\n"
                                "train: {steps: 5, batch_size: 8}\n"
                                "report:\n";
    const char *const set[] = {"train.lanes=4",
                               "report.every_steps=7",
                               "checkpoint.keep=9",
                               "data.normalize.mean=0.5",
                               "data.normalize.std=0.25",
                               "optimizer.adam.lr=0.5",
                               "model.0.flatten.start_dim=2"};
    lks_job job;

    ck_ok(lks_job_parse(least, strlen(least), "j.yaml", set, 7, &job));
    ck_assert_uint_eq(job.train.lanes, 4);
    ck_assert_uint_eq(job.report.every_steps, 7);
    ck_assert_uint_eq(job.checkpoint.keep, 9);
    ck_assert_uint_eq(job.data.n_channels, 1);
    ck_assert_double_eq(job.data.std[0], 0.25);
    ck_assert_double_eq(option(&job.optimizer, "lr"), 0.5);
    ck_assert_double_eq(option(&job.optimizer, "eps"), 1e-8);
    ck_assert_double_eq(option(&job.layers[0], "start_dim"), 2);
    lks_job_release(&job);
}
END_TEST

START_TEST(layers_are_reached_by_their_index)
{
    lks_job job;

    ck_ok(parse_with(SET("model.0.conv2d.out_channels=8", "model.1=tanh",
                         "model.3={dropout: {p: 0.5}}"),
                     &job));
    ck_assert_double_eq(option(&job.layers[0], "out_channels"), 8);
    ck_assert_str_eq(job.layers[1].type, "tanh");
    ck_assert_double_eq(option(&job.layers[3], "p"), 0.5);
    ck_assert_uint_eq(job.n_layers, 6);
    ck_assert_str_eq(job.layers[5].type, "linear");
    lks_job_release(&job);
}
END_TEST

START_TEST(steps_and_epochs_replace_each_other)
{
    lks_job job;

    ck_ok(parse_with(SET("train.steps=100"), &job));
    ck_assert_uint_eq(job.train.steps, 100);
    ck_assert_uint_eq(job.train.epochs, 0);
    lks_job_release(&job);
    ck_ok(parse_with(SET("train.steps=100", "train.epochs=2"), &job));
    ck_assert_uint_eq(job.train.steps, 0);
    ck_assert_uint_eq(job.train.epochs, 2);
    lks_job_release(&job);
}
END_TEST

START_TEST(the_last_setting_wins_and_an_empty_one_takes_away)
{
    lks_job job;

    ck_ok(parse_with(SET("seed=1", "seed=2", "train.init=", "data.test=",
                         "train.lanes=auto", "data.normalize="),
                     &job));
    ck_assert_uint_eq(job.seed, 2);
    ck_assert_ptr_null(job.train.init);
    ck_assert_uint_eq(job.data.test.n_files, 0);
    ck_assert_uint_eq(job.data.n_channels, 0);
    ck_assert_uint_eq(job.train.lanes, LKS_JOB_AUTO);
    lks_job_release(&job);
}
END_TEST

START_TEST(a_whole_section_or_optimizer_can_be_set)
{
    lks_job job;

    ck_ok(parse_with(SET("optimizer=adam", "train={steps: 9, batch_size: 3}"), &job));
    ck_assert_str_eq(job.optimizer.type, "adam");
    ck_assert_uint_eq(job.train.steps, 9);
    ck_assert_uint_eq(job.train.lanes, LKS_JOB_AUTO);
    lks_job_release(&job);
}
END_TEST

START_TEST(only_the_first_equals_sign_divides)
{
    lks_job job;

    ck_ok(parse_with(SET("data.root=/a=b"), &job));
    ck_assert_str_eq(job.data.root, "/a=b");
    lks_job_release(&job);
}
END_TEST

START_TEST(errors_name_the_setting)
{
    static const struct {
        const char *set, *error;
    } cases[] = {
        {"train.batchsize=3", "--set train.batchsize=3: unknown key 'batchsize' in "
                              "train; did you mean 'batch_size'?"},
        {"trian.batch_size=3", "--set trian.batch_size=3: unknown key 'trian' in the "
                               "job; did you mean 'train'?"},
        {"batch_size=3",
         "--set batch_size=3: unknown key 'batch_size' in the job; it belongs in train"},
        {"train.batch_size=many", "--set train.batch_size=many: batch_size is 'many', it "
                                  "must be a whole number of at least 1"},
        {"optimizer.sgd.rl=1", "--set optimizer.sgd.rl=1: sgd has no option 'rl'; it has "
                               "lr, momentum, dampening, "
                               "weight_decay, nesterov, l1, maximize"},
        {"optimizer.adam.lr=1",
         "--set optimizer.adam.lr=1: 'adam' stands beside 'sgd': one name to "
         "each optimizer, its options indented below it"},
        {"model.6.relu.x=1",
         "--set model.6.relu.x=1: no entry '6' in a list of 6, they count from 0"},
        {"model.conv2d.bias=true", "--set model.conv2d.bias=true: no entry 'conv2d' in a "
                                   "list of 6, they count from 0"},
        {"model.-1=relu",
         "--set model.-1=relu: no entry '-1' in a list of 6, they count from 0"},
        {"model.1.tanh.x=1",
         "--set model.1.tanh.x=1: no key 'tanh' here, this is 'relu'"},
        {"seed.x=1", "--set seed.x=1: no key 'x' here, this is '7'"},
        {"seed", "--set seed: write it as KEY=VALUE, such as train.epochs=5"},
        {"=5", "--set =5: write it as KEY=VALUE, such as train.epochs=5"},
        {"", "--set : write it as KEY=VALUE, such as train.epochs=5"},
        {"train.=5",
         "--set train.=5: unknown key '' in train; known are epochs, steps, batch_size, "
         "lanes, device, replicas, threads_per_rank, numerics, reduction, "
         "collectives, accumulate, clip_grad_norm, clip_grad_value, init"},
        {".seed=5",
         "--set .seed=5: unknown key '' in the job; known are job, seed, data, "
         "model, loss, optimizer, schedule, train, report, checkpoint"},
        {"train={train.steps: 5}",
         "--set train={train.steps: 5}: unknown key 'train.steps' in train; known are "
         "epochs, steps, batch_size, lanes, device, replicas, threads_per_rank, "
         "numerics, reduction, collectives, accumulate, clip_grad_norm, "
         "clip_grad_value, init"},
        {"data={normalize.std: 5}", "--set data={normalize.std: 5}: unknown key "
                                    "'normalize.std' in data; std belongs in the map "
                                    "data.normalize"},
        {"seed=[1",
         "--set seed=[1: not YAML while parsing a flow sequence: did not find expected "
         "',' or ']'"},
        {"data.normalize={mean: 1, mean: 2}",
         "--set data.normalize={mean: 1, mean: 2}: key 'mean' again"},
        {"train={}", "--set train={}: 'batch_size' is missing in train: samples of one "
                     "step, over all ranks"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lks_job job;

        lks_error_clear();
        ck_assert_int_eq(parse_with(&cases[i].set, 1, &job), LKS_INVALID);
        ck_assert_str_eq(lks_error_text(), cases[i].error);
    }
}
END_TEST

START_TEST(a_long_setting_is_cut_in_its_error)
{
    char *set = lks_malloc(4000);
    lks_job job;

    memset(set, 'y', 3999);
    set[3999] = '\0';
    memcpy(set, "seed=", 5);
    ck_fails(parse_with((const char *const *)&set, 1, &job), LKS_INVALID,
             "--set seed=yyyy");
    ck_assert_uint_lt(strlen(lks_error_text()), 300);
    lks_free(set);
}
END_TEST

START_TEST(a_key_deeper_than_any_schema_is_refused)
{
    char set[3000];
    lks_job job;

    for (size_t i = 0; i < sizeof set - 3; i++)
        set[i] = i % 2 ? '.' : 'a';
    strcpy(set + sizeof set - 4, "=1");
    const char *const one = set;
    ck_fails(parse_with(&one, 1, &job), LKS_INVALID, "unknown key 'a' in the job");
}
END_TEST

LKS_SUITE("job_set", a_key_is_replaced_wherever_it_stands, a_key_the_file_lacks_is_added,
          layers_are_reached_by_their_index, steps_and_epochs_replace_each_other,
          the_last_setting_wins_and_an_empty_one_takes_away,
          a_whole_section_or_optimizer_can_be_set, only_the_first_equals_sign_divides,
          errors_name_the_setting, a_long_setting_is_cut_in_its_error,
          a_key_deeper_than_any_schema_is_refused)
