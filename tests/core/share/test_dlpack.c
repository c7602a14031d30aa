#include "support/suite.h"

#include <stdint.h>

#include "base/alloc.h"
#include "ops/ops.h"
#include "share/dlpack.h"
#include "support/test_device.h"
#include "tensor/scope.h"

_Static_assert(sizeof(lks_dlpack_array) == 48, "DLTensor");
_Static_assert(sizeof(lks_dlpack) == 80, "DLManagedTensorVersioned");
_Static_assert(sizeof(lks_dlpack_unversioned) == 64, "DLManagedTensor");

static lks_tensor *counting(void)
{
    const float x[] = {0, 1, 2, 3, 4, 5};

    return lks_from_data(LKS_SHAPE_OF(2, 3), LKS_F32, x, test_device());
}

/* Whether the device under test is one that DLPack knows. */
static bool is_known(void)
{
    const lks_device device = test_device();

    return lks_device_kernels(device)->host_reads || device.type == LKS_CUDA;
}

static void check_values(const lks_tensor *t, const float *wanted)
{
    float values[6];

    ck_ok(lks_to_host(t, values));
    ck_assert_mem_eq(values, wanted, (size_t)lks_numel(t) * sizeof *values);
}

START_TEST(a_tensor_goes_out_and_comes_in_without_a_copy)
{
    static const float turned[] = {0, 3, 1, 4, 2, 5};
    lks_tensor *t, *view, *back;
    lks_dlpack *out = NULL;
    lks_dlpack_unversioned *older = NULL;

    if (!is_known())
        return;
    t = counting();
    view = lks_transpose(t, 0, 1);
    ck_ok(lks_to_dlpack(view, &out));
    ck_ok(lks_to_dlpack_unversioned(view, &older));
    ck_assert(out->version.major == 1 && out->flags == 0);
    ck_assert(out->array.ndim == 2 && out->array.shape[0] == 3);
    ck_assert(out->array.strides[0] == 1 && out->array.strides[1] == 3);
    ck_assert(out->array.dtype.code == 2 && out->array.dtype.bits == 32);
    ck_assert_ptr_eq(out->array.data, lks_data(t));
    lks_unref(view);
    lks_unref(t); /* the two outside keep it */
    back = lks_from_dlpack(out);
    ck_assert_msg(back != NULL, "%s", lks_error_text());
    ck_assert_ptr_eq(lks_data(back), out->array.data);
    check_values(back, turned);
    lks_unref(back);
    back = lks_from_dlpack_unversioned(older);
    ck_assert_ptr_nonnull(back);
    check_values(back, turned);
    ck_assert(lks_stride(back, 1) == 3 && !lks_is_contiguous(back));
    lks_unref(back);
}
END_TEST

START_TEST(a_device_that_others_do_not_know_is_told)
{
    lks_dlpack *out;
    lks_tensor *t;

    if (is_known())
        return;
    t = counting();
    ck_fails(lks_to_dlpack(t, &out), LKS_DEVICE, "to_dlpack: DLPack does not know");
    lks_unref(t);
}
END_TEST

START_TEST(every_dtype_goes_both_ways)
{
    if (!is_known())
        return;
    for (int dtype = 0; dtype < LKS_N_DTYPES; dtype++) {
        lks_tensor *t = lks_zeros(LKS_SHAPE_OF(3), dtype, test_device()), *back;
        lks_dlpack *out;

        ck_ok(lks_to_dlpack(t, &out));
        ck_assert_uint_eq(out->array.dtype.bits, 8 * lks_dtype_size_bytes(dtype));
        back = lks_from_dlpack(out);
        ck_assert_ptr_nonnull(back);
        ck_assert_int_eq(lks_tensor_dtype(back), dtype);
        lks_unref(back);
        lks_unref(t);
    }
}
END_TEST

/* ---- another's memory ------------------------------------------------------------ */

static int n_deleted;

static void count_deletion(lks_dlpack *self)
{
    (void)self;
    n_deleted++;
}

static float memory[12] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
static int64_t shape[9] = {2, 3, 1, 1, 1, 1, 1, 1, 1}, strides[9] = {6, 2};

static lks_dlpack others(void)
{
    return (lks_dlpack){
        .version = {1, 7},
        .deleter = count_deletion,
        .array = {.data = memory,
                  .device = {LKS_DLPACK_CPU, 0},
                  .ndim = 2,
                  .dtype = {LKS_DLPACK_FLOAT, 32, 1},
                  .shape = shape,
                  .strides = strides},
    };
}

START_TEST(anothers_memory_is_used_in_place_and_given_back_once)
{
    lks_dlpack managed = others();
    lks_tensor *t, *row;

    n_deleted = 0;
    managed.array.byte_offset = 4;
    t = lks_from_dlpack(&managed);
    ck_assert_msg(t != NULL, "%s", lks_error_text());
    check_values(t, (float[]){1, 3, 5, 7, 9, 11});
    row = lks_select(t, 0, 1);
    lks_unref(t);
    ck_assert_int_eq(n_deleted, 0);
    ck_assert_ptr_nonnull(lks_fill_(row, 20));
    lks_unref(row);
    ck_assert_int_eq(n_deleted, 1);
    ck_assert(memory[6] == 6 && memory[7] == 20 && memory[9] == 20 && memory[11] == 20);
    managed.deleter = NULL;
    t = lks_from_dlpack(&managed);
    ck_assert_ptr_nonnull(t);
    lks_unref(t);
}
END_TEST

START_TEST(strides_may_be_missing_or_go_back)
{
    static int64_t back[] = {-3, -1};
    lks_dlpack managed = others();
    lks_tensor *t;

    managed.array.strides = NULL;
    t = lks_from_dlpack(&managed);
    check_values(t, (float[]){0, 1, 2, 3, 4, 5});
    lks_unref(t);
    managed.array.strides = back;
    managed.array.byte_offset = 5 * sizeof(float);
    t = lks_from_dlpack(&managed);
    check_values(t, (float[]){5, 4, 3, 2, 1, 0});
    lks_unref(t);
    managed.array.ndim = 0;
    managed.array.shape = managed.array.strides = NULL;
    t = lks_from_dlpack(&managed);
    check_values(t, (float[]){5});
    lks_unref(t);
}
END_TEST

START_TEST(no_elements_need_no_memory)
{
    static int64_t none[] = {2, 0};
    lks_dlpack managed = others();
    lks_tensor *t;

    managed.array.data = NULL;
    managed.array.shape = none;
    t = lks_from_dlpack(&managed);
    ck_assert_msg(t != NULL, "%s", lks_error_text());
    ck_assert_int_eq(lks_numel(t), 0);
    lks_unref(t);
}
END_TEST

START_TEST(memory_for_reading_stays_so)
{
    lks_dlpack managed = others(), *out;
    lks_dlpack_unversioned *older;
    lks_tensor *t;

    managed.flags = LKS_DLPACK_READ_ONLY;
    t = lks_from_dlpack(&managed);
    ck_assert(lks_is_read_only(t));
    ck_assert_ptr_null(lks_add_(t, t));
    ck_assert_str_eq(lks_error_text(),
                     "add_: the tensor's memory may only be read; lks_clone it");
    lks_error_clear();
    ck_ok(lks_to_dlpack(t, &out));
    ck_assert_uint_eq(out->flags, LKS_DLPACK_READ_ONLY);
    out->deleter(out);
    ck_fails(lks_to_dlpack_unversioned(t, &older), LKS_STATE, "may only be read");
    lks_unref(t);
}
END_TEST

START_TEST(a_tensor_with_a_gradient_stays)
{
    lks_tensor *t = lks_requires_grad_(lks_zeros(LKS_SHAPE_OF(2), LKS_F32, lks_cpu));
    lks_dlpack *out;

    ck_fails(lks_to_dlpack(t, &out), LKS_STATE, "to_dlpack: the tensor requires a grad");
    lks_error_clear();
    ck_fails(lks_to_dlpack(NULL, &out), LKS_INVALID, "to_dlpack: given no tensor");
    lks_error_clear();
    lks_unref(t);
}
END_TEST

START_TEST(what_we_cannot_use_is_refused_and_stays_the_callers)
{
    static int64_t negative[] = {2, -3}, huge[] = {INT64_MAX, 2},
                   far[] = {INT64_MAX / 8, 1}, farther[] = {INT64_MIN, 1};
    const struct {
        lks_status status;
        const char *says;
    } wanted[] = {
        {LKS_INVALID, "from_dlpack: DLPack 2.0; known is version 1"},
        {LKS_DEVICE, "from_dlpack: memory of device type 10; of a CPU (1) and of CUDA "},
        {LKS_DEVICE, "from_dlpack: memory of CUDA device 1000; there are "},
        {LKS_DTYPE, "from_dlpack: elements of 4 lanes; of 1 can be used"},
        {LKS_DTYPE, "from_dlpack: no dtype for elements of code 5, 64 bits"},
        {LKS_DTYPE, "from_dlpack: no dtype for elements of code 1, 16 bits"},
        {LKS_SHAPE, "from_dlpack: 9 dimensions; 0 to 8 are allowed"},
        {LKS_SHAPE, "from_dlpack: -1 dimensions"},
        {LKS_INVALID, "from_dlpack: 2 dimensions without a shape"},
        {LKS_SHAPE, "negative"},
        {LKS_SHAPE, ""},
        {LKS_INVALID, "from_dlpack: 6 elements without memory"},
        {LKS_INVALID, "from_dlpack: the memory is not aligned to elements of float32"},
        {LKS_SHAPE, "from_dlpack: the strides overflow"},
        {LKS_SHAPE, "from_dlpack: the strides overflow"},
    };
    enum { N = sizeof wanted / sizeof *wanted };
    lks_dlpack cases[N];

    for (int i = 0; i < N; i++)
        cases[i] = others();
    cases[0].version.major = 2;
    cases[0].version.minor = 0;
    cases[1].array.device.type = 10;
    cases[2].array.device.type = LKS_DLPACK_CUDA;
    cases[2].array.device.id = 1000;
    cases[3].array.dtype.lanes = 4;
    cases[4].array.dtype.code = 5;
    cases[4].array.dtype.bits = 64;
    cases[5].array.dtype.code = 1;
    cases[5].array.dtype.bits = 16;
    cases[6].array.ndim = 9;
    cases[7].array.ndim = -1;
    cases[8].array.shape = NULL;
    cases[9].array.shape = negative;
    cases[10].array.shape = huge;
    cases[11].array.data = NULL;
    cases[12].array.byte_offset = 2;
    cases[13].array.strides = far;
    cases[14].array.strides = farther;
    n_deleted = 0;
    for (int i = 0; i < N; i++) {
        lks_error_clear();
        ck_assert_msg(lks_from_dlpack(&cases[i]) == NULL, "case %d is taken", i);
        ck_assert_msg(lks_error_status() == wanted[i].status &&
                          strstr(lks_error_text(), wanted[i].says),
                      "case %d: %s", i, lks_error_text());
    }
    lks_error_clear();
    ck_assert_ptr_null(lks_from_dlpack(NULL));
    ck_assert_ptr_null(lks_from_dlpack_unversioned(NULL));
    lks_error_clear();
    ck_assert_int_eq(n_deleted, 0);
}
END_TEST

START_TEST(no_memory_is_an_error_and_gives_nothing_back_twice)
{
    lks_dlpack managed = others(), *out = NULL;
    lks_tensor *t = NULL;
    lks_status st = LKS_NOMEM;

    n_deleted = 0;
    ck_ok(lks_scope_open());
    for (long n = 0; !t; n++) {
        lks_alloc_fail_after(n);
        lks_error_clear();
        t = lks_from_dlpack(&managed);
        ck_assert(t || lks_error_status() == LKS_NOMEM);
        ck_assert_int_eq(n_deleted, 0);
    }
    for (long n = 0; st == LKS_NOMEM; n++) {
        lks_alloc_fail_after(n);
        lks_error_clear();
        st = lks_to_dlpack(t, &out);
    }
    lks_alloc_fail_after(-1);
    ck_assert_int_eq(st, LKS_OK);
    lks_scope_close();
    ck_assert_int_eq(n_deleted, 0);
    out->deleter(out);
    ck_assert_int_eq(n_deleted, 1);
}
END_TEST

LKS_SUITE("dlpack", a_tensor_goes_out_and_comes_in_without_a_copy,
          a_device_that_others_do_not_know_is_told, every_dtype_goes_both_ways,
          anothers_memory_is_used_in_place_and_given_back_once,
          strides_may_be_missing_or_go_back, no_elements_need_no_memory,
          memory_for_reading_stays_so, a_tensor_with_a_gradient_stays,
          what_we_cannot_use_is_refused_and_stays_the_callers,
          no_memory_is_an_error_and_gives_nothing_back_twice)
