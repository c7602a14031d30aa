/* A dataset: n samples, each of which has the same few named, typed fields.
 *
 * It is a table of functions and what they work on: files of a known format
 * (lks_dataset_open), or what a program of one's own has (lks_dataset_create). Immutable,
 * so any thread may gather from it. */
#ifndef LKS_DATA_DATASET_H
#define LKS_DATA_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "base/status.h"
#include "layout/dtype.h"
#include "text/vocab.h"

enum {
    LKS_DATASET_MAX_DIMS = 4,
    LKS_DATASET_MAX_FIELDS = 8,
    LKS_DATASET_MAX_CHANNELS = 16,
    LKS_DATASET_MAX_FILES = 16,
    LKS_DATASET_MAX_VOCABS = 2,
    LKS_FIELD_NAME_SIZE = 32
};

/* One field of each sample. What a model takes is called "inputs" (else it is the first
 * field that is not "targets"), what a loss compares with is called "targets": classes
 * are i64, values f32. */
typedef struct lks_field {
    const char *name;
    lks_dtype dtype;
    int n_dims;
    int64_t sizes[LKS_DATASET_MAX_DIMS]; /* of one sample */
    /* One size may differ from sample to sample; sizes[] then has the largest. In a batch
     * the samples are filled up with `pad` to the longest of them. */
    bool varies;
    int varying_dim;
    double pad; /* a number that the dtype holds */
    /* Of i64 that are tokens of a vocabulary: its size, all numbers but padding being below
     * it; 0: they are something else. */
    int64_t n_tokens;
} lks_field;

/* Where a field of one sample goes. */
typedef struct lks_field_place {
    void *data;     /* dense, room for the largest; NULL: not asked for */
    int64_t length; /* to be set, of a field that varies: its size in this sample */
} lks_field_place;

/* A field of several samples. */
typedef struct lks_field_batch {
    void *data;       /* [n, sizes…], the size that varies being `longest` */
    int64_t *lengths; /* [n] each sample's, of a field that varies; else NULL */
    int64_t longest;  /* of these samples */
} lks_field_batch;

/* Where visits of an epoch draw from. */
typedef struct lks_draws {
    uint64_t seed, epoch;
} lks_draws;

/* What other data are read by: what training data have settled. Borrowed. */
typedef struct lks_table {
    const char *const *columns; /* [n_columns] names: inputs, then targets */
    size_t n_columns;
    const double *fills; /* [n_fills] of inputs that are missing; 0: none was asked for */
    size_t n_fills;
    const char *const *classes; /* [n_classes] of texts; 0: targets are numbers */
    size_t n_classes;
    /* Of text; of pairs, the source's and the target's. NULL: none. */
    const lks_vocab *vocabs[LKS_DATASET_MAX_VOCABS];
} lks_table;

/* What a dataset does. */
typedef struct lks_dataset_ops {
    /* Put the fields of sample `index` where places[n_fields] say. Called by several
     * threads at once; takes no memory. A failure ends the training with its text. */
    lks_status (*get)(const void *self, uint64_t index, lks_field_place *places);
    /* In place of `get`, for samples that are others at each visit: `rng` is a stream of
     * numbers of (seed, epoch, index) and nothing else, so that they are the same on any
     * rank, in any thread and after a restart. NULL, as in evaluation: nothing is drawn.
     * May be NULL, where `get` is there. */
    lks_status (*visit)(const void *self, uint64_t index, const lks_rng *rng,
                        lks_field_place *places);
    /* Several samples at once, in place of one by one and filled up to the longest: what
     * lks_dataset_gather_drawn does, of all of whose arguments these are. May be NULL. */
    lks_status (*collate)(const void *self, const lks_draws *draws,
                          const uint64_t *indices, int64_t n, lks_field_batch *fields);
    /* 64 bits of the content. NULL: lks_dataset_create hashes what `get` gives, sample
     * after sample; give one where that takes long. */
    uint64_t (*fingerprint)(const void *self);
    /* Where this sample's field is from, for errors: a file, say, and the *index_there
     * in it (it comes as `index`). NULL: "the dataset". */
    const char *(*origin)(const void *self, int field, uint64_t index,
                          uint64_t *index_there);
    /* What class `number` of the targets is called; NULL beyond the last, or where the
     * classes have no names. May be NULL: they have none. */
    const char *(*class_name)(const void *self, int64_t number);
    /* Which row of its table sample `index` is, from 0, where rows were left out; of
     * n_samples, how many rows there are. May be NULL: none was. */
    uint64_t (*row)(const void *self, uint64_t index);
    /* Whether the samples are windows of streams, and of how many, each a text that goes on
     * from one of its windows to the next: sample i is window i / n of stream i % n, of n.
     * Then they are visited in that order, and a model carries its state along. May be
     * NULL, or 0: samples have nothing to do with one another. */
    uint64_t (*n_streams)(const void *self);
    /* How long sample `index` is, so that samples of like length may come together: tokens
     * of all its fields that vary, say. Any thread. May be NULL, or -1: that is not told. */
    int64_t (*length)(const void *self, uint64_t index);
    /* What it has settled for others to be read by. May be NULL: nothing. */
    lks_table (*table)(const void *self);
    /* May be NULL. */
    void (*destroy)(void *self);
} lks_dataset_ops;

typedef struct lks_dataset lks_dataset;

/* A dataset of a program's own. `ops` and what it says live as long as the dataset; the
 * fields and their names are copied; `self` is the dataset's from here on, unless this
 * fails.
 *   errors  LKS_INVALID: no samples, fields that cannot be; what `get` says */
lks_status lks_dataset_create(const lks_dataset_ops *ops, void *self, uint64_t n_samples,
                              const lks_field *fields, int n_fields, lks_dataset **out);

/* NULL is fine. */
void lks_dataset_destroy(lks_dataset *dataset);

/* What the targets of a table are to be. As written: texts are classes, and so is a column
 * of whole numbers without a point; others are values. */
typedef enum lks_csv_targets {
    LKS_CSV_AS_WRITTEN,
    LKS_CSV_CLASSES, /* i64: texts, sorted; whole numbers stay what they are */
    LKS_CSV_VALUES,  /* f32 */
} lks_csv_targets;

/* What becomes of a row in which a field is empty, NA, N/A, NaN, nan, null, NULL or ?. */
typedef enum lks_csv_missing {
    LKS_CSV_REFUSE, /* an error that names the place */
    LKS_CSV_SKIP,   /* the row is left out */
    LKS_CSV_FILL,   /* inputs are `fill` there; a target is still refused */
    LKS_CSV_MEAN,   /* the mean of what the column has of training data */
} lks_csv_missing;

/* How a text table is read; all zero: commas, a header, the last column is the target. */
typedef struct lks_csv_options {
    const char *const *inputs; /* [n_inputs] columns, by name; 0: all but the targets */
    int n_inputs;
    const char *const *targets; /* [n_targets]; 0: the last column */
    int n_targets;
    lks_csv_targets kind;
    lks_dtype dtype; /* of inputs: LKS_F32, LKS_F64, or LKS_I64: all are whole numbers */
    bool no_header;  /* columns are called "0", "1", … */
    char delimiter;  /* 0: ','; ' ': any number of spaces and tabs */
    lks_csv_missing missing;
    double fill;
} lks_csv_options;

/* How text is read. */
typedef struct lks_text_options {
    lks_token_kind tokens;
    uint64_t min_count, max_size; /* of the vocabulary, each side's of pairs: rarer tokens
                                     are <unk>; the most tokens, 0: no limit */
    /* text: the most tokens of a sample, at least 2, and of how many streams the samples
     * are windows. */
    int64_t sequence_length;
    uint64_t n_streams;
    int64_t max_length; /* labelled, pairs: longer ones are left out; 0: none is */
} lks_text_options;

/* What to open. Strings are borrowed for the call. Paths are taken relative to `root`
 * (NULL, or an absolute path: as they are); a name ending in .gz is decompressed. */
typedef struct lks_dataset_source {
    const char *format; /* "idx", "cifar10", "npy", "npz", "csv", "text", "labelled",
                           "pairs" */
    const char *root;
    /* idx: images, labels; npy: inputs, targets; npz: one file; pairs: source, target;
     * cifar10, csv, text, labelled: n files, one after the other. */
    int n_files;
    const char *files[LKS_DATASET_MAX_FILES];
    bool inputs_only; /* not of cifar10: there is no field "targets" then, and a csv's
                         targets may be missing or anything; labels too; of pairs there is
                         the source alone */
    /* Inputs become (x / 255 - mean[c]) / std[c] for u8 data, (x - mean[c]) / std[c] for
     * floats; channel c is the sample's first dimension. n_channels of 0: no
     * normalisation (u8 data are still divided by 255); 1: the same for all channels. */
    int n_channels;
    double mean[LKS_DATASET_MAX_CHANNELS];
    double std[LKS_DATASET_MAX_CHANNELS];
    /* npz: the names of the arrays of inputs and of targets; NULL: "x", "y". */
    const char *arrays[2];
    bool keeps_bytes; /* u8 inputs stay u8, for a transform to turn into floats */
    lks_csv_options csv;
    lks_text_options text;
    /* csv and text: what the training data that these go with have settled; NULL: they are
     * training data. */
    const lks_table *like;
    /* Training data of text: the vocabularies, if they were made already
     * (data/vocabularies.h). */
    const lks_vocab *vocabs[LKS_DATASET_MAX_VOCABS];
} lks_dataset_source;

/* Open and check the files, of fields "inputs" and "targets", of pairs "source" too. Plain files are mapped, so
 * they need not fit into memory (io/block.h says what happens if one is changed
 * meanwhile); those in gzip are decompressed into it.
 *   - idx: images [n, h, w] or [n, c, h, w] of u8 give inputs {c, h, w} (c = 1); labels
 *     [n] of u8 are classes.
 *   - cifar10: records of 1 + 3072 bytes give inputs {3, 32, 32} and classes, which have
 *     the names in batches.meta.txt if that lies beside the first file.
 *   - npy: inputs [n, ...] of any dtype give samples {...}; u8 are pixels and become f32,
 *     so do floats and booleans; other integers stay as they are, of which no
 *     normalisation is had. Targets [n, ...] of integers are classes, one a sample or
 *     one for each of its places; of floats they are values.
 *   - npz: two arrays of one archive, as npy; what is stored uncompressed is mapped.
 *   - csv: columns of numbers give inputs {columns}; of targets one column gives classes
 *     or values {}, several give values {columns}. Texts are classes in the order of
 *     their bytes, "10" before "9", and keep their names. A file is read into memory.
 *   - text: running text, tokens in n_streams parts of the same length, each of them in
 *     windows of sequence_length, the last of a stream being shorter: inputs {T} i64, and
 *     targets {T}, each the token behind. Every token but each stream's first is a target
 *     once. Data like others are in fewer streams where they are short.
 *   - labelled: lines of "text<TAB>label", the label behind the last tab: inputs {T} i64,
 *     and classes, which are the labels in the order of their bytes.
 *   - pairs: line i of one file goes with line i of the other: source {S} i64, inputs {T}
 *     i64, <bos> and the target, and targets {T}, the target and <eos>, filled up with -100.
 *   - Errors: LKS_IO for missing, unreadable and truncated files; LKS_FORMAT for a bad
 *     magic, sizes that differ and text that is not UTF-8; LKS_INVALID for an unknown
 *     format, a normalisation and a vocabulary that do not fit. Texts name the file. */
lks_status lks_dataset_open(const lks_dataset_source *source, lks_dataset **out);

/* What a table or text has settled for others to be read by; it lives as long as the
 * dataset. Without columns: it is no table; without vocabularies: no text. */
lks_table lks_dataset_table(const lks_dataset *dataset);

/* How many samples, how many fields, and one of those: what all samples have. */
uint64_t lks_dataset_n_samples(const lks_dataset *dataset);
int lks_dataset_n_fields(const lks_dataset *dataset);
const lks_field *lks_dataset_field(const lks_dataset *dataset, int field);

/* Whether it makes its batches itself (lks_dataset_ops.collate). */
bool lks_dataset_collates(const lks_dataset *dataset);

/* The number of the field of that name, -1 if there is none. */
int lks_dataset_find(const lks_dataset *dataset, const char *name);

/* Bytes of the field in one sample, the largest. */
size_t lks_field_bytes(const lks_field *field);

/* The name of the file that a sample's field is from, or "the dataset". It lives as long
 * as the dataset. `index_there` may be NULL. */
const char *lks_dataset_origin(const lks_dataset *dataset, int field, uint64_t index,
                               uint64_t *index_there);

/* What class `number` of the targets is called, "airplane": for people. It lives as long
 * as the dataset; NULL where the class, or all of them, have no name. */
const char *lks_dataset_class_name(const lks_dataset *dataset, int64_t number);

/* Which row of its table a sample is, from 0 and without the header, over all files: its
 * own number unless rows were left out (LKS_CSV_SKIP). Of n_samples: how many rows there
 * are. Of a part of a dataset (lks_dataset_split) samples are numbered within the part. */
uint64_t lks_dataset_row(const lks_dataset *dataset, uint64_t index);

/* The names of n classes, an array that the caller lks_frees, of names that live as long as
 * the dataset; NULL where one has none. LKS_NOMEM. */
lks_status lks_dataset_class_names(const lks_dataset *dataset, int64_t n,
                                   const char ***out);

/* How long a sample is (lks_dataset_ops); -1: that is not told. */
int64_t lks_dataset_length(const lks_dataset *dataset, uint64_t index);

/* Of how many streams samples are the windows (lks_dataset_ops); 0: of none. */
uint64_t lks_dataset_n_streams(const lks_dataset *dataset);

/* What lks_dataset_create was given as `self`, if it was with these ops; else NULL. */
const void *lks_dataset_self(const lks_dataset *dataset, const lks_dataset_ops *ops);

/* 64 bits of content, shapes and types: equal on all ranks that read the same data. */
uint64_t lks_dataset_fingerprint(const lks_dataset *dataset);

/* Every label in field `field` lies in [0, n_classes) or is `ignored`, or LKS_FORMAT
 * naming the file, sample and label. LKS_DTYPE: the field is not i64. */
lks_status lks_dataset_check_labels(const lks_dataset *dataset, int field,
                                    int64_t n_classes, int64_t ignored);

/* No number of field `field` is NaN or infinite, or LKS_NUMERIC naming the file, the sample
 * and the number. Reads all samples; fields of other dtypes than f32 and f64 are fine. */
lks_status lks_dataset_check_finite(const lks_dataset *dataset, int field);

/* One sample, as lks_dataset_ops.get. */
lks_status lks_dataset_get(const lks_dataset *dataset, uint64_t index,
                           lks_field_place *places);

/* The same, drawn: as lks_dataset_ops.visit. */
lks_status lks_dataset_visit(const lks_dataset *dataset, uint64_t index,
                             const lks_rng *rng, lks_field_place *places);

/* The stream of a visit to sample `index` in `epoch`. */
lks_rng lks_visit_rng(uint64_t seed, uint64_t epoch, uint64_t index);

/* Gather samples.
 *   indices  [n], each below n_samples
 *   fields   [n_fields] to be filled: data of n * lks_field_bytes, and lengths [n] where
 *            the field varies; data of NULL: not asked for
 *   errors   the dataset's own; what was gathered is then undefined */
lks_status lks_dataset_gather(const lks_dataset *dataset, const uint64_t *indices,
                              int64_t n, lks_field_batch *fields);

/* The same, drawn, as for training. NULL: nothing is. */
lks_status lks_dataset_gather_drawn(const lks_dataset *dataset, const lks_draws *draws,
                                    const uint64_t *indices, int64_t n,
                                    lks_field_batch *fields);

#endif
