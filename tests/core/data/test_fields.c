/* Datasets of a program's own: fields of any name and dtype, samples of any length. */
#include "support/suite.h"

#include <stdint.h>

#include "base/alloc.h"
#include "data/dataset.h"
#include "data/pad.h"

enum { N_SAMPLES = 5, MOST = 4 };

/* Sample i has lengths[i] tokens, 100 i + t; as many columns in two rows of f32, with a
 * pair in each; and one number. */
typedef struct words {
    int64_t lengths[N_SAMPLES];
    int n_destroyed;
} words;

enum { TOKENS, ROWS, TARGETS, N_FIELDS };

static const lks_field fields[N_FIELDS] = {
    {.name = "tokens",
     .dtype = LKS_I64,
     .n_dims = 1,
     .sizes = {MOST},
     .varies = true,
     .pad = -100},
    {.name = "rows",
     .dtype = LKS_F32,
     .n_dims = 3,
     .sizes = {2, MOST, 2},
     .varies = true,
     .varying_dim = 1,
     .pad = 0.5},
    {.name = "targets", .dtype = LKS_I16},
};

static float row_value(uint64_t index, int64_t row, int64_t column, int pair)
{
    return (float)(1000 * (int64_t)index + 100 * row + 10 * column + pair);
}

static lks_status get(const void *self, uint64_t index, lks_field_place *places)
{
    const words *w = self;
    const int64_t n = w->lengths[index];
    int64_t *tokens = places[TOKENS].data;
    float *rows = places[ROWS].data;

    for (int64_t t = 0; tokens && t < n; t++)
        tokens[t] = 100 * (int64_t)index + t;
    for (int64_t i = 0; rows && i < 2 * n; i++)
        for (int pair = 0; pair < 2; pair++)
            *rows++ = row_value(index, i / n, i % n, pair);
    if (places[TARGETS].data)
        *(int16_t *)places[TARGETS].data = (int16_t)index;
    places[TOKENS].length = places[ROWS].length = n;
    return LKS_OK;
}

static const char *origin(const void *self, int field, uint64_t index,
                          uint64_t *index_there)
{
    (void)self;
    *index_there = index + 1000;
    return field == TOKENS ? "tokens.txt" : "elsewhere";
}

static void destroy(void *self)
{
    ((words *)self)->n_destroyed++;
}

static const lks_dataset_ops ops = {.get = get, .origin = origin, .destroy = destroy};

static words make(void)
{
    return (words){.lengths = {2, 4, 0, 1, 3}};
}

static lks_dataset *create(words *w)
{
    lks_dataset *dataset;

    ck_ok(lks_dataset_create(&ops, w, N_SAMPLES, fields, N_FIELDS, &dataset));
    return dataset;
}

START_TEST(a_dataset_says_its_fields_and_ends_with_what_it_is_of)
{
    words w = make();
    lks_dataset *dataset = create(&w);

    ck_assert_int_eq(lks_dataset_n_fields(dataset), N_FIELDS);
    ck_assert_int_eq(lks_dataset_find(dataset, "rows"), ROWS);
    ck_assert_int_eq(lks_dataset_find(dataset, "inputs"), -1);
    ck_assert_str_eq(lks_dataset_field(dataset, TARGETS)->name, "targets");
    ck_assert_uint_eq(lks_field_bytes(lks_dataset_field(dataset, ROWS)),
                      2 * MOST * 2 * sizeof(float));
    ck_assert_uint_eq(lks_field_bytes(lks_dataset_field(dataset, TARGETS)), 2);
    lks_dataset_destroy(dataset);
    ck_assert_int_eq(w.n_destroyed, 1);
}
END_TEST

/* Every batch of three samples, in any order. */
START_TEST(samples_are_padded_to_the_longest_of_their_batch)
{
    words w = make();
    lks_dataset *dataset = create(&w);

    for (int batch = 0; batch < N_SAMPLES * N_SAMPLES * N_SAMPLES; batch++) {
        const uint64_t indices[] = {(uint64_t)batch % N_SAMPLES,
                                    (uint64_t)batch / N_SAMPLES % N_SAMPLES,
                                    (uint64_t)batch / N_SAMPLES / N_SAMPLES};
        int64_t tokens[3 * MOST], lengths[2][3], longest = 0;
        float rows[3 * 2 * MOST * 2];
        int16_t targets[3];
        lks_field_batch out[] = {{.data = tokens, .lengths = lengths[0]},
                                 {.data = rows, .lengths = lengths[1]},
                                 {.data = targets}};

        ck_ok(lks_dataset_gather(dataset, indices, 3, out));
        for (int i = 0; i < 3; i++)
            if (w.lengths[indices[i]] > longest)
                longest = w.lengths[indices[i]];
        ck_assert(out[TOKENS].longest == longest && out[ROWS].longest == longest);
        for (int i = 0; i < 3; i++) {
            const int64_t n = w.lengths[indices[i]];

            ck_assert_int_eq(targets[i], (int)indices[i]);
            ck_assert(lengths[0][i] == n && lengths[1][i] == n);
            for (int64_t t = 0; t < longest; t++)
                ck_assert_int_eq(tokens[i * longest + t],
                                 t < n ? 100 * (int64_t)indices[i] + t : -100);
            for (int64_t k = 0; k < 2 * longest * 2; k++) {
                const int64_t row = k / (2 * longest), column = k / 2 % longest;

                ck_assert(rows[i * 2 * longest * 2 + k] ==
                          (column < n ? row_value(indices[i], row, column, (int)(k % 2))
                                      : 0.5f));
            }
        }
    }
    lks_dataset_destroy(dataset);
}
END_TEST

START_TEST(fields_that_are_not_asked_for_are_left_out)
{
    words w = make();
    lks_dataset *dataset = create(&w);
    int16_t targets[2];
    lks_field_batch out[] = {{0}, {0}, {.data = targets}};

    ck_ok(lks_dataset_gather(dataset, (uint64_t[]){3, 1}, 2, out));
    ck_assert(targets[0] == 3 && targets[1] == 1);
    ck_ok(lks_dataset_gather(dataset, NULL, 0, out));
    lks_dataset_destroy(dataset);
}
END_TEST

START_TEST(a_fingerprint_is_of_all_samples_lengths_and_fields)
{
    words w = make(), longer = make();
    lks_dataset *dataset = create(&w), *same = create(&w), *other;
    lks_field renamed[N_FIELDS];
    const uint64_t hash = lks_dataset_fingerprint(dataset);

    longer.lengths[2] = 1;
    other = create(&longer);
    ck_assert_uint_eq(lks_dataset_fingerprint(same), hash);
    ck_assert_uint_ne(lks_dataset_fingerprint(other), hash);
    lks_dataset_destroy(other);
    memcpy(renamed, fields, sizeof fields);
    renamed[ROWS].name = "columns";
    ck_ok(lks_dataset_create(&ops, &w, N_SAMPLES, renamed, N_FIELDS, &other));
    ck_assert_uint_ne(lks_dataset_fingerprint(other), hash);
    lks_dataset_destroy(other);
    lks_dataset_destroy(same);
    lks_dataset_destroy(dataset);
}
END_TEST

START_TEST(a_sample_longer_than_announced_is_refused)
{
    words w = make();
    lks_dataset *dataset = create(&w);
    int64_t lengths[1];
    char room[64];
    lks_field_batch out[] = {{.data = room, .lengths = lengths}, {0}, {0}};

    w.lengths[1] = MOST + 1;
    ck_fails(lks_dataset_gather(dataset, (uint64_t[]){1}, 1, out), LKS_INVALID,
             "tokens.txt: sample 1 has tokens of length 5; at most 4 were announced");
    lks_dataset_destroy(dataset);
}
END_TEST

START_TEST(labels_of_any_shape_are_checked_and_named_with_their_origin)
{
    words w = make();
    lks_dataset *dataset = create(&w);

    ck_ok(lks_dataset_check_labels(dataset, TOKENS, 403, -100));
    ck_fails(lks_dataset_check_labels(dataset, TOKENS, 402, -100), LKS_FORMAT,
             "tokens.txt: sample 1004 has label 402; with 402 classes labels are 0 to "
             "401");
    ck_fails(lks_dataset_check_labels(dataset, TARGETS, 10, -100), LKS_DTYPE,
             "elsewhere: the targets are int16 values, not classes");
    lks_dataset_destroy(dataset);
}
END_TEST

static void refuse(lks_field field, const char *text)
{
    words w = make();
    lks_dataset *dataset = NULL;
    lks_field both[] = {field, fields[TARGETS]};

    ck_fails(lks_dataset_create(&ops, &w, N_SAMPLES, both, 2, &dataset), LKS_INVALID,
             text);
    ck_assert(!dataset && w.n_destroyed == 0);
}

START_TEST(fields_that_cannot_be_are_refused)
{
    static const char long_name[] = "0123456789012345678901234567890123456789";
    words w = make();
    lks_dataset *dataset;

    refuse((lks_field){.name = ""}, "field 0: a name has 1 to 31 bytes");
    refuse((lks_field){.name = long_name}, "a name has 1 to 31 bytes");
    refuse((lks_field){.name = "targets"}, "targets: there are two of that name");
    refuse((lks_field){.name = "x", .dtype = LKS_N_DTYPES}, "x: no such dtype");
    refuse((lks_field){.name = "x", .n_dims = 5}, "x: 5 dimensions; at most 4");
    refuse((lks_field){.name = "x", .n_dims = 2, .sizes = {3, 0}}, "x: size 2 of its");
    refuse((lks_field){.name = "x", .n_dims = 2, .sizes = {INT64_MAX, 3}}, "overflow");
    refuse(
        (lks_field){
            .name = "x", .n_dims = 1, .sizes = {3}, .varies = true, .varying_dim = 1},
        "x: dimension 1 varies, of 1");
    refuse((lks_field){.name = "x", .varies = true}, "x: dimension 0 varies, of 0");
    refuse((lks_field){.name = "x",
                       .dtype = LKS_I16,
                       .n_dims = 1,
                       .sizes = {3},
                       .varies = true,
                       .pad = 40000},
           "x: int16 does not hold its pad value 40000");
    ck_fails(lks_dataset_create(&ops, &w, 0, fields, N_FIELDS, &dataset), LKS_INVALID,
             "without samples");
    ck_fails(lks_dataset_create(&ops, &w, 1, fields, 0, &dataset), LKS_INVALID,
             "a dataset of 0 fields");
    ck_fails(lks_dataset_create(&ops, &w, 1, fields, 9, &dataset), LKS_INVALID,
             "a dataset of 9 fields; 1 to 8");
}
END_TEST

START_TEST(a_pad_value_is_one_that_the_dtype_holds)
{
    static const struct {
        lks_dtype dtype;
        double value;
        bool holds;
    } cases[] = {
        {LKS_I64, -0x1p63, true},  {LKS_I64, 0x1p63, false}, {LKS_I32, 0x1p31, false},
        {LKS_I32, -0x1p31, true},  {LKS_I16, -32768, true},  {LKS_I16, 0.5, false},
        {LKS_U8, 255, true},       {LKS_U8, -1, false},      {LKS_BOOL, 1, true},
        {LKS_BOOL, 2, false},      {LKS_F32, 1e300, false},  {LKS_F64, 1e300, true},
        {LKS_F32, HUGE_VAL, true}, {LKS_F16, -1, true},      {LKS_BF16, 0.5, true},
        {LKS_I64, HUGE_VAL, false}};
    unsigned char element[LKS_MAX_ELEMENT_BYTES];
    int16_t got;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_int_eq(lks_pad_element(cases[i].dtype, cases[i].value, element),
                         cases[i].holds);
    ck_assert(lks_pad_element(LKS_I16, -100, element));
    memcpy(&got, element, sizeof got);
    ck_assert_int_eq(got, -100);
    ck_assert(lks_pad_element(LKS_F16, -1, element));
    ck_assert(element[0] == 0 && element[1] == 0xbc);
}
END_TEST

START_TEST(no_memory_is_an_error_wherever_it_happens)
{
    words w = make();
    lks_dataset *dataset;

    for (long n = 0;; n++) {
        lks_alloc_fail_after(n);
        lks_error_clear();
        if (lks_dataset_create(&ops, &w, N_SAMPLES, fields, N_FIELDS, &dataset) == LKS_OK)
            break;
        ck_assert_int_eq(lks_error_status(), LKS_NOMEM);
        ck_assert_int_eq(w.n_destroyed, 0);
    }
    ck_assert(!lks_alloc_has_failed());
    lks_alloc_fail_after(-1);
    lks_dataset_destroy(dataset);
}
END_TEST

/* ---- streams ---- */

static uint64_t n_streams(const void *self)
{
    return (uint64_t)((const words *)self)->lengths[0];
}

static const lks_dataset_ops stream_ops = {.get = get, .n_streams = n_streams};

START_TEST(a_dataset_says_of_how_many_streams_its_samples_are_windows)
{
    words plain = make(), streams = {.lengths = {1, 4, 0, 1, 3}};
    lks_dataset *dataset = NULL;

    ck_ok(lks_dataset_create(&ops, &plain, N_SAMPLES, fields, N_FIELDS, &dataset));
    ck_assert_uint_eq(lks_dataset_n_streams(dataset), 0);
    lks_dataset_destroy(dataset);
    ck_ok(
        lks_dataset_create(&stream_ops, &streams, N_SAMPLES, fields, N_FIELDS, &dataset));
    ck_assert_uint_eq(lks_dataset_n_streams(dataset), 1);
    lks_dataset_destroy(dataset);
}
END_TEST

START_TEST(streams_of_unlike_length_are_refused)
{
    words two = make();
    lks_dataset *dataset = NULL;

    ck_fails(lks_dataset_create(&stream_ops, &two, N_SAMPLES, fields, N_FIELDS, &dataset),
             LKS_INVALID, "5 samples are no windows of 2 streams, each as many");
}
END_TEST

LKS_SUITE("fields", a_dataset_says_its_fields_and_ends_with_what_it_is_of,
          samples_are_padded_to_the_longest_of_their_batch,
          fields_that_are_not_asked_for_are_left_out,
          a_fingerprint_is_of_all_samples_lengths_and_fields,
          a_sample_longer_than_announced_is_refused,
          labels_of_any_shape_are_checked_and_named_with_their_origin,
          a_dataset_says_of_how_many_streams_its_samples_are_windows,
          streams_of_unlike_length_are_refused, fields_that_cannot_be_are_refused,
          a_pad_value_is_one_that_the_dtype_holds,
          no_memory_is_an_error_wherever_it_happens)
