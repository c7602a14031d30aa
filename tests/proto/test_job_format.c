#include "proto/sample_job.h"

#include <math.h>

#include "base/rng.h"
#include "proto/job_schema.h"

/* A stream of choices: the same jobs in every run. */
static lks_rng rng;
static uint64_t drawn;

static uint32_t below(uint32_t n)
{
    return lks_rng_bits(&rng, drawn++) % n;
}

static char *random_text(bool is_name)
{
    static const char *const texts[] = {"plain",
                                        "/a/b-c_d.gz",
                                        "null",
                                        "true",
                                        "12",
                                        "~",
                                        "a b",
                                        "x: y",
                                        "#no",
                                        "- a",
                                        "it's",
                                        "\"q\" \\ ",
                                        "tab\there",
                                        "é ∀",
                                        "\n",
                                        "\x7f",
                                        "[1]",
                                        "{a: b}",
                                        "&a",
                                        "*a",
                                        "%x",
                                        "@x",
                                        " lead",
                                        "trail ",
                                        "a:b",
                                        "C1\xc2\x85",
                                        "\xf0\x9f\x98\x80",
                                        "\xe2\x80\xa8",
                                        "!t",
                                        "1e3",
                                        "/d\xe9j\xe0 %",
                                        "\xff",
                                        "file:a",
                                        "file:///%41",
                                        "a\xc3",
                                        "%E9"};
    char name[9] = {0};

    if (!is_name)
        return lks_strdup(texts[below(sizeof texts / sizeof *texts)]);
    for (int i = 0; i < 8; i++)
        name[i] = "abcXYZ019"[below(9)];
    return lks_strdup(name);
}

/* Any finite double of a range, most of them ugly. */
static double random_real(double min, double limit)
{
    for (;;) {
        uint64_t bits = (uint64_t)below(UINT32_MAX) << 32 | below(UINT32_MAX);
        double value;

        memcpy(&value, &bits, sizeof value);
        if (below(2))
            value = (double)below(1000) / 1000;
        if (isfinite(value) && value >= min && value < limit)
            return value;
    }
}

static uint64_t random_whole(uint64_t min, uint64_t max)
{
    uint64_t any = (uint64_t)below(UINT32_MAX) << 32 | below(UINT32_MAX);
    uint64_t span = max - min;

    return span == UINT64_MAX ? any : min + (below(2) ? any : below(100)) % (span + 1);
}

static double random_option(const lks_job_option *option)
{
    uint32_t n_words = 0;

    while (option->words && option->words[n_words])
        n_words++;
    if (option->kind == LKS_JOB_OPTION_WORD)
        return below(n_words);
    if (option->or_null && option->fallback && below(3) == 0)
        return NAN;
    if (option->kind == LKS_JOB_OPTION_TOGGLE)
        return below(2);
    if (option->kind == LKS_JOB_OPTION_REAL)
        return random_real(option->is_list ? fmax(1e-300, option->min) : option->min,
                           option->below);
    if (option->kind == LKS_JOB_OPTION_WORD)
        return option->words[1] ? below(2) : 0;
    if (option->is_list && option->min <= 0)
        return 1 + below(1000);
    return option->min + below(1000);
}

/* A list of up to a hundred. */
static void random_numbers(const lks_job_option *option, lks_option *out)
{
    double *list = lks_calloc(100, sizeof *list);

    out->n_values = 1 + (int)below(100);
    for (int v = 0; v < out->n_values; v++)
        list[v] = random_real(option->min, 1000);
    out->list = list;
}

static void random_item(const lks_job_type *types, lks_job_item *out)
{
    size_t n = 0;
    const lks_job_type *type;

    while (types[n].name)
        n++;
    type = &types[below((uint32_t)n)];
    out->type = type->name;
    for (const lks_job_option *option = type->options; option->key; option++) {
        lks_option *to = &out->options[out->n_options];

        if (!option->is_required && !option->is_lent && !option->fallback && below(2))
            continue;
        to->key = option->key;
        out->n_options++;
        if (option->kind == LKS_JOB_OPTION_NUMBERS) {
            random_numbers(option, to);
            continue;
        }
        to->n_values = below(2) ? option->min_values : option->max_values;
        for (int v = 0; v < to->n_values; v++)
            to->values[v] = random_option(option);
    }
}

static void random_layer(lks_job_item *out)
{
    static const char *const params[] = {"weight", "a: b"};

    random_item(lks_job_layer_types, out);
    if (below(3) > 0 || strcmp(out->type, "prelu") == 0) /* whose init is a number */
        return;
    out->n_inits = 1 + below(2);
    out->inits = lks_calloc(out->n_inits, sizeof *out->inits);
    for (size_t i = 0; i < out->n_inits; i++) {
        out->inits[i].name = lks_strdup(params[i]);
        random_item(lks_job_init_types, &out->inits[i]);
    }
}

static void random_split(const lks_job *job, lks_job_split *out)
{
    const lks_job_format_type *format = lks_job_format_find(job->data.format);
    size_t n = format->n_parts ? format->n_parts - format->n_arrays
                               : 1 + below(LKS_JOB_MAX_FILES);

    for (; out->n_files < n; out->n_files++)
        out->files[out->n_files] = random_text(false);
    for (size_t i = 0; i < format->n_arrays; i++)
        out->arrays[i] = random_text(true);
}

/* No two alike. */
static void random_names(lks_job_names *out)
{
    const size_t n = 1 + below(4);

    out->names = lks_calloc(n, sizeof *out->names);
    while (out->n < n) {
        char *name = random_text(true);
        size_t same = 0;

        while (same < out->n && strcmp(out->names[same], name) != 0)
            same++;
        if (same == out->n)
            out->names[out->n++] = name;
        else
            lks_free(name);
    }
}

static void random_value(lks_job *job, const lks_job_key *key)
{
    void *member = (char *)job + key->offset;
    size_t n = 0;

    switch (key->kind) {
    case LKS_JOB_WHOLE64:
        *(uint64_t *)member = random_whole(key->min, key->max);
        break;
    case LKS_JOB_WHOLE32:
        *(uint32_t *)member = (uint32_t)random_whole(key->min, key->max);
        break;
    case LKS_JOB_AUTO32:
    case LKS_JOB_ALL32:
        *(uint32_t *)member =
            below(2) ? LKS_JOB_AUTO : (uint32_t)random_whole(1, key->max);
        break;
    case LKS_JOB_FLAG:
        *(bool *)member = below(2);
        break;
    case LKS_JOB_NAME:
    case LKS_JOB_PATH:
        *(char **)member = random_text(key->kind == LKS_JOB_NAME);
        break;
    case LKS_JOB_CHOICE:
    case LKS_JOB_REDUCTION:
        while (key->words[n])
            n++;
        n = below((uint32_t)n);
        if (key->kind == LKS_JOB_CHOICE)
            *(const char **)member = key->words[n];
        else
            *(lks_job_reduction *)member = (lks_job_reduction)n;
        break;
    case LKS_JOB_NUMBERS:
        job->data.n_channels = 3;
        for (n = 0; n < 3; n++)
            ((double *)member)[n] = random_real(1e-300, HUGE_VAL);
        break;
    case LKS_JOB_FILES:
        random_split(job, member);
        break;
    case LKS_JOB_LAYERS:
        job->n_layers = 1 + below(10);
        job->layers = lks_calloc(job->n_layers, sizeof *job->layers);
        for (n = 0; n < job->n_layers; n++)
            random_layer(&job->layers[n]);
        break;
    case LKS_JOB_LOSS_ITEM:
        random_item(lks_job_loss_types, member);
        break;
    case LKS_JOB_OPTIMIZER:
        random_item(lks_job_optimizer_types, member);
        break;
    case LKS_JOB_SCHEDULE:
        job->n_schedules = 1 + below(3);
        job->schedules = lks_calloc(job->n_schedules, sizeof *job->schedules);
        for (n = 0; n < job->n_schedules; n++) {
            random_item(lks_job_schedule_types, &job->schedules[n]);
            job->schedules[n].every = n > 0      ? job->schedules[0].every
                                      : below(2) ? "step"
                                                 : "epoch";
            if (n > 0)
                job->schedules[n - 1].until = 10 * n;
        }
        break;
    case LKS_JOB_REAL:
        *(double *)member = random_real(1e-300, HUGE_VAL);
        break;
    case LKS_JOB_TRANSFORMS:
        for (n = 0; n < 3; n++)
            random_item(lks_job_transform_types, &job->data.transforms[n]);
        job->data.n_transforms = n;
        break;
    case LKS_JOB_NAMES:
        random_names(member);
        break;
    case LKS_JOB_MISSING:
        n = below(LKS_JOB_MISSING_NUMBER + 1);
        ((lks_job_missing *)member)->rule = (lks_job_missing_rule)n;
        if (n == LKS_JOB_MISSING_NUMBER)
            ((lks_job_missing *)member)->number = random_real(-1e9, 1e18);
        break;
    }
}

/* Whether the key is of that format: docs of those that are of some only begin with them,
 * "csv: " or "labelled, pairs: ". */
static bool is_of(const lks_job_key *key, const char *format)
{
    const size_t n = strcspn(key->doc, ":");
    char formats[64];

    if (strncmp(key->path, "data.", 5) != 0 || n >= sizeof formats)
        return true;
    snprintf(formats, sizeof formats, "%.*s", (int)n, key->doc);
    for (const lks_job_format_type *type = lks_job_formats; type->name; type++)
        if (strncmp(formats, type->name, strlen(type->name)) == 0)
            return strstr(formats, format) != NULL;
    return true;
}

/* Whether the key is about inputs that are numbers, and those of the format are tokens. */
static bool is_of_numbers(const lks_job_key *key, const char *format)
{
    return strstr("text, labelled, pairs", format) != NULL &&
           (strncmp(key->path, "data.normalize", 14) == 0 ||
            strcmp(key->path, "data.transforms") == 0);
}

/* A job that lks_job_check has nothing against. */
static void random_job(lks_job *job)
{
    bool has_normalize = below(2);

    memset(job, 0, sizeof *job);
    for (size_t i = 0; i < LKS_JOB_N_KEYS; i++) {
        const lks_job_key *key = &lks_job_keys[i];
        bool may_lack = !key->is_required && !key->fallback;

        if (job->data.format &&
            (!is_of(key, job->data.format) || is_of_numbers(key, job->data.format)))
            continue;
        if (key->kind == LKS_JOB_NUMBERS ? has_normalize : !may_lack || below(2))
            random_value(job, key);
    }
    if (job->data.n_transforms > 0 && has_normalize) /* none may be to_float then */
        job->data.n_transforms = 0;
    job->data.standardise &= !has_normalize && job->data.n_transforms == 0;
    if (strcmp(job->data.format, "text") == 0 && job->data.sequence_length == 0)
        job->data.sequence_length = 64;
    if (job->data.validation >= 1)
        job->data.validation = 1 + below(1000);
    if (job->train.epochs)
        job->train.steps = 0;
    else if (!job->train.steps)
        job->train.steps = 1;
    if (job->train.lanes > job->train.batch_size)
        job->train.lanes = (uint32_t)job->train.batch_size;
    for (size_t i = 0; i < job->optimizer.n_options; i++)
        if (strcmp(job->optimizer.options[i].key, "nesterov") == 0)
            job->optimizer.options[i].values[0] = 0;
}

static void same_text(const char *a, const char *b)
{
    ck_assert((a == NULL) == (b == NULL));
    if (a)
        ck_assert_str_eq(a, b);
}

static const double *values_of(const lks_option *option)
{
    return option->list ? option->list : option->values;
}

static void same_items(const lks_job_item *a, const lks_job_item *b)
{
    ck_assert_str_eq(a->type, b->type);
    ck_assert_uint_eq(a->n_options, b->n_options);
    for (size_t i = 0; i < a->n_options; i++) {
        ck_assert_str_eq(a->options[i].key, b->options[i].key);
        ck_assert_int_eq(a->options[i].n_values, b->options[i].n_values);
        ck_assert_mem_eq(values_of(&a->options[i]), values_of(&b->options[i]),
                         (size_t)a->options[i].n_values * sizeof(double));
    }
    same_text(a->name, b->name);
    ck_assert_uint_eq(a->n_inits, b->n_inits);
    for (size_t i = 0; i < a->n_inits; i++)
        same_items(&a->inits[i], &b->inits[i]);
}

static void same_splits(const lks_job_split *a, const lks_job_split *b)
{
    ck_assert_uint_eq(a->n_files, b->n_files);
    for (size_t i = 0; i < a->n_files; i++)
        ck_assert_str_eq(a->files[i], b->files[i]);
    for (size_t i = 0; i < LKS_JOB_MAX_ARRAYS; i++)
        same_text(a->arrays[i], b->arrays[i]);
}

static void same_names(const lks_job_names *a, const lks_job_names *b)
{
    ck_assert_uint_eq(a->n, b->n);
    for (size_t i = 0; i < a->n; i++)
        ck_assert_str_eq(a->names[i], b->names[i]);
}

static void same_jobs(const lks_job *a, const lks_job *b)
{
    same_text(a->name, b->name);
    ck_assert_uint_eq(a->seed, b->seed);
    same_text(a->data.format, b->data.format);
    same_text(a->data.root, b->data.root);
    same_splits(&a->data.train, &b->data.train);
    same_splits(&a->data.test, &b->data.test);
    ck_assert(a->data.validation == b->data.validation);
    same_names(&a->data.inputs, &b->data.inputs);
    same_names(&a->data.target, &b->data.target);
    same_text(a->data.dtype, b->data.dtype);
    same_text(a->data.header, b->data.header);
    same_text(a->data.delimiter, b->data.delimiter);
    ck_assert_int_eq(a->data.missing.rule, b->data.missing.rule);
    ck_assert(a->data.missing.number == b->data.missing.number);
    ck_assert_int_eq(a->data.standardise, b->data.standardise);
    ck_assert_uint_eq(a->data.n_transforms, b->data.n_transforms);
    for (size_t i = 0; i < a->data.n_transforms; i++)
        same_items(&a->data.transforms[i], &b->data.transforms[i]);
    ck_assert_uint_eq(a->data.n_channels, b->data.n_channels);
    ck_assert_mem_eq(a->data.mean, b->data.mean, sizeof a->data.mean);
    ck_assert_mem_eq(a->data.std, b->data.std, sizeof a->data.std);
    ck_assert(a->data.shuffle == b->data.shuffle &&
              a->data.drop_last == b->data.drop_last);
    ck_assert_uint_eq(a->data.workers, b->data.workers);
    ck_assert_uint_eq(a->data.prefetch, b->data.prefetch);
    ck_assert_uint_eq(a->n_layers, b->n_layers);
    for (size_t i = 0; i < a->n_layers; i++)
        same_items(&a->layers[i], &b->layers[i]);
    same_items(&a->loss, &b->loss);
    same_items(&a->optimizer, &b->optimizer);
    ck_assert_uint_eq(a->n_schedules, b->n_schedules);
    for (size_t i = 0; i < a->n_schedules; i++) {
        same_items(&a->schedules[i], &b->schedules[i]);
        ck_assert_str_eq(a->schedules[i].every, b->schedules[i].every);
        ck_assert_uint_eq(a->schedules[i].until, b->schedules[i].until);
    }
    ck_assert_uint_eq(a->train.epochs, b->train.epochs);
    ck_assert_uint_eq(a->train.steps, b->train.steps);
    ck_assert_uint_eq(a->train.batch_size, b->train.batch_size);
    ck_assert_uint_eq(a->train.lanes, b->train.lanes);
    same_text(a->train.device, b->train.device);
    ck_assert_uint_eq(a->train.replicas, b->train.replicas);
    same_text(a->train.numerics, b->train.numerics);
    ck_assert_uint_eq(a->train.threads_per_rank, b->train.threads_per_rank);
    ck_assert_int_eq(a->train.reduction, b->train.reduction);
    same_text(a->train.collectives, b->train.collectives);
    same_text(a->train.init, b->train.init);
    ck_assert_uint_eq(a->report.every_steps, b->report.every_steps);
    ck_assert_uint_eq(a->report.rank_timeout_s, b->report.rank_timeout_s);
    ck_assert_uint_eq(a->checkpoint.every_steps, b->checkpoint.every_steps);
    ck_assert_uint_eq(a->checkpoint.keep, b->checkpoint.keep);
}

START_TEST(a_written_job_reads_back_as_the_same)
{
    for (uint32_t i = 0; i < 1000; i++) {
        lks_job job, again;
        char *text = NULL;

        rng = (lks_rng){.seed = i};
        drawn = 0;
        random_job(&job);
        ck_ok(lks_job_format(&job, &text));
        ck_assert_msg(parse_text(text, &again) == LKS_OK, "job %u: %s\n%s", i,
                      lks_error_text(), text);
        same_jobs(&job, &again);
        lks_job_release(&job);
        lks_job_release(&again);
        lks_free(text);
    }
}
END_TEST

START_TEST(a_job_is_written_for_people_with_its_defaults)
{
    static const char want[] = "job: j\n"
                               "seed: 0\n"
                               "data:\n"
                               "  format: npy\n"
                               "  train: {inputs: x.npy, targets: \"y y.npy\"}\n"
                               "  normalize:\n"
                               "    mean: [0.1, 0.5]\n"
                               "    std: [1.0, 1.0e-05]\n"
                               "  shuffle: true\n"
                               "  drop_last: false\n"
                               "  workers: auto\n"
                               "  prefetch: 4\n"
                               "model:\n"
                               "  - conv2d: {out_channels: 6, kernel_size: [5, 3], "
                               "stride: 1, padding: 0, dilation: "
                               "1, groups: 1, bias: true}\n"
                               "  - relu\n"
                               "loss: {mse_loss: {reduction: mean}}\n"
                               "optimizer: {adam: {lr: 0.001, betas: [0.9, 0.999], eps: "
                               "1.0e-08, weight_decay: 0.0, amsgrad: false, l1: 0.0, "
                               "maximize: false}}\n"
                               "train:\n"
                               "  steps: 5\n"
                               "  batch_size: 1\n"
                               "  lanes: auto\n"
                               "  device: auto\n"
                               "  replicas: 1\n"
                               "  threads_per_rank: auto\n"
                               "  numerics: exact\n"
                               "  reduction: auto\n"
                               "  collectives: auto\n"
                               "  accumulate: 1\n"
                               "report:\n"
                               "  every_steps: 50\n"
                               "  rank_timeout_s: 60\n"
                               "checkpoint:\n"
                               "  every_steps: 0\n"
                               "  keep: 3\n";
    static const char least[] =
        "train: {batch_size: 1, steps: 5}\n"
        "model: [conv2d: {kernel_size: [5, 3], out_channels: 6}, relu]\n"
        "data: {train: {targets: y y.npy, inputs: x.npy}, format: npy,\n"
        "       normalize: {std: [1.0, 0.00001], mean: [0.1, 0.5]}}\n"
        "loss: mse_loss\n"
        "optimizer: adam\n"
        "job: j\n";
    lks_job job;
    char *text = NULL;

    ck_ok(parse_text(least, &job));
    ck_ok(lks_job_format(&job, &text));
    ck_assert_str_eq(text, want);
    lks_free(text);
    lks_job_release(&job);
}
END_TEST

/* A layer's name and where it takes its inputs, in a file and in the job of a run. */
START_TEST(a_loss_is_written_as_it_was_read)
{
    static const struct {
        const char *read, *written;
    } cases[] = {
        {"cross_entropy", "{cross_entropy: {ignore_index: -100, label_smoothing: 0.0, "
                          "reduction: mean}}"},
        {"{type: cross_entropy, label_smoothing: 0.1, weight: [1, 2.5, 0]}",
         "{cross_entropy: {weight: [1.0, 2.5, 0.0], ignore_index: -100, label_smoothing: "
         "0.1, reduction: mean}}"},
        {"{cross_entropy: {weight: 2}}",
         "{cross_entropy: {weight: [2.0], ignore_index: -100, label_smoothing: 0.0, "
         "reduction: mean}}"},
        {"{kl_div: {reduction: batchmean, log_target: true}}",
         "{kl_div: {log_target: true, reduction: batchmean}}"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = lks_asprintf("job: j\ndata: {format: cifar10, train: a}\n"
                                  "model: [flatten]\nloss: %s\noptimizer: sgd\n"
                                  "train: {steps: 1, batch_size: 1}\n",
                                  cases[i].read);
        char *want = lks_asprintf("\nloss: %s\n", cases[i].written);
        char *written = NULL;
        lks_job job, again;

        ck_ok(parse_text(text, &job));
        ck_ok(lks_job_format(&job, &written));
        ck_assert_msg(strstr(written, want), "%s", written);
        ck_ok(parse_text(written, &again));
        same_items(&job.loss, &again.loss);
        lks_job_release(&job);
        lks_job_release(&again);
        lks_free(written);
        lks_free(want);
        lks_free(text);
    }
}
END_TEST

START_TEST(layers_are_wired_by_name_and_number)
{
    static const char *const want[] = {
        "  - relu: {name: \"no\"}\n",
        "  - dropout: {p: 0.5, name: e, from: [\"no\"]}\n",
        "  - relu: {from: [0]}\n",
        "  - linear: {out_features: 3, bias: true, name: h, weight_of: e, from: [1]}\n",
        "  - relu: {weight_of: 0}\n",
        "  - add: {name: sum, from: [e, 2]}\n",
    };
    static const char text[] = "train: {batch_size: 1, steps: 5}\n"
                               "model:\n"
                               "  - relu: {name: no}\n"
                               "  - dropout: {from: no, name: e}\n"
                               "  - relu: {from: 0}\n"
                               "  - linear: {weight_of: e, from: 1, out_features: 3, "
                               "name: h}\n"
                               "  - relu: {weight_of: 0}\n"
                               "  - add: {name: sum, from: [e, 2]}\n"
                               "data: {train: {targets: y.npy, inputs: x.npy}, format: "
                               "npy}\n"
                               "loss: mse_loss\n"
                               "optimizer: adam\n"
                               "job: j\n";
    lks_job job;
    char *written = NULL, *again = NULL;

    ck_ok(parse_text(text, &job));
    ck_assert_str_eq(job.layers[3].weight_of, "e");
    ck_assert_str_eq(job.layers[5].name, "sum");
    ck_assert_ptr_null(job.layers[2].name);
    ck_assert_uint_eq(job.layers[5].n_from, 2);
    ck_assert_str_eq(job.layers[5].from[0], "e");
    ck_assert_str_eq(job.layers[5].from[1], "2");
    ck_ok(lks_job_format(&job, &written));
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        ck_assert_msg(strstr(written, want[i]) != NULL, "no %s in %s", want[i], written);
    lks_job_release(&job);
    ck_ok(parse_text(written, &job));
    ck_ok(lks_job_format(&job, &again));
    ck_assert_str_eq(written, again);
    lks_free(written);
    lks_free(again);
    lks_job_release(&job);
}
END_TEST

START_TEST(arrays_of_an_archive_have_names_of_their_own_or_the_usual_ones)
{
    static const char text[] =
        "data:\n"
        "  format: npz\n"
        "  train: {targets: y_train, file: mnist.npz, inputs: \"yes\"}\n"
        "  test: {file: test.npz, inputs: , targets: null}\n"
        "model: [relu]\n"
        "loss: mse_loss\n"
        "optimizer: sgd\n"
        "train: {batch_size: 1, steps: 5}\n"
        "job: j\n";
    lks_job job;
    char *written = NULL;

    ck_ok(parse_text(text, &job));
    ck_assert_uint_eq(job.data.train.n_files, 1);
    ck_assert_str_eq(job.data.train.arrays[0], "yes");
    ck_assert_str_eq(job.data.train.arrays[1], "y_train");
    ck_assert_str_eq(job.data.test.arrays[0], "x");
    ck_assert_str_eq(job.data.test.arrays[1], "y");
    ck_ok(lks_job_format(&job, &written));
    ck_assert(strstr(written,
                     "  train: {file: mnist.npz, inputs: \"yes\", targets: y_train}\n"));
    ck_assert(strstr(written, "  test: {file: test.npz, inputs: x, targets: \"y\"}\n"));
    lks_free(written);
    lks_job_release(&job);
}
END_TEST

START_TEST(a_schedule_is_written_as_it_was_read)
{
    static const char text[] =
        "train: {batch_size: 1, steps: 5, clip_grad_norm: 1.5, accumulate: 2}\n"
        "model: [relu]\n"
        "data: {train: {targets: y.npy, inputs: x.npy}, format: npy}\n"
        "loss: mse_loss\n"
        "optimizer: sgd\n"
        "schedule: {multi_step_lr: {milestones: [2, 3, 5]}}\n"
        "job: j\n";
    lks_job job;
    char *written = NULL;

    ck_ok(parse_text(text, &job));
    ck_assert_str_eq(job.schedules[0].type, "multi_step_lr");
    ck_assert_str_eq(job.schedules[0].every, "epoch");
    ck_assert_int_eq(job.schedules[0].options[0].n_values, 3);
    ck_assert(job.schedules[0].options[0].values[2] == 5);
    ck_ok(lks_job_format(&job, &written));
    ck_assert(strstr(written,
                     "\nschedule: {multi_step_lr: {milestones: [2, 3, 5], gamma: "
                     "0.1, every: epoch}}\n"));
    ck_assert(strstr(written, "  accumulate: 2\n  clip_grad_norm: 1.5\n"));
    ck_assert(!strstr(written, "clip_grad_value"));
    lks_free(written);
    lks_job_release(&job);
}
END_TEST

START_TEST(schedules_one_after_the_other_are_written_as_they_were_read)
{
    static const char text[] =
        "job: j\n"
        "data: {train: {targets: y.npy, inputs: x.npy}, format: npy}\n"
        "model: [relu]\n"
        "loss: mse_loss\n"
        "optimizer: sgd\n"
        "schedule: [linear_lr: {until: 5}, cosine_annealing_lr: {T_max: 9, every: "
        "step}]\n"
        "train: {batch_size: 1, steps: 5}\n";
    lks_job job;
    char *written = NULL;

    ck_ok(parse_text(text, &job));
    ck_assert_uint_eq(job.n_schedules, 2);
    ck_assert_uint_eq(job.schedules[0].until, 5);
    ck_assert_str_eq(job.schedules[0].every, "step");
    ck_ok(lks_job_format(&job, &written));
    ck_assert_msg(strstr(written,
                         "\nschedule: [{linear_lr: {start_factor: "
                         "0.3333333333333333, end_factor: 1.0, total_iters: 5, "
                         "every: step, until: 5}}, {cosine_annealing_lr: {T_max: "
                         "9, eta_min: 0.0, every: step}}]\n"),
                  "%s", written);
    lks_free(written);
    lks_job_release(&job);
}
END_TEST

START_TEST(parameter_groups_are_written_as_they_were_read)
{
    static const char want[] =
        "optimizer: {adam: {lr: 0.001, betas: [0.9, 0.999], eps: 1.0e-08, weight_decay: "
        "0.1, amsgrad: false, l1: 0.0, maximize: false, groups: [{params: [\"*.bias\", "
        "norm.weight], weight_decay: 0.0}, {params: "
        "[\"0.weight\"], lr: 0.5, betas: [0.5, 0.75]}]}}\n";
    static const char text[] =
        "train: {batch_size: 1, steps: 5}\n"
        "model: [relu]\n"
        "data: {train: {targets: y.npy, inputs: x.npy}, format: npy}\n"
        "loss: mse_loss\n"
        "optimizer: {adam: {weight_decay: 0.1, groups: [\n"
        "  {params: ['*.bias', norm.weight], weight_decay: 0},\n"
        "  {lr: 0.5, betas: [0.5, 0.75], params: 0.weight}]}}\n"
        "job: j\n";
    lks_job job;
    char *written = NULL;

    ck_ok(parse_text(text, &job));
    ck_assert_uint_eq(job.optimizer.n_groups, 2);
    ck_assert_uint_eq(job.optimizer.groups[1].n_options, 2);
    ck_ok(lks_job_format(&job, &written));
    ck_assert_msg(strstr(written, want) != NULL, "%s", written);
    lks_job_release(&job);
    ck_ok(parse_text(written, &job));
    lks_job_release(&job);
    lks_free(written);
}
END_TEST

START_TEST(what_a_job_file_cannot_say_is_refused)
{
    lks_job job;
    char *text = NULL;

    ck_ok(parse_text(sample_job, &job));
    job.layers[1].type = "tnn";
    ck_fails(lks_job_format(&job, &text), LKS_INVALID, "a job file knows no 'tnn'");
    job.layers[1].type = "relu";
    job.layers[1].options[0] = (lks_option){.key = "p", .n_values = 1};
    job.layers[1].n_options = 1;
    ck_fails(lks_job_format(&job, &text), LKS_INVALID, "relu has no option 'p'");
    ck_assert_ptr_null(text);
    lks_job_release(&job);
}
END_TEST

START_TEST(every_failed_allocation_of_the_writer_is_reported)
{
    lks_job job;
    char *text = NULL;
    long n = 0;

    ck_ok(parse_text(sample_job, &job));
    for (;; n++) {
        lks_status st;

        lks_error_clear();
        lks_alloc_fail_after(n);
        st = lks_job_format(&job, &text);
        if (!lks_alloc_has_failed())
            break;
        ck_assert_int_eq(st, LKS_NOMEM);
        ck_assert_ptr_null(text);
    }
    lks_alloc_fail_after(-1);
    ck_assert_int_gt(n, 1);
    lks_free(text);
    lks_job_release(&job);
}
END_TEST

START_TEST(releasing_twice_or_an_empty_job_is_fine)
{
    lks_job job = {0};

    lks_job_release(&job);
    ck_ok(parse_text(sample_job, &job));
    lks_job_release(&job);
    lks_job_release(&job);
}
END_TEST

LKS_SUITE("job_format", arrays_of_an_archive_have_names_of_their_own_or_the_usual_ones,
          a_schedule_is_written_as_it_was_read,
          schedules_one_after_the_other_are_written_as_they_were_read,
          a_written_job_reads_back_as_the_same,
          a_job_is_written_for_people_with_its_defaults, a_loss_is_written_as_it_was_read,
          layers_are_wired_by_name_and_number,
          parameter_groups_are_written_as_they_were_read,
          what_a_job_file_cannot_say_is_refused,
          every_failed_allocation_of_the_writer_is_reported,
          releasing_twice_or_an_empty_job_is_fine)
