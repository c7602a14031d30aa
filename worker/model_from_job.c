#include "worker/model_from_job.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/try.h"
#include "data/vocabularies.h"
#include "nn/layer.h"

static lks_options options_of(const lks_job_item *item)
{
    return (lks_options){.items = item->options, .n_items = item->n_options};
}

/* ---- data ---- */

/* What a table's target is to be follows from the loss, where the job has one. */
static lks_csv_targets kind_of_target(const lks_job *job)
{
    const lks_loss *loss = job->loss.type ? lks_loss_find(job->loss.type) : NULL;

    if (!loss)
        return LKS_CSV_AS_WRITTEN;
    return loss->target_dtype == LKS_I64 ? LKS_CSV_CLASSES : LKS_CSV_VALUES;
}

static lks_csv_options csv_of(const lks_job *job)
{
    static const lks_csv_missing rules[] = {
        [LKS_JOB_MISSING_ERROR] = LKS_CSV_REFUSE,
        [LKS_JOB_MISSING_SKIP] = LKS_CSV_SKIP,
        [LKS_JOB_MISSING_MEAN] = LKS_CSV_MEAN,
        [LKS_JOB_MISSING_NUMBER] = LKS_CSV_FILL,
    };
    static const struct {
        const char *word;
        char delimiter;
    } delimiters[] = {{"semicolon", ';'}, {"tab", '\t'}, {"space", ' '}, {"bar", '|'}};
    lks_csv_options csv = {
        .inputs = (const char *const *)job->data.inputs.names,
        .n_inputs = (int)job->data.inputs.n,
        .targets = (const char *const *)job->data.target.names,
        .n_targets = (int)job->data.target.n,
        .kind = kind_of_target(job),
        .no_header = job->data.header && strcmp(job->data.header, "none") == 0,
        .missing = rules[job->data.missing.rule],
        .fill = job->data.missing.number,
    };

    for (lks_dtype d = 0; job->data.dtype && d < LKS_N_DTYPES; d++)
        if (strcmp(lks_dtype_name(d), job->data.dtype) == 0)
            csv.dtype = d;
    for (size_t i = 0; job->data.delimiter && i < sizeof delimiters / sizeof *delimiters;
         i++)
        if (strcmp(delimiters[i].word, job->data.delimiter) == 0)
            csv.delimiter = delimiters[i].delimiter;
    return csv;
}

/* Test data are read whole, whatever is left out of training. */
static lks_text_options text_of(const lks_job *job, const lks_job_split *split)
{
    const bool is_pairs = job->data.format && strcmp(job->data.format, "pairs") == 0;
    const char *tokens = job->data.tokens ? job->data.tokens : is_pairs ? "word" : "char";
    const bool is_training = split == &job->data.train;

    return (lks_text_options){
        .tokens = strcmp(tokens, "word") == 0 ? LKS_TOKENS_WORD : LKS_TOKENS_CHAR,
        .min_count = job->data.min_count,
        .max_size = job->data.max_size,
        .sequence_length = (int64_t)job->data.sequence_length,
        .n_streams = job->train.batch_size,
        .max_length = is_training ? (int64_t)job->data.max_length : 0,
    };
}

lks_dataset_source lks_source_from_job(const lks_job *job, const lks_job_split *split)
{
    lks_dataset_source source = {.format = job->data.format,
                                 .root = job->data.root,
                                 .n_files = (int)split->n_files,
                                 .csv = csv_of(job),
                                 .text = text_of(job, split),
                                 .n_channels = (int)job->data.n_channels};

    for (size_t i = 0; i < split->n_files; i++)
        source.files[i] = split->files[i];
    for (size_t i = 0; i < job->data.n_transforms; i++)
        source.keeps_bytes |= strcmp(job->data.transforms[i].type, "to_float") == 0;
    for (size_t i = 0; i < LKS_JOB_MAX_ARRAYS; i++)
        source.arrays[i] = split->arrays[i];
    memcpy(source.mean, job->data.mean, sizeof source.mean);
    memcpy(source.std, job->data.std, sizeof source.std);
    return source;
}

bool lks_job_goes_by_training_data(const lks_job *job)
{
    const lks_dataset_source source = {.format = job->data.format};

    return job->data.format &&
           (strcmp(job->data.format, "csv") == 0 || lks_dataset_n_vocabs(&source) > 0);
}

lks_status lks_dataset_from_job_like(const lks_job *job, const lks_job_split *split,
                                     const lks_table *like, lks_dataset **out)
{
    lks_dataset_source source = lks_source_from_job(job, split);

    source.like = like;
    return lks_dataset_open(&source, out);
}

lks_status lks_dataset_from_job(const lks_job *job, const lks_job_split *split,
                                lks_dataset **out)
{
    return lks_dataset_from_job_like(job, split, NULL, out);
}

static bool ends_in(const char *text, const char *end)
{
    const size_t n = strlen(text), n_end = strlen(end);

    return n >= n_end && strcmp(text + n - n_end, end) == 0;
}

/* Bytes of an array are pixels, which a model of a table has never seen. */
static lks_status refuse_pixels(const lks_dataset_source *source,
                                const lks_dataset *inputs)
{
    if (lks_dataset_field(inputs, 0)->dtype != LKS_U8)
        return LKS_OK;
    return lks_fail(
        LKS_DTYPE,
        "%s: its inputs are uint8, which are pixels; the model was trained on "
        "a table: save them as %s",
        source->files[0], lks_dtype_name(source->csv.dtype));
}

lks_status lks_inputs_from_file(const lks_job *job, const char *path,
                                const lks_table *like, lks_dataset **out)
{
    const lks_job_split split = {
        .files = {(char *)path},
        .n_files = 1,
        .arrays = {job->data.train.arrays[0], job->data.train.arrays[1]}};
    lks_dataset_source source = lks_source_from_job(job, &split);
    const bool is_of_table = source.format && strcmp(source.format, "csv") == 0;
    lks_dataset *inputs = NULL;
    lks_status st;

    source.root = NULL;
    source.like = like;
    source.inputs_only = true;
    if (!source.format || ends_in(path, ".npy") || ends_in(path, ".npy.gz"))
        source.format = "npy";
    source.keeps_bytes |= is_of_table;
    LKS_GO(lks_dataset_open(&source, &inputs));
    if (is_of_table)
        LKS_GO(refuse_pixels(&source, inputs));
    *out = inputs;
    inputs = NULL;
cleanup:
    lks_dataset_destroy(inputs);
    return st;
}

lks_status lks_check_split_files(const lks_job *job, const lks_job_split *split)
{
    for (size_t i = 0; i < split->n_files; i++) {
        const char *file = split->files[i];
        const char *root = file[0] == '/' || !job->data.root ? NULL : job->data.root;
        char *path = root ? lks_asprintf("%s/%s", root, file) : lks_strdup(file);
        lks_status st = path ? LKS_OK : LKS_NOMEM;

        if (path && access(path, R_OK) != 0)
            st = lks_fail(LKS_IO, "%s: %s", path, strerror(errno));
        lks_free(path);
        LKS_TRY(st);
    }
    return LKS_OK;
}

/* A field of the training data and that of the test data, whose samples may be longer or
 * shorter where they vary. */
static lks_status check_alike(const lks_field *a, const lks_field *b, const char *what)
{
    lks_shape shapes[2] = {lks_field_shape(a), lks_field_shape(b)};
    char texts[2][LKS_SHAPE_TEXT];

    if (a->varies && b->varies && a->n_dims > 0 && b->n_dims > 0)
        shapes[1].sizes[0] = shapes[0].sizes[0];

    if (a->dtype != b->dtype)
        return lks_fail(LKS_DTYPE, "test %s are %s, training %s %s", what,
                        lks_dtype_name(b->dtype), what, lks_dtype_name(a->dtype));
    if (lks_shape_equal(&shapes[0], &shapes[1]))
        return LKS_OK;
    return lks_fail(LKS_SHAPE, "test %s have shape %s, training %s %s", what,
                    lks_shape_text(&shapes[1], texts[1], sizeof texts[1]), what,
                    lks_shape_text(&shapes[0], texts[0], sizeof texts[0]));
}

/* ---- loss ---- */

static const lks_field *inputs_of(const lks_feed *data)
{
    return lks_dataset_field(data->dataset, data->inputs);
}

static const lks_field *targets_of(const lks_feed *data)
{
    return lks_dataset_field(data->dataset, data->targets);
}

/* The name of the file that the last of a field's numbers are from. */
static const char *file_of(const lks_feed *data, int field)
{
    return lks_dataset_origin(data->dataset, field,
                              lks_dataset_n_samples(data->dataset) - 1, NULL);
}

/* Of classes with names nobody has written the numbers. */
static lks_status explain_classes(const lks_feed *data, int64_t n_outputs)
{
    enum { MAX_COUNTED = 1 << 16 }; /* a program may have a name for any number */
    int64_t n = n_outputs;

    while (n < MAX_COUNTED && lks_dataset_class_name(data->dataset, n))
        n++;
    lks_error_clear();
    return lks_fail(LKS_INVALID,
                    "%s: there are %" PRId64 " classes ('%s' to '%s'), but the model has "
                    "%" PRId64 " output%s",
                    file_of(data, data->targets), n,
                    lks_dataset_class_name(data->dataset, 0),
                    lks_dataset_class_name(data->dataset, n - 1), n_outputs,
                    n_outputs == 1 ? "" : "s");
}

/* Of targets that are tokens nobody needs to read all: the vocabulary has them. */
static lks_status check_vocabulary(const lks_field *targets, int64_t n_outputs)
{
    if (targets->n_tokens == n_outputs)
        return LKS_OK;
    return lks_fail(LKS_SHAPE,
                    "the vocabulary has %" PRId64 " tokens, the last layer gives %" PRId64
                    ": it takes as many",
                    targets->n_tokens, n_outputs);
}

/* Labels lie within the classes, where the loss takes classes. */
static lks_status check_labels(const lks_loss *loss, const lks_model *model,
                               const lks_feed *data)
{
    const lks_shape output = lks_model_output_shape(model);
    const int64_t n_classes = output.ndim > 0 ? output.sizes[output.ndim - 1] : 0;
    lks_status st;

    if (loss->target_dtype != LKS_I64 || output.ndim == 0)
        return LKS_OK;
    if (targets_of(data)->n_tokens > 0)
        return check_vocabulary(targets_of(data), n_classes);
    st = lks_dataset_check_labels(data->dataset, data->targets, n_classes,
                                  lks_loss_ignored(loss));
    return st == LKS_FORMAT && lks_dataset_class_name(data->dataset, n_classes)
               ? explain_classes(data, n_classes)
               : st;
}

static const char *kind_of_targets(lks_dtype dtype)
{
    return dtype == LKS_I64   ? "classes (integers)"
           : dtype == LKS_F32 ? "values (floats)"
                              : lks_dtype_name(dtype); /* a program's own */
}

/* Columns of a table are classes one at a time. */
static lks_status check_target_columns(const lks_job *job, const lks_loss *loss)
{
    if (job->data.target.n <= 1 || loss->target_dtype != LKS_I64)
        return LKS_OK;
    return lks_fail(
        LKS_INVALID,
        "data.target: %zu columns are values, and loss %s wants classes, which "
        "stand in one column",
        job->data.target.n, loss->name);
}

static lks_status check_targets(const lks_loss *loss, const lks_model *model,
                                const lks_feed *data)
{
    const lks_shape target = lks_field_shape(targets_of(data));
    lks_shape output = lks_model_output_shape(model);

    /* The longest sample is another in each split. */
    if (targets_of(data)->varies && output.ndim == target.ndim + 1)
        output.sizes[0] = target.sizes[0];
    if (targets_of(data)->dtype != loss->target_dtype)
        return lks_fail(LKS_INVALID, "%s: the targets are %s, loss %s wants %s",
                        file_of(data, data->targets),
                        kind_of_targets(targets_of(data)->dtype), loss->name,
                        kind_of_targets(loss->target_dtype));
    if (loss->check)
        LKS_TRY(loss->check(loss, &output, &target));
    return check_labels(loss, model, data);
}

lks_status lks_check_test_data(const lks_loss *loss, const lks_model *model,
                               const lks_feed *train, const lks_feed *test)
{
    for (int i = 0; i < lks_dataset_n_fields(train->dataset); i++) {
        const lks_field *field = lks_dataset_field(train->dataset, i);
        const int there = lks_dataset_find(test->dataset, field->name);

        if (there < 0)
            return lks_fail(LKS_INVALID, "the test data have no field '%s'", field->name);
        LKS_TRY(check_alike(field, lks_dataset_field(test->dataset, there), field->name));
    }
    return check_targets(loss, model, test);
}

/* ---- model ---- */

/* Of a layer that says what it takes, the plan tells what does not fit. */
static lks_status check_inputs(const lks_layer_spec *first, const lks_feed *data)
{
    const lks_field *field = inputs_of(data);
    const lks_layer_type *type = first->own ? NULL : lks_layer_type_find(first->type);

    if (!type || first->n_from > 0 || field->dtype == type->takes)
        return LKS_OK;
    return lks_fail(LKS_DTYPE, "%s: the field %s is of %s, layer 0 (%s) takes %s",
                    file_of(data, data->inputs), field->name,
                    lks_dtype_name(field->dtype), first->type,
                    lks_dtype_name(type->takes));
}

static void free_specs(lks_layer_spec *specs, size_t n)
{
    for (size_t i = 0; specs && i < n; i++)
        lks_free((void *)specs[i].inits);
    lks_free(specs);
}

/* NULL where there is no memory; the caller's to free. */
static lks_init_spec *inits_of(const lks_job_item *layer)
{
    lks_init_spec *inits = lks_calloc(layer->n_inits, sizeof *inits);

    for (size_t i = 0; inits && i < layer->n_inits; i++)
        inits[i] = (lks_init_spec){layer->inits[i].name, layer->inits[i].type,
                                   options_of(&layer->inits[i])};
    return inits;
}

/* Layers as the library takes them; the caller's to free. */
static lks_layer_spec *specs_of(const lks_job *job)
{
    lks_layer_spec *layers = lks_calloc(job->n_layers, sizeof *layers);

    for (size_t i = 0; layers && i < job->n_layers; i++) {
        layers[i] = (lks_layer_spec){.type = job->layers[i].type,
                                     .options = options_of(&job->layers[i]),
                                     .name = job->layers[i].name,
                                     .from = (const char *const *)job->layers[i].from,
                                     .n_from = job->layers[i].n_from,
                                     .inits = inits_of(&job->layers[i]),
                                     .n_inits = job->layers[i].n_inits,
                                     .weight_of = job->layers[i].weight_of};
        if (!layers[i].inits) {
            free_specs(layers, i);
            return NULL;
        }
    }
    return layers;
}

static lks_status make_model(const lks_layer_spec *layers, size_t n_layers, uint64_t seed,
                             const lks_feed *data, lks_device device, lks_model **out)
{
    lks_model_input inputs[LKS_DATASET_MAX_FIELDS];
    const size_t n_inputs = lks_feed_model_inputs(data, inputs);

    if (n_layers > 0)
        LKS_TRY(check_inputs(layers, data));
    return lks_model_create_from(layers, n_layers, inputs, n_inputs, seed, device, out);
}

static lks_status make_loss(const lks_job *job, const lks_program *program,
                            lks_device device, const lks_loss **out)
{
    if (!(job->brought & LKS_JOB_LOSS))
        return lks_loss_create(job->loss.type, options_of(&job->loss), device, out);
    *out = program->loss;
    return LKS_OK;
}

lks_status lks_model_for_inputs(const lks_job *job, const lks_program *program,
                                const lks_feed *inputs, lks_device device,
                                lks_model **out, const lks_loss **loss)
{
    const bool is_own = job->brought & LKS_JOB_MODEL;
    lks_layer_spec *specs = is_own ? NULL : specs_of(job);
    lks_status st;

    if (!is_own && !specs)
        return LKS_NOMEM;
    st = make_model(is_own ? program->layers : specs,
                    is_own ? program->n_layers : job->n_layers, job->seed, inputs, device,
                    out);
    free_specs(specs, job->n_layers);
    LKS_TRY(st);
    return make_loss(job, program, device, loss);
}

lks_status lks_model_from_job(const lks_job *job, const lks_program *program,
                              const lks_feed *data, lks_device device, lks_model **out,
                              const lks_loss **loss)
{
    const lks_loss *made = NULL;
    lks_model *model = NULL;
    lks_status st;

    LKS_GO(lks_model_for_inputs(job, program, data, device, &model, &made));
    if (lks_param_block_count(lks_model_params(model)) == 0)
        LKS_FAIL(LKS_INVALID, "the model has nothing to train: no layer has weights");
    LKS_GO(check_target_columns(job, made));
    LKS_GO(check_targets(made, model, data));
    if (job->train.init)
        LKS_GO(lks_model_load(model, job->train.init));
    *out = model;
    *loss = made;
    model = NULL;
    made = NULL;
cleanup:
    lks_loss_destroy(made);
    lks_model_destroy(model);
    return st;
}

lks_status lks_optim_from_job(const lks_job *job, lks_model *model, lks_optim **out)
{
    const lks_job_item *item = &job->optimizer;
    lks_optim_group *groups = lks_calloc(item->n_groups, sizeof *groups);
    lks_status st;

    if (!groups)
        return LKS_NOMEM;
    for (size_t i = 0; i < item->n_groups; i++)
        groups[i] = (lks_optim_group){
            .params = (const char *const *)item->groups[i].params,
            .n_params = item->groups[i].n_params,
            .options = {item->groups[i].options, item->groups[i].n_options}};
    st = lks_optim_create_grouped(item->type, options_of(item), groups, item->n_groups,
                                  lks_model_params(model), out);
    lks_free(groups);
    if (st != LKS_OK)
        return st;
    lks_optim_clip(*out, job->train.clip_grad_norm, job->train.clip_grad_value);
    return lks_optim_accumulate(*out, job->train.accumulate);
}

lks_status lks_schedule_from_job(const lks_job *job, lks_optim *optim, lks_schedule **out)
{
    const lks_job_item *all = job->schedules;

    if (job->n_schedules == 0)
        return LKS_OK;
    LKS_TRY(
        lks_schedule_create(all[0].type, options_of(&all[0]), lks_optim_lr(optim), out));
    for (size_t i = 1; i < job->n_schedules; i++)
        LKS_TRY(
            lks_schedule_then(*out, all[i - 1].until, all[i].type, options_of(&all[i])));
    return lks_schedule_tell(*out, optim);
}

/* ---- steps ---- */

lks_status lks_steps_from_job(const lks_job *job, uint64_t n_samples, lks_step_plan *plan,
                              uint64_t *n_steps)
{
    uint64_t per_epoch;

    *plan = (lks_step_plan){.n_samples = n_samples,
                            .batch_size = job->train.batch_size,
                            .drop_last = job->data.drop_last};
    per_epoch = lks_steps_per_epoch(plan);
    if (job->train.batch_size < job->train.lanes)
        return lks_fail(LKS_INVALID,
                        "train.batch_size: %" PRIu64 " samples do not fill %u lanes; at "
                        "least one sample a lane is needed",
                        job->train.batch_size, job->train.lanes);
    if (per_epoch == 0)
        return lks_fail(LKS_INVALID,
                        "train.batch_size: with data.drop_last, %" PRIu64
                        " samples make no batch of %" PRIu64,
                        n_samples, job->train.batch_size);
    *n_steps = job->train.steps ? job->train.steps : job->train.epochs * per_epoch;
    if (*n_steps < job->train.accumulate)
        return lks_fail(LKS_INVALID,
                        "train.accumulate: an update takes %" PRIu64
                        " steps and the run has %" PRIu64
                        ": nothing would be trained, accumulate fewer or train longer",
                        job->train.accumulate, *n_steps);
    return LKS_OK;
}
