/* What recurrent layers do to each number of a state, for elements of type T, which the
 * includer defines, for the kernels of every device. Gates stand in PyTorch's order.
 * source: of an LSTM Hochreiter & Schmidhuber 1997 with the forget gate of Gers et al.
 * 2000, of a GRU Cho et al. 2014 in torch.nn.GRU's form */
#include "reference/of.h"

LKS_INLINE T OF(sigmoid)(T x)
{
    return 1 / (1 + M(exp)(-x));
}

/* dy/dx of a sigmoid and of a tanh by their y */
LKS_INLINE T OF(sigmoid_slope)(T y)
{
    return y * (1 - y);
}

LKS_INLINE T OF(tanh_slope)(T y)
{
    return LKS_FMA(-y, y, (T)1);
}

LKS_INLINE T OF(rnn_step)(bool relu, T x)
{
    return relu ? (x < 0 ? (T)0 : x) : M(tanh)(x);
}

LKS_INLINE T OF(rnn_step_backward)(bool relu, T y, T dy)
{
    return relu ? (y <= 0 ? (T)0 : dy) : dy * OF(tanh_slope)(y);
}

/* g: i f g o, activated. The cell after the step, of that before it. */
LKS_INLINE T OF(lstm_cell)(const T *g, T c)
{
    return LKS_FMA(g[1], c, g[0] * g[2]);
}

/* g: i f g o, activated in place; c: the cell, before and after. Returns the output. */
LKS_INLINE T OF(lstm_step)(T *g, T *c)
{
    g[0] = OF(sigmoid)(g[0]);
    g[1] = OF(sigmoid)(g[1]);
    g[2] = M(tanh)(g[2]);
    g[3] = OF(sigmoid)(g[3]);
    *c = OF(lstm_cell)(g, *c);
    return g[3] * M(tanh)(*c);
}

/* g: activated; c: the cell after the step, c_before before it; dc: its gradient, after
 * and before; dg: what that of the gates' arguments is. Returns the output, anew. */
LKS_INLINE T OF(lstm_step_backward)(const T *g, T c_before, T c, T dy, T *dc, T *dg)
{
    const T tanh_c = M(tanh)(c);
    const T d = LKS_FMA(dy * g[3], OF(tanh_slope)(tanh_c), *dc);

    dg[0] = d * g[2] * OF(sigmoid_slope)(g[0]);
    dg[1] = d * c_before * OF(sigmoid_slope)(g[1]);
    dg[2] = d * g[0] * OF(tanh_slope)(g[2]);
    dg[3] = dy * tanh_c * OF(sigmoid_slope)(g[3]);
    *dc = d * g[1];
    return g[3] * tanh_c;
}

/* The argument of n: of r, activated, and of its parts of the state and of the input. */
LKS_INLINE T OF(gru_candidate)(T r, T hidden, T x)
{
    return LKS_FMA(r, hidden, x);
}

/* The state after the step, of z and n, activated, and of that before it. */
LKS_INLINE T OF(gru_state)(T z, T n, T h)
{
    return LKS_FMA(z, h - n, n);
}

/* g: r z n, activated in place, n not having `hidden` yet; h: the state before. Returns
 * that after. */
LKS_INLINE T OF(gru_step)(T *g, T hidden, T h)
{
    g[0] = OF(sigmoid)(g[0]);
    g[1] = OF(sigmoid)(g[1]);
    g[2] = M(tanh)(OF(gru_candidate)(g[0], hidden, g[2]));
    return OF(gru_state)(g[1], g[2], h);
}

/* dh: the state's gradient, after and, but for what comes through the gates, before;
 * d_hidden: that of `hidden`. */
LKS_INLINE void OF(gru_step_backward)(const T *g, T hidden, T h_before, T *dh, T *dg,
                                      T *d_hidden)
{
    dg[2] = *dh * (1 - g[1]) * OF(tanh_slope)(g[2]);
    dg[1] = *dh * (h_before - g[2]) * OF(sigmoid_slope)(g[1]);
    dg[0] = dg[2] * hidden * OF(sigmoid_slope)(g[0]);
    *d_hidden = dg[2] * g[0];
    *dh *= g[1];
}
