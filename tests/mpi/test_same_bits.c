/* The promise of the house: with the lanes fixed, a job ends with the same bytes on any
 * number of ranks, and says the same losses on its way. Whole runs under mpirun. */
#include "support/suite.h"

#include <math.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/rng.h"
#include "device.h"
#include "io/safetensors.h"

enum { SIDE = 16, N_TRAIN = 1000, N_TEST = 300, MAX_BYTES = 1 << 20 };

static char home[64];

static void put_u32(FILE *file, uint32_t x)
{
    const uint8_t bytes[] = {(uint8_t)(x >> 24), (uint8_t)(x >> 16), (uint8_t)(x >> 8),
                             (uint8_t)x};

    fwrite(bytes, 1, 4, file);
}

/* Images of noise with a bright square whose place tells the class. */
static void write_split(const char *split, uint32_t n, uint64_t seed)
{
    char name[64];
    const lks_rng rng = {.seed = seed};
    FILE *images, *labels;

    snprintf(name, sizeof name, "%s-images", split);
    images = fopen(name, "wb");
    snprintf(name, sizeof name, "%s-labels", split);
    labels = fopen(name, "wb");
    put_u32(images, 0x803);
    put_u32(images, n);
    put_u32(images, SIDE);
    put_u32(images, SIDE);
    put_u32(labels, 0x801);
    put_u32(labels, n);
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t class = lks_rng_bits(&rng, i) % 10;
        const uint32_t row = 3 * (class / 4), column = 3 * (class % 4);

        for (uint32_t p = 0; p < SIDE * SIDE; p++) {
            const uint32_t r = p / SIDE, c = p % SIDE;
            const uint32_t noise =
                lks_rng_bits(&rng, 4000 + (uint64_t)i * SIDE * SIDE + p) % 90;
            const bool bright = r >= row && r < row + 5 && c >= column && c < column + 5;

            fputc((int)(noise + (bright ? 120 : 0)), images);
        }
        fputc((int)class, labels);
    }
    fclose(images);
    fclose(labels);
}

static void write_job(void)
{
    FILE *file = fopen("job.yaml", "w");

    fputs("job: same-bits\n"
          "seed: 7\n"
          "data:\n"
          "  format: idx\n"
          "  train: {images: train-images, labels: train-labels}\n"
          "  test: {images: test-images, labels: test-labels}\n"
          "model: # LeNet with dropout\n"
          "  - conv2d: {out_channels: 6, kernel_size: 5, padding: 2}\n"
          "  - relu\n"
          "  - max_pool2d: {kernel_size: 2}\n"
          "  - conv2d: {out_channels: 16, kernel_size: 5}\n"
          "  - relu\n"
          "  - max_pool2d: {kernel_size: 2}\n"
          "  - flatten\n"
          "  - linear: {out_features: 120}\n"
          "  - relu\n"
          "  - dropout: {p: 0.5}\n"
          "  - linear: {out_features: 84}\n"
          "  - relu\n"
          "  - linear: {out_features: 10}\n"
          "loss: cross_entropy\n"
          "optimizer: {sgd: {lr: 0.01, momentum: 0.9}}\n"
          "train: {steps: 60, batch_size: 64, lanes: 8, threads_per_rank: 1, "
          "device: cpu}\n"
          "report: {every_steps: 1}\n",
          file);
    fclose(file);
}

static void setup(void)
{
    snprintf(home, sizeof home, "/tmp/lks-bits-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(home));
    ck_assert_int_eq(chdir(home), 0);
    write_split("train", N_TRAIN, 1);
    write_split("test", N_TEST, 2);
    write_job();
}

static void teardown(void)
{
    char command[96];

    snprintf(command, sizeof command, "rm -rf %s", home);
    ck_assert_int_eq(chdir("/"), 0);
    ck_assert_int_eq(system(command), 0);
}

/* One run into NAME-<ranks>. */
static void train(const char *name, int ranks, const char *settings)
{
    char command[2048];

    snprintf(command, sizeof command,
             LKS_MPIRUN " -q -n %d --oversubscribe --bind-to none " LKS_WORKER
                        " --run-dir %s-%d %s job.yaml > %s-%d.out 2>&1 || "
                        "{ cat %s-%d.out; false; }",
             ranks, name, ranks, settings, name, ranks, name, ranks);
    ck_assert_msg(system(command) == 0, "%s", command);
}

static size_t slurp(const char *name, int ranks, const char *file, char *out)
{
    char path[256];
    FILE *stream;
    size_t n;

    snprintf(path, sizeof path, "%s-%d/%s", name, ranks, file);
    stream = fopen(path, "rb");
    ck_assert_msg(stream != NULL, "%s is missing", path);
    n = fread(out, 1, MAX_BYTES - 1, stream);
    fclose(stream);
    out[n] = '\0';
    return n;
}

/* Cut a line down to what the promise is about: no rates, no times. */
static size_t losses(const char *name, int ranks, char *out)
{
    static char text[MAX_BYTES];
    size_t n_lines = 0;

    slurp(name, ranks, "metrics.jsonl", text);
    out[0] = '\0';
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), n_lines++) {
        char *rate = strstr(line, ",\"samples_per_s\""),
             *time = strstr(line, ",\"time\"");

        *(rate ? rate : time) = '\0';
        out += sprintf(out, "%s\n", line);
    }
    return n_lines;
}

static void check_same(const char *name, const char *settings, size_t n_lines)
{
    static const int sizes[] = {1, 2, 3, 4, 8};
    static char model[2][MAX_BYTES], metrics[2][MAX_BYTES];

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *m = model[i > 0], *l = metrics[i > 0];
        size_t n;

        train(name, sizes[i], settings);
        n = slurp(name, sizes[i], "model.safetensors", m);
        ck_assert_uint_gt(n, 50000);
        ck_assert_uint_eq(losses(name, sizes[i], l), n_lines);
        ck_assert_msg(memcmp(model[i > 0], model[0], n) == 0,
                      "%d ranks end with other weights", sizes[i]);
        ck_assert_msg(strcmp(metrics[i > 0], metrics[0]) == 0,
                      "%d ranks have other losses", sizes[i]);
    }
}

START_TEST(any_number_of_ranks_ends_with_the_same_bytes)
{
    /* 60 steps, and the evaluation at the end */
    check_same("even", "", 61);
}
END_TEST

START_TEST(a_batch_that_lanes_do_not_divide_and_a_short_last_one_too)
{
    /* 1000 samples are 16 batches of 60 and one of 40; then 4 epochs, each evaluated */
    check_same("odd",
               "--set train.batch_size=60 --set train.steps=null --set train.epochs=4",
               72);
}
END_TEST

START_TEST(a_last_batch_smaller_than_the_lanes_too)
{
    /* 1000 samples are three batches of 333 and one of a single sample: seven lanes of it
     * are empty */
    check_same("tiny", "--set train.batch_size=333 --set train.steps=8", 9);
}
END_TEST

START_TEST(fast_reduction_agrees_but_for_rounding)
{
    lks_safetensors *files[2] = {NULL};

    train("ordered", 1, "");
    train("fast", 3, "--set train.reduction=fast");
    ck_ok(lks_safetensors_open("ordered-1/model.safetensors", &files[0]));
    ck_ok(lks_safetensors_open("fast-3/model.safetensors", &files[1]));
    for (size_t i = 0; i < lks_safetensors_count(files[0]); i++) {
        const lks_safetensors_entry *a = lks_safetensors_at(files[0], i);
        const lks_safetensors_entry *b = lks_safetensors_find(files[1], a->name);
        const float *x = a->data, *y = b->data;
        double difference = 0, size = 0;

        for (size_t k = 0; k < a->size_bytes / sizeof(float); k++) {
            difference += pow((double)x[k] - y[k], 2);
            size += pow(x[k], 2);
        }
        ck_assert_msg(sqrt(difference) <= 1e-5 * sqrt(size), "%s differs by %g", a->name,
                      sqrt(difference / size));
    }
    lks_safetensors_close(files[0]);
    lks_safetensors_close(files[1]);
}
END_TEST

START_TEST(a_run_records_the_instruction_set_of_its_kernels)
{
    static char job[MAX_BYTES];
    char recorded[64];

    train("recorded", 1, "--set train.steps=1");
    slurp("recorded", 1, "job.yaml", job);
    snprintf(recorded, sizeof recorded, "1 ranks of 1 threads, cpu (%s)\n",
             lks_cpu_instruction_set());
    ck_assert_msg(strstr(job, recorded) != NULL, "%s", job);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        any_number_of_ranks_ends_with_the_same_bytes,
        a_batch_that_lanes_do_not_divide_and_a_short_last_one_too,
        a_last_batch_smaller_than_the_lanes_too, fast_reduction_agrees_but_for_rounding,
        a_run_records_the_instruction_set_of_its_kernels};
    Suite *suite = suite_create("same_bits");
    TCase *tcase = tcase_create("same_bits");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 240);
    tcase_add_checked_fixture(tcase, setup, teardown);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(tcase, tests[i]);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
