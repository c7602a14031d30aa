/* How near two results are, for tests that train twice:
 *
 *     compare weights A.safetensors B.safetensors TOLERANCE
 *     compare losses A.jsonl B.jsonl TOLERANCE
 *     compare losses A.jsonl NAME:B.safetensors TOLERANCE
 *
 * weights: of every array, the 2-norm of the difference over its own. losses: of every
 * step, the relative difference. Says the largest; exit status 1 where it is above
 * the tolerance or something has no partner. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "io/safetensors.h"

enum { MAX_STEPS = 100000 };

typedef struct losses {
    size_t n;
    double of[MAX_STEPS]; /* by step, from 1 */
} losses;

/* The larger; a NaN is larger than all and stays. */
static double worst(double a, double b)
{
    return isnan(a) || a >= b ? a : b;
}

/* ||a - b|| / ||b||, of the 2-norm. */
static double array_difference(const lks_safetensors_entry *a,
                               const lks_safetensors_entry *b)
{
    const float *x = a->data, *y = b->data;
    double difference = 0, size = 0;

    for (size_t i = 0; i < b->size_bytes / sizeof *y; i++) {
        difference += pow((double)x[i] - (double)y[i], 2);
        size += pow((double)y[i], 2);
    }
    return difference == 0 ? 0 : sqrt(difference / size);
}

static bool same_shape(const lks_safetensors_entry *a, const lks_safetensors_entry *b)
{
    return a && a->dtype == LKS_F32 && b->dtype == LKS_F32 && a->ndim == b->ndim &&
           memcmp(a->sizes, b->sizes, (size_t)a->ndim * sizeof *a->sizes) == 0;
}

static lks_status compare_weights(const char *path_a, const char *path_b, double *most)
{
    lks_safetensors *a = NULL, *b = NULL;
    lks_status st;

    LKS_GO(lks_safetensors_open(path_a, &a));
    LKS_GO(lks_safetensors_open(path_b, &b));
    if (lks_safetensors_count(a) != lks_safetensors_count(b))
        LKS_FAIL(LKS_FORMAT, "%zu arrays and %zu", lks_safetensors_count(a),
                 lks_safetensors_count(b));
    for (size_t i = 0; i < lks_safetensors_count(b); i++) {
        const lks_safetensors_entry *y = lks_safetensors_at(b, i);
        const lks_safetensors_entry *x = lks_safetensors_find(a, y->name);

        if (!same_shape(x, y))
            LKS_FAIL(LKS_SHAPE, "%s: missing or of another shape in %s", y->name, path_a);
        *most = worst(*most, array_difference(x, y));
    }
cleanup:
    lks_safetensors_close(a);
    lks_safetensors_close(b);
    return st;
}

static lks_status read_metrics(const char *path, losses *out)
{
    FILE *file = fopen(path, "r");
    char line[4096];

    if (!file)
        return lks_fail(LKS_IO, "%s: cannot be read", path);
    while (fgets(line, sizeof line, file)) {
        json_t *object = json_loads(line, 0, NULL);
        json_int_t step = json_integer_value(json_object_get(object, "step"));

        if (object && !json_object_get(object, "split") && step == (json_int_t)out->n + 1)
            out->of[out->n++] = json_number_value(json_object_get(object, "loss"));
        json_decref(object);
    }
    fclose(file);
    return out->n ? LKS_OK : lks_fail(LKS_FORMAT, "%s: no losses of step 1 …", path);
}

/* `source` is NAME:FILE. */
static lks_status read_array(const char *source, losses *out)
{
    const char *colon = strchr(source, ':');
    lks_safetensors *file = NULL;
    const lks_safetensors_entry *entry;
    char name[64];
    lks_status st;

    snprintf(name, sizeof name, "%.*s", (int)(colon - source), source);
    LKS_GO(lks_safetensors_open(colon + 1, &file));
    entry = lks_safetensors_find(file, name);
    if (!entry || entry->dtype != LKS_F64)
        LKS_FAIL(LKS_FORMAT, "%s: no f64 array %s", colon + 1, name);
    out->n = entry->size_bytes / sizeof(double);
    memcpy(out->of, entry->data, entry->size_bytes);
cleanup:
    lks_safetensors_close(file);
    return st;
}

static lks_status compare_losses(const char *path_a, const char *b, double *most)
{
    static losses x, y;

    LKS_TRY(read_metrics(path_a, &x));
    LKS_TRY(strchr(b, ':') ? read_array(b, &y) : read_metrics(b, &y));
    if (x.n != y.n)
        return lks_fail(LKS_FORMAT, "%zu steps and %zu", x.n, y.n);
    for (size_t i = 0; i < x.n; i++)
        *most = worst(*most, fabs(x.of[i] - y.of[i]) / fabs(y.of[i]));
    return LKS_OK;
}

int main(int argc, char **argv)
{
    double most = 0, tolerance;
    lks_status st;

    if (argc != 5)
        return 2;
    tolerance = strtod(argv[4], NULL);
    if (strcmp(argv[1], "weights") == 0)
        st = compare_weights(argv[2], argv[3], &most);
    else
        st = compare_losses(argv[2], argv[3], &most);
    if (st != LKS_OK)
        printf("%s\n", lks_error_text());
    else
        printf("%s: largest relative difference %.3g, allowed %.3g\n", argv[1], most,
               tolerance);
    return st == LKS_OK && most <= tolerance ? 0 : 1;
}
