/* Products of matrices of T. The terms of an element of c fall into chunks of 1024; each
 * is a chain of fused products from +0 in ascending order. The first takes the bias, then
 * what stood in c if that counts, and goes to c; the others are added to c in turn. No
 * terms are one chunk. */
#include "reference/of.h"

enum { OF(GEMM_CHUNK) = 1024 };

static T OF(chain)(int64_t n, const T *a, int64_t a_stride, const T *b, int64_t b_stride)
{
    T sum = 0;

    for (int64_t t = 0; t < n; t++)
        sum = LKS_FMA(a[t * a_stride], b[t * b_stride], sum);
    return sum;
}

/* a [m, k], b [k, n], c [m, n]; bias [n] or NULL */
static void OF(gemm)(const lks_view *a, const lks_view *b, const lks_view *bias,
                     bool accumulate, const lks_view *c)
{
    const int64_t n_terms = a->sizes[1], chunk = OF(GEMM_CHUNK);

    for (int64_t i = 0; i < c->sizes[0]; i++)
        for (int64_t j = 0; j < c->sizes[1]; j++) {
            const T *row = (const T *)a->data + i * a->strides[0];
            const T *column = (const T *)b->data + j * b->strides[1];
            T *out = (T *)c->data + i * c->strides[0] + j * c->strides[1];
            int64_t t = 0;

            do {
                int64_t left = n_terms - t;
                T sum =
                    OF(chain)(left < chunk ? left : chunk, row + t * a->strides[1],
                              a->strides[1], column + t * b->strides[0], b->strides[0]);

                if (t == 0 && bias)
                    sum += ((const T *)bias->data)[j * bias->strides[0]];
                *out = t > 0 || accumulate ? sum + *out : sum;
                t += chunk;
            } while (t < n_terms);
        }
}
