/* PAGE, which the includer defines, for each dtype: DTYPE, and T, in which it computes.
 */
#include "reference/of.h"

#define T     float
#define DTYPE F32
#include PAGE
#undef DTYPE
#define DTYPE F16
#include PAGE
#undef DTYPE
#define DTYPE BF16
#include PAGE
#undef DTYPE
#undef T

#define T     double
#define DTYPE F64
#include PAGE
#undef DTYPE
#undef T

#define T     int64_t
#define DTYPE I64
#include PAGE
#undef DTYPE
#undef T

#define T     int32_t
#define DTYPE I32
#include PAGE
#undef DTYPE
#define DTYPE I16
#include PAGE
#undef DTYPE
#define DTYPE U8
#include PAGE
#undef DTYPE
#define DTYPE BOOL
#include PAGE
#undef DTYPE
#undef T

#undef PAGE
