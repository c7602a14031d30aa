/* Samples of like length in one batch. */
#include "support/suite.h"

#include "base/alloc.h"
#include "data/bucket.h"
#include "data/loader.h"

enum { N = 1003, SIZE = 8, BATCHES = 10 };

static int64_t length_of(uint64_t index)
{
    return (int64_t)(1 + index * 2654435761u % 97);
}

static lks_status get(const void *self, uint64_t index, lks_field_place *places)
{
    (void)self;
    if (places[0].data)
        for (int64_t i = 0; i < length_of(index); i++)
            ((int64_t *)places[0].data)[i] = (int64_t)index;
    places[0].length = length_of(index);
    return LKS_OK;
}

static int64_t length(const void *self, uint64_t index)
{
    (void)self;
    return length_of(index);
}

static const lks_dataset_ops ops = {.get = get, .length = length}, mute = {.get = get};
static const lks_field field = {
    .name = "inputs", .dtype = LKS_I64, .n_dims = 1, .sizes = {97}, .varies = true};

static lks_dataset *make(const lks_dataset_ops *of)
{
    lks_dataset *dataset = NULL;

    ck_ok(lks_dataset_create(of, NULL, N, &field, 1, &dataset));
    return dataset;
}

static lks_order order_of(uint64_t seed)
{
    return (lks_order){.seed = seed,
                       .n_samples = N,
                       .shuffle = true,
                       .batch_size = SIZE,
                       .n_batches = BATCHES};
}

static void run_whole(uint64_t seed, uint64_t epoch, uint64_t *out)
{
    const lks_order order = order_of(seed);
    lks_dataset *dataset = make(&ops);
    lks_bucket *bucket;

    ck_ok(lks_bucket_create(dataset, &order, &bucket));
    lks_bucket_run(bucket, epoch, 0, N, out);
    lks_bucket_destroy(bucket);
    lks_dataset_destroy(dataset);
}

START_TEST(an_epoch_has_each_sample_once_and_each_pool_its_own)
{
    const lks_order order = order_of(3);
    uint64_t got[N], plain[N];
    int count[N] = {0};

    run_whole(3, 5, got);
    lks_order_run(&order, 5, 0, N, plain);
    for (int i = 0; i < N; i++)
        count[got[i]]++;
    for (int i = 0; i < N; i++)
        ck_assert_int_eq(count[i], 1);
    for (int pool = 0; pool < N; pool += SIZE * BATCHES) {
        uint64_t sums[2] = {0, 0};

        for (int i = pool; i < N && i < pool + SIZE * BATCHES; i++) {
            sums[0] += plain[i] * plain[i];
            sums[1] += got[i] * got[i];
        }
        ck_assert_uint_eq(sums[0], sums[1]);
    }
}
END_TEST

/* Elements of all batches, filled up to the longest of each. */
static int64_t padded(const uint64_t *samples)
{
    int64_t n = 0;

    for (int at = 0; at < N; at += SIZE) {
        int64_t longest = 0;

        for (int i = at; i < N && i < at + SIZE; i++)
            if (length_of(samples[i]) > longest)
                longest = length_of(samples[i]);
        n += longest * SIZE;
    }
    return n;
}

START_TEST(there_is_little_padding_in_a_batch)
{
    const lks_order order = order_of(1);
    uint64_t got[N], plain[N];
    int64_t n = 0;

    run_whole(1, 0, got);
    lks_order_run(&order, 0, 0, N, plain);
    for (uint64_t i = 0; i < N; i++)
        n += length_of(i);
    ck_assert_int_gt(padded(plain), n * 17 / 10);
    ck_assert_int_lt(padded(got), n * 115 / 100);
}
END_TEST

START_TEST(batches_come_in_an_order_that_each_epoch_and_pool_draws_anew)
{
    uint64_t a[N], b[N];
    int n_rising = 0, n_alike = 0;

    run_whole(1, 0, a);
    run_whole(1, 1, b);
    for (int i = SIZE; i < N - SIZE; i += SIZE)
        n_rising += length_of(a[i]) >= length_of(a[i - SIZE]);
    ck_assert_int_gt(n_rising, N / SIZE / 4);
    ck_assert_int_lt(n_rising, N / SIZE * 3 / 4);
    for (int i = 0; i < N; i++)
        n_alike += a[i] == b[i];
    ck_assert_int_lt(n_alike, 20);
    run_whole(2, 0, b);
    for (int i = 0; i < N; i++)
        n_alike += a[i] == b[i];
    ck_assert_int_lt(n_alike, 40);
}
END_TEST

START_TEST(any_part_of_an_epoch_is_what_the_whole_has_there)
{
    const lks_order order = order_of(7);
    lks_dataset *dataset = make(&ops);
    uint64_t whole[2][N], got[200];
    lks_bucket *bucket;

    run_whole(7, 0, whole[0]);
    run_whole(7, 1, whole[1]);
    ck_ok(lks_bucket_create(dataset, &order, &bucket));
    for (uint64_t i = 0; i < 300; i++) {
        const uint64_t epoch = i % 3 == 0, first = i * 7919 % N;
        const size_t n = i % 200 < N - first ? i % 200 : N - first;

        lks_bucket_run(bucket, epoch, first, n, got);
        ck_assert_int_eq(memcmp(got, whole[epoch] + first, n * sizeof *got), 0);
    }
    lks_bucket_destroy(bucket);
    lks_dataset_destroy(dataset);
}
END_TEST

/* Lanes of a batch as a plan asks for them, over the threads of a loader. */
typedef struct lanes {
    int n;
} lanes;

static bool lane_at(const void *context, uint64_t item, lks_batch_slice *out)
{
    const uint64_t n = (uint64_t)((const lanes *)context)->n, lane = item % n;
    const uint64_t begin = lane * SIZE / n, end = (lane + 1) * SIZE / n;

    *out =
        (lks_batch_slice){.first = item / n * SIZE + begin, .n = (int64_t)(end - begin)};
    return item / n < N / SIZE;
}

START_TEST(lanes_of_any_number_have_the_samples_of_the_batch)
{
    lks_dataset *dataset = make(&ops);
    uint64_t want[N];

    run_whole(9, 0, want);
    for (int n_lanes = 1; n_lanes <= 4; n_lanes++)
        for (int n_workers = 1; n_workers <= 3; n_workers += 2) {
            const lanes plan = {n_lanes};
            const lks_loader_options options = {.dataset = dataset,
                                                .order = order_of(9),
                                                .plan = lane_at,
                                                .plan_context = &plan,
                                                .max_batch = SIZE,
                                                .n_ahead = 4,
                                                .n_workers = n_workers};
            const lks_batch *batch;
            lks_loader *loader;
            uint64_t at = 0;

            ck_ok(lks_loader_create(&options, &loader));
            for (;;) {
                ck_ok(lks_loader_next(loader, &batch));
                if (!batch)
                    break;
                for (int64_t i = 0; i < batch->slice.n; i++) {
                    const lks_field_batch *f = &batch->fields[0];
                    const int64_t sample = ((int64_t *)f->data)[i * f->longest];

                    ck_assert_uint_eq((uint64_t)sample, want[at++]);
                }
            }
            ck_assert_uint_eq(at, N / SIZE * SIZE);
            lks_loader_destroy(loader);
        }
    lks_dataset_destroy(dataset);
}
END_TEST

START_TEST(samples_without_lengths_are_refused)
{
    const lks_order order = order_of(1);
    lks_dataset *dataset = make(&mute);
    lks_bucket *bucket;

    ck_fails(lks_bucket_create(dataset, &order, &bucket), LKS_INVALID,
             "data.bucket: the samples have no lengths to be sorted by");
    lks_dataset_destroy(dataset);
}
END_TEST

START_TEST(no_memory_is_an_error_wherever_it_happens)
{
    const lks_order order = order_of(1);
    lks_dataset *dataset = make(&ops);
    lks_bucket *bucket;

    for (long n = 0; n < 3; n++) {
        lks_error_clear();
        lks_alloc_fail_after(n);
        ck_assert_int_eq(lks_bucket_create(dataset, &order, &bucket), LKS_NOMEM);
    }
    lks_alloc_fail_after(-1);
    lks_dataset_destroy(dataset);
}
END_TEST

LKS_SUITE("like_lengths", an_epoch_has_each_sample_once_and_each_pool_its_own,
          there_is_little_padding_in_a_batch,
          batches_come_in_an_order_that_each_epoch_and_pool_draws_anew,
          any_part_of_an_epoch_is_what_the_whole_has_there,
          lanes_of_any_number_have_the_samples_of_the_batch,
          samples_without_lengths_are_refused, no_memory_is_an_error_wherever_it_happens)
