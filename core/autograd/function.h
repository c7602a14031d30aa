/* Custom differentiable functions: user code beside the built-in operations. */
#ifndef LKS_AUTOGRAD_FUNCTION_H
#define LKS_AUTOGRAD_FUNCTION_H

#include "tensor/tensor.h"

/* What a function does, forward and backward. */
typedef struct lks_function {
    const char *name;
    /* Given n inputs; the new output, or NULL. Runs without recording. A failure that
     * leaves no text is told by the function's name, here and below. */
    lks_tensor *(*forward)(void *context, lks_tensor *const *inputs, int n);
    /* Given what forward saw and gave and the output's cotangent, put each input's
     * gradient (or NULL: none) into grads. */
    lks_status (*backward)(void *context, lks_tensor *const *inputs, int n,
                           lks_tensor *output, lks_tensor *cotangent, lks_tensor **grads);
    /* Called when the graph lets go of the function; may be NULL. */
    void (*release)(void *context);
    /* Its context has all that backward needs: that is given no inputs and no output
     * (NULL), and nothing is kept of them. */
    bool keeps_nothing;
} lks_function;

/* Apply it, to at most 8 inputs unless it keeps nothing; integer results have no history.
 * `function` is static; `context` goes to release in every case. */
lks_tensor *lks_apply(const lks_function *function, void *context,
                      lks_tensor *const *inputs, int n);

/* What the backward of a function of several outputs is given. */
typedef struct lks_function_call {
    void *context;
    lks_tensor *const *inputs; /* as forward saw them; NULL if it keeps nothing */
    int n_inputs;
    lks_tensor *const *outputs; /* as forward gave them; NULL if it keeps nothing */
    /* One an output: zeros where no gradient came, NULL of an integer output. */
    lks_tensor *const *cotangents;
    int n_outputs;
    const bool *needs_input_grad;  /* one an input; the others' gradients go nowhere */
    struct lks_backprop *backprop; /* for the library's own, which write in place */
} lks_function_call;

/* A function of several outputs. */
typedef struct lks_function_many {
    const char *name;
    int n_outputs;
    /* Given n inputs, all outputs, into `outputs`. Runs without recording. */
    lks_status (*forward)(void *context, lks_tensor *const *inputs, int n,
                          lks_tensor **outputs);
    /* Put each input's gradient (or NULL: none) into grads. */
    lks_status (*backward)(const lks_function_call *call, lks_tensor **grads);
    void (*release)(void *context); /* as above */
    bool keeps_nothing;
} lks_function_many;

/* Apply it, to any number of inputs of one device; n_outputs tensors, the innermost
 * scope's, into `outputs`, NULL all after a failure. Each may be used, or not, and has a
 * part in the gradient; backward runs once. `function` is static; `context` goes to release
 * in every case. */
lks_status lks_apply_many(const lks_function_many *function, void *context,
                          lks_tensor *const *inputs, int n, lks_tensor **outputs);

#endif
