/* A text of records: fields between delimiters, in quotes where they must be, a record a
 * line. Private to core/data. source: RFC 4180, and what programs write that never read
 * it: LF or CR alone, a byte order mark, blanks around numbers, empty lines. */
#ifndef LKS_DATA_CSV_TEXT_H
#define LKS_DATA_CSV_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* A field as it stands in the text, which outlives it: without blanks around it, or what
 * is between its quotes, where quotes are double. */
typedef struct lks_csv_field {
    const char *text;
    size_t n;
    bool quoted;
} lks_csv_field;

/* Where a reader is. Copied to come back. */
typedef struct lks_csv_text {
    const char *name; /* for errors */
    const char *at, *end;
    char delimiter; /* ' ': blanks, spaces and tabs, any number of them */
    uint64_t line;  /* of `at`, from 1 */
} lks_csv_text;

/* LKS_FORMAT: UTF-16. */
lks_status lks_csv_begin(lks_csv_text *text, const void *bytes, size_t n_bytes,
                         const char *name, char delimiter);

/* The next record that is no empty line: its first `room` fields, how many it has (0: the
 * end), and on which line it begins.
 *   errors  LKS_FORMAT: a quoted field that does not end, or goes on behind its end */
lks_status lks_csv_next(lks_csv_text *text, lks_csv_field *fields, size_t room, size_t *n,
                        uint64_t *line);

/* What a field is as a number: decimal, rounded right; *whole: neither a point nor an
 * exponent. False: none, or not finite. */
bool lks_csv_number(const lks_csv_field *field, double *out, bool *whole);

/* As a whole number, 3.0 being one. False: none that int64 holds. */
bool lks_csv_integer(const lks_csv_field *field, int64_t *out);

/* Empty, NA, N/A, NaN, nan, null, NULL or ?, not in quotes. */
bool lks_csv_is_missing(const lks_csv_field *field);

/* Its text without the quotes; the caller's to lks_free. */
char *lks_csv_word(const lks_csv_field *field);

/* As strcmp of that. */
int lks_csv_compare(const lks_csv_field *field, const char *word);

#endif
