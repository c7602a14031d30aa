/* Tensors as text.
 * source: the layout rules of torch/_tensor_str.py (precision 4, lines of 80, three items
 * at each edge of what has over 1000 elements) */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "autograd/node.h"
#include "base/alloc.h"

enum { EDGE_ITEMS = 3, SUMMARY_ABOVE = 1000, LINE_WIDTH = 80, INDENT = 7 };

typedef enum style { INTEGER, BOOLEAN, WHOLE, FIXED, SCIENTIFIC } style;

/* What goes out, cut off at `size` but counted on. */
typedef struct printer {
    const lks_tensor *t;
    lks_view host; /* its elements where the host may read them */
    char *text;
    size_t size, length, line_start;
    bool summary;
    style style;
    int width; /* of one element */
    /* of the elements shown, not counting zeros, infinities and NaNs */
    double smallest, largest;
    bool all_whole;
} printer;

static void put(printer *p, const char *text)
{
    for (; *text; text++, p->length++) {
        if (p->length + 1 < p->size) {
            p->text[p->length] = *text;
            p->text[p->length + 1] = '\0';
        }
        if (*text == '\n')
            p->line_start = p->length + 1;
    }
}

static void put_newlines(printer *p, int n, int spaces)
{
    for (int i = 0; i < n; i++)
        put(p, "\n");
    for (int i = 0; i < spaces; i++)
        put(p, " ");
}

static double float_at(const printer *p, int64_t offset)
{
    return lks_number_of(lks_view_at(&p->host, offset), p->host.dtype);
}

static int64_t integer_at(const printer *p, int64_t offset)
{
    const void *at = lks_view_at(&p->host, offset);

    if (p->host.dtype == LKS_I64) /* which not every double holds */
        return *(const int64_t *)at;
    return (int64_t)lks_number_of(at, p->host.dtype);
}

static int format_float(style s, double value, int width, char *text, size_t size)
{
    if (s == SCIENTIFIC)
        return snprintf(text, size, "%*.4e", width, value);
    if (s == FIXED)
        return snprintf(text, size, "%*.4f", width, value);
    if (!isfinite(value))
        return snprintf(text, size, "%*.0f", width, value);
    return snprintf(text, size, "%*.0f.", width > 0 ? width - 1 : 0, value);
}

static int format(const printer *p, int64_t offset, int width, char *text, size_t size)
{
    if (p->style == BOOLEAN)
        return snprintf(text, size, "%*s", width,
                        integer_at(p, offset) ? "True" : "False");
    if (p->style == INTEGER)
        return snprintf(text, size, "%*" PRId64, width, integer_at(p, offset));
    return format_float(p->style, float_at(p, offset), width, text, size);
}

typedef void (*element_fn)(printer *p, int64_t offset);

/* Every element shown, row-major. */
static void for_each_shown(printer *p, int dim, int64_t offset, element_fn visit)
{
    const lks_view *v = &p->host;

    if (dim == v->ndim) {
        visit(p, offset);
        return;
    }
    for (int64_t i = 0; i < v->sizes[dim]; i++) {
        if (p->summary && i == EDGE_ITEMS && v->sizes[dim] > 2 * EDGE_ITEMS)
            i = v->sizes[dim] - EDGE_ITEMS;
        for_each_shown(p, dim + 1, offset + i * v->strides[dim], visit);
    }
}

static void note_magnitude(printer *p, int64_t offset)
{
    double value = fabs(float_at(p, offset));

    if (!isfinite(value) || value == 0)
        return;
    p->smallest = fmin(p->smallest, value);
    p->largest = fmax(p->largest, value);
    p->all_whole &= value == ceil(value);
}

/* Zeros, infinities and NaNs take what room the others leave them, and a place of one
 * where there are no others. */
static void note_width(printer *p, int64_t offset)
{
    char text[64];
    int width;

    if (lks_dtype_is_float(p->t->view.dtype)) {
        double value = float_at(p, offset);
        if (!isfinite(value) || value == 0)
            return;
    }
    width = format(p, offset, 0, text, sizeof text);
    p->width = width > p->width ? width : p->width;
}

static void choose_style(printer *p)
{
    lks_dtype dtype = p->t->view.dtype;

    if (!lks_dtype_is_float(dtype)) {
        p->style = dtype == LKS_BOOL ? BOOLEAN : INTEGER;
    } else {
        p->smallest = INFINITY;
        p->all_whole = true;
        for_each_shown(p, 0, 0, note_magnitude);
        bool wide = p->largest / p->smallest > 1000 || p->largest > 1e8;
        if (p->largest > 0 && (wide || (!p->all_whole && p->smallest < 1e-4)))
            p->style = SCIENTIFIC;
        else
            p->style = p->all_whole ? WHOLE : FIXED;
    }
    for_each_shown(p, 0, 0, note_width);
}

static void put_element(printer *p, int64_t offset)
{
    char text[64];

    format(p, offset, p->width, text, sizeof text);
    put(p, text);
}

/* One row, broken into lines. */
static void put_row(printer *p, int64_t offset, int indent)
{
    const lks_view *v = &p->host;
    int64_t size = v->sizes[v->ndim - 1], stride = v->strides[v->ndim - 1];
    int per_line = (LINE_WIDTH - indent) / (p->width + 2), on_line = 0;

    put(p, "[");
    for (int64_t i = 0; i < size; i++) {
        if (i > 0)
            put(p, on_line >= per_line ? "," : ", ");
        if (i > 0 && on_line >= per_line) {
            put_newlines(p, 1, indent + 1);
            on_line = 0;
        }
        if (p->summary && i == EDGE_ITEMS && size > 2 * EDGE_ITEMS) {
            put(p, " ...");
            i = size - EDGE_ITEMS - 1;
        } else {
            put_element(p, offset + i * stride);
        }
        on_line++;
    }
    put(p, "]");
}

static void put_array(printer *p, int dim, int64_t offset, int indent)
{
    const lks_view *v = &p->host;
    int64_t size = dim < v->ndim ? v->sizes[dim] : 0;

    if (dim == v->ndim) {
        put_element(p, offset);
        return;
    }
    if (dim == v->ndim - 1) {
        put_row(p, offset, indent);
        return;
    }
    put(p, "[");
    for (int64_t i = 0; i < size; i++) {
        if (i > 0) {
            put(p, ",");
            put_newlines(p, v->ndim - dim - 1, indent + 1);
        }
        if (p->summary && i == EDGE_ITEMS && size > 2 * EDGE_ITEMS) {
            put(p, "...");
            i = size - EDGE_ITEMS - 1;
            continue;
        }
        put_array(p, dim + 1, offset + i * v->strides[dim], indent + 1);
    }
    put(p, "]");
}

/* ", name=value", on a line of its own where it no longer fits. */
static void put_suffix(printer *p, const char *name, const char *value)
{
    size_t wanted = p->length - p->line_start + strlen(name) + strlen(value) + 5;

    put(p, ",");
    if (wanted > LINE_WIDTH)
        put_newlines(p, 1, INDENT);
    else
        put(p, " ");
    put(p, name);
    put(p, "=");
    put(p, value);
}

/* The device, but for the one CPU that there mostly is. */
static void put_device(printer *p)
{
    const lks_device device = p->t->storage->device;
    char name[LKS_DEVICE_TEXT], quoted[LKS_DEVICE_TEXT + 2];

    if (device.type == lks_cpu.type && device.index == lks_cpu.index)
        return;
    snprintf(quoted, sizeof quoted, "'%s'", lks_device_text(device, name, sizeof name));
    put_suffix(p, "device", quoted);
}

static void put_suffixes(printer *p)
{
    const lks_tensor *t = p->t;
    lks_dtype dtype = t->view.dtype;
    lks_sizes_text shape;
    bool is_default =
        dtype == LKS_F32 || (t->numel > 0 && (dtype == LKS_I64 || dtype == LKS_BOOL));

    put_device(p);
    if (t->numel == 0 && t->view.ndim != 1)
        put_suffix(p, "size", lks_view_text(&t->view, &shape));
    if (!is_default)
        put_suffix(p, "dtype", lks_dtype_name(dtype));
    if (lks_node_leaf(t->node)) {
        put_suffix(p, "requires_grad", "True");
    } else if (t->node) {
        put_suffix(p, "grad_fn", "<");
        put(p, lks_node_name(t->node));
        put(p, ">");
    }
}

/* The elements where the host may read them: in place or, on the heap, in *copy. */
static lks_status bring_to_host(printer *p, void **copy)
{
    const lks_tensor *t = p->t;
    const lks_shape shape = lks_sizes(t);

    p->host = t->view;
    if (t->storage->kernels->host_reads)
        return LKS_OK;
    *copy = lks_calloc((size_t)t->numel, lks_dtype_size_bytes(t->view.dtype));
    if (!*copy)
        return LKS_NOMEM;
    p->host = lks_view_dense(lks_cpu, *copy, t->view.dtype, &shape);
    return lks_to_host(t, *copy);
}

static void put_tensor(printer *p)
{
    const lks_tensor *t = p->t;

    if (p->size > 0)
        p->text[0] = '\0';
    p->summary = t->numel > SUMMARY_ABOVE;
    put(p, "tensor(");
    if (t->numel > 0) {
        choose_style(p);
        put_array(p, 0, 0, INDENT);
    } else {
        put(p, "[]");
    }
    put_suffixes(p);
    put(p, ")");
}

int lks_print(const lks_tensor *t, char *text, size_t size)
{
    printer p = {.t = t, .text = text, .size = size, .width = 1};
    void *copy = NULL;
    int length = -1;

    if (!t) {
        lks_refuse_null("print");
        return -1;
    }
    if (bring_to_host(&p, &copy) == LKS_OK) {
        put_tensor(&p);
        length = (int)p.length;
    }
    lks_free(copy);
    return length;
}
