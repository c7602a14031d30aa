/* PAGE, which the includer defines, for each dtype that is added up: DTYPE, and T, in
 * which its sums are; reduce_of.h comes along, and SUMS_PAGE, if there is one, for each T. */
#include "reference/of.h"

#define T double
#include "reference/reduce_of.h"
#ifdef SUMS_PAGE
#include SUMS_PAGE
#endif
#define DTYPE F32
#include PAGE
#undef DTYPE
#define DTYPE F64
#include PAGE
#undef DTYPE
#define DTYPE F16
#include PAGE
#undef DTYPE
#define DTYPE BF16
#include PAGE
#undef DTYPE
#undef T

#define T int64_t
#include "reference/reduce_of.h"
#ifdef SUMS_PAGE
#include SUMS_PAGE
#endif
#define DTYPE I64
#include PAGE
#undef DTYPE
#define DTYPE I32
#include PAGE
#undef DTYPE
#define DTYPE I16
#include PAGE
#undef DTYPE
#define DTYPE U8
#include PAGE
#undef DTYPE
#undef T

#undef PAGE
#undef SUMS_PAGE
