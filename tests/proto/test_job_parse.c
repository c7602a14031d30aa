#include "proto/sample_job.h"

#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

static double option(const lks_job_item *item, const char *key, int i)
{
    for (size_t n = 0; n < item->n_options; n++)
        if (strcmp(item->options[n].key, key) == 0 && i < item->options[n].n_values)
            return item->options[n].values[i];
    ck_abort_msg("%s has no %s[%d]", item->type, key, i);
}

START_TEST(every_key_reaches_its_member)
{
    lks_job job;

    ck_ok(parse_text(sample_job, &job));
    ck_assert_str_eq(job.name, "fashion-cnn");
    ck_assert_uint_eq(job.seed, 7);
    ck_assert_str_eq(job.data.format, "idx");
    ck_assert_str_eq(job.data.root, "/data");
    ck_assert_uint_eq(job.data.train.n_files, 2);
    ck_assert_str_eq(job.data.train.files[0], "a.gz");
    ck_assert_str_eq(job.data.train.files[1], "b.gz");
    ck_assert_uint_eq(job.data.test.n_files, 2);
    ck_assert_str_eq(job.data.test.files[1], "d.gz");
    ck_assert_uint_eq(job.data.n_channels, 1);
    ck_assert_double_eq(job.data.mean[0], 0.25);
    ck_assert_double_eq(job.data.std[0], 0.5);
    ck_assert(!job.data.shuffle && job.data.drop_last);
    ck_assert_str_eq(job.loss.type, "cross_entropy");
    ck_assert_uint_eq(job.train.epochs, 3);
    ck_assert_uint_eq(job.train.steps, 0);
    ck_assert_uint_eq(job.train.batch_size, 64);
    ck_assert_uint_eq(job.train.lanes, 8);
    ck_assert_uint_eq(job.train.threads_per_rank, 2);
    ck_assert_int_eq(job.train.reduction, LKS_JOB_REDUCTION_FAST);
    ck_assert_str_eq(job.train.init, "/start.safetensors");
    ck_assert_uint_eq(job.report.every_steps, 20);
    ck_assert_uint_eq(job.report.rank_timeout_s, 15);
    ck_assert_uint_eq(job.checkpoint.every_steps, 500);
    ck_assert_uint_eq(job.checkpoint.keep, 5);
    lks_job_release(&job);
}
END_TEST

START_TEST(layers_carry_options_defaults_and_their_place)
{
    static const char *const types[] = {"conv2d",  "relu",    "max_pool2d",
                                        "dropout", "flatten", "linear"};
    lks_job job;

    ck_ok(parse_text(sample_job, &job));
    ck_assert_uint_eq(job.n_layers, 6);
    for (size_t i = 0; i < 6; i++) {
        ck_assert_str_eq(job.layers[i].type, types[i]);
        ck_assert_int_eq(job.layers[i].line, 12 + (int)i);
        ck_assert_int_eq(job.layers[i].column, 5);
    }
    ck_assert_double_eq(option(&job.layers[0], "out_channels", 0), 6);
    ck_assert_double_eq(option(&job.layers[0], "kernel_size", 0), 5);
    ck_assert_double_eq(option(&job.layers[0], "kernel_size", 1), 3);
    ck_assert_double_eq(option(&job.layers[0], "stride", 0), 1);
    ck_assert_double_eq(option(&job.layers[0], "bias", 0), 1);
    ck_assert_uint_eq(job.layers[1].n_options, 0);
    ck_assert_double_eq(option(&job.layers[3], "p", 0), 0.25);
    ck_assert_double_eq(option(&job.layers[4], "end_dim", 0), -1);
    ck_assert_double_eq(option(&job.layers[5], "bias", 0), 0);
    ck_assert_str_eq(job.optimizer.type, "sgd");
    ck_assert_double_eq(option(&job.optimizer, "lr", 0), 0.01);
    ck_assert_double_eq(option(&job.optimizer, "dampening", 0), 0);
    lks_job_release(&job);
}
END_TEST

START_TEST(layers_carry_words_nulls_lists_and_first_values)
{
    static const char text[] =
        "job: j\n"
        "data: {format: cifar10, train: x.bin}\n"
        "model:\n"
        "  - batch_norm2d: {momentum: null}\n"
        "  - upsample: {scale_factor: [2, 1.5], mode: bilinear}\n"
        "  - embedding: {num_embeddings: 5, embedding_dim: 2, padding_idx: null}\n"
        "  - prelu: {init: 0.5}\n"
        "  - linear:\n"
        "      out_features: 2\n"
        "      init: {weight: {kaiming_normal: {mode: fan_out}}, bias: zeros}\n"
        "  - linear: {out_features: 2, init: {weight: , bias: ones}}\n"
        "  - instance_norm1d: {momentum: null}\n"
        "  - dropout1d: {p: 1}\n"
        "loss: cross_entropy\n"
        "optimizer: sgd\n"
        "train: {steps: 1, batch_size: 1}\n";
    lks_job job;
    const lks_job_item *linear;

    ck_ok(parse_text(text, &job));
    ck_assert(isnan(option(&job.layers[0], "momentum", 0)));
    ck_assert_double_eq(option(&job.layers[1], "scale_factor", 1), 1.5);
    ck_assert_double_eq(option(&job.layers[1], "mode", 0), 3);
    ck_assert_uint_eq(job.layers[2].n_options, 3); /* norm_type has a default */
    ck_assert_double_eq(option(&job.layers[3], "init", 0), 0.5);
    ck_assert_uint_eq(job.layers[3].n_inits, 0);
    linear = &job.layers[4];
    ck_assert_uint_eq(linear->n_inits, 2);
    ck_assert_str_eq(linear->inits[0].name, "weight");
    ck_assert_str_eq(linear->inits[0].type, "kaiming_normal");
    ck_assert_double_eq(option(&linear->inits[0], "mode", 0), 1);
    ck_assert_double_eq(option(&linear->inits[0], "a", 0), 0);
    ck_assert_str_eq(linear->inits[1].type, "zeros");
    ck_assert_uint_eq(job.layers[5].n_inits, 1);
    ck_assert_str_eq(job.layers[5].inits[0].name, "bias");
    ck_assert(isnan(option(&job.layers[6], "momentum", 0)));
    ck_assert_double_eq(option(&job.layers[7], "p", 0), 1);
    lks_job_release(&job);
}
END_TEST

START_TEST(a_type_may_stand_among_the_options_of_all_that_has_one)
{
    static const char text[] =
        "job: j\n"
        "data: {format: cifar10, train: x.bin, transforms: [{type: to_float}, "
        "{mean: 1, std: 2, type: normalize}]}\n"
        "model:\n"
        "  - {type: flatten, name: flat}\n"
        "  - type: linear\n"
        "    out_features: 2\n"
        "    from: flat\n"
        "    init: {weight: {type: constant, val: 3}}\n"
        "loss: {type: cross_entropy, label_smoothing: 0.1}\n"
        "optimizer: {type: sgd, lr: 0.5, groups: [{params: \"*.bias\", lr: 1}]}\n"
        "schedule: [{type: linear_lr, until: 2}, {type: step_lr, step_size: 3}]\n"
        "train: {steps: 1, batch_size: 1}\n";
    lks_job job;

    ck_ok(parse_text(text, &job));
    ck_assert_str_eq(job.data.transforms[0].type, "to_float");
    ck_assert_double_eq(option(&job.data.transforms[1], "mean", 0), 1);
    ck_assert_str_eq(job.layers[0].name, "flat");
    ck_assert_str_eq(job.layers[1].type, "linear");
    ck_assert_str_eq(job.layers[1].from[0], "flat");
    ck_assert_double_eq(option(&job.layers[1].inits[0], "val", 0), 3);
    ck_assert_double_eq(option(&job.loss, "label_smoothing", 0), 0.1);
    ck_assert_double_eq(option(&job.optimizer, "lr", 0), 0.5);
    ck_assert_uint_eq(job.optimizer.n_groups, 1);
    ck_assert_uint_eq(job.n_schedules, 2);
    ck_assert_uint_eq(job.schedules[0].until, 2);
    ck_assert_double_eq(option(&job.schedules[1], "step_size", 0), 3);
    lks_job_release(&job);
}
END_TEST

START_TEST(a_silent_file_gets_the_defaults)
{
    static const char least[] =
        "job: j\n"
        "data: {format: npy, train: {inputs: x.npy, targets: y.npy}}\n"
        "model: [linear: {out_features: 1}]\n"
        "loss: mse_loss\n"
        "optimizer: adam\n"
        "train: {steps: 5, batch_size: 1}\n";
    lks_job job;

    ck_ok(parse_text(least, &job));
    ck_assert_uint_eq(job.seed, 0);
    ck_assert_ptr_null(job.data.root);
    ck_assert_ptr_null(job.train.init);
    ck_assert_uint_eq(job.data.test.n_files, 0);
    ck_assert_uint_eq(job.data.n_channels, 0);
    ck_assert(job.data.shuffle && !job.data.drop_last);
    ck_assert_uint_eq(job.train.steps, 5);
    ck_assert_uint_eq(job.train.epochs, 0);
    ck_assert_uint_eq(job.train.lanes, LKS_JOB_AUTO);
    ck_assert_str_eq(job.train.device, "auto");
    ck_assert_uint_eq(job.train.replicas, 1);
    ck_assert_uint_eq(job.train.threads_per_rank, LKS_JOB_AUTO);
    ck_assert_str_eq(job.train.numerics, "exact");
    ck_assert_int_eq(job.train.reduction, LKS_JOB_REDUCTION_AUTO);
    ck_assert_str_eq(job.train.collectives, "auto");
    ck_assert_uint_eq(job.report.every_steps, 50);
    ck_assert_uint_eq(job.report.rank_timeout_s, 60);
    ck_assert_uint_eq(job.checkpoint.every_steps, 0);
    ck_assert_uint_eq(job.checkpoint.keep, 3);
    /* torch.optim.Adam's */
    ck_assert_double_eq(option(&job.optimizer, "lr", 0), 1e-3);
    ck_assert_double_eq(option(&job.optimizer, "betas", 0), 0.9);
    ck_assert_double_eq(option(&job.optimizer, "betas", 1), 0.999);
    ck_assert_double_eq(option(&job.optimizer, "eps", 0), 1e-8);
    lks_job_release(&job);
}
END_TEST

START_TEST(a_key_without_value_is_as_if_absent)
{
    static const struct {
        const char *from, *to;
    } cases[] = {
        {"report: {every_steps: 20, rank_timeout_s: 15}", "report:"},
        {"{every_steps: 20, rank_timeout_s: 15}", "{every_steps: null}"},
        {"{every_steps: 20, rank_timeout_s: 15}", "~"},
        {"  root: /data\n", "  root:\n"},
        {"{images: c.gz, labels: d.gz}", "null"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = spoiled(cases[i].from, cases[i].to);
        lks_job job;

        ck_ok(parse_text(text, &job));
        if (i < 3)
            ck_assert_uint_eq(job.report.every_steps, 50);
        lks_job_release(&job);
        lks_free(text);
    }
}
END_TEST

START_TEST(json_is_read_as_well)
{
    static const char json[] =
        "{\"job\": \"j\", \"seed\": 18446744073709551615,\n"
        " \"data\": {\"format\": \"cifar10\", \"train\": [\"1.bin\", \"2.bin\"], "
        "\"test\": "
        "\"t.bin\", \"shuffle\": true, \"root\": null},\n"
        " \"model\": [\"flatten\", {\"linear\": {\"out_features\": 10}}],\n"
        " \"loss\": \"cross_entropy\", \"optimizer\": {\"sgd\": {\"lr\": 1e-2}},\n"
        " \"train\": {\"epochs\": 1, \"batch_size\": 8, \"lanes\": \"auto\"}}";
    lks_job job;

    ck_ok(parse_text(json, &job));
    ck_assert_uint_eq(job.seed, UINT64_MAX);
    ck_assert_uint_eq(job.data.train.n_files, 2);
    ck_assert_str_eq(job.data.train.files[1], "2.bin");
    ck_assert_uint_eq(job.data.test.n_files, 1);
    ck_assert_str_eq(job.data.test.files[0], "t.bin");
    ck_assert_double_eq(option(&job.optimizer, "lr", 0), 0.01);
    lks_job_release(&job);
}
END_TEST

START_TEST(text_in_quotes_and_numbers_as_text_are_taken)
{
    char *text = spoiled("root: /data", "root: \"/d\\xE9 #1\"");
    lks_job job;

    ck_ok(parse_text(text, &job));
    ck_assert_str_eq(job.data.root, "/d\xc3\xa9 #1");
    lks_job_release(&job);
    lks_free(text);
    text = spoiled("job: fashion-cnn", "job: 2026");
    ck_ok(parse_text(text, &job));
    ck_assert_str_eq(job.name, "2026");
    lks_job_release(&job);
    lks_free(text);
}
END_TEST

START_TEST(nesterov_with_momentum_is_fine)
{
    char *text = spoiled("momentum: 0.9", "momentum: 0.9, nesterov: true");
    lks_job job;

    ck_ok(parse_text(text, &job));
    ck_assert_double_eq(option(&job.optimizer, "nesterov", 0), 1);
    lks_job_release(&job);
    lks_free(text);
}
END_TEST

/* A folder with a job file in it; the test runs within. */
static char folder[PATH_MAX];

static void enter_folder(const char *file, const char *text)
{
    char name[] = "/tmp/lks-job-XXXXXX", path[PATH_MAX];
    FILE *out;

    ck_assert_ptr_nonnull(mkdtemp(name));
    ck_assert_ptr_nonnull(realpath(name, folder));
    ck_assert_int_eq(chdir(folder), 0);
    ck_assert_int_eq(mkdir("jobs", 0700), 0);
    snprintf(path, sizeof path, "jobs/%s", file);
    ck_assert_ptr_nonnull(out = fopen(path, "wb"));
    fputs(text, out);
    fclose(out);
}

static void leave_folder(const char *file)
{
    char path[PATH_MAX];

    snprintf(path, sizeof path, "jobs/%s", file);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(rmdir("jobs"), 0);
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(rmdir(folder), 0);
}

static void ends_with(const char *path, const char *end)
{
    char want[2 * PATH_MAX];

    snprintf(want, sizeof want, "%s%s", folder, end);
    ck_assert_str_eq(path, want);
}

START_TEST(paths_start_at_the_job_files_folder_and_at_the_current_one_in_set)
{
    const char *const set[] = {"data.root=there", "train.init=w.safetensors"};
    char *text = spoiled("root: /data", "root: mnist");
    lks_job job;

    enter_folder("j.yaml", text);
    ck_ok(lks_job_read("jobs/j.yaml", NULL, 0, &job));
    ends_with(job.data.root, "/jobs/mnist");
    ck_assert_str_eq(job.train.init, "/start.safetensors");
    lks_job_release(&job);
    ck_ok(lks_job_read("jobs/j.yaml", set, 2, &job));
    ends_with(job.data.root, "/there");
    ends_with(job.train.init, "/w.safetensors");
    lks_job_release(&job);
    leave_folder("j.yaml");
    lks_free(text);
}
END_TEST

START_TEST(without_root_data_lie_beside_the_job_file)
{
    char *text = spoiled("  root: /data\n", "");
    lks_job job;

    enter_folder("j.yaml", text);
    ck_ok(lks_job_read("jobs/j.yaml", NULL, 0, &job));
    ends_with(job.data.root, "/jobs");
    lks_job_release(&job);
    ck_assert_int_eq(chdir("jobs"), 0);
    ck_ok(lks_job_read("j.yaml", NULL, 0, &job));
    ends_with(job.data.root, "/jobs");
    lks_job_release(&job);
    ck_assert_int_eq(chdir(".."), 0);
    leave_folder("j.yaml");
    lks_free(text);
}
END_TEST

/* A job file of a program that brings its data, model and loss. */
static const char rest[] = "job: own\n"
                           "data: {shuffle: false}\n"
                           "optimizer: sgd\n"
                           "train: {steps: 3, batch_size: 8}\n";

START_TEST(what_a_program_brings_is_no_part_of_the_file)
{
    const unsigned all = LKS_JOB_DATA | LKS_JOB_MODEL | LKS_JOB_LOSS;
    const char *const model[] = {"model=[relu]"};
    const char *const mean[] = {"data.normalize.mean=1"};
    const char *const left_out[] = {"format", "root", "normalize", "model", "loss"};
    char *text;
    lks_job job, again;

    enter_folder("j.yaml", rest);
    ck_ok(lks_job_read_rest("jobs/j.yaml", NULL, 0, all, &job));
    ck_assert_uint_eq(job.brought, all);
    ck_assert(!job.loss.type && !job.data.format && !job.data.root && job.n_layers == 0);
    ck_assert(!job.data.shuffle);
    ck_ok(lks_job_format(&job, &text));
    for (size_t i = 0; i < sizeof left_out / sizeof *left_out; i++)
        ck_assert_ptr_null(strstr(text, left_out[i]));
    lks_job_release(&job);
    ck_fails(lks_job_read("jobs/j.yaml", NULL, 0, &again), LKS_INVALID,
             "'format' is missing in data");
    ck_fails(lks_job_read_rest("jobs/j.yaml", NULL, 0, LKS_JOB_DATA, &again), LKS_INVALID,
             "'model' is missing");
    ck_fails(lks_job_read_rest("jobs/j.yaml", model, 1, all, &again), LKS_INVALID,
             "model is this program's own, leave it out");
    ck_fails(lks_job_read_rest("jobs/j.yaml", mean, 1, all, &again), LKS_INVALID,
             "data.normalize.mean is this program's own, leave it out");
    leave_folder("j.yaml");
    lks_free(text);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_an_io_error)
{
    lks_job job;

    ck_fails(lks_job_read("/nowhere/j.yaml", NULL, 0, &job), LKS_IO,
             "job file /nowhere/j.yaml: No such file or directory");
    ck_fails(lks_job_read("/tmp", NULL, 0, &job), LKS_IO,
             "job file /tmp: Is a directory");
}
END_TEST

START_TEST(a_file_above_a_mebibyte_is_refused)
{
    enum { N = 1024 * 1024 + 1 };
    char *text = lks_malloc(N + 1);
    lks_job job;

    memset(text, ' ', N);
    text[N] = '\0';
    enter_folder("j.yaml", text);
    ck_fails(lks_job_read("jobs/j.yaml", NULL, 0, &job), LKS_INVALID,
             "jobs/j.yaml:1:1: more than 1048576 bytes");
    leave_folder("j.yaml");
    lks_free(text);
}
END_TEST

START_TEST(every_failed_allocation_is_reported_and_nothing_leaks)
{
    const char *const set[] = {"train.steps=9", "optimizer.sgd.nesterov=true",
                               "data.root=x", "model.1=tanh",
                               "loss.cross_entropy.weight=[1, 2]"};
    lks_job job;
    long n = 0;

    enter_folder("j.yaml", sample_job);
    for (;; n++) {
        lks_status st;

        lks_error_clear();
        lks_alloc_fail_after(n);
        st = lks_job_read("jobs/j.yaml", set, 5, &job);
        if (!lks_alloc_has_failed())
            break;
        ck_assert_msg(st == LKS_NOMEM, "allocation %ld: %s", n, lks_error_text());
        ck_assert_int_eq(lks_error_status(), LKS_NOMEM);
    }
    lks_alloc_fail_after(-1);
    ck_assert_int_gt(n, 100);
    ck_assert_uint_eq(job.train.steps, 9);
    lks_job_release(&job);
    leave_folder("j.yaml");
}
END_TEST

LKS_SUITE("job_parse", every_key_reaches_its_member,
          layers_carry_options_defaults_and_their_place,
          layers_carry_words_nulls_lists_and_first_values,
          a_type_may_stand_among_the_options_of_all_that_has_one,
          a_silent_file_gets_the_defaults, a_key_without_value_is_as_if_absent,
          json_is_read_as_well, text_in_quotes_and_numbers_as_text_are_taken,
          nesterov_with_momentum_is_fine,
          paths_start_at_the_job_files_folder_and_at_the_current_one_in_set,
          without_root_data_lie_beside_the_job_file,
          what_a_program_brings_is_no_part_of_the_file,
          a_file_that_cannot_be_read_is_an_io_error, a_file_above_a_mebibyte_is_refused,
          every_failed_allocation_is_reported_and_nothing_leaks)
