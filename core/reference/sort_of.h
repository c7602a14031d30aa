/* Sorting elements of type DTYPE, which compute in T (for_elements.h): which of two comes
 * first, for the kernels of every device. Equals stay as they stand, so there is one
 * result. */

LKS_INLINE T FOR(sort_load)(const char *at)
{
    return FOR(lks_load_element)(*(const FOR(lks_stored) *)at);
}

/* a goes before b, wherever they stand. NaN is larger than all else, one as large as
 * another. */
LKS_INLINE bool FOR(sorts_before)(T a, T b, bool descending)
{
    if (IS_NAN(a) || IS_NAN(b))
        return descending ? IS_NAN(a) && !IS_NAN(b) : IS_NAN(b) && !IS_NAN(a);
    return descending ? a > b : a < b;
}
