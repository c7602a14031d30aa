/* One case of an operation or a module, as its file has it. The files' form is told in
 * README.md. */
#ifndef LKS_TESTS_CONFORMANCE_SAMPLE_H
#define LKS_TESTS_CONFORMANCE_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "tensor/tensor.h"
#include "text.h"

typedef enum role { CTOR, STATE, ARG, OUTPUT, COTANGENT, GRAD, NEWSTATE, N_ROLES } role;
extern const char *const role_names[N_ROLES];

/* What an item's value is. BOOL, INT and FLOAT are one number; LIST is followed by items
 * of the names "name.0", "name.1" …; STATED is an argument of a constructor that stands
 * among the states. */
typedef enum form {
    TENSOR,
    BOOL,
    INT,
    FLOAT,
    STR,
    NONE,
    INTS,
    FLOATS,
    LIST,
    STATED
} form;

typedef struct item {
    role role;
    form form;
    char *name;
    lks_dtype dtype; /* TENSOR: with shape and values, row-major, in that dtype */
    lks_shape shape;
    void *values;
    double *numbers; /* the n of INT … INTS, FLOATS; of a LIST only how many */
    int n;
    char *text;         /* STR */
    lks_tensor *tensor; /* of a scope, once somebody asked for it */
    bool used;          /* by the adapter */
} item;

typedef struct sample {
    char *name;
    int64_t number;
    bool training; /* modules */
    item *items;
    size_t n_items;
} sample;

/* From a line "case …" to its "end"; the text then stands behind it. LKS_FORMAT. */
lks_status sample_read(text *t, sample **out);
void sample_destroy(sample *s);

/* NULL if there is none. */
item *sample_find(const sample *s, role r, const char *name);

#endif
