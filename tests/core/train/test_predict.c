#include "support/test_device.h"

#include <stdio.h>

#include "support/replicas.h"
#include "train/predict.h"

enum { N = 1111, WIDTH = 3 };

static lks_status get(const void *self, uint64_t index, lks_field_place *places)
{
    float *out = places[0].data;

    (void)self;
    for (int i = 0; i < WIDTH; i++)
        out[i] = (float)(index * WIDTH + (uint64_t)i);
    return LKS_OK;
}

/* What was taken, and what is to fail: the sink at this sample, -1: nothing. */
typedef struct trial {
    int64_t fails_at;
    float taken[N * WIDTH];
    uint64_t n_taken;
} trial;

static lks_status take(void *context, uint64_t first, int64_t n, const float *outputs)
{
    trial *t = context;

    if (t->fails_at >= 0 && first + (uint64_t)n > (uint64_t)t->fails_at)
        return lks_fail(LKS_IO, "the disk is full");
    if (first != t->n_taken)
        return lks_fail(LKS_STATE, "sample %d comes out of order", (int)first);
    memcpy(t->taken + first * WIDTH, outputs, (size_t)n * WIDTH * sizeof *outputs);
    t->n_taken += (uint64_t)n;
    return LKS_OK;
}

static lks_status predict(lks_comm *comm, trial *t)
{
    static const lks_dataset_ops ops = {.get = get};
    const lks_field field = {
        .name = "inputs", .dtype = LKS_F32, .n_dims = 1, .sizes = {WIDTH}};
    const lks_layer_spec layers[] = {{.type = "identity"}};
    const lks_prediction_sink sink = {take, t};
    lks_dataset *dataset = NULL;
    lks_model *model = NULL;
    lks_feed feed;
    lks_status st;

    LKS_GO(lks_dataset_create(&ops, NULL, N, &field, 1, &dataset));
    LKS_GO(lks_feed_init_inputs(&feed, dataset));
    LKS_GO(lks_model_create(layers, 1, LKS_SHAPE_OF(WIDTH), 0, test_device(), &model));
    LKS_GO(lks_predict(model, &feed, test_device(), comm, &sink));
cleanup:
    lks_model_destroy(model);
    lks_dataset_destroy(dataset);
    return st;
}

static const char *predict_well(lks_comm *comm, void *context)
{
    return predict(comm, context) == LKS_OK ? NULL : lks_error_text();
}

START_TEST(outputs_come_in_the_order_of_the_samples_on_any_number_of_ranks)
{
    static trial t;

    for (int size = 1; size <= 7; size++) {
        t = (trial){.fails_at = -1};
        run_replicas(size, predict_well, &t);
        ck_assert_uint_eq(t.n_taken, N);
        for (int i = 0; i < N * WIDTH; i++)
            ck_assert(t.taken[i] == (float)i);
    }
}
END_TEST

static const char *predict_badly(lks_comm *comm, void *context)
{
    const lks_status st = predict(comm, context);

    if (st != (comm->rank == 0 ? LKS_IO : LKS_OK))
        return st == LKS_OK ? "it failed nowhere" : lks_error_text();
    lks_error_clear();
    return NULL;
}

START_TEST(a_sink_that_fails_ends_it_on_all_ranks)
{
    static trial t;

    for (int size = 1; size <= 4; size++)
        for (int64_t at = 0; at < N; at += 300) { /* in each round, the last too */
            t = (trial){.fails_at = at};
            run_replicas(size, predict_badly, &t);
            ck_assert_uint_le(t.n_taken, (uint64_t)at);
        }
}
END_TEST

LKS_SUITE("predict", outputs_come_in_the_order_of_the_samples_on_any_number_of_ranks,
          a_sink_that_fails_ends_it_on_all_ranks)
