/* Whole numbers at random. The host draws them, so that they are the same on every
 * device. */
#include "base/alloc.h"
#include "base/try.h"
#include "tensor/tensor_impl.h"

/* What integers of each dtype reach. */
static const struct {
    int64_t least, most;
} reach[LKS_N_DTYPES] = {
    [LKS_I64] = {INT64_MIN, INT64_MAX},
    [LKS_I32] = {INT32_MIN, INT32_MAX},
    [LKS_I16] = {INT16_MIN, INT16_MAX},
    [LKS_U8] = {0, UINT8_MAX},
    [LKS_BOOL] = {0, 1},
};

static lks_status check_reach(const char *what, int64_t least, int64_t most,
                              lks_dtype dtype)
{
    if (!lks_dtype_is_float(dtype) &&
        (least < reach[dtype].least || most > reach[dtype].most))
        return lks_fail(LKS_INVALID, "%s: %s does not hold %lld to %lld", what,
                        lks_dtype_name(dtype), (long long)least, (long long)most);
    return LKS_OK;
}

/* A number below n from two elements of the stream, 2i and 2i + 1: 64 bits as a fraction
 * of 2^64, times n. So each is as likely as any other to within n 2^-64. */
static uint64_t below(uint64_t n, const lks_rng *rng, uint64_t i)
{
    const uint64_t bits =
        (uint64_t)lks_rng_bits(rng, 2 * i) << 32 | lks_rng_bits(rng, 2 * i + 1);

    return (uint64_t)((unsigned __int128)bits * n >> 64);
}

/* n numbers on the host, to be drawn; or NULL, with the failure recorded. */
static int64_t *room_for(const lks_shape *shape, int64_t *n)
{
    return lks_shape_numel(shape, n) == LKS_OK ? lks_calloc((size_t)*n, sizeof(int64_t))
                                               : NULL;
}

lks_tensor *lks_randint(int64_t low, int64_t high, lks_shape shape, lks_dtype dtype,
                        const lks_rng *rng, lks_device device)
{
    lks_tensor *t;
    int64_t *values, n;

    if (high <= low) {
        lks_fail(LKS_INVALID, "randint: there is no number from %lld to below %lld",
                 (long long)low, (long long)high);
        return NULL;
    }
    if (check_reach("randint", low, high - 1, dtype) != LKS_OK ||
        lks_check_rng("randint", rng) != LKS_OK || !(values = room_for(&shape, &n)))
        return NULL;
    for (int64_t i = 0; i < n; i++)
        values[i] = (int64_t)((uint64_t)low +
                              below((uint64_t)high - (uint64_t)low, rng, (uint64_t)i));
    t = lks_tensor_of_host(values, &shape, LKS_I64, device);
    lks_free(values);
    return lks_scope_own(lks_tensor_recast(t, dtype));
}

/* source: Durstenfeld, "Algorithm 235: random permutation", 1964 */
static void shuffle(int64_t *values, int64_t n, const lks_rng *rng)
{
    for (int64_t i = 0; i < n; i++)
        values[i] = i;
    for (int64_t i = n - 1; i > 0; i--) {
        const int64_t other = (int64_t)below((uint64_t)i + 1, rng, (uint64_t)i);
        const int64_t value = values[i];

        values[i] = values[other];
        values[other] = value;
    }
}

lks_tensor *lks_randperm(int64_t n, lks_dtype dtype, const lks_rng *rng,
                         lks_device device)
{
    const lks_shape shape = LKS_SHAPE_OF(n);
    lks_tensor *t;
    int64_t *values;

    if (n > 0 && check_reach("randperm", 0, n - 1, dtype) != LKS_OK)
        return NULL;
    if (lks_check_rng("randperm", rng) != LKS_OK || !(values = room_for(&shape, &n)))
        return NULL;
    shuffle(values, n, rng);
    t = lks_tensor_of_host(values, &shape, LKS_I64, device);
    lks_free(values);
    return lks_scope_own(lks_tensor_recast(t, dtype));
}
