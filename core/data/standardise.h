/* Inputs with mean 0 and standard deviation 1, by the numbers of training data. */
#ifndef LKS_DATA_STANDARDISE_H
#define LKS_DATA_STANDARDISE_H

#include "data/dataset.h"

/* Of the field "inputs", f32: one mean and deviation a channel, which is its first
 * dimension; of a table a column. */
typedef struct lks_input_scale lks_input_scale;

/* Read all samples twice and add them up in float64, in their order: the same bits
 * everywhere. The deviation is that of the samples themselves (divided by n); where it is
 * 0, 1 stands for it.
 *   errors  LKS_INVALID: no field "inputs" of f32 whose samples are of one size;
 *           LKS_NUMERIC: an input is not finite; what the dataset says */
lks_status lks_input_scale_create(const lks_dataset *training, lks_input_scale **out);
/* One that was measured before: copies of mean and std [n_channels], each for `numel`
 * numbers of a sample. LKS_NOMEM. */
lks_status lks_input_scale_of(int64_t n_channels, size_t numel, const float *mean,
                              const float *std, lks_input_scale **out);
void lks_input_scale_destroy(lks_input_scale *scale); /* NULL is fine */

int64_t lks_input_scale_n(const lks_input_scale *scale);    /* channels */
size_t lks_input_scale_numel(const lks_input_scale *scale); /* numbers of a channel */
/* [n] What is subtracted from a channel, and what it is then divided by. */
const float *lks_input_scale_mean(const lks_input_scale *scale);
const float *lks_input_scale_std(const lks_input_scale *scale);

/* The dataset with inputs (x - mean[c]) / std[c], each step in f32.
 *   dataset, scale  borrowed, outlive *out
 *   errors  LKS_INVALID: inputs of another kind than the scale's, a dataset that collates
 */
lks_status lks_dataset_standardise(const lks_dataset *dataset,
                                   const lks_input_scale *scale, lks_dataset **out);

#endif
