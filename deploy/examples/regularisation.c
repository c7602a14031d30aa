/* Linear regression of a table: plain, or with the weights held small by their squares
 * (L2, ridge) or by their absolute values (L1, lasso).
 *
 *     regularisation TABLE [l2 ALPHA | l1 ALPHA] [as-is]
 *
 *     least squares   |y - X w - b|^2
 *     l2              |y - X w - b|^2 + ALPHA |w|^2
 *     l1              |y - X w - b|^2 / 2n + ALPHA sum |w|
 *
 * TABLE has a line of names, then lines of numbers, of which the last is y. The columns of
 * X are brought to mean 0 and length 1, unless they are to be taken as they are. */
#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lockstep.h>

enum { MAX_NUMBERS = 1 << 16, MAX_COLUMNS = 32, LINE_SIZE = 1024, MAX_STEPS = 1000000 };

typedef struct table {
    char heading[LINE_SIZE], *names[MAX_COLUMNS];
    int64_t n_rows, n_columns;
    double numbers[MAX_NUMBERS];
} table;

static int64_t split(char *line, char **words)
{
    int64_t n = 0;

    for (char *word = strtok(line, ", \t\r\n"); word && n < MAX_COLUMNS;
         word = strtok(NULL, ", \t\r\n"))
        words[n++] = word;
    return n;
}

static lks_status read_table(const char *path, table *out)
{
    FILE *file = fopen(path, "r");
    char line[LINE_SIZE], *words[MAX_COLUMNS];

    if (!file || !fgets(out->heading, LINE_SIZE, file))
        return lks_fail(LKS_IO, "%s: cannot be read", path);
    out->n_columns = split(out->heading, out->names);
    while (fgets(line, LINE_SIZE, file)) {
        double *row = out->numbers + out->n_rows * out->n_columns;

        if (split(line, words) != out->n_columns ||
            row + out->n_columns > out->numbers + MAX_NUMBERS)
            break;
        for (int64_t i = 0; i < out->n_columns; i++)
            row[i] = strtod(words[i], NULL);
        out->n_rows++;
    }
    const bool is_whole = feof(file) && out->n_rows > 0 && out->n_columns > 1;

    fclose(file);
    return is_whole ? LKS_OK
                    : lks_fail(LKS_FORMAT, "%s: row %d is not like those before", path,
                               (int)out->n_rows + 1);
}

/* One step of w towards the minimum of (|y - X w|^2 + l2 |w|^2) / 2n + l1 sum |w|: down
 * the gradient of what has one, then the soft threshold, which does the rest exactly.
 * source: Beck & Teboulle 2009, "A fast iterative shrinkage-thresholding algorithm" */
static lks_status step(lks_tensor *x, lks_tensor *y, lks_tensor *w, double lr, double l2,
                       double l1, double *moved)
{
    lks_tensor *errors = lks_sum_all(lks_square(lks_sub(lks_matmul(x, w), y)));
    lks_tensor *squares = lks_mul_scalar(lks_sum_all(lks_square(w)), l2);
    lks_status st;

    lks_zero_grad(w);
    st = lks_backward(
        lks_mul_scalar(lks_add(errors, squares), 0.5 / (double)lks_size(x, 0)));
    if (st == LKS_OK) {
        const bool was = lks_set_grad_enabled(false);
        lks_tensor *down = lks_sub(w, lks_mul_scalar(lks_grad(w), lr));
        lks_tensor *next = lks_softshrink(down, lr * l1);
        lks_tensor *change = lks_div(lks_norm(lks_sub(next, w), 2, NULL, 0, false),
                                     lks_norm(next, 2, NULL, 0, false));

        lks_copy_(w, next);
        st = lks_item(change, moved);
        lks_set_grad_enabled(was);
    }
    return st;
}

static lks_status fit(lks_tensor *x, lks_tensor *y, lks_tensor *w, double l2, double l1)
{
    double moved = 1, steepest;
    lks_status st =
        lks_item(lks_norm(lks_matmul(lks_t(x), x), 2, NULL, 0, false), &steepest);
    const double lr = (double)lks_size(x, 0) / (steepest + l2); /* none overshoots */

    for (int i = 0; i < MAX_STEPS && st == LKS_OK && moved > 1e-13; i++) {
        st = lks_scope_open();
        if (st == LKS_OK) {
            st = step(x, y, w, lr, l2, l1, &moved);
            lks_scope_close();
        }
    }
    return st;
}

static lks_status run(table *t, double l2, double l1, bool as_is)
{
    const int rows = 0;
    const int64_t p = t->n_columns - 1;
    lks_tensor *all = lks_from_blob(LKS_SHAPE_OF(t->n_rows, t->n_columns), LKS_F64,
                                    t->numbers, lks_cpu);
    lks_tensor *x = lks_narrow(all, 1, 0, p), *y = lks_select(all, 1, p);
    lks_tensor *x_mean = lks_mean(x, &rows, 1, true), *y_mean = lks_mean_all(y);
    lks_tensor *centred = lks_sub(x, x_mean);
    lks_tensor *length = as_is ? lks_ones(LKS_SCALAR, LKS_F64, lks_cpu)
                               : lks_norm(centred, 2, &rows, 1, true);
    lks_tensor *w = lks_requires_grad_(lks_zeros(LKS_SHAPE_OF(p), LKS_F64, lks_cpu));
    double numbers[MAX_COLUMNS], mse;
    lks_status st;

    /* About their means b is no part of the question, and it is not held small. */
    x = lks_div(centred, length);
    st = fit(x, lks_sub(y, y_mean), w, l2, l1);
    lks_set_grad_enabled(false);
    lks_tensor *b = as_is ? lks_sub(y_mean, lks_matmul(x_mean, w)) : y_mean;

    if (st == LKS_OK)
        st = lks_to_host(w, numbers);
    if (st == LKS_OK)
        st = lks_item(b, &numbers[p]);
    if (st == LKS_OK)
        st = lks_item(
            lks_mse_loss(lks_matmul(x, w), lks_sub(y, y_mean), LKS_REDUCTION_MEAN), &mse);
    for (int64_t i = 0; i <= p && st == LKS_OK; i++)
        printf("%-10s %18.9f\n", i < p ? t->names[i] : "intercept", numbers[i]);
    if (st == LKS_OK)
        printf("%-10s %18.9f\n", "mse", mse);
    return st;
}

/* Below 0 the weights would be held large: there is no least loss. */
static bool read_alpha(const char *word, double *out)
{
    char *end;

    *out = strtod(word, &end);
    return end != word && *end == '\0' && *out >= 0 && *out <= DBL_MAX;
}

int main(int argc, char **argv)
{
    static table t;
    const bool as_is = argc > 2 && strcmp(argv[argc - 1], "as-is") == 0;
    const bool has_penalty = argc - as_is == 4;
    double alpha = 0;
    const bool is_l1 = has_penalty && strcmp(argv[2], "l1") == 0;
    lks_status st;

    if (argc - as_is != 2 && !(is_l1 || (has_penalty && strcmp(argv[2], "l2") == 0))) {
        fprintf(stderr, "regularisation TABLE [l2 ALPHA | l1 ALPHA] [as-is]\n");
        return 2;
    }
    if (has_penalty && !read_alpha(argv[3], &alpha)) {
        fprintf(stderr,
                "regularisation: ALPHA is '%s', it must be a number of at least 0\n",
                argv[3]);
        return 2;
    }
    lks_scope_open();
    st = read_table(argv[1], &t);
    if (st == LKS_OK)
        st = run(&t, is_l1 ? 0 : alpha, is_l1 ? alpha : 0, as_is);
    if (st != LKS_OK)
        fprintf(stderr, "regularisation: %s\n", lks_error_text());
    lks_scope_close();
    return st == LKS_OK ? 0 : 1;
}
