#include "support/test_device.h"

#include <math.h>
#include <stdio.h>

#include "lockstep.h"

static const char *const texts[] = {
#include "../../golden/print.inc"
};
enum { N_TEXTS = sizeof texts / sizeof *texts };

#define FLOATS(...)                                                                      \
    lks_from_data(LKS_SHAPE_OF(sizeof((float[]){__VA_ARGS__}) / sizeof(float)), LKS_F32, \
                  (const float[]){__VA_ARGS__}, test_device())
#define ARANGE(n) lks_arange(n, LKS_I64, test_device())

/* The tensors of printed() in make_tensors.py. */
static lks_tensor *make(int i)
{
    const int16_t shorts[] = {1, -20, 300, 4};
    const uint8_t bools[] = {1, 0, 1};

    switch (i) {
    case 0:
        return lks_full(LKS_SCALAR, 3.14159, LKS_F32, test_device());
    case 1:
        return FLOATS(1, 2, 3);
    case 2:
        return lks_reshape(FLOATS(1.5f, -2.25f, 3, 100.125f), LKS_SHAPE_OF(2, 2));
    case 3:
        return FLOATS(1e-5f, 1, 2.5f);
    case 4:
        return FLOATS(1, 12345678, 3e9f);
    case 5:
        return FLOATS(0, INFINITY, -INFINITY, NAN);
    case 6:
        return FLOATS(0.5f, INFINITY, NAN);
    case 7:
        return lks_reshape(ARANGE(24), LKS_SHAPE_OF(2, 3, 4));
    case 8:
        return lks_from_data(LKS_SHAPE_OF(3), LKS_BOOL, bools, test_device());
    case 9:
        return lks_from_data(LKS_SHAPE_OF(2, 2), LKS_I16, shorts, test_device());
    case 10:
        return lks_to(FLOATS(1.5f, 2.5f), LKS_F64);
    case 11:
        return lks_div(lks_to(ARANGE(30), LKS_F32), FLOATS(7));
    case 12:
        return ARANGE(2000);
    case 13:
        return lks_reshape(ARANGE(2400), LKS_SHAPE_OF(40, 60));
    case 14:
        return lks_zeros(LKS_SHAPE_OF(0), LKS_F32, test_device());
    case 15:
        return lks_zeros(LKS_SHAPE_OF(2, 0), LKS_F32, test_device());
    case 16:
        return ARANGE(0);
    case 17:
        return lks_transpose(lks_reshape(ARANGE(12), LKS_SHAPE_OF(3, 4)), 0, 1);
    case 18:
        return lks_requires_grad_(lks_ones(LKS_SHAPE_OF(2, 2), LKS_F32, test_device()));
    default:
        return lks_mul_scalar(lks_arange(18, LKS_F64, test_device()), 1000.5);
    }
}

/* The words of a text, a space between each two. */
static void join_lines(char *text)
{
    char *to = text;

    for (const char *from = text; *from; from++)
        if (*from != '\n' && (*from != ' ' || (to > text && to[-1] != ' ')))
            *to++ = *from;
        else if (*from == '\n' && to > text && to[-1] != ' ')
            *to++ = ' ';
    *to = '\0';
}

/* t prints as PyTorch prints it on a CPU; elsewhere, its device is told besides, which
 * moves line breaks. */
static void prints_as(const char *what, lks_tensor *t, const char *want)
{
    static char text[8000], joined[8000];
    char device[LKS_DEVICE_TEXT + 16] = ", device='", name[LKS_DEVICE_TEXT], *at;
    int n = lks_print(t, text, sizeof text);

    ck_assert_int_eq(n, (int)strlen(text));
    if (test_device().type != LKS_CPU) {
        strcat(strcat(device, lks_device_text(test_device(), name, sizeof name)), "'");
        snprintf(joined, sizeof joined, "%s", want);
        join_lines(joined);
        join_lines(text);
        at = strstr(text, device);
        ck_assert_msg(at != NULL, "%s: no %s in %s", what, device, text);
        memmove(at, at + strlen(device), strlen(at + strlen(device)) + 1);
        want = joined;
    }
    ck_assert_msg(strcmp(text, want) == 0, "%s is\n%s\nPyTorch has\n%s", what, text,
                  want);
}

START_TEST(tensors_print_as_in_pytorch)
{
    char what[20];

    ck_ok(lks_scope_open());
    for (int i = 0; i < N_TEXTS; i++) {
        snprintf(what, sizeof what, "tensor %d", i);
        prints_as(what, make(i), texts[i]);
    }
    lks_scope_close();
}
END_TEST

/* What layouts() of make_tensors.py makes, in turn. */
static const struct layout {
    lks_dtype dtype;
    lks_shape shape;
    double scale, offset;
    int n_special;
    const char *text;
} layouts[] = {
#include "../../golden/print_layouts.inc"
};

static lks_tensor *lay_out(int row)
{
    const struct layout *l = &layouts[row];
    const double special[] = {(double)INFINITY, -(double)INFINITY, (double)NAN};
    double values[2000];
    int64_t n;

    ck_ok(lks_shape_numel(&l->shape, &n));
    ck_assert_int_le(n, 2000);
    for (int64_t i = 0; i < n; i++)
        values[i] =
            i < l->n_special
                ? special[i]
                : (double)((7919 * i + 31 * row) % 1009 - 504) * l->scale + l->offset;
    return lks_to(lks_from_data(l->shape, LKS_F64, values, test_device()), l->dtype);
}

START_TEST(numbers_are_laid_out_as_in_pytorch)
{
    char what[40];

    for (size_t row = 0; row < sizeof layouts / sizeof *layouts; row++) {
        ck_ok(lks_scope_open());
        snprintf(what, sizeof what, "row %zu, of %s", row,
                 lks_dtype_name(layouts[row].dtype));
        prints_as(what, lay_out((int)row), layouts[row].text);
        lks_scope_close();
    }
}
END_TEST

/* source: str(torch.ones(2, device="cuda:1")), and of (2, 0) in float64 */
START_TEST(a_device_is_told_but_for_the_cpu)
{
    char text[200];

    ck_ok(lks_scope_open());
    lks_print(lks_ones(LKS_SHAPE_OF(2), LKS_F32, (lks_device){LKS_CPU, 1}), text,
              sizeof text);
    ck_assert_str_eq(text, "tensor([1., 1.], device='cpu:1')");
    lks_print(lks_ones(LKS_SHAPE_OF(2, 0), LKS_F64, (lks_device){LKS_REFERENCE, 0}), text,
              sizeof text);
    ck_assert_str_eq(text,
                     "tensor([], device='reference:0', size=(2, 0), dtype=float64)");
    lks_print(lks_ones(LKS_SHAPE_OF(2), LKS_F32, lks_cpu), text, sizeof text);
    ck_assert_str_eq(text, "tensor([1., 1.])");
    lks_scope_close();
}
END_TEST

START_TEST(a_result_names_its_operation)
{
    char text[100];

    ck_ok(lks_scope_open());
    lks_print(lks_relu(make(18)), text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, ", grad_fn=<relu>)"));
    lks_scope_close();
}
END_TEST

START_TEST(text_is_cut_to_the_room_there_is)
{
    char text[12] = "untouched!!";

    ck_ok(lks_scope_open());
    lks_tensor *t = lks_to_device(make(1), lks_cpu);
    ck_assert_int_eq(lks_print(t, text, 0), 20);
    ck_assert_str_eq(text, "untouched!!");
    ck_assert_int_eq(lks_print(t, text, 11), 20);
    ck_assert_str_eq(text, "tensor([1.");
    ck_assert_int_eq(lks_print(t, NULL, 0), 20);
    lks_scope_close();
}
END_TEST

LKS_SUITE("print", tensors_print_as_in_pytorch, numbers_are_laid_out_as_in_pytorch,
          a_device_is_told_but_for_the_cpu, a_result_names_its_operation,
          text_is_cut_to_the_room_there_is)
