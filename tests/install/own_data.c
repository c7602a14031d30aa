/* Data of one's own, which a job file trains on as it does on files: a table of two
 * functions would do, and here there is a third, for samples that differ each epoch. */
#include <lockstep.h>
#include <lockstep_train.h>

enum { N_TRAIN = 2000, N_TEST = 500 };

/* Sample `index`: a point of a square, and whether it lies within a circle. In training
 * (`rng` is there) the point is moved a little, each epoch otherwise. */
static lks_status visit(const void *self, uint64_t index, const lks_rng *rng,
                        lks_field_place *places)
{
    const lks_data_split *split = self;
    const lks_rng where = {.seed = *split, .step = (uint32_t)index};
    float point[2], moved[2] = {0.5f, 0.5f};

    lks_rng_uniform_f32(&where, 0, 2, point);
    if (rng)
        lks_rng_uniform_f32(rng, 0, 2, moved);
    for (int i = 0; places[0].data && i < 2; i++)
        ((float *)places[0].data)[i] = point[i] + (moved[i] - 0.5f) / 50;
    if (places[1].data)
        *(int64_t *)places[1].data = point[0] * point[0] + point[1] * point[1] < 0.6f;
    return LKS_OK;
}

static const char *class_name(const void *self, int64_t number)
{
    static const char *const names[] = {"outside", "inside"};

    (void)self;
    return number >= 0 && number < 2 ? names[number] : NULL;
}

static lks_status open_data(const void *self, lks_data_split split, lks_dataset **out)
{
    static const lks_dataset_ops ops = {.visit = visit, .class_name = class_name};
    static const lks_field fields[] = {
        {.name = "inputs", .dtype = LKS_F32, .n_dims = 1, .sizes = {2}},
        {.name = "targets", .dtype = LKS_I64}};
    static lks_data_split splits[] = {LKS_DATA_TRAIN, LKS_DATA_TEST};

    (void)self;
    return lks_dataset_create(&ops, &splits[split],
                              split == LKS_DATA_TRAIN ? N_TRAIN : N_TEST, fields, 2, out);
}

int main(int argc, char **argv)
{
    static const lks_program program = {.open_data = open_data};

    return lks_train_main(argc, argv, &program);
}
