/* What each derivative in pointwise.def reads, found in its text by the compiler: with
 * `x` standing for something longer, a formula that names x grows. So only that is kept
 * for backward, and a new formula needs no second list. Each macro of pointwise.def is
 * defined here itself: what one hands on to another is replaced by then. */
#ifndef LKS_OPS_POINTWISE_NEEDS_H
#define LKS_OPS_POINTWISE_NEEDS_H

#include "ops/op.h"

#define LKS_TEXT_OF_(formula) #formula
#define LKS_TEXT_OF(formula)  LKS_TEXT_OF_(formula)
/* `text` is the formula as it stands, `expanded` with the name replaced. */
#define LKS_IF_NAMED(expanded, text, what) (sizeof expanded > sizeof text ? (what) : 0u)

/* clang-format off */
enum {
#define x x_
#define LKS_UNARY(name, fy, fdx) \
    name##_dx_reads_x = LKS_IF_NAMED(LKS_TEXT_OF(fdx), #fdx, LKS_IN(0)),
#define LKS_UNARY_FLOAT(name, fy, fdx) \
    name##_dx_reads_x = LKS_IF_NAMED(LKS_TEXT_OF(fdx), #fdx, LKS_IN(0)),
#define LKS_UNARY_P(name, fy, fdx) \
    name##_dx_reads_x = LKS_IF_NAMED(LKS_TEXT_OF(fdx), #fdx, LKS_IN(0)),
#define LKS_UNARY_PQ(name, fy, fdx) \
    name##_dx_reads_x = LKS_IF_NAMED(LKS_TEXT_OF(fdx), #fdx, LKS_IN(0)),
#include "pointwise.def"
#undef x

#define y y_
#define LKS_UNARY(name, fy, fdx) \
    name##_dx_reads_y = LKS_IF_NAMED(LKS_TEXT_OF(fdx), #fdx, LKS_OUT),
#define LKS_UNARY_FLOAT(name, fy, fdx) \
    name##_dx_reads_y = LKS_IF_NAMED(LKS_TEXT_OF(fdx), #fdx, LKS_OUT),
#define LKS_UNARY_P(name, fy, fdx) \
    name##_dx_reads_y = LKS_IF_NAMED(LKS_TEXT_OF(fdx), #fdx, LKS_OUT),
#define LKS_UNARY_PQ(name, fy, fdx) \
    name##_dx_reads_y = LKS_IF_NAMED(LKS_TEXT_OF(fdx), #fdx, LKS_OUT),
#define LKS_BINARY(name, fy, fda, fdb) \
    name##_da_reads_y = LKS_IF_NAMED(LKS_TEXT_OF(fda), #fda, LKS_OUT), \
    name##_db_reads_y = LKS_IF_NAMED(LKS_TEXT_OF(fdb), #fdb, LKS_OUT),
#include "pointwise.def"
#undef y

#define a a_
#define LKS_BINARY(name, fy, fda, fdb) \
    name##_da_reads_a = LKS_IF_NAMED(LKS_TEXT_OF(fda), #fda, LKS_IN(0)), \
    name##_db_reads_a = LKS_IF_NAMED(LKS_TEXT_OF(fdb), #fdb, LKS_IN(0)),
#include "pointwise.def"
#undef a

#define b b_
#define LKS_BINARY(name, fy, fda, fdb) \
    name##_da_reads_b = LKS_IF_NAMED(LKS_TEXT_OF(fda), #fda, LKS_IN(1)), \
    name##_db_reads_b = LKS_IF_NAMED(LKS_TEXT_OF(fdb), #fdb, LKS_IN(1)),
#include "pointwise.def"
#undef b

#define LKS_UNARY(name, fy, fdx) \
    name##_needs = (int)name##_dx_reads_x | (int)name##_dx_reads_y,
#define LKS_BINARY(name, fy, fda, fdb) \
    name##_da_needs = (int)name##_da_reads_a | (int)name##_da_reads_b | (int)name##_da_reads_y, \
    name##_db_needs = (int)name##_db_reads_a | (int)name##_db_reads_b | (int)name##_db_reads_y,
#include "pointwise.def"

/* Functions that have no integer values: integers become f32 first, as in PyTorch. */
#define LKS_UNARY(name, fy, fdx)       name##_floats_only = false,
#define LKS_UNARY_FLOAT(name, fy, fdx) name##_floats_only = true,
#include "pointwise.def"
};
/* clang-format on */

#endif
