#include "support/test_device.h"

#include "base/alloc.h"
#include "base/try.h"
#include "nn/param_block.h"
#include "autograd/backward.h"
#include "ops/ops.h"
#include "tensor/scope.h"
#include "support/replicas.h"
#include "train/lanes.h"
#include "train/reduce_tree.h"

/* A model of three parameters and no layers: the loss is sum of c_i * w_i, so the
 * gradients are the c_i of the lane. The last one is larger than a bucket. */
static const lks_param_spec specs[] = {
    {"a", {1, {5}}}, {"unused", {1, {7}}}, {"b", {1, {70000}}}};

/* What forward observes, for the tree a fourth parameter. */
static const lks_shape observed_shape = {1, {19}};

enum { N_OBSERVED = 19, N_PARAMS = 3, NUMEL = 5 + 7 + 70000 };

static void gradient_of(uint32_t step, uint32_t lane, size_t param, float *out, size_t n)
{
    const lks_rng rng = {.seed = 3, .step = step, .lane = lane, .layer = (uint32_t)param};

    lks_rng_uniform_f32(&rng, 0, n, out);
    for (size_t i = 0; i < n; i++)
        out[i] = (out[i] - 0.5f) * (float)(1u << (i % 20));
}

static lks_status backward_of_lane(lks_param_block *params, uint32_t step, uint32_t lane)
{
    float *c = lks_malloc(70000 * sizeof *c);
    lks_tensor *loss = NULL;
    lks_status st;

    LKS_TRY(lks_scope_open());
    for (size_t i = 0; i < N_PARAMS; i += 2) { /* not the unused one */
        const lks_param *p = lks_param_block_at(params, i);
        lks_tensor *term;

        gradient_of(step, lane, i, c, p->numel);
        term =
            lks_sum_all(lks_mul(p->tensor, lks_from_data(LKS_SHAPE_OF((int64_t)p->numel),
                                                         LKS_F32, c, test_device())));
        loss = loss ? lks_add(loss, term) : term;
    }
    st = lks_backward(loss);
    lks_scope_close();
    lks_free(c);
    return st;
}

static lks_status observe_in_lane(lks_param_block *params, uint32_t step, uint32_t lane)
{
    lks_tensor *const *observed;
    float values[N_OBSERVED];
    lks_status st;

    gradient_of(step, lane, N_PARAMS, values, N_OBSERVED);
    LKS_TRY(lks_param_block_observe(params, &observed));
    LKS_TRY(lks_scope_open());
    st = lks_add_(observed[0],
                  lks_from_data(observed_shape, LKS_F32, values, test_device()))
             ? LKS_OK
             : lks_error_status();
    lks_scope_close();
    return st;
}

static bool is_empty(uint32_t lane)
{
    return lane == 2 || lane == 7;
}

static lks_status run_step(lks_comm *comm, lks_lanes *lanes, lks_param_block *params,
                           uint32_t n_lanes, uint32_t step)
{
    const lks_range mine =
        lks_shard_lanes((uint32_t)comm->rank, (uint32_t)comm->size, n_lanes);

    lks_lanes_begin(lanes, step + 1);
    for (uint32_t lane = (uint32_t)mine.begin; lane < mine.end; lane++) {
        LKS_TRY(lks_lanes_begin_lane(lanes));
        if (!is_empty(lane)) {
            LKS_TRY(observe_in_lane(params, step, lane));
            LKS_TRY(backward_of_lane(params, step, lane));
        }
        LKS_TRY(lks_lanes_end_lane(lanes, is_empty(lane)));
    }
    return lks_lanes_wait(lanes);
}

typedef struct task {
    uint32_t n_lanes;
    bool ordered;
} task;

static float tree(uint32_t step, lks_range node, size_t param, size_t i)
{
    static _Thread_local float lane[70000];

    if (node.end - node.begin == 1) {
        if (is_empty((uint32_t)node.begin))
            return 0;
        /* element i alone: the stream can be entered anywhere */
        const lks_rng rng = {.seed = 3,
                             .step = step,
                             .lane = (uint32_t)node.begin,
                             .layer = (uint32_t)param};
        lks_rng_uniform_f32(&rng, i, 1, lane);
        return (lane[0] - 0.5f) * (float)(1u << (i % 20));
    }
    const uint64_t mid = lks_tree_split(node);
    return tree(step, (lks_range){node.begin, mid}, param, i) +
           tree(step, (lks_range){mid, node.end}, param, i);
}

static const char *check_observed(const task *t, const float *sums, uint32_t step)
{
    for (size_t i = 0; i < N_OBSERVED; i++) {
        const float want = tree(step, (lks_range){0, t->n_lanes}, N_PARAMS, i);

        if (t->ordered ? sums[i] != want : sums[i] - want > 0.6f || want - sums[i] > 0.6f)
            return "another sum of what was observed";
    }
    return NULL;
}

static const char *check(const task *t, lks_param_block *params, uint32_t step)
{
    const lks_view *sums = lks_param_block_sums(params);
    float *grads = malloc((size_t)sums->sizes[0] * sizeof *grads);
    const char *text = NULL;
    const float near = 0.6f; /* the sums reach 2^22, where floats are 0.5 apart */

    flat_get(sums, grads);
    for (size_t p = 0; p < N_PARAMS; p++) {
        const lks_param *param = lks_param_block_at(params, p);

        for (size_t i = 0; i < param->numel; i += p == 2 ? 97 : 1) {
            const float got = grads[param->offset + i];
            const float want = p == 1 ? 0 : tree(step, (lks_range){0, t->n_lanes}, p, i);

            if (t->ordered ? got != want : got - want > near || want - got > near)
                text = "another gradient";
        }
    }
    if (!text)
        text = check_observed(t, grads + lks_param_block_numel(params), step);
    free(grads);
    return text;
}

static const char *two_steps(lks_comm *comm, void *context)
{
    const task *t = context;
    lks_param_block *params = NULL;
    lks_lanes *lanes = NULL;
    const char *text = NULL;
    lks_lanes_options options = {
        .comm = comm, .n_lanes = t->n_lanes, .ordered = t->ordered};

    if (lks_param_block_create_observing(specs, N_PARAMS, &observed_shape, 1,
                                         test_device(), &params) != LKS_OK)
        return lks_error_text();
    options.params = params;
    if (lks_lanes_create(&options, &lanes) != LKS_OK)
        return lks_error_text();
    for (uint32_t step = 0; step < 2 && !text; step++)
        text = run_step(comm, lanes, params, t->n_lanes, step) == LKS_OK
                   ? check(t, params, step)
                   : lks_error_text();
    lks_lanes_destroy(lanes);
    lks_param_block_destroy(params);
    return text;
}

START_TEST(gradients_of_all_lanes_meet_in_tree_order_on_any_ranks)
{
    static const uint32_t n_lanes[] = {1, 2, 3, 5, 8, 9};

    for (size_t i = 0; i < sizeof n_lanes / sizeof *n_lanes; i++)
        for (int size = 1; size <= 4; size++)
            run_replicas(size, two_steps, &(task){n_lanes[i], true});
}
END_TEST

START_TEST(there_may_be_more_ranks_than_lanes)
{
    run_replicas(5, two_steps, &(task){3, true});
    run_replicas(5, two_steps, &(task){3, false});
}
END_TEST

START_TEST(fast_adds_the_lanes_in_place)
{
    for (int size = 1; size <= 3; size++)
        run_replicas(size, two_steps, &(task){8, false});
}
END_TEST

LKS_SUITE("lanes", gradients_of_all_lanes_meet_in_tree_order_on_any_ranks,
          there_may_be_more_ranks_than_lanes, fast_adds_the_lanes_in_place)
