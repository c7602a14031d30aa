/* Running sums of elements of type DTYPE, in T (for_sums.h): in each chunk from its first
 * element on; what the chunks before come to, met in turn, meets each of them. For the
 * kernels of every device. */

LKS_INLINE T FOR(scan_load)(const char *at)
{
    return (T)FOR(lks_load_element)(*(const FOR(lks_stored) *)at);
}

LKS_INLINE void FOR(scan_store)(T sum, char *at)
{
    *(FOR(lks_stored) *)at = FOR(lks_store_element)((FOR(lks_computed))sum);
}

/* One line of n elements: data[0] out, data[1] x, strides in bytes. */
LKS_INLINE void FOR(scan_line)(lks_reduce op, int64_t n, char *const *data,
                               const int64_t *strides)
{
    T before = 0;

    for (int64_t first = 0; first < n; first += LKS_SCAN_CHUNK) {
        const int64_t end = n - first < LKS_SCAN_CHUNK ? n : first + LKS_SCAN_CHUNK;
        T sum = OF(reduce_start)(op, (T)0);

        for (int64_t i = first; i < end; i++) {
            const T x = FOR(scan_load)(data[1] + i * strides[1]);

            sum = OF(reduce_term)(op, sum, x);
            FOR(scan_store)
            (first == 0 ? sum : OF(reduce_meet)(op, before, sum),
             data[0] + i * strides[0]);
        }
        before = first == 0 ? sum : OF(reduce_meet)(op, before, sum);
    }
}
