#include "data/gather.h"

#include "base/try.h"
#include "data/pad.h"

static lks_status gather_sample(const lks_dataset *dataset, const lks_draws *draws,
                                uint64_t index, int64_t i, lks_field_batch *fields,
                                const size_t *n_bytes)
{
    const int n_fields = lks_dataset_n_fields(dataset);
    lks_field_place places[LKS_DATASET_MAX_FIELDS];
    lks_rng rng;

    for (int f = 0; f < n_fields; f++)
        places[f] = (lks_field_place){.data = fields[f].data ? (char *)fields[f].data +
                                                                   (size_t)i * n_bytes[f]
                                                             : NULL};
    if (draws)
        rng = lks_visit_rng(draws->seed, draws->epoch, index);
    LKS_TRY(lks_dataset_visit(dataset, index, draws ? &rng : NULL, places));
    for (int f = 0; f < n_fields; f++)
        if (fields[f].data && fields[f].lengths)
            fields[f].lengths[i] = places[f].length;
    return LKS_OK;
}

lks_status lks_gather_each(const lks_dataset *dataset, const lks_draws *draws,
                           const uint64_t *indices, int64_t n, lks_field_batch *fields)
{
    const int n_fields = lks_dataset_n_fields(dataset);
    size_t n_bytes[LKS_DATASET_MAX_FIELDS];

    for (int f = 0; f < n_fields; f++)
        n_bytes[f] = lks_field_bytes(lks_dataset_field(dataset, f));
    for (int64_t i = 0; i < n; i++)
        LKS_TRY(gather_sample(dataset, draws, indices[i], i, fields, n_bytes));
    for (int f = 0; f < n_fields; f++)
        if (fields[f].data && lks_dataset_field(dataset, f)->varies)
            lks_pad_batch(lks_dataset_field(dataset, f), n, &fields[f]);
    return LKS_OK;
}
