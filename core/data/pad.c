#include "data/pad.h"

#include <math.h>
#include <string.h>

/* A field's sample is `n_rows` rows, one for each index before the dimension that varies;
 * a row is as many items as the sample is long. */
typedef struct layout {
    size_t n_rows, item_bytes;
    size_t n_most; /* items of a row of the largest */
} layout;

static layout layout_of(const lks_field *field)
{
    layout l = {.n_rows = 1,
                .item_bytes = lks_dtype_size_bytes(field->dtype),
                .n_most = (size_t)field->sizes[field->varying_dim]};

    for (int d = 0; d < field->varying_dim; d++)
        l.n_rows *= (size_t)field->sizes[d];
    for (int d = field->varying_dim + 1; d < field->n_dims; d++)
        l.item_bytes *= (size_t)field->sizes[d];
    return l;
}

static bool holds(double low, double high, double value)
{
    return value >= low && value <= high && value == trunc(value);
}

bool lks_pad_element(lks_dtype dtype, double value, void *out)
{
    const float narrow = (float)value;
    bool fits = isfinite(narrow) || !isfinite(value);

    memset(out, 0, LKS_MAX_ELEMENT_BYTES);
    switch (dtype) {
#define INTEGER(name, type, low, high)                                                   \
    case LKS_##name:                                                                     \
        fits = holds(low, high, value);                                                  \
        if (fits)                                                                        \
            memcpy(out, &(type){(type)value}, sizeof(type));                             \
        return fits;
        INTEGER(I64, int64_t, -0x1p63, 0x1p63 - 1024)
        INTEGER(I32, int32_t, INT32_MIN, INT32_MAX)
        INTEGER(I16, int16_t, INT16_MIN, INT16_MAX)
        INTEGER(U8, uint8_t, 0, UINT8_MAX)
        INTEGER(BOOL, uint8_t, 0, 1)
#undef INTEGER
    case LKS_F64:
        memcpy(out, &value, sizeof value);
        return true;
    case LKS_F32:
        memcpy(out, &narrow, sizeof narrow);
        return fits;
    case LKS_F16:
        memcpy(out, &(uint16_t){lks_f16_from_f32(narrow)}, sizeof(uint16_t));
        return fits;
    default: /* BF16 */
        memcpy(out, &(uint16_t){lks_bf16_from_f32(narrow)}, sizeof(uint16_t));
        return fits;
    }
}

static void fill(char *at, size_t n_bytes, const void *element, size_t element_bytes)
{
    for (size_t i = 0; i < n_bytes; i += element_bytes)
        memcpy(at + i, element, element_bytes);
}

/* One sample of n items a row, dense at `from`, to rows of n_longest at `to`, which is
 * not behind it. Rows spread from the last on, over what has been moved. */
static void spread(const layout *l, const char *from, size_t n, char *to,
                   size_t n_longest, const void *element, size_t element_bytes)
{
    const size_t row = n * l->item_bytes, room = n_longest * l->item_bytes;

    memmove(to, from, l->n_rows * row);
    for (size_t r = l->n_rows; r-- > 0;) {
        memmove(to + r * room, to + r * row, row);
        fill(to + r * room + row, room - row, element, element_bytes);
    }
}

void lks_pad_batch(const lks_field *field, int64_t n, lks_field_batch *batch)
{
    const layout l = layout_of(field);
    unsigned char element[LKS_MAX_ELEMENT_BYTES];
    char *data = batch->data;

    batch->longest = 0;
    for (int64_t i = 0; i < n; i++)
        if (batch->lengths[i] > batch->longest)
            batch->longest = batch->lengths[i];
    lks_pad_element(field->dtype, field->pad, element);
    for (int64_t i = 0; i < n; i++) {
        const size_t sample = (size_t)i * l.n_rows * l.item_bytes;

        spread(&l, data + sample * l.n_most, (size_t)batch->lengths[i],
               data + sample * (size_t)batch->longest, (size_t)batch->longest, element,
               lks_dtype_size_bytes(field->dtype));
    }
}
