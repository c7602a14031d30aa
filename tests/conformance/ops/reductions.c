/* Over dimensions. */
#include <math.h>
#include <string.h>

#include "table.h"

static void run_sum(call *c)
{
    int over[MAX_LIST];
    const int n = dims(c, arg(0, "dim"), over);

    give(c, lks_sum(input(c), over, n, flag(c, arg(1, "keepdim"), false)));
}

static void run_mean(call *c)
{
    int over[MAX_LIST];
    const int n = dims(c, arg(0, "dim"), over);

    give(c, lks_mean(input(c), over, n, flag(c, arg(1, "keepdim"), false)));
}

/* argmax or argmin */
static void run_arg(call *c, lks_tensor *(*f)(lks_tensor *, int))
{
    lks_tensor *x = input(c);
    const int dim = whole(c, arg(0, "dim"), 0);
    lks_tensor *y = given(c, arg(0, "dim")) ? f(x, dim) : f(lks_flatten(x, 0, -1), 0);

    give(c, flag(c, arg(1, "keepdim"), false) ? lks_unsqueeze(y, dim) : y);
}

static void run_argmax(call *c)
{
    run_arg(c, lks_argmax);
}

static void run_argmin(call *c)
{
    run_arg(c, lks_argmin);
}

static void run_amax(call *c)
{
    int over[MAX_LIST];
    const int n = dims(c, arg(0, "dim"), over);

    give(c, lks_amax(input(c), over, n, flag(c, arg(1, "keepdim"), false)));
}

static void run_amin(call *c)
{
    int over[MAX_LIST];
    const int n = dims(c, arg(0, "dim"), over);

    give(c, lks_amin(input(c), over, n, flag(c, arg(1, "keepdim"), false)));
}

static void run_max_dim(call *c)
{
    lks_tensor *index;

    give(c, lks_max_dim(input(c), whole(c, arg(0, "dim"), 0),
                        flag(c, arg(1, "keepdim"), false), &index));
    give(c, index);
}

static void run_min_dim(call *c)
{
    lks_tensor *index;

    give(c, lks_min_dim(input(c), whole(c, arg(0, "dim"), 0),
                        flag(c, arg(1, "keepdim"), false), &index));
    give(c, index);
}

static void run_prod(call *c)
{
    const bool keepdim = flag(c, arg(1, "keepdim"), false);

    give(c, given(c, arg(0, "dim"))
                ? lks_prod(input(c), whole(c, arg(0, "dim"), 0), keepdim)
                : lks_prod_all(input(c)));
}

/* var(unbiased), or var(dim, unbiased, keepdim), or named with a correction. */
static void run_spread(call *c,
                       lks_tensor *(*f)(lks_tensor *, const int *, int, double, bool))
{
    int over[MAX_LIST];
    const bool by_place = is_truth(c, arg(0, "dim"));
    const int n = by_place ? 0 : dims(c, arg(0, "dim"), over);
    const place unbiased = arg(by_place ? 0 : 1, "unbiased");
    const double correction =
        number(c, named("correction"), flag(c, unbiased, true) ? 1 : 0);

    give(c, f(input(c), over, n, correction, flag(c, arg(2, "keepdim"), false)));
}

static void run_var(call *c)
{
    run_spread(c, lks_var);
}

static void run_std(call *c)
{
    run_spread(c, lks_std);
}

/* norm(p, dim, keepdim) and linalg's (ord, dim, keepdim); p may be "fro", which is 2. */
static void run_vector_norm(call *c, place p)
{
    int over[MAX_LIST];
    const int n = dims(c, arg(1, "dim"), over);
    const bool keepdim = flag(c, arg(2, "keepdim"), false);
    double power = 2;

    if (!is_word(c, p))
        power = number(c, p, 2);
    else if (strcmp(word(c, p, "fro"), "fro") != 0)
        lacks(c, "nuc");
    give(c, lks_norm(input(c), power, over, n, keepdim));
}

static void run_norm(call *c)
{
    run_vector_norm(c, arg(0, "p"));
}

static void run_linalg_vector_norm(call *c)
{
    run_vector_norm(c, arg(0, "ord"));
}

/* Of a matrix, a number names another norm than that of its elements; 2 and -2 are by
 * singular values. */
static void run_linalg_norm(call *c)
{
    int over[MAX_LIST];
    const place ord = arg(0, "ord");
    lks_tensor *x = input(c);
    const int n = dims(c, arg(1, "dim"), over);
    const bool is_matrix = n == 2 || (n == 0 && lks_ndim(x) == 2);

    if (!is_matrix || !given(c, ord) || is_word(c, ord)) {
        run_vector_norm(c, ord);
        return;
    }
    if (fabs(number(c, ord, 1)) == 2)
        lacks(c, "ord");
    if (n == 2)
        x = lks_movedim(x, over, (const int[]){-2, -1}, 2);
    give(c, lks_matrix_norm(x, number(c, ord, 1), flag(c, arg(2, "keepdim"), false)));
}

static void run_logsumexp(call *c)
{
    int over[MAX_LIST];
    const int n = dims(c, arg(0, "dim"), over);

    give(c, lks_logsumexp(input(c), over, n, flag(c, arg(1, "keepdim"), false)));
}

static void run_cumsum(call *c)
{
    give(c, lks_cumsum(input(c), whole(c, arg(0, "dim"), 0)));
}

static void run_cumprod(call *c)
{
    give(c, lks_cumprod(input(c), whole(c, arg(0, "dim"), 0)));
}

static void run_sort(call *c)
{
    lks_tensor *index;

    flag(c, named("stable"), false); /* equals stay as they stand anyway */
    give(c, lks_sort(input(c), whole(c, arg(0, "dim"), -1),
                     flag(c, arg(1, "descending"), false), &index));
    give(c, index);
}

static void run_topk(call *c)
{
    lks_tensor *index;

    only(c, arg(3, "sorted"), true);
    give(c, lks_topk(input(c), integer(c, arg(0, "k"), 0), whole(c, arg(1, "dim"), -1),
                     flag(c, arg(2, "largest"), true), &index));
    give(c, index);
}

static const row rows[] = {
    {"sum", .run = run_sum},
    {"mean", .run = run_mean},
    {"argmax", .run = run_argmax},
    {"argmin", .run = run_argmin},
    {"amax", .run = run_amax},
    {"amin", .run = run_amin},
    {"max/reduction_no_dim", .unary = lks_max_all},
    {"min/reduction_no_dim", .unary = lks_min_all},
    {"max/reduction_with_dim", .run = run_max_dim},
    {"min/reduction_with_dim", .run = run_min_dim},
    {"prod", .run = run_prod},
    {"var", .run = run_var},
    {"std", .run = run_std},
    {"norm", .run = run_norm},
    {"norm/inf", .run = run_norm},
    {"linalg.norm", .run = run_linalg_norm},
    {"linalg.norm/subgradients_at_zero", .run = run_linalg_norm},
    {"linalg.vector_norm", .run = run_linalg_vector_norm},
    {"logsumexp", .run = run_logsumexp},
    {"cumsum", .run = run_cumsum},
    {"cumprod", .run = run_cumprod},
    {"sort", .run = run_sort},
    {"topk", .run = run_topk},
    {"trace", .unary = lks_trace},
};
FAMILY(reductions, rows);
