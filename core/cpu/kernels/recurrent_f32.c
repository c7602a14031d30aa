/* Recurrent layers of f32. The weights are packed once a call; a group of sequences then
 * goes through all its steps, apart from the others, so that threads share the groups. */
#include "base/try.h"
#include "cpu/kernels/recurrent.h"
#include "cpu/kernels/recurrent_group.h"
#include "cpu/parallel.h"
#include "layout/index.h"

enum {
    GROUP = LKS_RECURRENT_GROUP,
    WIDTH = LKS_PACKED_WIDTH,
    DEPTH = LKS_PRODUCT_DEPTH,
    SUMS = LKS_RECURRENT_SUMS,
    PAD = LKS_RECURRENT_PAD,
    MAX_GATES = LKS_RECURRENT_GATES,
    MIN_PART_TERMS = 262144, /* multiplications worth a thread */
};

typedef lks_recurrent_layer layer;
typedef lks_recurrent_group group;

/* ---- weights ---- */

static void pack_w_hh(int64_t begin, int64_t end, void *context)
{
    const layer *l = context;
    const float *w = l->r->w_hh->data;
    const int64_t n = lks_packed_blocks(l->w[0].n_columns);

    for (int64_t b = begin; b < end; b++)
        if (l->g)
            LKS_CPU(pack)(w, l->P, 1, b, &l->w[0]);
        else
            LKS_CPU(pack)(w + b / n * l->H * l->P, 1, l->P, b % n, &l->w[b / n]);
}

static void pack_w_hr(int64_t begin, int64_t end, void *context)
{
    const layer *l = context;

    for (int64_t b = begin; b < end; b++)
        LKS_CPU(pack)(l->r->w_hr->data, l->g ? l->H : 1, l->g ? 1 : l->H, b, &l->w_hr);
}

static lks_status pack_weights(layer *l)
{
    const int index = l->r->y->device.index;
    const int64_t n_gates = l->g ? 1 : l->n_gates;
    const int64_t n_terms = l->g ? l->n_gates * l->H : l->P;
    const int64_t n_columns = l->g ? l->P : l->H;
    const int64_t size = lks_packed_size(n_terms, n_columns);
    const int64_t w_hr_size =
        l->r->w_hr ? lks_packed_size(l->g ? l->P : l->H, l->g ? l->H : l->P) : 0;

    l->n_packed_bytes = (size_t)(n_gates * size + w_hr_size) * sizeof(float);
    l->packed = lks_cpu_alloc(index, l->n_packed_bytes);
    if (!l->packed)
        return LKS_NOMEM;
    for (int64_t k = 0; k < n_gates; k++)
        l->w[k] = (lks_packed){n_terms, n_columns, l->packed + k * size};
    l->w_hr =
        (lks_packed){l->g ? l->P : l->H, l->g ? l->H : l->P, l->packed + n_gates * size};
    lks_parallel_for(index, n_gates * lks_packed_blocks(n_columns),
                     MIN_PART_TERMS / (WIDTH * n_terms + 1) + 1, pack_w_hh, l);
    if (l->r->w_hr)
        lks_parallel_for(index, lks_packed_blocks(l->w_hr.n_columns), 1, pack_w_hr, l);
    return LKS_OK;
}

/* ---- products of a step ---- */

void LKS_CPU(recurrent_multiply)(const lks_recurrent_group *s, const lks_packed *w,
                                 const float *a, int64_t a_stride, bool add, float *out,
                                 int64_t out_stride)
{
    for (int64_t b = 0; b < lks_packed_blocks(w->n_columns); b++) {
        const int64_t first = lks_packed_block(w->n_columns, b);
        const int64_t end = lks_packed_block(w->n_columns, b + 1);
        const int64_t n = lks_at_most(end, w->n_columns) - first;

        for (int64_t t = 0; t < w->n_terms; t += DEPTH) {
            LKS_CPU(packed_sums)
            (w, b, t, lks_at_most(w->n_terms - t, DEPTH), a, a_stride, s->n, s->sums);
            for (int64_t q = 0; q < s->n; q++) {
                float *to = out + q * out_stride + first;

                if (s->at[q] < 0)
                    continue;
                if (t > 0 || add)
                    lks_add_row(to, s->sums + q * WIDTH, n);
                else
                    lks_copy_row(to, s->sums + q * WIDTH, n);
            }
        }
    }
}

/* ---- groups ---- */

/* f32 that a group works with. */
static int64_t scratch_size(const layer *l)
{
    const int64_t n = l->group_size, state = n * (l->P + PAD);

    return 2 * MAX_GATES * SUMS + 2 * state + n * (l->H + PAD) + l->H +
           (l->g ? n * (l->n_gates * l->H + PAD) : 0);
}

static void lay_out(const layer *l, float *scratch, group *s)
{
    const int64_t n = l->group_size, state = n * (l->P + PAD);

    *s = (group){.l = l, .sums = scratch, .more = scratch + MAX_GATES * SUMS};
    s->h = s->more + MAX_GATES * SUMS;
    s->h_next = s->h + state;
    s->output = s->h_next + state;
    s->zeros = s->output + n * (l->H + PAD);
    s->dgates = s->zeros + l->H;
    lks_state_copy(l->H, NULL, s->zeros);
}

static void run_groups(int64_t begin, int64_t end, void *context)
{
    const layer *l = context;
    group s;

    for (int64_t part = begin; part < end; part++) {
        const int64_t last = l->N * (part + 1) / l->n_parts;

        lay_out(l, l->scratch + part * scratch_size(l), &s);
        for (s.first = l->N * part / l->n_parts; s.first < last; s.first += s.n) {
            s.n = lks_at_most(last - s.first, l->group_size);
            for (int64_t q = 0; q < s.n; q++)
                s.n_steps[q] =
                    l->r->lengths ? lks_index_at(l->r->lengths, s.first + q) : l->n_steps;
            if (l->g)
                LKS_CPU(recurrent_back)(&s);
            else
                LKS_CPU(recurrent_forward)(&s);
        }
    }
}

static lks_status run_parts(layer *l)
{
    const int index = l->r->y->device.index;
    const int64_t n_terms = l->n_gates * l->H * l->P * l->n_steps;
    size_t n_bytes;

    l->n_parts = lks_parallel_parts(index, l->N, MIN_PART_TERMS / (n_terms + 1) + 1);
    l->group_size = lks_at_most((l->N + l->n_parts - 1) / l->n_parts, GROUP);
    n_bytes = (size_t)(l->n_parts * scratch_size(l)) * sizeof(float);
    l->scratch = lks_cpu_alloc(index, n_bytes);
    if (!l->scratch)
        return LKS_NOMEM;
    lks_parallel_for(index, l->n_parts, 1, run_groups, l);
    lks_cpu_free(index, l->scratch, n_bytes);
    return LKS_OK;
}

lks_status LKS_CPU(recurrent_f32)(const lks_recurrent *r, const lks_recurrent_grads *g)
{
    const int n_gates = lks_recurrence_gates(r->kind);
    layer l = {
        .r = r,
        .g = g,
        .N = r->y->sizes[1],
        .n_steps = r->y->sizes[0],
        .n_gates = n_gates,
        .H = r->w_hh->sizes[0] / n_gates,
        .P = r->y->sizes[2],
    };
    lks_status st;

    if (l.N == 0)
        return LKS_OK;
    LKS_TRY(pack_weights(&l));
    st = run_parts(&l);
    lks_cpu_free(r->y->device.index, l.packed, l.n_packed_bytes);
    return st;
}
