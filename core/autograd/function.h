/* Custom differentiable functions: user code beside the built-in operations. */
#ifndef LKS_AUTOGRAD_FUNCTION_H
#define LKS_AUTOGRAD_FUNCTION_H

#include "tensor/tensor.h"

typedef struct lks_function {
    const char *name;
    /* Given n inputs; the new output, or NULL. Runs without recording. */
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

#endif
