#include "support/test_device.h"

#include <math.h>
#include <stdio.h>

#include "support/replicas.h"
#include "train/evaluate.h"

/* Samples whose inputs are what the model, an identity, gives. */
typedef struct samples {
    uint64_t n;
    int64_t width;         /* of the inputs */
    const float *inputs;   /* [n][width] */
    const int64_t *labels; /* [n], or */
    const float *values;   /* [n][width] */
} samples;

static lks_status get(const void *self, uint64_t index, lks_field_place *places)
{
    const samples *s = self;
    const size_t width = (size_t)s->width, n_bytes = width * sizeof(float);

    memcpy(places[0].data, s->inputs + index * width, n_bytes);
    if (s->labels)
        memcpy(places[1].data, s->labels + index, sizeof *s->labels);
    else
        memcpy(places[1].data, s->values + index * width, n_bytes);
    return LKS_OK;
}

static lks_status make_dataset(const samples *s, lks_dataset **out)
{
    static const lks_dataset_ops ops = {.get = get};
    const lks_field fields[] = {
        {.name = "inputs", .dtype = LKS_F32, .n_dims = 1, .sizes = {s->width}},
        {.name = "targets",
         .dtype = s->labels ? LKS_I64 : LKS_F32,
         .n_dims = s->labels ? 0 : 1,
         .sizes = {s->width}},
    };

    return lks_dataset_create(&ops, (void *)s, s->n, fields, 2, out);
}

static lks_status evaluate(const samples *s, const char *loss, lks_comm *comm,
                           lks_evaluation *out)
{
    static const lks_layer_spec layers[] = {{.type = "identity"}};
    lks_dataset *dataset = NULL;
    lks_model *model = NULL;
    lks_feed feed;
    lks_status st;

    LKS_GO(make_dataset(s, &dataset));
    LKS_GO(lks_feed_init(&feed, dataset));
    LKS_GO(lks_model_create(layers, 1, LKS_SHAPE_OF(s->width), 0, test_device(), &model));
    LKS_GO(lks_evaluate(model, lks_loss_find(loss), &feed, test_device(), comm, out));
cleanup:
    lks_model_destroy(model);
    lks_dataset_destroy(dataset);
    return st;
}

static void evaluate_alone(const samples *s, const char *loss, lks_evaluation *out)
{
    lks_comm *comm = NULL;

    ck_ok(lks_comm_self_create(&comm));
    ck_ok(evaluate(s, loss, comm, out));
    lks_comm_destroy(comm);
}

START_TEST(classes_are_counted_one_by_one)
{
    static const float inputs[6][3] = {{5, 1, 0}, {1, 2, 0},
                                       {0, 4, 3}, {0, 3, 3}, /* of equal ones the first */
                                       {0, 1, 9}, {7, 0, 0}};
    static const int64_t labels[6] = {0, 0, 1, 2, 2, -100};
    static const int64_t confusion[9] = {1, 1, 0, 0, 1, 0, 0, 1, 1};
    const samples s = {6, 3, inputs[0], labels, NULL};
    lks_evaluation e;

    evaluate_alone(&s, "cross_entropy", &e);
    ck_assert_uint_eq(e.n_samples, 6);
    ck_assert(e.has_accuracy && !e.has_errors);
    ck_assert_double_eq(e.accuracy, 3.0 / 5);
    ck_assert_int_eq(e.tally->n_classes, 3);
    ck_assert_mem_eq(e.tally->samples, ((int64_t[]){2, 1, 2}), 3 * sizeof(int64_t));
    ck_assert_mem_eq(e.tally->correct, ((int64_t[]){1, 1, 1}), 3 * sizeof(int64_t));
    ck_assert_mem_eq(e.tally->confusion, confusion, sizeof confusion);
    ck_assert_double_eq(lks_tally_accuracy(e.tally, 0), 0.5);
    lks_evaluation_release(&e);
    ck_assert_ptr_null(e.tally);
}
END_TEST

/* source: scikit-learn's documentation of r2_score and mean_absolute_error */
START_TEST(errors_of_values_are_scikit_learns)
{
    static const float values[] = {3, -0.5f, 2, 7}, outputs[] = {2.5f, 0, 2, 8};
    const samples s = {4, 1, outputs, NULL, values};
    lks_evaluation e;

    evaluate_alone(&s, "mse_loss", &e);
    ck_assert(e.has_errors && !e.has_accuracy && !e.tally);
    ck_assert_double_eq(e.absolute_error, 0.5);
    ck_assert_double_eq_tol(e.r2, 0.9486081370449679, 1e-15);
    ck_assert_double_eq(e.loss, 0.375);
    lks_evaluation_release(&e);
}
END_TEST

START_TEST(r2_is_unknown_of_equal_targets_and_of_several_a_sample)
{
    static const float same[] = {2, 2, 2, 2}, outputs[] = {1, 2, 3, 4};
    const samples one = {4, 1, outputs, NULL, same}, two = {2, 2, outputs, NULL, outputs};
    lks_evaluation e;

    evaluate_alone(&one, "mse_loss", &e);
    ck_assert(isnan(e.r2));
    ck_assert_double_eq(e.absolute_error, 1);
    evaluate_alone(&two, "mse_loss", &e);
    ck_assert(isnan(e.r2));
    ck_assert_double_eq(e.absolute_error, 0);
}
END_TEST

/* Far from 0, where sums of squares have no digits left: all but 1 of what varies is
 * explained whatever is added to both. */
START_TEST(r2_keeps_its_digits_far_from_zero)
{
    enum { N = 1000 };
    static float values[N], outputs[N];
    const samples s = {N, 1, outputs, NULL, values};
    lks_evaluation near, far;

    for (int i = 0; i < N; i++) {
        values[i] = (float)(i % 16);
        outputs[i] = values[i] + (float)(i % 3);
    }
    evaluate_alone(&s, "mse_loss", &near);
    for (int i = 0; i < N; i++) {
        values[i] += 1 << 20;
        outputs[i] += 1 << 20;
    }
    evaluate_alone(&s, "mse_loss", &far);
    ck_assert_double_eq_tol(near.r2, far.r2, 1e-12);
}
END_TEST

/* ---- on any number of ranks ---- */

enum { N_MANY = 1111, N_CLASSES = 7 };

static float many_inputs[N_MANY][N_CLASSES], many_values[N_MANY][N_CLASSES];
static int64_t many_labels[N_MANY];

static void make_many(void)
{
    for (int i = 0; i < N_MANY; i++) {
        for (int k = 0; k < N_CLASSES; k++) {
            many_inputs[i][k] = sinf((float)(i * 31 + k * 7));
            many_values[i][k] = cosf((float)(i * 17 + k));
        }
        many_labels[i] = i % 11 == 3 ? -100 : i * i % N_CLASSES;
    }
}

typedef struct trial {
    const samples *samples;
    const char *loss;
    const lks_evaluation *want;
} trial;

static bool are_same(const lks_evaluation *a, const lks_evaluation *b)
{
    const double of_a[] = {a->loss, a->accuracy, a->absolute_error, a->r2};
    const double of_b[] = {b->loss, b->accuracy, b->absolute_error, b->r2};

    return memcmp(of_a, of_b, sizeof of_a) == 0 && a->n_samples == b->n_samples &&
           (!a->tally ||
            memcmp(a->tally->samples, b->tally->samples,
                   (2 + N_CLASSES) * N_CLASSES * sizeof *a->tally->samples) == 0);
}

static const char *evaluate_as_one(lks_comm *comm, void *context)
{
    const trial *t = context;
    lks_evaluation got;
    const char *text = NULL;

    if (evaluate(t->samples, t->loss, comm, &got) != LKS_OK)
        return lks_error_text();
    if (!are_same(&got, t->want))
        text = "another evaluation";
    lks_evaluation_release(&got);
    return text;
}

START_TEST(all_ranks_get_the_bits_of_one)
{
    const samples classes = {N_MANY, N_CLASSES, many_inputs[0], many_labels, NULL};
    const samples values = {N_MANY * N_CLASSES, 1, many_inputs[0], NULL, many_values[0]};
    const trial trials[] = {{&classes, "cross_entropy", NULL},
                            {&values, "mse_loss", NULL}};

    make_many();
    for (size_t i = 0; i < sizeof trials / sizeof *trials; i++) {
        trial t = trials[i];
        lks_evaluation want;

        evaluate_alone(t.samples, t.loss, &want);
        t.want = &want;
        for (int size = 1; size <= 6; size++)
            run_replicas(size, evaluate_as_one, &t);
        lks_evaluation_release(&want);
    }
}
END_TEST

START_TEST(a_tally_of_many_classes_has_no_matrix_but_all_classes)
{
    lks_tally *tally = NULL;
    lks_comm *comm = NULL;
    const float output[2] = {1, 0};
    float *scores = calloc(20000, sizeof *scores);
    const int64_t target = 19999;

    scores[19999] = 1;
    ck_ok(lks_comm_self_create(&comm));
    ck_ok(lks_tally_create(20000, &tally));
    ck_assert_ptr_null(tally->confusion);
    lks_tensor *one =
        lks_from_data(LKS_SHAPE_OF(1, 20000), LKS_F32, scores, test_device());
    lks_tensor *label = lks_from_data(LKS_SHAPE_OF(1), LKS_I64, &target, test_device());
    lks_tensor *narrow =
        lks_from_data(LKS_SHAPE_OF(1, 2), LKS_F32, output, test_device());
    ck_ok(lks_tally_add(tally, one, label, -100));
    ck_fails(lks_tally_add(tally, narrow, label, -100), LKS_SHAPE, "(N, 20000)");
    ck_ok(lks_tally_share(tally, comm));
    ck_assert_int_eq(tally->samples[19999], 1);
    ck_assert_int_eq(lks_tally_n_correct(tally), 1);
    ck_assert(isnan(lks_tally_accuracy(tally, 0)));
    lks_unref(one);
    lks_unref(label);
    lks_unref(narrow);
    lks_tally_destroy(tally);
    lks_comm_destroy(comm);
    free(scores);
}
END_TEST

LKS_SUITE("evaluate", classes_are_counted_one_by_one, errors_of_values_are_scikit_learns,
          r2_is_unknown_of_equal_targets_and_of_several_a_sample,
          r2_keeps_its_digits_far_from_zero, all_ranks_get_the_bits_of_one,
          a_tally_of_many_classes_has_no_matrix_but_all_classes)
