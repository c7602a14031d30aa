/* A training program of one's own: data, a model and a loss that no job file knows, with
 * the ranks, status, metrics, weights and the same bits of lockstep-worker. */
#include <lockstep.h>
#include <lockstep_train.h>

enum { N_TRAIN = 1500, N_TEST = 300, HIDDEN = 16, N_CLASSES = 2 };

/* ---- data: points of a square, and whether they are in its first or third quadrant ---- */

static lks_status get(const void *self, uint64_t index, lks_field_place *places)
{
    const lks_data_split *split = self;
    const lks_rng rng = {.seed = *split, .step = (uint32_t)index};
    float point[2];

    lks_rng_uniform_f32(&rng, 0, 2, point);
    for (int i = 0; i < 2; i++)
        point[i] = 2 * point[i] - 1;
    if (places[0].data)
        ((float *)places[0].data)[0] = point[0], ((float *)places[0].data)[1] = point[1];
    if (places[1].data)
        *(int64_t *)places[1].data = point[0] * point[1] > 0;
    return LKS_OK;
}

static lks_status open_data(const void *self, lks_data_split split, lks_dataset **out)
{
    static const lks_dataset_ops ops = {.get = get};
    static const lks_field fields[] = {
        {.name = "inputs", .dtype = LKS_F32, .n_dims = 1, .sizes = {2}},
        {.name = "targets", .dtype = LKS_I64}};
    static lks_data_split splits[] = {LKS_DATA_TRAIN, LKS_DATA_TEST};

    (void)self;
    return lks_dataset_create(&ops, &splits[split],
                              split == LKS_DATA_TRAIN ? N_TRAIN : N_TEST, fields, 2, out);
}

/* ---- model: y = W (tanh(A x + a) * sigmoid(B x + b)) ---- */

static lks_status infer(lks_layer *layer)
{
    const int64_t n = layer->in[0].shape.sizes[0];
    const lks_init in = lks_init_fan_in((double)n), out = lks_init_fan_in(HIDDEN);
    lks_status st = lks_layer_add_param(layer, "a.weight", LKS_SHAPE_OF(HIDDEN, n), in);

    if (st == LKS_OK)
        st = lks_layer_add_param(layer, "a.bias", LKS_SHAPE_OF(HIDDEN), in);
    if (st == LKS_OK)
        st = lks_layer_add_param(layer, "b.weight", LKS_SHAPE_OF(HIDDEN, n), in);
    if (st == LKS_OK)
        st = lks_layer_add_param(layer, "b.bias", LKS_SHAPE_OF(HIDDEN), in);
    if (st == LKS_OK)
        st = lks_layer_add_param(layer, "out.weight", LKS_SHAPE_OF(N_CLASSES, HIDDEN),
                                 out);
    layer->out[0].shape = LKS_SHAPE_OF(N_CLASSES);
    return st;
}

static lks_status forward(const lks_layer *layer, const lks_layer_run *run,
                          lks_tensor *const *in, lks_tensor **out)
{
    lks_tensor *const *p = run->params;
    lks_tensor *h = lks_tanh(lks_linear(in[0], p[0], p[1]));
    lks_tensor *gate = lks_sigmoid(lks_linear(in[0], p[2], p[3]));

    (void)layer;
    return lks_layer_put(out, lks_linear(lks_mul(h, gate), p[4], NULL));
}

/* ---- loss: cross-entropy in which the second class weighs double ---- */

static lks_tensor *sum(const lks_loss *loss, lks_tensor *output, lks_tensor *target,
                       lks_loss_count *count)
{
    static const float weights[N_CLASSES] = {1, 2};
    static const lks_cross_entropy_options each = {.reduction = LKS_REDUCTION_NONE,
                                                   .ignore_index = -100};
    lks_tensor *weight =
        lks_index_select(lks_from_data(LKS_SHAPE_OF(N_CLASSES), LKS_F32, weights,
                                       lks_tensor_device(output)),
                         0, target);

    (void)loss;
    count->tensor = lks_sum_all(weight);
    return lks_sum_all(lks_mul(weight, lks_cross_entropy(output, target, &each)));
}

int main(int argc, char **argv)
{
    static const lks_layer_type gated = {
        .name = "gated", .infer = infer, .forward = forward};
    static const lks_layer_spec layers[] = {{.name = "net", .own = &gated}};
    static const lks_loss loss = {.name = "weighted_cross_entropy",
                                  .target_dtype = LKS_I64,
                                  .counts_correct = true,
                                  .ignore_index = -100,
                                  .sum = sum};
    static const lks_program program = {
        .open_data = open_data, .layers = layers, .n_layers = 1, .loss = &loss};

    return lks_train_main(argc, argv, &program);
}
