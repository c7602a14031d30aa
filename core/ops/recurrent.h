/* One direction of one recurrent layer as a node of the graph, for what is made of them.
 * Private to core/ops. */
#ifndef LKS_OPS_RECURRENT_H
#define LKS_OPS_RECURRENT_H

#include "ops/op.h"

enum {                  /* what goes in, and comes out */
       LKS_RNN_X,       /* (T, N, I), or (N, T, I) if batch_first; rows of a matrix */
       LKS_RNN_W_IH,    /* (G H, I), here and below dense */
       LKS_RNN_W_HH,    /* (G H, P) */
       LKS_RNN_B_IH,    /* (G H) or NULL */
       LKS_RNN_B_HH,    /* (G H) or NULL */
       LKS_RNN_W_HR,    /* (P, H) or NULL */
       LKS_RNN_H0,      /* (N, P), each row dense, or NULL */
       LKS_RNN_C0,      /* (N, H), as h0 */
       LKS_RNN_LENGTHS, /* (N) i64 or NULL */
       LKS_RNN_N_INPUTS,
       LKS_RNN_Y = 0, /* as x, P in place of I */
       LKS_RNN_H_N,   /* (N, P) */
       LKS_RNN_C_N,   /* (N, H), of an LSTM, else NULL */
       LKS_RNN_N_OUTPUTS,
};

/* Results are the innermost scope's, all NULL after a failure. */
lks_status lks_recurrent_apply(lks_recurrence kind, bool reverse, bool batch_first,
                               lks_tensor *const in[LKS_RNN_N_INPUTS],
                               lks_tensor *out[LKS_RNN_N_OUTPUTS]);

/* "rnn_tanh", "lstm" … */
const char *lks_recurrence_name(lks_recurrence kind);

/* t, or a copy of it whose lines along the last dimension are dense. */
lks_tensor *lks_lines_dense(lks_tensor *t);

#endif
