/* The comparisons of LKS_COMPARE_LIST, of elements that compute in T. For the kernels of every device. */

LKS_INLINE bool OF(compare)(lks_compare op, T a, T b)
{
    switch (op) {
#define COMPARE(name, operator_)                                                         \
    case LKS_COMPARE_##name:                                                             \
        return a operator_ b;
        LKS_COMPARE_LIST(COMPARE)
#undef COMPARE
    default:
        return false;
    }
}
