/* A table of text while it is read: what csv.c, csv_columns.c and csv_scan.c hand on.
 * Private to core/data. */
#ifndef LKS_DATA_CSV_TABLE_H
#define LKS_DATA_CSV_TABLE_H

#include "data/columns.h"
#include "data/csv_text.h"

/* A file: its text, and where its columns stand. */
typedef struct lks_csv_sheet {
    const char *path;
    lks_csv_text rows; /* behind the header */
    size_t n_columns;
    lks_csv_field *header; /* [n_columns]; NULL: none */
    size_t *used;          /* [n_inputs + n_targets] numbers of columns */
    uint64_t n_rows;       /* that count */
} lks_csv_sheet;

typedef struct lks_csv_table {
    const lks_csv_options *options;
    const lks_table *like; /* NULL: training data */
    lks_csv_sheet *sheets; /* [n_sheets] */
    int n_sheets;
    size_t n_inputs, n_targets;
    /* of the targets, in the rows that count */
    bool has_text, has_point, has_fraction;
    uint64_t fraction_line; /* the first */
    bool are_values, are_words;
    /* of the inputs: [n_inputs] each; sums become means */
    double *sums;
    uint64_t *counts;
    char **classes; /* [n_classes] sorted */
    size_t n_classes;
    const double *fills;
    lks_csv_field *fields;  /* [n_columns of the widest] of a row */
    void *inputs, *targets; /* of the file that is being written down */
    size_t n_put;
    uint64_t n_put_before,
        n_met;      /* in the files before; rows, whether they count or not */
    uint64_t *rows; /* of out->rows */
} lks_csv_table;

/* A number as it stands in a field. */
typedef struct lks_csv_value {
    double real;
    int64_t integer; /* where the dtype wants one */
} lks_csv_value;

/* From texts, which stand in the blocks of out->files, to numbers in their place, as
 * lks_dataset_format.open. csv.c. */
lks_status lks_csv_read(lks_columns *out);

/* The files as sheets, and which of their columns are used, by the names that `out` keeps.
 * csv_columns.c. */
lks_status lks_csv_open_sheets(lks_csv_table *t, lks_columns *out);

/* What the rows hold: how many count, means, classes. csv_scan.c. */
lks_status lks_csv_scan(lks_csv_table *t, lks_columns *out);

/* Each row of a file, and what is done with it. */
lks_status lks_csv_walk(lks_csv_table *t, lks_csv_sheet *s,
                        lks_status (*row)(lks_csv_table *, lks_csv_sheet *,
                                          uint64_t line));

/* Whether the row counts: nothing is missing, or it may be. */
bool lks_csv_counts(const lks_csv_table *t, const lks_csv_sheet *s);

/* Input i of the row. */
lks_status lks_csv_input(const lks_csv_table *t, const lks_csv_sheet *s, uint64_t line,
                         size_t i, lks_csv_value *out);

/* "'age'", or the number of a column without name. */
const char *lks_csv_name_of(const lks_csv_sheet *s, size_t column, char *out,
                            size_t size);

/* LKS_FORMAT: "FILE, line 7, column 'age': 'x' WHY". */
lks_status lks_csv_refuse(const lks_csv_sheet *s, uint64_t line, size_t column,
                          const lks_csv_field *field, const char *why);

/* Where the class stands, or would. */
size_t lks_csv_find_class(const lks_csv_table *t, const lks_csv_field *field,
                          bool *found);

#endif
