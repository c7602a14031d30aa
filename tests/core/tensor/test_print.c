#include "support/test_device.h"

#include <math.h>

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

START_TEST(tensors_print_as_in_pytorch)
{
    char text[2000];

    ck_ok(lks_scope_open());
    for (int i = 0; i < N_TEXTS; i++) {
        int n = lks_print(make(i), text, sizeof text);
        ck_assert_str_eq(text, texts[i]);
        ck_assert_int_eq(n, (int)strlen(texts[i]));
    }
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
    ck_assert_int_eq(lks_print(make(1), text, 0), 20);
    ck_assert_str_eq(text, "untouched!!");
    ck_assert_int_eq(lks_print(make(1), text, 11), 20);
    ck_assert_str_eq(text, "tensor([1.");
    ck_assert_int_eq(lks_print(make(1), NULL, 0), 20);
    lks_scope_close();
}
END_TEST

LKS_SUITE("print", tensors_print_as_in_pytorch, a_result_names_its_operation,
          text_is_cut_to_the_room_there_is)
