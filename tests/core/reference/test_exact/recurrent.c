#include "trial.h"

/* A layer and what is beside it; views that are not there are not drawn. */
typedef struct layer {
    lks_dtype dtype;
    int64_t n_steps, n, H, P, GH; /* steps, sequences, state, output, all gates */
    lks_recurrent r;
    lks_recurrent_grads g;
    lks_view views[MAX_BLOCKS];
    int n_views;
} layer;

/* The latest view, in a place of its own. */
static const lks_view *keep(layer *l, lks_view view)
{
    l->views[l->n_views] = view;
    return &l->views[l->n_views++];
}

/* (T, N, size), steps or sequences first, with or without a gap behind each. */
static const lks_view *draw_steps(trial *t, layer *l, int64_t size)
{
    const int64_t gap = chance(t, 4) ? draw(t, 1, 5) : 0;
    lks_view x;

    if (chance(t, 2)) {
        x = draw_dense(t, l->dtype, SIZES(l->n, l->n_steps, size + gap));
        x = lks_view_transpose(&x, 0, 1);
    } else {
        x = draw_dense(t, l->dtype, SIZES(l->n_steps, l->n, size + gap));
    }
    return keep(l, lks_view_slice(&x, 2, 0, 1, size));
}

/* (N, size) */
static const lks_view *draw_state(trial *t, layer *l, int64_t size)
{
    const int64_t gap = chance(t, 4) ? draw(t, 1, 5) : 0;
    const lks_view x = draw_dense(t, l->dtype, SIZES(l->n, size + gap));

    return keep(l, lks_view_slice(&x, 1, 0, 1, size));
}

static const lks_view *draw_lengths(trial *t, layer *l)
{
    const lks_view lengths = draw_output(t, LKS_I64, 1, &l->n);

    for (int64_t i = 0; i < l->n; i++)
        put_i64(t, &lengths, i, chance(t, 3) ? l->n_steps : draw(t, 1, l->n_steps));
    return keep(l, lengths);
}

/* Mostly small; now and then products of several chunks, or sequences of many steps, or
 * sequences for several threads. */
static void draw_layer(trial *t, layer *l)
{
    const bool is_deep = chance(t, 12), is_long = chance(t, 12), is_wide = chance(t, 12);
    lks_recurrent *r = &l->r;

    r->kind = (lks_recurrence)draw(t, 0, LKS_N_RECURRENCES - 1);
    r->reverse = chance(t, 3);
    l->dtype = draw_f32_or_f64(t);
    l->n_steps = is_deep ? draw(t, 1, 2) : is_long ? draw(t, 20, 60) : draw(t, 1, 6);
    l->n = chance(t, 30) ? 0 : is_deep ? draw(t, 1, 3) : draw(t, 1, is_wide ? 40 : 9);
    l->H = is_deep ? draw(t, 250, 300) : draw_size(t, is_long || is_wide ? 20 : 50);
    l->P = l->H;
    l->GH = lks_recurrence_gates(r->kind) * l->H;
    if (r->kind == LKS_LSTM && chance(t, 3)) {
        l->P = draw(t, 1, l->H);
        r->w_hr = keep(l, draw_dense(t, l->dtype, SIZES(l->P, l->H)));
    }
    r->w_hh = keep(l, draw_dense(t, l->dtype, SIZES(l->GH, l->P)));
    r->h0 = chance(t, 2) ? NULL : draw_state(t, l, l->P);
    r->c0 = r->kind != LKS_LSTM || chance(t, 2) ? NULL : draw_state(t, l, l->H);
    r->lengths = chance(t, 2) ? NULL : draw_lengths(t, l);
    r->y = draw_steps(t, l, l->P);
}

static void draw_kept(trial *t, layer *l)
{
    lks_recurrent *r = &l->r;

    if (r->kind == LKS_LSTM || r->kind == LKS_GRU)
        r->gates = r->x && chance(t, 2) ? r->x : draw_steps(t, l, l->GH);
    if (r->kind == LKS_LSTM)
        r->cells = draw_steps(t, l, l->H);
    if (r->kind == LKS_GRU)
        r->hidden = draw_steps(t, l, l->H);
}

void recurrent_case(trial *t)
{
    layer l = {0};

    draw_layer(t, &l);
    l.r.x = draw_steps(t, &l, l.GH);
    l.r.b_hh = chance(t, 3) ? NULL : keep(&l, draw_dense(t, l.dtype, 1, &l.GH));
    l.r.h_n = draw_state(t, &l, l.P);
    if (l.r.kind == LKS_LSTM)
        l.r.c_n = draw_state(t, &l, l.H);
    if (chance(t, 2))
        draw_kept(t, &l);
    ck_ok(ready(t)->recurrent(&l.r));
}

void recurrent_backward_case(trial *t)
{
    layer l = {0};
    lks_recurrent_grads *g = &l.g;

    draw_layer(t, &l);
    draw_kept(t, &l);
    g->dy = chance(t, 4) ? NULL : draw_steps(t, &l, l.P);
    g->dh_n = chance(t, 2) ? NULL : draw_state(t, &l, l.P);
    g->dc_n = l.r.kind != LKS_LSTM || chance(t, 2) ? NULL : draw_state(t, &l, l.H);
    g->dx = draw_steps(t, &l, l.GH);
    g->d_hidden = l.r.kind == LKS_GRU ? draw_steps(t, &l, l.H) : NULL;
    g->d_projected = l.r.w_hr ? draw_steps(t, &l, l.P) : NULL;
    g->unprojected = l.r.w_hr ? draw_steps(t, &l, l.H) : NULL;
    g->dh0 = draw_state(t, &l, l.P);
    g->dc0 = l.r.kind == LKS_LSTM ? draw_state(t, &l, l.H) : NULL;
    ck_ok(ready(t)->recurrent_backward(&l.r, g));
}
