/* Test cases of operations: each operation of ops.def has one lks_op_cases, and every
 * case runs as forward check and gradient check against PyTorch
 * (tests/golden/make_ops.py), as gradient check against central differences, over several
 * memory layouts, and with every allocation failing in turn. */
#ifndef LKS_TESTS_OPS_CASES_H
#define LKS_TESTS_OPS_CASES_H

#include "lockstep.h"

enum { LKS_CASE_MAX_INPUTS = 8 };

/* Values are a fixed pseudo-random function of place, the same in make_ops.py: uniform in
 * [low, high), or whole numbers low … high - 1 for i64. */
typedef struct lks_case_input {
    lks_dtype dtype; /* f64 inputs are differentiated, i64 ones are not */
    lks_shape shape;
    double low, high;
} lks_case_input;

/* LKS_SHAPE_OF as an initialiser. */
#define SHAPE(...)                                                                       \
    {                                                                                    \
        (int)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)),                       \
        {                                                                                \
            __VA_ARGS__                                                                  \
        }                                                                                \
    }

/* clang-format off */
#define X(...)          {LKS_F64, SHAPE(__VA_ARGS__), -1, 1}
#define X_SCALAR        {LKS_F64, {0, {0}}, -1, 1}
#define X_IN(l, h, ...) {LKS_F64, SHAPE(__VA_ARGS__), l, h}
#define INDEX(n, ...)   {LKS_I64, SHAPE(__VA_ARGS__), 0, n}
/* clang-format on */

typedef lks_tensor *(*lks_case_fn)(lks_tensor *const *x);

/* What is computed. `name` finds the numbers: "<operation>/<name>". */
typedef struct lks_op_case {
    const char *name;
    lks_case_fn f;
    lks_case_input inputs[LKS_CASE_MAX_INPUTS]; /* as many as have a range */
} lks_op_case;

/* What is refused, how, and what it says. */
typedef struct lks_op_refusal {
    const char *name;
    lks_case_fn f;
    lks_case_input inputs[LKS_CASE_MAX_INPUTS];
    lks_status status;
    const char *says;
} lks_op_refusal;

typedef struct lks_op_cases {
    const lks_op_case *cases;       /* ended by a NULL name */
    const lks_op_refusal *refusals; /* ended by a NULL name */
} lks_op_cases;

#define CASES(...)    ((const lks_op_case[]){__VA_ARGS__, {.name = NULL}})
#define REFUSALS(...) ((const lks_op_refusal[]){__VA_ARGS__, {.name = NULL}})

/* static lks_tensor *name(x) { return expression; } */
#define F(name, expression)                                                              \
    static lks_tensor *name(lks_tensor *const *x)                                        \
    {                                                                                    \
        return expression;                                                               \
    }

#endif
