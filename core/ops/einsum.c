/* Einstein's sums, as torch.einsum. Each operand is laid out with one dimension for every
 * letter of the equation, those of the result first; then they are multiplied in turn,
 * each pair as a batch of matrix products that sums what no later one has.
 *
 *     ij,jk->ik      (i, 1 | j) and (1, k | j): rows i, columns k, summed over j */
#include <string.h>

#include "base/try.h"
#include "ops/op.h"

enum { N_LETTERS = 52, N_LABELS = N_LETTERS + LKS_MAX_DIMS };

typedef struct equation {
    const char *text;
    int met[N_LABELS];                 /* how often, from -1 on */
    int order[LKS_MAX_DIMS], n, n_out; /* labels by dimension, the result's first */
    int n_ellipsis;                    /* dimensions of the widest "..." */
} equation;

/* The labels of one operand or of the result. */
typedef struct term {
    int labels[LKS_MAX_DIMS], n;
    int ellipsis; /* where "..." stands; -1: nowhere */
} term;

static lks_status refuse(const equation *e, const char *why)
{
    return lks_fail(LKS_INVALID, "einsum: \"%s\": %s", e->text, why);
}

static int label_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    return c >= 'a' && c <= 'z' ? 26 + c - 'a' : -1;
}

/* Up to a comma, an arrow or the end, where *at is left. */
static lks_status read_term(const equation *e, const char **at, term *out)
{
    *out = (term){.ellipsis = -1};
    for (; **at && **at != ',' && **at != '-'; (*at)++) {
        if (**at == ' ')
            continue;
        if (strncmp(*at, "...", 3) == 0) {
            if (out->ellipsis >= 0)
                return refuse(e, "a second \"...\" in one operand");
            out->ellipsis = out->n;
            *at += 2;
            continue;
        }
        if (label_of(**at) < 0)
            return refuse(e, "takes letters, \"...\", \",\" and \"->\"");
        if (out->n == LKS_MAX_DIMS)
            return refuse(e, "an operand of more dimensions than tensors have");
        out->labels[out->n++] = label_of(**at);
    }
    return LKS_OK;
}

/* "..." becomes n labels of its own, counted from the last. */
static lks_status spread_ellipsis(const equation *e, term *t, int n)
{
    if (t->ellipsis < 0 || n == 0)
        return LKS_OK;
    if (t->n + n > LKS_MAX_DIMS)
        return refuse(e, "more dimensions than tensors have");
    memmove(t->labels + t->ellipsis + n, t->labels + t->ellipsis,
            (size_t)(t->n - t->ellipsis) * sizeof(int));
    for (int i = 0; i < n; i++)
        t->labels[t->ellipsis + i] = N_LABELS - n + i;
    t->n += n;
    return LKS_OK;
}

static lks_status read_operand(equation *e, const char **at, const lks_tensor *x, term *t)
{
    int n;

    LKS_TRY(read_term(e, at, t));
    n = x->view.ndim - t->n;
    if (n < 0 || (n > 0 && t->ellipsis < 0))
        return lks_fail(LKS_SHAPE, "einsum: \"%s\": %s has another number of dimensions",
                        e->text, LKS_TEXT(x));
    LKS_TRY(spread_ellipsis(e, t, n));
    e->n_ellipsis = t->ellipsis >= 0 && n > e->n_ellipsis ? n : e->n_ellipsis;
    for (int i = 0; i < t->n; i++)
        e->met[t->labels[i]]++;
    return LKS_OK;
}

static bool is_ordered(const equation *e, int label)
{
    for (int i = 0; i < e->n; i++)
        if (e->order[i] == label)
            return true;
    return false;
}

static lks_status append(equation *e, int label)
{
    if (e->n == LKS_MAX_DIMS)
        return refuse(e, "more letters than tensors have dimensions");
    e->order[e->n++] = label;
    return LKS_OK;
}

/* What stands behind "->". */
static lks_status read_result(equation *e, const char *at)
{
    term t;

    LKS_TRY(read_term(e, &at, &t));
    if (*at)
        return refuse(e, "one result and nothing behind it");
    LKS_TRY(spread_ellipsis(e, &t, e->n_ellipsis));
    for (int i = 0; i < t.n; i++) {
        if (e->met[t.labels[i]] < 0 || is_ordered(e, t.labels[i]))
            return refuse(e, "the result has a letter twice, or that no operand has");
        LKS_TRY(append(e, t.labels[i]));
    }
    return LKS_OK;
}

/* Without "->": "...", and in the alphabet's order what is met once. */
static lks_status make_result(equation *e)
{
    for (int i = N_LABELS - e->n_ellipsis; i < N_LABELS; i++)
        LKS_TRY(append(e, i));
    for (int i = 0; i < N_LETTERS; i++)
        if (e->met[i] == 0)
            LKS_TRY(append(e, i));
    return LKS_OK;
}

static lks_status read_equation(equation *e, lks_tensor *const *xs, int n, term *terms)
{
    const char *at = e->text;

    memset(e->met, -1, sizeof e->met);
    for (int i = 0; i < n; i++, at++) {
        LKS_TRY(read_operand(e, &at, xs[i], &terms[i]));
        if ((*at == ',') != (i < n - 1))
            return refuse(e, "another number of operands");
    }
    at--;
    if (*at == '-' && at[1] != '>')
        return refuse(e, "takes letters, \"...\", \",\" and \"->\"");
    LKS_TRY(*at ? read_result(e, at + 2) : make_result(e));
    e->n_out = e->n;
    for (int i = 0; i < N_LABELS; i++)
        if (e->met[i] >= 0 && !is_ordered(e, i))
            LKS_TRY(append(e, i));
    return LKS_OK;
}

/* ---- operands ---- */

/* A letter that an operand has twice: its diagonal. */
static lks_tensor *take_diagonals(const equation *e, lks_tensor *x, term *t)
{
    for (int i = 0; x && i < t->n; i++)
        for (int j = i + 1; x && j < t->n; j++) {
            const int label = t->labels[i];

            if (t->labels[j] != label)
                continue;
            if (lks_size(x, i) != lks_size(x, j)) {
                lks_fail(LKS_SHAPE, "einsum: \"%s\": a letter has sizes %lld and %lld",
                         e->text, (long long)lks_size(x, i), (long long)lks_size(x, j));
                return NULL;
            }
            x = lks_diagonal(x, 0, i, j);
            memmove(t->labels + j, t->labels + j + 1,
                    (size_t)(t->n - j - 1) * sizeof(int));
            memmove(t->labels + i, t->labels + i + 1,
                    (size_t)(t->n - i - 2) * sizeof(int));
            t->labels[--t->n - 1] = label;
            i = 0;
            j = 0;
        }
    return x;
}

/* With a dimension for each of the equation's labels, of 1 where x has none. */
static lks_tensor *lay_out(const equation *e, lks_tensor *x, term *t)
{
    int dims[LKS_MAX_DIMS], n = 0;
    lks_shape shape = {.ndim = e->n};

    if (!(x = take_diagonals(e, x, t)))
        return NULL;
    for (int d = 0; d < e->n; d++) {
        shape.sizes[d] = 1;
        for (int i = 0; i < t->n; i++)
            if (t->labels[i] == e->order[d]) {
                shape.sizes[d] = lks_size(x, i);
                dims[n++] = i;
            }
    }
    return lks_reshape(lks_permute(x, dims), shape);
}

/* ---- products ---- */

typedef enum kind { BATCH, ROW, COLUMN, SUMMED, N_KINDS } kind;

static int64_t extent(const lks_tensor *x, const kind *kinds, kind k)
{
    int64_t n = 1;

    for (int d = 0; d < x->view.ndim; d++)
        if (kinds[d] == k)
            n *= x->view.sizes[d];
    return n;
}

/* x with its dimensions by their kind, as (batch, first, second). */
static lks_tensor *as_matrices(lks_tensor *x, const kind *kinds, kind first, kind second,
                               kind none)
{
    const kind order[] = {BATCH, first, second, none};
    int dims[LKS_MAX_DIMS], n = 0;

    for (int k = 0; k < N_KINDS; k++)
        for (int d = 0; d < x->view.ndim; d++)
            if (kinds[d] == order[k])
                dims[n++] = d;
    return lks_reshape(lks_permute(x, dims),
                       LKS_SHAPE_OF(extent(x, kinds, BATCH), extent(x, kinds, first),
                                    extent(x, kinds, second)));
}

/* The product (batch, rows, columns) with each dimension in its place again. */
static lks_tensor *put_back(lks_tensor *y, const lks_tensor *a, const lks_tensor *b,
                            const kind *kinds)
{
    int back[LKS_MAX_DIMS], n = 0;
    lks_shape shape = {.ndim = a->view.ndim};

    for (kind k = BATCH; k < N_KINDS; k++)
        for (int d = 0; d < a->view.ndim; d++)
            if (kinds[d] == k) {
                back[d] = n;
                shape.sizes[n++] = k == SUMMED   ? 1
                                   : k == COLUMN ? b->view.sizes[d]
                                                 : a->view.sizes[d];
            }
    return lks_permute(lks_reshape(y, shape), back);
}

/* a b, summed over the dimensions that `sum` has a bit for. */
static lks_tensor *multiply(const equation *e, lks_tensor *a, lks_tensor *b, unsigned sum)
{
    kind kinds[LKS_MAX_DIMS];

    for (int d = 0; a && b && d < e->n; d++) {
        const int64_t in_a = lks_size(a, d), in_b = lks_size(b, d);
        const bool summed = sum >> d & 1;

        if (in_a != in_b && in_a != 1 && in_b != 1) {
            lks_fail(LKS_SHAPE, "einsum: \"%s\": a letter has sizes %lld and %lld",
                     e->text, (long long)in_a, (long long)in_b);
            return NULL;
        }
        if (summed && in_a != in_b) { /* one alone has it */
            a = in_a == 1 ? a : lks_sum(a, &d, 1, true);
            b = in_b == 1 ? b : lks_sum(b, &d, 1, true);
        }
        kinds[d] = summed ? SUMMED : in_b == 1 ? ROW : in_a == 1 ? COLUMN : BATCH;
    }
    if (!a || !b)
        return NULL;
    return put_back(lks_matmul(as_matrices(a, kinds, ROW, SUMMED, COLUMN),
                               as_matrices(b, kinds, SUMMED, COLUMN, ROW)),
                    a, b, kinds);
}

/* The dimensions that are neither the result's nor those of an operand behind i. */
static unsigned finished(const equation *e, const term *terms, int n, int i)
{
    unsigned dims = 0;

    for (int d = e->n_out; d < e->n; d++) {
        bool later = false;

        for (int k = i + 1; k < n; k++)
            for (int j = 0; j < terms[k].n; j++)
                later |= terms[k].labels[j] == e->order[d];
        dims |= later ? 0 : 1u << d;
    }
    return dims;
}

static lks_tensor *contract(const equation *e, lks_tensor *const *xs, int n, term *terms)
{
    lks_tensor *y = lay_out(e, xs[0], &terms[0]);
    lks_shape shape = {.ndim = e->n_out};
    int dims[LKS_MAX_DIMS];

    for (int i = 1; y && i < n; i++)
        y = multiply(e, y, lay_out(e, xs[i], &terms[i]), finished(e, terms, n, i));
    for (int d = e->n_out; d < e->n; d++)
        dims[d - e->n_out] = d;
    if (n == 1 && e->n > e->n_out)
        return lks_sum(y, dims, e->n - e->n_out, false);
    for (int d = 0; y && d < e->n_out; d++)
        shape.sizes[d] = lks_size(y, d);
    return lks_reshape(y, shape);
}

lks_tensor *lks_einsum(const char *text, lks_tensor *const *xs, int n)
{
    equation e = {.text = text};
    term terms[LKS_EINSUM_MAX_OPERANDS];
    lks_tensor *y = NULL;

    if (n < 1 || n > LKS_EINSUM_MAX_OPERANDS) {
        lks_fail(LKS_INVALID, "einsum: \"%s\": takes 1 to %d operands, not %d", text,
                 LKS_EINSUM_MAX_OPERANDS, n);
        return NULL;
    }
    for (int i = 0; i < n; i++)
        if (!xs[i])
            return NULL;
    if (read_equation(&e, xs, n, terms) != LKS_OK || lks_scope_open() != LKS_OK)
        return NULL;
    y = contract(&e, xs, n, terms);
    for (int i = 0; i < n; i++)
        y = y == xs[i] ? lks_same(y) : y;
    lks_scope_return(y);
    lks_scope_close();
    return y;
}
