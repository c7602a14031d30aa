/* Recurrent layers of f32: a group of sequences that goes through all its steps, apart from
 * the others. */
#ifndef LKS_CPU_KERNELS_RECURRENT_GROUP_H
#define LKS_CPU_KERNELS_RECURRENT_GROUP_H

#include "cpu/kernels/packed.h"
#include "cpu/kernels/simd.h"
#include "cpu/kernels/tile.h"

/* LKS_SIMD_FOR for bodies with arrays, which `omp simd` would keep in memory. */
#if defined(__clang__)
#define LKS_VECTOR_FOR(i, n)                                                             \
    _Pragma("clang loop vectorize(assume_safety)") for (int64_t i = 0; i < (n); i++)
#else
#define LKS_VECTOR_FOR(i, n) _Pragma("GCC ivdep") for (int64_t i = 0; i < (n); i++)
#endif

enum {
    LKS_RECURRENT_GROUP = 96, /* sequences */
    LKS_RECURRENT_GATES = 4,
    LKS_RECURRENT_SUMS = LKS_RECURRENT_GROUP * LKS_PACKED_WIDTH,
    LKS_RECURRENT_PAD = LKS_LANES, /* lest rows begin a power of two apart */
};

typedef struct lks_recurrent_layer {
    const lks_recurrent *r;
    const lks_recurrent_grads *g; /* NULL: forward */
    int64_t N, n_steps, n_gates, H, P;
    /* W_hh transposed, gate by gate; backward w[0] is W_hh, all gates'. */
    lks_packed w[LKS_RECURRENT_GATES];
    lks_packed w_hr;         /* transposed; backward: as it is */
    float *packed, *scratch; /* [n_parts][scratch_size] */
    size_t n_packed_bytes;
    int64_t n_parts, group_size; /* of groups; sequences in one at most */
} lks_recurrent_layer;

/* Sequences [first, first + n). At step i sequence first + q is at[q], or -1: it is over.
 * PAD is LKS_RECURRENT_PAD. */
typedef struct lks_recurrent_group {
    const lks_recurrent_layer *l;
    int64_t first, n, i;
    int64_t n_steps[LKS_RECURRENT_GROUP], at[LKS_RECURRENT_GROUP];
    float *h, *h_next; /* [n][P + PAD]: the state; backward h is its gradient */
    float *output;     /* [n][H + PAD]: with w_hr, what it projects, and its gradient */
    float *dgates;     /* [n][G H + PAD]: of backward */
    float *zeros;      /* [H] */
    /* A block's columns, [GATES][GROUP][WIDTH], `more` behind `sums`. */
    float *sums, *more;
} lks_recurrent_group;

LKS_INLINE float *lks_step_at(const lks_view *x, int64_t t, int64_t n)
{
    return x ? (float *)x->data + t * x->strides[0] + n * x->strides[1] : NULL;
}

LKS_INLINE float *lks_row_at(const lks_view *x, int64_t n)
{
    return x ? (float *)x->data + n * x->strides[0] : NULL;
}

LKS_INLINE void lks_state_copy(int64_t n, const float *x, float *out) /* x NULL: 0 */
{
    if (x && x != out)
        memcpy(out, x, (size_t)n * sizeof *out);
    else if (!x)
        memset(out, 0, (size_t)n * sizeof *out);
}

LKS_INLINE void lks_state_add(int64_t n, const float *x, float *out)
{
    LKS_SIMD_FOR(j, n)
    out[j] = x[j] + out[j];
}

/* Where the group is at step i. */
LKS_INLINE void lks_group_go_to(lks_recurrent_group *s, int64_t i)
{
    s->i = i;
    for (int64_t q = 0; q < s->n; q++)
        s->at[q] = i >= s->n_steps[q] ? -1 : s->l->r->reverse ? s->n_steps[q] - 1 - i : i;
}

/* out [n][out_stride] = a [n][a_stride] w, of the group's rows that are not over; added to
 * what stands there if that counts. */
void LKS_CPU(recurrent_multiply)(const lks_recurrent_group *s, const lks_packed *w,
                                 const float *a, int64_t a_stride, bool add, float *out,
                                 int64_t out_stride);

/* All steps of the group, or back through them. */
void LKS_CPU(recurrent_forward)(lks_recurrent_group *s);
void LKS_CPU(recurrent_back)(lks_recurrent_group *s);

#endif
