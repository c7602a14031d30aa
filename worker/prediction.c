#include "worker/prediction.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/plain.h"
#include "base/text.h"
#include "base/try.h"
#include "io/npy.h"
#include "ops/ops.h"
#include "tensor/scope.h"
#include "worker/number.h"
#include "worker/whole_file.h"

typedef struct prediction_format {
    const char *name;
    lks_status (*start)(lks_prediction *self);
    lks_status (*take)(lks_prediction *self, uint64_t first, int64_t n,
                       const float *outputs);
    lks_status (*finish)(lks_prediction *self);
} prediction_format;

struct lks_prediction {
    const prediction_format *format;
    lks_prediction_options options;
    int64_t numel;        /* of an output */
    lks_whole_file *file; /* NULL: standard output */
    float *array;         /* of npy: all outputs */
};

/* ---- JSON lines ---- */

static lks_status start_lines(lks_prediction *self)
{
    return self->options.path ? lks_whole_file_create(self->options.path, &self->file)
                              : LKS_OK;
}

/* Nested as the shape is: [[1, 2], [3, 4]]. Gives where the next numbers stand. */
static const float *put_nested(lks_text *out, const lks_shape *shape, int dim,
                               const float *values)
{
    char text[LKS_NUMBER_TEXT];

    if (dim == shape->ndim) {
        lks_text_put(out, lks_number_text_f32(*values, text));
        return values + 1;
    }
    lks_text_put(out, "[");
    for (int64_t i = 0; i < shape->sizes[dim]; i++) {
        lks_text_put(out, i ? "," : "");
        values = put_nested(out, shape, dim + 1, values);
    }
    lks_text_put(out, "]");
    return values;
}

static void put_class(lks_text *out, const lks_prediction *self, int64_t class_index)
{
    lks_text_add(out, ",\"class\":%" PRId64, class_index);
    if ((uint64_t)class_index >= self->options.n_class_names)
        return;
    lks_text_put(out, ",\"name\":");
    lks_plain_put_json(out, self->options.class_names[class_index]);
}

static uint64_t number_of(const lks_prediction *self, uint64_t sample)
{
    const lks_dataset *samples = self->options.samples;

    return samples ? lks_dataset_row(samples, sample) : sample;
}

/* probabilities [n][numel] and classes [n] of a classifier, else NULL. */
static void put_lines(lks_text *out, const lks_prediction *self, uint64_t first,
                      int64_t n, const float *outputs, const float *probabilities,
                      const int64_t *classes)
{
    for (int64_t i = 0; i < n; i++) {
        lks_text_add(out, "{\"index\":%" PRIu64, number_of(self, first + (uint64_t)i));
        if (classes)
            put_class(out, self, classes[i]);
        lks_text_put(out, classes ? ",\"probabilities\":" : ",\"output\":");
        put_nested(out, &self->options.shape, 0,
                   (classes ? probabilities : outputs) + i * self->numel);
        lks_text_put(out, "}\n");
    }
}

/* On the CPU, whose bits are those of every device. */
static lks_status classify(const lks_prediction *self, int64_t n, const float *outputs,
                           float *probabilities, int64_t *classes)
{
    lks_tensor *x;
    lks_status st;

    LKS_TRY(lks_scope_open());
    x = lks_from_data(LKS_SHAPE_OF(n, self->numel), LKS_F32, outputs, lks_cpu);
    LKS_GO(lks_to_host(lks_softmax(x, 1), probabilities));
    LKS_GO(lks_to_host(lks_argmax(x, 1), classes));
cleanup:
    lks_scope_close();
    return st;
}

static lks_status write_text(lks_prediction *self, const lks_text *text)
{
    if (text->failed)
        return LKS_NOMEM;
    if (self->file)
        return lks_whole_file_write(self->file, text->bytes, text->n_bytes);
    if (fwrite(text->bytes, 1, text->n_bytes, stdout) != text->n_bytes)
        return lks_fail(LKS_IO, "standard output: %s", strerror(errno));
    return LKS_OK;
}

static lks_status take_lines(lks_prediction *self, uint64_t first, int64_t n,
                             const float *outputs)
{
    const size_t n_numbers = (size_t)(n * self->numel);
    float *probabilities = NULL;
    int64_t *classes = NULL;
    lks_text text = {0};
    lks_status st;

    if (self->options.is_classifier) {
        probabilities = lks_calloc(n_numbers, sizeof *probabilities);
        classes = lks_calloc((size_t)n, sizeof *classes);
        LKS_GO(probabilities && classes ? LKS_OK : LKS_NOMEM);
        LKS_GO(classify(self, n, outputs, probabilities, classes));
    }
    put_lines(&text, self, first, n, outputs, probabilities, classes);
    LKS_GO(write_text(self, &text));
cleanup:
    lks_text_release(&text);
    lks_free(probabilities);
    lks_free(classes);
    return st;
}

static lks_status finish_lines(lks_prediction *self)
{
    if (self->file)
        return lks_whole_file_commit(self->file);
    if (fflush(stdout) != 0)
        return lks_fail(LKS_IO, "standard output: %s", strerror(errno));
    return LKS_OK;
}

/* ---- an array ---- */

/* The file's name is tried at once, not only when all has been worked out. */
static lks_status start_array(lks_prediction *self)
{
    if (!self->options.path)
        return lks_fail(LKS_INVALID, "--format npy: name a file with --output FILE");
    self->array = lks_calloc(self->options.n * (size_t)self->numel, sizeof *self->array);
    if (!self->array)
        return LKS_NOMEM;
    LKS_TRY(lks_whole_file_create(self->options.path, &self->file));
    lks_whole_file_destroy(self->file);
    self->file = NULL;
    return LKS_OK;
}

static lks_status take_array(lks_prediction *self, uint64_t first, int64_t n,
                             const float *outputs)
{
    memcpy(self->array + (size_t)first * (size_t)self->numel, outputs,
           (size_t)(n * self->numel) * sizeof *outputs);
    return LKS_OK;
}

static lks_status finish_array(lks_prediction *self)
{
    const lks_shape *shape = &self->options.shape;
    lks_npy array = {.dtype = LKS_F32,
                     .ndim = 1 + shape->ndim,
                     .sizes = {(int64_t)self->options.n},
                     .data = self->array};

    array.size_bytes =
        (size_t)self->options.n * (size_t)self->numel * sizeof *self->array;
    memcpy(array.sizes + 1, shape->sizes, (size_t)shape->ndim * sizeof *shape->sizes);
    return lks_npy_write(self->options.path, &array);
}

/* ---- any of them ---- */

static const prediction_format formats[] = {
    {"jsonl", start_lines, take_lines, finish_lines},
    {"npy", start_array, take_array, finish_array},
};

static const prediction_format *find_format(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

bool lks_prediction_has_format(const char *name)
{
    return find_format(name) != NULL;
}

lks_status lks_prediction_create(const lks_prediction_options *options,
                                 lks_prediction **out)
{
    lks_prediction *self = lks_calloc(1, sizeof *self);
    lks_status st;

    if (!self)
        return LKS_NOMEM;
    self->options = *options;
    self->format = find_format(options->format);
    if (!self->format)
        LKS_FAIL(LKS_INVALID, "--format %s: it is " LKS_PREDICTION_FORMATS,
                 options->format);
    LKS_GO(lks_shape_numel(&options->shape, &self->numel));
    LKS_GO(self->format->start(self));
    *out = self;
    self = NULL;
cleanup:
    lks_prediction_destroy(self);
    return st;
}

lks_status lks_prediction_take(void *prediction, uint64_t first, int64_t n,
                               const float *outputs)
{
    lks_prediction *self = prediction;

    return self->format->take(self, first, n, outputs);
}

lks_status lks_prediction_finish(lks_prediction *self)
{
    return self->format->finish(self);
}

void lks_prediction_destroy(lks_prediction *self)
{
    if (!self)
        return;
    lks_whole_file_destroy(self->file);
    lks_free(self->array);
    lks_free(self);
}
