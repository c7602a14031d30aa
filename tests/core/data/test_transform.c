/* Inputs changed on their way. */
#include "support/suite.h"

#include <pthread.h>

#include "base/alloc.h"
#include "data/transform.h"

enum { C = 2, H = 3, W = 4, N = C * H * W };

/* Sample i has bytes, or floats, 10 i + 0, 1, 2 … and the target i. */
static lks_status get_bytes(const void *self, uint64_t index, lks_field_place *places)
{
    (void)self;
    for (int i = 0; places[0].data && i < N; i++)
        ((uint8_t *)places[0].data)[i] = (uint8_t)(10 * index + i);
    if (places[1].data)
        *(int64_t *)places[1].data = (int64_t)index;
    return LKS_OK;
}

static lks_status get_floats(const void *self, uint64_t index, lks_field_place *places)
{
    (void)self;
    for (int i = 0; places[0].data && i < N; i++)
        ((float *)places[0].data)[i] = (float)(10 * index + i);
    return LKS_OK;
}

static lks_dataset *dataset_of(lks_dtype dtype)
{
    static const lks_dataset_ops bytes = {.get = get_bytes}, floats = {.get = get_floats};
    const lks_field fields[] = {
        {.name = "inputs", .dtype = dtype, .n_dims = 3, .sizes = {C, H, W}},
        {.name = "targets", .dtype = LKS_I64}};
    lks_dataset *dataset;

    ck_ok(lks_dataset_create(dtype == LKS_U8 ? &bytes : &floats, NULL, 20, fields, 2,
                             &dataset));
    return dataset;
}

static lks_option option(const char *key, int n, double a, double b)
{
    return (lks_option){.key = key, .n_values = n, .values = {a, b}};
}

#define NUMBERS(name, n, ...)                                                            \
    ((lks_option){.key = name, .n_values = n, .values = {__VA_ARGS__}})
#define OPTIONS(...)                                                                     \
    {                                                                                    \
        (const lks_option[]){__VA_ARGS__},                                               \
            sizeof((const lks_option[]){__VA_ARGS__}) / sizeof(lks_option)               \
    }

/* The one transform of a dataset, its sample `index` in `epoch`, or in evaluation. */
static void transform_one(lks_dtype dtype, const lks_transform_spec *spec, uint64_t index,
                          const uint64_t *epoch, void *out)
{
    lks_dataset *dataset = dataset_of(dtype), *shown;
    const lks_rng rng = epoch ? lks_visit_rng(3, *epoch, index) : (lks_rng){0};
    lks_field_place places[] = {{.data = out}, {.data = NULL}};

    ck_ok(lks_dataset_transform(dataset, spec, 1, &shown));
    ck_ok(lks_dataset_visit(shown, index, epoch ? &rng : NULL, places));
    lks_dataset_destroy(shown);
    lks_dataset_destroy(dataset);
}

START_TEST(bytes_become_floats_as_pytorch_divides)
{
    const lks_transform_spec spec = {.type = "to_float"};
    float x[N];

    transform_one(LKS_U8, &spec, 7, NULL, x);
    for (int i = 0; i < N; i++)
        ck_assert(x[i] == (float)(70 + i) / 255);
}
END_TEST

START_TEST(channels_are_normalized_each_by_its_own)
{
    const lks_transform_spec spec = {
        .type = "normalize",
        .options = OPTIONS(option("mean", 2, 1, 0.25), option("std", 2, 2, 0.1))};
    float x[N];

    transform_one(LKS_F32, &spec, 1, NULL, x);
    for (int i = 0; i < N; i++)
        ck_assert(x[i] == (i < N / 2 ? ((float)(10 + i) - 1) / 2
                                     : ((float)(10 + i) - 0.25f) / 0.1f));
}
END_TEST

START_TEST(a_mean_may_be_zero)
{
    const lks_transform_spec spec = {
        .type = "normalize",
        .options = OPTIONS(option("mean", 2, 0, 0), option("std", 2, 2, 4))};
    float x[N];

    transform_one(LKS_F32, &spec, 1, NULL, x);
    for (int i = 0; i < N; i++)
        ck_assert(x[i] == (float)(10 + i) / (i < N / 2 ? 2 : 4));
}
END_TEST

/* Is `got` the part of sample 0, padded with 99 by 1, that begins at (top, left)? */
static bool is_part(const uint8_t *got, int top, int left, int height, int width)
{
    for (int c = 0; c < C; c++)
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++) {
                const int row = top + y - 1, column = left + x - 1;
                const bool outside = row < 0 || row >= H || column < 0 || column >= W;

                if (*got++ != (outside ? 99 : c * H * W + row * W + column))
                    return false;
            }
    return true;
}

START_TEST(a_crop_is_any_part_of_the_padded_image_alike_often)
{
    const lks_transform_spec spec = {.type = "random_crop",
                                     .options = OPTIONS(option("size", 2, 2, 3),
                                                        option("padding", 1, 1, 0),
                                                        option("fill", 1, 99, 0))};
    enum { N_TOPS = H + 2 - 2 + 1, N_LEFTS = W + 2 - 3 + 1, N_DRAWS = 4000 };
    int n_often[N_TOPS][N_LEFTS] = {{0}};
    uint8_t got[C * 2 * 3];

    for (uint64_t epoch = 0; epoch < N_DRAWS; epoch++) {
        int n = 0;

        transform_one(LKS_U8, &spec, 0, &epoch, got);
        for (int top = 0; top < N_TOPS; top++)
            for (int left = 0; left < N_LEFTS; left++)
                if (is_part(got, top, left, 2, 3)) {
                    n_often[top][left]++;
                    n++;
                }
        ck_assert_int_eq(n, 1);
    }
    for (int i = 0; i < N_TOPS * N_LEFTS; i++) /* 250 of each, five sigma */
        ck_assert_msg(abs(n_often[i / N_LEFTS][i % N_LEFTS] - 250) < 78, "%d: %d", i,
                      n_often[i / N_LEFTS][i % N_LEFTS]);
}
END_TEST

START_TEST(a_crop_is_the_middle_in_evaluation)
{
    const lks_transform_spec small = {.type = "random_crop",
                                      .options = OPTIONS(option("size", 2, 1, 2))};
    const lks_transform_spec same = {
        .type = "random_crop",
        .options = OPTIONS(option("size", 2, H, W), option("padding", 2, 5, 9))};
    const lks_transform_spec large = {
        .type = "random_crop",
        .options = OPTIONS(option("size", 2, 9, 10), option("padding", 2, 3, 3))};
    uint8_t got[C * 9 * 10];

    transform_one(LKS_U8, &small, 0, NULL, got);
    ck_assert(got[0] == 5 && got[1] == 6 && got[2] == 17 && got[3] == 18);
    transform_one(LKS_U8, &same, 0, NULL, got);
    for (int i = 0; i < N; i++)
        ck_assert_int_eq(got[i], i);
    transform_one(LKS_U8, &large, 0, NULL, got);
    ck_assert(got[3 * 10 + 2] == 0 && got[3 * 10 + 3] == 0 && got[3 * 10 + 4] == 1 &&
              got[5 * 10 + 6] == 11 && got[5 * 10 + 7] == 0 && got[0] == 0);
}
END_TEST

START_TEST(a_flip_turns_rows_in_its_share_of_visits)
{
    const lks_transform_spec spec = {.type = "random_horizontal_flip",
                                     .options = OPTIONS(option("p", 1, 0.25, 0))};
    uint8_t got[N];
    int n_flipped = 0;

    for (uint64_t epoch = 0; epoch < 4000; epoch++) {
        bool flipped;

        transform_one(LKS_U8, &spec, 0, &epoch, got);
        flipped = got[0] == W - 1;
        for (int i = 0; i < N; i++)
            ck_assert_int_eq(got[i], flipped ? i / W * W + W - 1 - i % W : i);
        n_flipped += flipped;
    }
    ck_assert_int_lt(abs(n_flipped - 1000), 5 * 27);
    transform_one(LKS_U8, &spec, 0, NULL, got);
    ck_assert(got[0] == 0 && got[N - 1] == N - 1);
}
END_TEST

START_TEST(a_flip_may_be_of_all_visits)
{
    const lks_transform_spec spec = {.type = "random_horizontal_flip",
                                     .options = OPTIONS(option("p", 1, 1, 0))};
    uint8_t got[N];

    for (uint64_t epoch = 0; epoch < 100; epoch++) {
        transform_one(LKS_U8, &spec, 0, &epoch, got);
        ck_assert_int_eq(got[0], W - 1);
    }
    transform_one(LKS_U8, &spec, 0, NULL, got);
    ck_assert_int_eq(got[0], 0);
}
END_TEST

static const lks_option crop[] = {{.key = "size", .n_values = 2, .values = {H, W}},
                                  {.key = "padding", .n_values = 1, .values = {2}}};
static const lks_option scale[] = {{.key = "mean", .n_values = 1, .values = {0.5}},
                                   {.key = "std", .n_values = 1, .values = {0.25}}};
static const lks_transform_spec all[] = {{.type = "random_crop", .options = {crop, 2}},
                                         {.type = "random_horizontal_flip"},
                                         {.type = "to_float"},
                                         {.type = "normalize", .options = {scale, 2}}};

/* What sample 5 is depends on the seed, the epoch and its number alone. */
START_TEST(a_visit_depends_on_seed_epoch_and_sample_alone)
{
    lks_dataset *dataset = dataset_of(LKS_U8), *shown;
    float got[3][4 * N], once[N];
    int64_t targets[4];
    lks_field_batch fields[2] = {{.data = NULL}, {.data = targets}};
    int n_same = 0;

    ck_ok(lks_dataset_transform(dataset, all, 4, &shown));
    ck_assert_int_eq(lks_dataset_field(shown, 0)->dtype, LKS_F32);
    ck_assert_uint_eq(lks_dataset_fingerprint(shown), lks_dataset_fingerprint(dataset));
    for (int i = 0; i < 3; i++) {
        fields[0].data = got[i];
        ck_ok(lks_dataset_gather_drawn(
            shown, &(lks_draws){.seed = 3, .epoch = i / 2},
            i == 1 ? (uint64_t[]){1, 5, 2, 3} : (uint64_t[]){5, 1, 3, 2}, 4, fields));
    }
    ck_assert_mem_eq(got[0], got[1] + N, N * sizeof(float));
    ck_assert_mem_eq(got[0] + N, got[1], N * sizeof(float));
    for (int i = 0; i < 4; i++)
        n_same += memcmp(got[0] + i * N, got[2] + i * N, N * sizeof(float)) == 0;
    ck_assert_int_lt(n_same, 4); /* another epoch */
    ck_ok(lks_dataset_get(shown, 5, (lks_field_place[]){{.data = once}, {0}}));
    for (int i = 0; i < N; i++)
        ck_assert(once[i] == ((float)(50 + i) / 255 - 0.5f) / 0.25f);
    lks_dataset_destroy(shown);
    lks_dataset_destroy(dataset);
}
END_TEST

static void *visit_many(void *shown)
{
    float x[N];
    lks_field_place places[] = {{.data = x}, {.data = NULL}};

    for (uint64_t i = 0; i < 2000; i++) {
        const lks_rng rng = lks_visit_rng(1, i, i % 20);

        if (lks_dataset_visit(shown, i % 20, &rng, places) != LKS_OK)
            return shown;
    }
    return NULL;
}

START_TEST(threads_take_memory_once)
{
    lks_dataset *dataset = dataset_of(LKS_U8), *shown;
    pthread_t threads[4];
    float x[N];
    lks_field_place places[] = {{.data = x}, {.data = NULL}};

    ck_ok(lks_dataset_transform(dataset, all, 4, &shown));
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, visit_many, shown), 0);
    for (int i = 0; i < 4; i++) {
        void *failed;

        pthread_join(threads[i], &failed);
        ck_assert_ptr_null(failed);
    }
    lks_alloc_fail_after(0);
    ck_ok(lks_dataset_get(shown, 0, places));
    ck_assert(!lks_alloc_has_failed());
    lks_alloc_fail_after(-1);
    lks_dataset_destroy(shown);
    lks_dataset_destroy(dataset);
}
END_TEST

static void negate(const lks_transform *t, const lks_rng *rng, const void *in, void *out)
{
    const float *by = t->self;

    (void)rng;
    for (int i = 0; i < N; i++)
        ((float *)out)[i] = -((const float *)in)[i] * *by;
}

START_TEST(a_program_brings_a_transform_of_its_own)
{
    static const lks_transform_type own = {.name = "negate", .apply = negate};
    static const float by = 3;
    float x[N];

    transform_one(LKS_F32, &(lks_transform_spec){.own = &own, .self = &by}, 1, NULL, x);
    ck_assert(x[0] == -30 && x[5] == -45);
}
END_TEST

START_TEST(what_does_not_go_together_is_refused)
{
    const struct {
        lks_dtype dtype;
        lks_transform_spec spec;
        const char *why;
    } list[] = {
        {LKS_U8, {.type = "rotate"}, "there is no transform named rotate"},
        {LKS_U8,
         {.type = "normalize", .options = {scale, 2}},
         "transform normalize: it takes float32, these inputs are uint8; to_float comes "
         "before it"},
        {LKS_F32,
         {.type = "normalize", .options = {scale, 1}},
         "transform normalize needs std"},
        {LKS_F32,
         {.type = "normalize",
          .options = OPTIONS(NUMBERS("mean", 2, 1, 2), NUMBERS("std", 1, 1))},
         "transform normalize: mean has 2 numbers, std 1"},
        {LKS_F32,
         {.type = "normalize",
          .options = OPTIONS(NUMBERS("mean", 3, 1, 2, 3), NUMBERS("std", 3, 1, 1, 1))},
         "transform normalize: mean and std of 3 channels; the inputs have 2"},
        {LKS_U8,
         {.type = "random_crop", .options = OPTIONS(NUMBERS("size", 1, 4))},
         "transform random_crop: height 4; with their padding the images have 3"},
        {LKS_U8,
         {.type = "random_crop",
          .options = OPTIONS(NUMBERS("size", 1, 2), NUMBERS("fill", 1, -1))},
         "transform random_crop: uint8 does not hold its fill -1"},
        {LKS_U8,
         {.type = "random_crop", .options = OPTIONS(NUMBERS("sizes", 1, 2))},
         "transform random_crop has no option 'sizes'; its options are: size, padding, "
         "fill"},
    };

    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        lks_dataset *dataset = dataset_of(list[i].dtype), *shown;

        ck_fails(lks_dataset_transform(dataset, &list[i].spec, 1, &shown), LKS_INVALID,
                 list[i].why);
        lks_dataset_destroy(dataset);
    }
}
END_TEST

START_TEST(no_memory_is_an_error_wherever_it_happens)
{
    lks_dataset *dataset = dataset_of(LKS_U8);
    float x[N];
    lks_field_place places[] = {{.data = x}, {.data = NULL}};

    for (long n = 0;; n++) {
        lks_dataset *shown = NULL;
        lks_status st;

        lks_error_clear();
        lks_alloc_fail_after(n);
        st = lks_dataset_transform(dataset, all, 4, &shown);
        if (st == LKS_OK)
            st = lks_dataset_get(shown, 0, places);
        lks_alloc_fail_after(-1);
        lks_dataset_destroy(shown);
        if (st == LKS_OK)
            break;
        ck_assert_int_eq(st, LKS_NOMEM);
    }
    lks_dataset_destroy(dataset);
}
END_TEST

LKS_SUITE("transform", bytes_become_floats_as_pytorch_divides,
          channels_are_normalized_each_by_its_own, a_mean_may_be_zero,
          a_crop_is_any_part_of_the_padded_image_alike_often,
          a_crop_is_the_middle_in_evaluation, a_flip_turns_rows_in_its_share_of_visits,
          a_flip_may_be_of_all_visits, a_visit_depends_on_seed_epoch_and_sample_alone,
          threads_take_memory_once, a_program_brings_a_transform_of_its_own,
          what_does_not_go_together_is_refused, no_memory_is_an_error_wherever_it_happens)
