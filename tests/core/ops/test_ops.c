/* Runs the cases of every operation: see test_ops/cases.h. */
#include "support/test_device.h"

#include <math.h>
#include <stdio.h>

#include "test_ops/cases.h"
#include "test_ops/header.h"

/* From ops.def: an operation without cases does not link. */
#define LKS_OP(name)       extern const lks_op_cases lks_op_cases_##name;
#define LKS_COMPOSED(name) extern const lks_op_cases lks_op_cases_##name;
#include "ops/ops.def"

static const struct operation {
    const char *name;
    const lks_op_cases *cases;
} operations[] = {
#define LKS_OP(name)       {#name, &lks_op_cases_##name},
#define LKS_COMPOSED(name) {#name, &lks_op_cases_##name},
#include "ops/ops.def"
};
enum { N_OPERATIONS = sizeof operations / sizeof *operations };

/* What PyTorch gives. A NULL gradient: there is none. */
typedef struct golden {
    const char *name;
    lks_shape shape;
    const double *values;
    const double *grads[LKS_CASE_MAX_INPUTS];
} golden;

static const double NOTHING[1];
static const golden goldens[] = {
#include "../../golden/ops.inc"
};
enum { N_GOLDENS = sizeof goldens / sizeof *goldens };

/* How inputs lie in memory. */
typedef enum layout { DENSE, TRANSPOSED, GAPS, REVERSED, N_LAYOUTS } layout;
static const char *const layout_names[] = {"dense", "transposed", "with gaps",
                                           "reversed"};

/* One case with its inputs made. */
typedef struct run {
    const char *op;
    const char *name;
    lks_case_fn f;
    layout layout;
    int n;
    lks_tensor *inputs[LKS_CASE_MAX_INPUTS];
    char title[128];
} run;

/* The same function as bits() in make_ops.py. */
static uint32_t input_bits(uint32_t i, uint32_t k)
{
    uint32_t h = i * 2654435761u + (k + 1) * 97531u;

    h ^= h >> 15;
    h *= 2246822519u;
    return h ^ h >> 13;
}

static int count_inputs(const lks_case_input *inputs)
{
    int n = 0;

    while (n < LKS_CASE_MAX_INPUTS && inputs[n].low < inputs[n].high)
        n++;
    return n;
}

/* Memory that a view of t's shape can be taken of in the given layout, as that view. */
static lks_tensor *lay_out(lks_shape shape, lks_dtype dtype, layout how)
{
    lks_tensor *t;
    lks_shape larger = shape;

    if (how == TRANSPOSED && shape.ndim >= 2) {
        larger.sizes[0] = shape.sizes[shape.ndim - 1];
        larger.sizes[shape.ndim - 1] = shape.sizes[0];
        return lks_transpose(lks_zeros(larger, dtype, test_device()), 0, -1);
    }
    if (how == GAPS)
        for (int d = 0; d < shape.ndim; d++)
            larger.sizes[d] = 2 * shape.sizes[d] + 1;
    t = lks_zeros(larger, dtype, test_device());
    for (int d = 0; d < shape.ndim && how == GAPS; d++)
        t = lks_slice(t, d, 1, larger.sizes[d], 2);
    for (int d = 0; d < shape.ndim && how == REVERSED; d++)
        t = lks_slice(t, d, -1, -shape.sizes[d] - 1, -1);
    return t;
}

static lks_tensor *make_input(const lks_case_input *spec, uint32_t k, lks_dtype dtype,
                              layout how)
{
    lks_tensor *t = lay_out(spec->shape, dtype, how), *values;
    void *host = malloc((size_t)lks_numel(t) * LKS_MAX_ELEMENT_BYTES + 1);

    for (int64_t i = 0; i < lks_numel(t); i++) {
        uint32_t bits = input_bits((uint32_t)i, k);
        if (spec->dtype == LKS_I64)
            ((int64_t *)host)[i] =
                (int64_t)spec->low + bits % (uint32_t)(spec->high - spec->low);
        else
            ((double *)host)[i] =
                spec->low + (spec->high - spec->low) * (bits / 4294967296.0);
    }
    values = lks_copy_(t, lks_from_data(spec->shape, spec->dtype, host, test_device()));
    ck_assert_msg(values != NULL, "%s", lks_error_text());
    free(host);
    return lks_detach(t);
}

static run make_run(const char *op, const lks_op_case *c, lks_dtype floats, layout how)
{
    run r = {.op = op, .name = c->name, .f = c->f, .layout = how};

    r.n = count_inputs(c->inputs);
    snprintf(r.title, sizeof r.title, "%s/%s, %s", op, c->name, layout_names[how]);
    for (int k = 0; k < r.n; k++) {
        bool is_float = c->inputs[k].dtype == LKS_F64;
        r.inputs[k] =
            make_input(&c->inputs[k], (uint32_t)k, is_float ? floats : LKS_I64, how);
        if (is_float)
            lks_requires_grad_(r.inputs[k]);
    }
    return r;
}

static const golden *find_golden(const char *op, const char *name)
{
    char title[96];

    snprintf(title, sizeof title, "%s/%s", op, name);
    for (int i = 0; i < N_GOLDENS; i++)
        if (strcmp(goldens[i].name, title) == 0)
            return &goldens[i];
    ck_abort_msg("%s: no numbers in tests/golden/make_ops.py", title);
    return NULL;
}

static void compare(const run *r, const char *what, lks_tensor *got, const double *want,
                    double tolerance)
{
    size_t n = (size_t)lks_numel(got);
    double *values = calloc(n + 1, sizeof *values);

    ck_ok(lks_to_host(lks_to(got, LKS_F64), values));
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(isnan(want[i]) ? isnan(values[i])
                                     : fabs(values[i] - want[i]) <=
                                           tolerance * fmax(1, fabs(want[i])),
                      "%s: %s, element %zu: %.17g, PyTorch has %.12g", r->title, what, i,
                      values[i], want[i]);
    free(values);
}

static void compare_forward(const run *r, lks_tensor *y, const golden *g,
                            double tolerance)
{
    const lks_shape shape = y ? lks_sizes(y) : LKS_SCALAR;
    char got[LKS_SHAPE_TEXT], want[LKS_SHAPE_TEXT];

    ck_assert_msg(y != NULL, "%s: %s", r->title, lks_error_text());
    ck_assert_msg(lks_shape_equal(&shape, &g->shape), "%s: shape %s, PyTorch has %s",
                  r->title, lks_shape_text(&shape, got, sizeof got),
                  lks_shape_text(&g->shape, want, sizeof want));
    compare(r, "result", y, g->values, tolerance);
}

static lks_tensor *make_cotangent(lks_tensor *y)
{
    const lks_case_input spec = {LKS_F64, lks_sizes(y), -1, 1};
    return lks_to(make_input(&spec, 99, LKS_F64, DENSE), lks_tensor_dtype(y));
}

/* Whether there are gradients to look at. A result is recorded exactly where PyTorch
 * has one: a result cut off from its inputs must not pass as having none. */
static bool is_differentiable(const run *r, lks_tensor *y, const golden *g)
{
    bool wanted = false;

    for (int k = 0; k < r->n; k++)
        wanted |= g->grads[k] != NULL;
    ck_assert_msg(y != NULL, "%s: %s", r->title, lks_error_text());
    ck_assert_msg(lks_requires_grad(y) == wanted, "%s: the result %s a gradient",
                  r->title, wanted ? "does not require" : "requires");
    return wanted;
}

/* The gradient of input k, which has the input's shape and dtype. */
static lks_tensor *gradient_of(const run *r, int k)
{
    const lks_tensor *x = r->inputs[k];
    lks_tensor *grad = lks_grad(x);
    const lks_shape want = lks_sizes(x), got = lks_sizes(grad);
    char want_text[LKS_SHAPE_TEXT], got_text[LKS_SHAPE_TEXT];

    ck_assert_msg(lks_shape_equal(&got, &want) &&
                      lks_tensor_dtype(grad) == lks_tensor_dtype(x),
                  "%s: gradient %d is %s %s, its input %s %s", r->title, k,
                  lks_dtype_name(lks_tensor_dtype(grad)),
                  lks_shape_text(&got, got_text, sizeof got_text),
                  lks_dtype_name(lks_tensor_dtype(x)),
                  lks_shape_text(&want, want_text, sizeof want_text));
    return grad;
}

static void compare_gradients(const run *r, lks_tensor *y, const golden *g,
                              double tolerance)
{
    if (!is_differentiable(r, y, g))
        return;
    ck_assert_msg(lks_backward_from(y, make_cotangent(y)) == LKS_OK, "%s: %s", r->title,
                  lks_error_text());
    for (int k = 0; k < r->n; k++) {
        char what[32];

        snprintf(what, sizeof what, "gradient %d", k);
        if (!lks_requires_grad(r->inputs[k]))
            continue;
        /* Where an input reaches the result nowhere, PyTorch may write zeros. */
        if (lks_has_grad(r->inputs[k]) && g->grads[k])
            compare(r, what, gradient_of(r, k), g->grads[k], tolerance);
        else if (g->grads[k])
            compare(r, what, lks_zeros(lks_sizes(r->inputs[k]), LKS_F64, test_device()),
                    g->grads[k], 0);
    }
}

typedef void (*run_fn)(run *r);

/* Every case in every layout, each in a scope of its own. */
static void for_each_run(lks_dtype floats, run_fn visit)
{
    for (int i = 0; i < N_OPERATIONS; i++)
        for (const lks_op_case *c = operations[i].cases->cases; c->name; c++)
            for (layout how = DENSE; how < N_LAYOUTS; how++) {
                ck_ok(lks_scope_open());
                run r = make_run(operations[i].name, c, floats, how);
                visit(&r);
                lks_scope_close();
            }
}

static void check_f64(run *r)
{
    const golden *g = find_golden(r->op, r->name);
    lks_tensor *y = r->f(r->inputs);

    compare_forward(r, y, g, 1e-10);
    compare_gradients(r, y, g, 1e-10);
}

START_TEST(every_operation_gives_pytorchs_results_and_gradients)
{
    for_each_run(LKS_F64, check_f64);
}
END_TEST

static void check_f32(run *r)
{
    const golden *g = find_golden(r->op, r->name);
    lks_tensor *y = r->f(r->inputs);

    compare_forward(r, y, g, 2e-6);
    /* The cotangent was drawn in f64: rounding it costs as much as the sweep. */
    compare_gradients(r, y, g, 1e-5);
}

START_TEST(every_operation_does_so_in_single_precision)
{
    for_each_run(LKS_F32, check_f32);
}
END_TEST

static lks_tensor *call_case(void *context, lks_tensor *const *inputs, int n)
{
    const run *r = context;

    (void)n;
    return r->f(inputs);
}

/* Memory of every layout on the CPU; elsewhere kernels have the CPU's bits whatever the
 * layout (test_exact), and each of these many calls takes long. */
static void check_numerically(run *r)
{
    const golden *g = find_golden(r->op, r->name);

    if (r->layout != DENSE && test_device().type != LKS_CPU)
        return;
    if (is_differentiable(r, r->f(r->inputs), g))
        ck_assert_msg(lks_gradcheck(call_case, r, r->inputs, r->n, 1e-6) == LKS_OK,
                      "%s: %s", r->title, lks_error_text());
}

START_TEST(every_gradient_agrees_with_central_differences)
{
    for_each_run(LKS_F64, check_numerically);
}
END_TEST

/* The gradients of a retained graph, of one sweep; NULL where none landed. */
static void sweep_retained(const run *r, lks_tensor *y, lks_tensor *dy,
                           lks_tensor **grads)
{
    const lks_backward_options retain = {.retain_graph = true};

    for (int k = 0; k < r->n; k++)
        lks_zero_grad(r->inputs[k]);
    ck_assert_msg(lks_backward_with(y, dy, &retain) == LKS_OK, "%s: %s", r->title,
                  lks_error_text());
    for (int k = 0; k < r->n; k++)
        grads[k] = lks_clone(lks_grad(r->inputs[k]));
}

/* And no backward writes over what it was left. */
static void sweep_twice(run *r)
{
    lks_tensor *first[LKS_CASE_MAX_INPUTS], *second[LKS_CASE_MAX_INPUTS], *dy;
    lks_tensor *y = r->f(r->inputs);

    if (!is_differentiable(r, y, find_golden(r->op, r->name)))
        return;
    dy = make_cotangent(y);
    sweep_retained(r, y, dy, first);
    sweep_retained(r, y, dy, second);
    for (int k = 0; k < r->n; k++) {
        const size_t n = first[k] ? (size_t)lks_numel(first[k]) : 0;
        double *want = calloc(n + 1, sizeof *want);

        ck_assert_msg(!first[k] == !second[k], "%s: gradient %d", r->title, k);
        if (first[k]) {
            ck_ok(lks_to_host(first[k], want));
            compare(r, "gradient of the second sweep", second[k], want, 0);
        }
        free(want);
    }
}

START_TEST(every_retained_graph_gives_its_gradients_again)
{
    for_each_run(LKS_F64, sweep_twice);
}
END_TEST

static void check_unrecorded(run *r)
{
    const golden *g = find_golden(r->op, r->name);
    bool was = lks_set_grad_enabled(false);
    lks_tensor *y = r->f(r->inputs);

    compare_forward(r, y, g, 1e-10);
    lks_set_grad_enabled(was);
    /* contiguous and to may give back the leaf itself */
    for (int k = 0; k < r->n; k++)
        if (y == r->inputs[k])
            return;
    ck_assert_msg(!lks_requires_grad(y), "%s: was recorded", r->title);
}

START_TEST(nothing_is_recorded_while_recording_is_off)
{
    for_each_run(LKS_F64, check_unrecorded);
}
END_TEST

static void check_refusal(const char *op, const lks_op_refusal *refusal)
{
    const lks_op_case c = {refusal->name, refusal->f, {{0}}};
    run r;

    memcpy((void *)c.inputs, refusal->inputs, sizeof c.inputs);
    r = make_run(op, &c, LKS_F64, DENSE);
    lks_error_clear();
    if (r.f(r.inputs)) /* a device that looks later tells it later */
        ck_assert_msg(test_finish() != LKS_OK, "%s: was not refused", r.title);
    ck_assert_msg(lks_error_status() == refusal->status, "%s: %s", r.title,
                  lks_status_text(lks_error_status()));
    ck_assert_msg(strstr(lks_error_text(), refusal->says) != NULL, "%s: said \"%s\"",
                  r.title, lks_error_text());
}

START_TEST(every_misuse_is_refused_with_its_reason)
{
    for (int i = 0; i < N_OPERATIONS; i++)
        for (const lks_op_refusal *c = operations[i].cases->refusals; c->name; c++) {
            ck_ok(lks_scope_open());
            check_refusal(operations[i].name, c);
            lks_scope_close();
        }
}
END_TEST

/* Forward and backward; what is left over is the scope's. */
static lks_status run_whole(run *r)
{
    lks_status st = lks_scope_open(), late;
    lks_tensor *y, *cotangent;

    if (st != LKS_OK)
        return st;
    y = r->f(r->inputs);
    st = y ? LKS_OK : lks_error_status();
    if (y && lks_requires_grad(y)) {
        cotangent = lks_ones(lks_sizes(y), lks_tensor_dtype(y), test_device());
        st = lks_backward_from(y, cotangent);
    }
    lks_scope_close();
    late = test_finish();
    return st == LKS_OK ? late : st;
}

/* Leaks are the address sanitizer's to find. */
static void fail_each_allocation(run *r)
{
    if (r->layout != TRANSPOSED)
        return;
    for (long n = 0;; n++) {
        lks_status st;

        lks_error_clear();
        lks_alloc_fail_after(n);
        st = run_whole(r);
        bool failed = lks_alloc_has_failed();
        lks_alloc_fail_after(-1);
        ck_assert_msg(st == (failed ? LKS_NOMEM : LKS_OK),
                      "%s: allocation %ld failed, and it was %s: %s", r->title, n,
                      lks_status_text(st), lks_error_text());
        if (!failed)
            break;
    }
    lks_error_clear();
}

START_TEST(every_operation_survives_each_allocation_failing)
{
    for_each_run(LKS_F64, fail_each_allocation);
}
END_TEST

START_TEST(every_set_of_numbers_belongs_to_a_case)
{
    int n_cases = 0;

    for (int i = 0; i < N_OPERATIONS; i++)
        for (const lks_op_case *c = operations[i].cases->cases; c->name; c++, n_cases++)
            find_golden(operations[i].name, c->name);
    ck_assert_int_eq(n_cases, N_GOLDENS);
}
END_TEST

/* NAME_counted is NAME, and tells a number beside it. */
static bool is_covered_by(const char *name, const char *operation)
{
    const size_t n = strlen(operation);

    return strncmp(name, operation, n) == 0 &&
           (name[n] == '\0' || strcmp(name + n, "_counted") == 0);
}

static void find_cases(const char *name)
{
    for (int i = 0; i < N_OPERATIONS; i++)
        if (is_covered_by(name, operations[i].name))
            return;
    ck_abort_msg("lks_%s of ops.h has no line in ops.def, and so no cases", name);
}

START_TEST(every_operation_that_is_declared_has_cases)
{
    ck_assert_int_ge(for_each_declared(find_cases), 190);
}
END_TEST

/* What has no gradient, as in PyTorch. */
static bool is_of_no_gradient(const char *name)
{
    static const char *const names[] = {"argmax",
                                        "argmin",
                                        "argsort",
                                        "any",
                                        "all",
                                        "logical_and",
                                        "logical_or",
                                        "logical_not",
                                        "one_hot",
                                        "nonzero",
#define LKS_COMPARED(name, operator_) #name, #name "_scalar",
                                        LKS_COMPARE_LIST(LKS_COMPARED)
#undef LKS_COMPARED
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* By every_gradient_agrees_with_central_differences. */
START_TEST(every_operations_gradient_is_checked)
{
    for (int i = 0; i < N_OPERATIONS; i++) {
        int n_checked = 0;

        for (const lks_op_case *c = operations[i].cases->cases; c->name; c++)
            for (int k = 0; k < LKS_CASE_MAX_INPUTS; k++)
                n_checked += find_golden(operations[i].name, c->name)->grads[k] != NULL;
        ck_assert_msg((n_checked == 0) == is_of_no_gradient(operations[i].name),
                      "%s: %d gradients in its cases", operations[i].name, n_checked);
    }
}
END_TEST

START_TEST(every_operation_given_null_gives_null)
{
    const lks_pool2d_params pool = {.kernel = {2, 2}};
    const lks_rng rng = {.seed = 1};
    lks_tensor *x = lks_ones(LKS_SHAPE_OF(2, 2), LKS_F32, test_device());
    lks_tensor *const pair[] = {x, NULL};

    ck_assert_ptr_null(lks_relu(NULL));
    ck_assert_ptr_null(lks_exp(NULL));
    ck_assert_ptr_null(lks_add(x, NULL));
    ck_assert_ptr_null(lks_add(NULL, x));
    ck_assert_ptr_null(lks_add_scalar(NULL, 1));
    ck_assert_ptr_null(lks_mul_scalar(NULL, 1));
    ck_assert_ptr_null(lks_add_(NULL, x));
    ck_assert_ptr_null(lks_mul_(x, NULL));
    ck_assert_ptr_null(lks_relu_(NULL));
    ck_assert_ptr_null(lks_fill_(NULL, 0));
    ck_assert_ptr_null(lks_copy_(x, NULL));
    ck_assert_ptr_null(lks_sum_all(NULL));
    ck_assert_ptr_null(lks_mean_all(NULL));
    ck_assert_ptr_null(lks_argmax(NULL, 0));
    ck_assert_ptr_null(lks_argmin(NULL, 0));
    ck_assert_ptr_null(lks_amax(NULL, NULL, 0, false));
    ck_assert_ptr_null(lks_max_all(NULL));
    ck_assert_ptr_null(lks_max_dim(NULL, 0, false, NULL));
    ck_assert_ptr_null(lks_prod(NULL, 0, false));
    ck_assert_ptr_null(lks_any(NULL, NULL, 0, false));
    ck_assert_ptr_null(lks_var(NULL, NULL, 0, 1, false));
    ck_assert_ptr_null(lks_std(NULL, NULL, 0, 1, false));
    ck_assert_ptr_null(lks_norm(NULL, 2, NULL, 0, false));
    ck_assert_ptr_null(lks_logsumexp(NULL, NULL, 0, false));
    ck_assert_ptr_null(lks_cumsum(NULL, 0));
    ck_assert_ptr_null(lks_cumprod(NULL, 0));
    ck_assert_ptr_null(lks_sort(NULL, 0, false, NULL));
    ck_assert_ptr_null(lks_argsort(NULL, 0, false));
    ck_assert_ptr_null(lks_topk(NULL, 1, 0, true, NULL));
    ck_assert_ptr_null(lks_eq(x, NULL));
    ck_assert_ptr_null(lks_eq_scalar(NULL, 0));
    ck_assert_ptr_null(lks_logical_and(NULL, x));
    ck_assert_ptr_null(lks_logical_not(NULL));
    ck_assert_ptr_null(lks_where(NULL, x, x));
    ck_assert_ptr_null(lks_masked_fill(x, NULL, x));
    ck_assert_ptr_null(lks_masked_fill_scalar(x, NULL, 0));
    ck_assert_ptr_null(lks_masked_select(x, NULL));
    ck_assert_ptr_null(lks_tril(NULL, 0));
    ck_assert_ptr_null(lks_diag(NULL, 0));
    ck_assert_ptr_null(lks_gather(x, 0, NULL));
    ck_assert_ptr_null(lks_take_along_dim(x, NULL, 0));
    ck_assert_ptr_null(lks_scatter(x, 0, NULL, x));
    ck_assert_ptr_null(lks_scatter_add(x, 0, x, NULL));
    ck_assert_ptr_null(lks_scatter_value(NULL, 0, x, 0));
    ck_assert_ptr_null(lks_index_add(x, 0, NULL, x, 1));
    ck_assert_ptr_null(lks_one_hot(NULL, 2));
    ck_assert_ptr_null(lks_reshape(NULL, LKS_SHAPE_OF(1)));
    ck_assert_ptr_null(lks_flatten(NULL, 0, -1));
    ck_assert_ptr_null(lks_transpose(NULL, 0, 1));
    ck_assert_ptr_null(lks_permute(NULL, NULL));
    ck_assert_ptr_null(lks_expand(NULL, LKS_SHAPE_OF(1)));
    ck_assert_ptr_null(lks_squeeze(NULL, 0));
    ck_assert_ptr_null(lks_unsqueeze(NULL, 0));
    ck_assert_ptr_null(lks_narrow(NULL, 0, 0, 1));
    ck_assert_ptr_null(lks_select(NULL, 0, 0));
    ck_assert_ptr_null(lks_slice(NULL, 0, 0, 1, 1));
    ck_assert_ptr_null(lks_cat(pair, 2, 0));
    ck_assert_ptr_null(lks_contiguous(NULL));
    ck_assert_ptr_null(lks_clone(NULL));
    ck_assert_ptr_null(lks_to(NULL, LKS_F32));
    ck_assert_ptr_null(lks_index_select(x, 0, NULL));
    ck_assert_ptr_null(lks_matmul(x, NULL));
    ck_assert_ptr_null(lks_linear(x, NULL, NULL));
    ck_assert_ptr_null(lks_conv2d(NULL, x, NULL, NULL));
    ck_assert_ptr_null(lks_max_pool2d(NULL, &pool));
    ck_assert_ptr_null(lks_softmax(NULL, 0));
    ck_assert_ptr_null(lks_log_softmax(NULL, 0));
    ck_assert_ptr_null(lks_dropout(NULL, 0.5, &rng));
    ck_assert_ptr_null(lks_cross_entropy(x, NULL, NULL));
    ck_assert_ptr_null(lks_mse_loss(NULL, x, LKS_REDUCTION_MEAN));
    ck_assert_str_eq(lks_error_text(), "");
    lks_unref(x);
}
END_TEST

LKS_SUITE("ops", every_set_of_numbers_belongs_to_a_case,
          every_operation_that_is_declared_has_cases,
          every_operations_gradient_is_checked,
          every_operation_gives_pytorchs_results_and_gradients,
          every_operation_does_so_in_single_precision,
          every_gradient_agrees_with_central_differences,
          every_retained_graph_gives_its_gradients_again,
          nothing_is_recorded_while_recording_is_off,
          every_misuse_is_refused_with_its_reason,
          every_operation_survives_each_allocation_failing,
          every_operation_given_null_gives_null)
