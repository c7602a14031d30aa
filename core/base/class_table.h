/* How well classes are told from each other, as people read it: a line for each class,
 * of many for the least accurate alone. */
#ifndef LKS_BASE_CLASS_TABLE_H
#define LKS_BASE_CLASS_TABLE_H

#include "base/text.h"

/* Of more classes than LKS_CLASSES_SHOWN people see so many with the least accuracy. */
enum { LKS_CLASSES_SHOWN = 20, LKS_CLASSES_WORST = 10 };

typedef struct lks_class_row {
    const char *name; /* NULL: its number, that of the row */
    int64_t samples, correct;
} lks_class_row;

/* Lines for rows[n], of names that are made plain. */
void lks_class_table_put(lks_text *out, const lks_class_row *rows, int64_t n);

#endif
