#include "autograd/gradcheck.h"

#include <float.h>
#include <math.h>

#include "autograd/backward.h"
#include "base/alloc.h"
#include "base/rng.h"
#include "base/try.h"
#include "tensor/tensor_impl.h"

typedef struct check {
    lks_gradcheck_function f;
    void *context;
    lks_tensor *const *inputs;
    int n;
    lks_tensor *cotangent;
} check;

static lks_status no_result(void)
{
    if (lks_error_status() != LKS_OK)
        return lks_error_status();
    return lks_fail(LKS_INVALID, "gradcheck: the function gave no tensor");
}

/* sum(cotangent * f(inputs)), and the sum of its terms' magnitudes. */
typedef struct output {
    double sum, magnitude;
} output;

/* Without recording. */
static lks_status weighted_output(const check *c, output *out)
{
    double *y = NULL, *weight = NULL;
    output o = {0, 0};
    lks_tensor *result;
    size_t n = (size_t)c->cotangent->numel;
    lks_status st;

    LKS_TRY(lks_scope_open());
    if (!(result = c->f(c->context, c->inputs, c->n)))
        LKS_GO(no_result());
    y = lks_malloc(n * sizeof *y);
    weight = lks_malloc(n * sizeof *weight);
    if (!y || !weight)
        LKS_GO(LKS_NOMEM);
    LKS_GO(lks_to_host(result, y));
    LKS_GO(lks_to_host(c->cotangent, weight));
    for (size_t i = 0; i < n; i++) {
        o.sum += y[i] * weight[i];
        o.magnitude += fabs(y[i] * weight[i]);
    }
    *out = o;
cleanup:
    lks_free(y);
    lks_free(weight);
    lks_scope_close();
    return st;
}

/* The place of the i-th element, row-major, in the device's memory. */
static void *element(const lks_tensor *t, int64_t i)
{
    int64_t offset = 0;

    for (int d = t->view.ndim; d-- > 0;) {
        offset += i % t->view.sizes[d] * t->view.strides[d];
        i /= t->view.sizes[d];
    }
    return lks_view_at(&t->view, offset);
}

static lks_status read_element(const lks_tensor *t, int64_t i, double *out)
{
    return t->storage->kernels->copy_out(t->storage->device.index, out, element(t, i),
                                         sizeof *out);
}

static lks_status write_element(lks_tensor *t, int64_t i, double value)
{
    lks_bump_version(t);
    return t->storage->kernels->copy_in(t->storage->device.index, element(t, i), &value,
                                        sizeof value);
}

/* Either output is rounded by about DBL_EPSILON of its terms, and 2h divides that. */
static lks_status numeric_derivative(const check *c, lks_tensor *x, int64_t i,
                                     double *out, double *rounding)
{
    output plus = {0, 0}, minus = {0, 0};
    double was, h;
    lks_status st, restored;

    LKS_TRY(read_element(x, i, &was));
    h = 1e-5 * fmax(1, fabs(was));
    LKS_GO(write_element(x, i, was + h));
    LKS_GO(weighted_output(c, &plus));
    LKS_GO(write_element(x, i, was - h));
    LKS_GO(weighted_output(c, &minus));
cleanup:
    restored = write_element(x, i, was);
    *out = (plus.sum - minus.sum) / (2 * h);
    *rounding = DBL_EPSILON * (plus.magnitude + minus.magnitude) / (2 * h);
    return st == LKS_OK ? restored : st;
}

static lks_status compare_input(const check *c, int which, double tolerance)
{
    lks_tensor *x = c->inputs[which];
    const lks_tensor *grad = lks_grad(x);

    for (int64_t i = 0; i < x->numel; i++) {
        double analytic = 0, numeric, rounding, bound;

        if (grad)
            LKS_TRY(read_element(grad, i, &analytic));
        LKS_TRY(numeric_derivative(c, x, i, &numeric, &rounding));
        bound = tolerance * fmax(fabs(analytic), fabs(numeric)) + rounding;
        if (!(isfinite(bound) && fabs(analytic - numeric) <= bound))
            return lks_fail(LKS_NUMERIC,
                            "gradcheck: input %d, element %lld: backward gives %.12g, "
                            "central differences %.12g",
                            which, (long long)i, analytic, numeric);
    }
    return LKS_OK;
}

/* Forward with recording and backward, leaving gradients in the inputs. */
static lks_status analytic_gradients(check *c)
{
    const lks_rng rng = {.seed = 20170610};
    lks_tensor *y = c->f(c->context, c->inputs, c->n);

    if (!y)
        return no_result();
    if (y->view.dtype != LKS_F64)
        return lks_fail(LKS_DTYPE, "gradcheck: the result is %s, not float64",
                        lks_dtype_name(y->view.dtype));
    c->cotangent = lks_randn(lks_sizes(y), LKS_F64, &rng, y->storage->device);
    if (!c->cotangent)
        return LKS_NOMEM;
    for (int i = 0; i < c->n; i++)
        lks_zero_grad(c->inputs[i]);
    return lks_backward_from(y, c->cotangent);
}

lks_status lks_gradcheck(lks_gradcheck_function f, void *context,
                         lks_tensor *const *inputs, int n, double tolerance)
{
    check c = {f, context, inputs, n, NULL};
    bool was_enabled;
    lks_status st;

    for (int i = 0; i < n; i++)
        if (lks_requires_grad(inputs[i]) && inputs[i]->view.dtype != LKS_F64)
            return lks_fail(LKS_DTYPE, "gradcheck: input %d is %s, not float64", i,
                            lks_dtype_name(inputs[i]->view.dtype));
    for (int i = 0; i < n; i++)
        if (lks_requires_grad(inputs[i]))
            LKS_TRY(lks_check_writable(inputs[i], "gradcheck"));
    LKS_TRY(lks_scope_open());
    st = analytic_gradients(&c);
    was_enabled = lks_set_grad_enabled(false);
    for (int i = 0; st == LKS_OK && i < n; i++)
        if (lks_requires_grad(inputs[i]))
            st = compare_input(&c, i, tolerance);
    lks_set_grad_enabled(was_enabled);
    lks_scope_close();
    return st;
}
