/* Tensors with the sizes, dtype and device of another. */
#include "tensor/tensor_impl.h"

lks_tensor *lks_empty_like(const lks_tensor *x)
{
    return x ? lks_empty(lks_sizes(x), x->view.dtype, x->storage->device) : NULL;
}

lks_tensor *lks_zeros_like(const lks_tensor *x)
{
    return lks_full_like(x, 0);
}

lks_tensor *lks_ones_like(const lks_tensor *x)
{
    return lks_full_like(x, 1);
}

lks_tensor *lks_full_like(const lks_tensor *x, double value)
{
    return x ? lks_full(lks_sizes(x), value, x->view.dtype, x->storage->device) : NULL;
}

lks_tensor *lks_rand_like(const lks_tensor *x, const lks_rng *rng)
{
    return x ? lks_rand(lks_sizes(x), x->view.dtype, rng, x->storage->device) : NULL;
}

lks_tensor *lks_randn_like(const lks_tensor *x, const lks_rng *rng)
{
    return x ? lks_randn(lks_sizes(x), x->view.dtype, rng, x->storage->device) : NULL;
}

lks_tensor *lks_randint_like(const lks_tensor *x, int64_t low, int64_t high,
                             const lks_rng *rng)
{
    return x ? lks_randint(low, high, lks_sizes(x), x->view.dtype, rng,
                           x->storage->device)
             : NULL;
}
