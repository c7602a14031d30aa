/* Scattering elements of type DTYPE, which compute in T (for_elements.h), along one line:
 * in order of i, so the last of those that meet in one place stays, or is added last. For
 * the kernels of every device. */

/* data[0] x of n elements, data[1] the index of each, data[2] out; strides in bytes. What
 * is not among the n_places of out is left out. */
LKS_INLINE void FOR(scatter_line)(bool add, int64_t n_places, int64_t n,
                                  char *const *data, const int64_t *strides)
{
    for (int64_t i = 0; i < n; i++) {
        const int64_t at = *(const int64_t *)(data[1] + i * strides[1]);
        const FOR(lks_stored) x = *(const FOR(lks_stored) *)(data[0] + i * strides[0]);

        if (at >= 0 && at < n_places) {
            FOR(lks_stored) *const to = (FOR(lks_stored) *)(data[2] + at * strides[2]);

            *to = add ? FOR(lks_store_element)(FOR(lks_load_element)(*to) +
                                               FOR(lks_load_element)(x))
                      : x;
        }
    }
}
