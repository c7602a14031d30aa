/* Texts a line each, labelled or in pairs of two files, while they are read: what lines.c
 * and lines_scan.c hand on. Private to core/data. */
#ifndef LKS_DATA_LINES_H
#define LKS_DATA_LINES_H

#include "data/corpus.h"

/* Samples from one place that is noted to the next. */
enum { LKS_LINES_STRIDE = 16 };

/* Where a reader is, in front of a line. */
typedef struct lks_line_cursor {
    int file;       /* of labelled texts */
    size_t at[2];   /* there; of pairs, in each file */
    uint64_t line;  /* of the file, from 0 */
    uint64_t n_met; /* lines before it, of all files */
} lks_line_cursor;

/* What a line has. */
typedef struct lks_line_row {
    lks_token texts[2];
    lks_labelled labelled;
    int n_there; /* of pairs: how many of the files have the line */
} lks_line_row;

typedef struct lks_lines {
    lks_corpus *corpus;
    int n_sides;     /* texts of a sample: of pairs two, unless it is inputs alone */
    bool has_labels; /* there are targets that are classes */
    lks_vocab *classes;
    const char **class_names; /* [classes] */
    lks_line_cursor *places;  /* [(n_samples + STRIDE - 1) / STRIDE] */
    size_t n_places, capacity;
    uint64_t n_samples, n_lines;
    int64_t longest[2];
} lks_lines;

/* The line at the cursor, which goes on to the next; false at the end. Of a cursor that
 * was settled. lines.c. */
bool lks_line_row_next(const lks_lines *self, lks_line_cursor *c, lks_line_row *out);

/* At a file's end: in front of the next file's first line. */
void lks_line_cursor_settle(const lks_lines *self, lks_line_cursor *c);

/* The next line of a file. */
bool lks_lines_take(const lks_lines *self, int file, size_t *at, lks_token *out);

int64_t lks_lines_length(const lks_lines *self, lks_token text);

/* Whether the line is a sample: not if one of its texts is too long. */
bool lks_lines_keep(const lks_lines *self, const lks_line_row *r);

/* Read them all: the samples, and the classes where `like` does not have them.
 * lines_scan.c.
 *   errors  LKS_FORMAT with file and line */
lks_status lks_lines_scan(lks_lines *self, const lks_table *like);

#endif
