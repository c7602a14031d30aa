#include "support/suite.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "autograd/backward.h"
#include "autograd/gradcheck.h"
#include "base/alloc.h"
#include "io/npy.h"
#include "ops/ops.h"
#include "share/npy_map.h"
#include "support/temp_dir.h"
#include "tensor/scope.h"

static void put_numbers(const char *name)
{
    float x[] = {1, 2, 3, 4, 5, 6};

    ck_ok(lks_npy_write(temp_path(name), &(lks_npy){LKS_F32, 2, {2, 3}, x, sizeof x}));
}

static lks_tensor *map_it(const char *name, lks_map_mode mode)
{
    lks_tensor *t = lks_npy_map(temp_path(name), mode);

    ck_assert_msg(t != NULL, "%s", lks_error_text());
    return t;
}

static void check_file(const char *name, const float *wanted)
{
    lks_npy array;

    ck_ok(lks_npy_read(temp_path(name), &array));
    ck_assert_mem_eq(array.data, wanted, array.size_bytes);
    lks_free(array.data);
}

START_TEST(what_is_written_into_the_tensor_is_in_the_file_and_the_reverse)
{
    static const float doubled[] = {2, 4, 6, 8, 10, 12};
    lks_tensor *t, *other;

    temp_dir_make();
    put_numbers("x.npy");
    t = map_it("x.npy", LKS_MAP_WRITE);
    other = map_it("x.npy", LKS_MAP_READ);
    ck_assert(lks_tensor_dtype(t) == LKS_F32 && lks_ndim(t) == 2);
    ck_assert(lks_size(t, 0) == 2 && lks_size(t, 1) == 3);
    ck_assert(!lks_is_read_only(t) && lks_is_read_only(other));
    ck_assert_ptr_nonnull(lks_add_(t, t));
    ck_assert_mem_eq(lks_data(other), doubled, sizeof doubled);
    check_file("x.npy", doubled);
    ck_ok(lks_npy_map_flush(t));
    ck_ok(lks_npy_map_check(other));
    ((float *)lks_data(t))[5] = 7;
    ck_assert(((const float *)lks_data(other))[5] == 7);
    lks_unref(t);
    lks_unref(other);
    temp_dir_remove();
}
END_TEST

START_TEST(views_keep_the_file_mapped)
{
    lks_tensor *t, *row;

    temp_dir_make();
    put_numbers("x.npy");
    t = map_it("x.npy", LKS_MAP_WRITE);
    row = lks_select(t, 0, 1);
    lks_unref(t);
    ck_assert_ptr_nonnull(lks_fill_(row, 9));
    ck_ok(lks_npy_map_check(row));
    check_file("x.npy", (float[]){1, 2, 3, 9, 9, 9});
    lks_unref(row);
    temp_dir_remove();
}
END_TEST

static lks_tensor *squared(void *context, lks_tensor *const *in, int n)
{
    (void)context, (void)n;
    return lks_mul(in[0], in[0]);
}

START_TEST(a_tensor_mapped_for_reading_is_not_written)
{
    static const double number = 3;
    lks_tensor *t, *x, *leaf;

    temp_dir_make();
    put_numbers("x.npy");
    ck_ok(lks_npy_write(temp_path("f8.npy"),
                        &(lks_npy){LKS_F64, 0, {0}, (void *)&number, 8}));
    ck_ok(lks_scope_open());
    t = map_it("x.npy", LKS_MAP_READ);
    lks_error_clear();
    ck_assert_ptr_null(lks_add_(t, t));
    ck_assert_str_eq(lks_error_text(),
                     "add_: the tensor's memory may only be read; lks_clone it");
    lks_error_clear();
    ck_assert_ptr_null(lks_fill_(lks_select(t, 0, 0), 1));
    lks_error_clear();
    leaf = lks_requires_grad_(lks_clone(t));
    ck_fails(lks_set_grad(leaf, t), LKS_STATE, "set_grad: the tensor's memory may only");
    lks_error_clear();
    x = lks_requires_grad_(map_it("f8.npy", LKS_MAP_READ));
    ck_fails(lks_gradcheck(squared, NULL, &x, 1, 1e-6), LKS_STATE,
             "gradcheck: the tensor's memory may only be read");
    lks_error_clear();
    ck_ok(lks_backward(lks_mul(x, x)));
    ck_assert(*(double *)lks_data(lks_grad(x)) == 6);
    lks_scope_close();
    check_file("x.npy", (float[]){1, 2, 3, 4, 5, 6});
    temp_dir_remove();
}
END_TEST

static void put_raw(const char *name, const char *head, size_t n_data)
{
    char bytes[4096] = "\x93NUMPY\1\0";
    const size_t n = strlen(head);

    bytes[8] = (char)n;
    strcpy(bytes + 10, head);
    file_put(temp_path(name), bytes, 10 + n + n_data);
}

START_TEST(what_does_not_stand_there_as_we_hold_it_is_refused)
{
    static const struct {
        const char *head;
        size_t n_data;
        const char *says;
    } cases[] = {
        {"{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }     \n", 8,
         "x.npy: its numbers are in the other byte order; lks_npy_read converts"},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2), }    \n", 16,
         "x.npy: it is in Fortran's order; lks_npy_read converts"},
        {"{'descr': '<u2', 'fortran_order': False, 'shape': (2, 2), }   \n", 8,
         "x.npy: its integers are of a width that has no dtype here"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }    \n", 16,
         "x.npy: its numbers are not aligned"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }  \n", 15,
         "x.npy: file ends after 87 of 88 bytes"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }  \n", 17,
         "x.npy: file goes on after the 88 bytes it should have"},
        {"{'descr': '<c8', 'fortran_order': False, 'shape': (2, 2), }   \n", 16,
         "npy dtype '<c8' is not supported"},
    };

    temp_dir_make();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put_raw("x.npy", cases[i].head, cases[i].n_data);
        lks_error_clear();
        ck_assert_ptr_null(lks_npy_map(temp_path("x.npy"), LKS_MAP_READ));
        ck_assert_msg(strstr(lks_error_text(), cases[i].says) != NULL, "case %zu: %s", i,
                      lks_error_text());
    }
    lks_error_clear();
    ck_assert_ptr_null(lks_npy_map(temp_path("none.npy"), LKS_MAP_WRITE));
    ck_assert_ptr_nonnull(strstr(lks_error_text(), "none.npy to write into it: No such"));
    lks_error_clear();
    ck_assert_ptr_null(lks_npy_map(temp_dir, LKS_MAP_READ));
    ck_assert_ptr_nonnull(strstr(lks_error_text(), "it is not a plain file"));
    temp_dir_remove();
}
END_TEST

START_TEST(bytes_have_no_order_and_no_elements_are_mapped_too)
{
    lks_tensor *t;

    temp_dir_make();
    put_raw("b.npy", "{'descr': '>u1', 'fortran_order': True, 'shape': (3,), }", 3);
    t = map_it("b.npy", LKS_MAP_READ);
    ck_assert(lks_tensor_dtype(t) == LKS_U8 && lks_numel(t) == 3);
    lks_unref(t);
    ck_ok(lks_npy_write(temp_path("e.npy"), &(lks_npy){LKS_F32, 2, {0, 3}, NULL, 0}));
    t = map_it("e.npy", LKS_MAP_WRITE);
    ck_assert_int_eq(lks_numel(t), 0);
    ck_assert_ptr_nonnull(lks_fill_(t, 1));
    ck_ok(lks_npy_map_flush(t));
    lks_unref(t);
    temp_dir_remove();
}
END_TEST

START_TEST(a_file_that_is_cut_is_told)
{
    enum { N = 1 << 16 };
    static float numbers[N];
    const lks_map_mode modes[] = {LKS_MAP_READ, LKS_MAP_WRITE};

    lks_block_guard();
    temp_dir_make();
    for (int i = 0; i < N; i++)
        numbers[i] = 1;
    for (int i = 0; i < 2; i++) {
        lks_tensor *t;
        double sum;

        ck_ok(lks_scope_open());
        ck_ok(lks_npy_write(temp_path("x.npy"),
                            &(lks_npy){LKS_F32, 1, {N}, numbers, sizeof numbers}));
        t = map_it("x.npy", modes[i]);
        ck_ok(lks_npy_map_check(t));
        ck_assert_int_eq(truncate(temp_path("x.npy"), 4096), 0);
        ck_ok(lks_item(lks_sum_all(t), &sum));
        ck_assert(sum < N);
        if (modes[i] == LKS_MAP_WRITE)
            ck_assert_ptr_nonnull(lks_fill_(t, 2));
        ck_fails(lks_npy_map_check(t), LKS_IO,
                 "x.npy: the file has become shorter while it was in use, or its disk ");
        ck_fails(lks_npy_map_flush(t), LKS_IO, "x.npy: the file has become shorter");
        lks_error_clear();
        lks_scope_close();
    }
    temp_dir_remove();
}
END_TEST

START_TEST(only_tensors_of_mapped_files_are_asked)
{
    lks_tensor *t = lks_zeros(LKS_SHAPE_OF(2), LKS_F32, lks_cpu);

    ck_fails(lks_npy_map_check(t), LKS_INVALID, "npy_map_check: the tensor is of no ");
    ck_fails(lks_npy_map_flush(t), LKS_INVALID, "npy_map_flush: the tensor is of no ");
    ck_fails(lks_npy_map_check(NULL), LKS_INVALID, "npy_map_check: given no tensor");
    lks_unref(t);
}
END_TEST

/* Three gigabytes that no disk holds. */
START_TEST(a_file_beyond_two_gigabytes_is_mapped_where_numbers_stand)
{
    const int64_t n = INT64_C(3) << 30;
    char head[] = "\x93NUMPY\1\0\166\0{'descr': '|u1', 'fortran_order': False, "
                  "'shape': (3221225472,), }";
    char bytes[128];
    lks_tensor *t;
    lks_npy array;
    lks_block block;

    temp_dir_make();
    memset(bytes, ' ', sizeof bytes);
    memcpy(bytes, head, sizeof head - 1);
    bytes[127] = '\n';
    file_put(temp_path("x.npy"), bytes, sizeof bytes);
    ck_assert_int_eq(truncate(temp_path("x.npy"), 128 + n), 0);
    t = map_it("x.npy", LKS_MAP_WRITE);
    ck_assert_int_eq(lks_numel(t), n);
    ((uint8_t *)lks_data(t))[n - 1] = 7;
    ck_ok(lks_npy_open(temp_path("x.npy"), &array, &block));
    ck_assert(array.sizes[0] == n && block.size == (size_t)n);
    ck_assert(block.data[n - 1] == 7 && block.data[n - 2] == 0);
    lks_block_release(&block);
    lks_unref(t);
    temp_dir_remove();
}
END_TEST

START_TEST(no_memory_is_an_error_wherever_it_happens)
{
    lks_tensor *t = NULL;

    temp_dir_make();
    put_numbers("x.npy");
    for (long n = 0; !t; n++) {
        lks_alloc_fail_after(n);
        lks_error_clear();
        t = lks_npy_map(temp_path("x.npy"), LKS_MAP_READ);
        ck_assert(t || lks_error_status() == LKS_NOMEM);
    }
    lks_alloc_fail_after(-1);
    lks_unref(t);
    temp_dir_remove();
}
END_TEST

LKS_SUITE("npy_map", what_is_written_into_the_tensor_is_in_the_file_and_the_reverse,
          views_keep_the_file_mapped, a_tensor_mapped_for_reading_is_not_written,
          what_does_not_stand_there_as_we_hold_it_is_refused,
          bytes_have_no_order_and_no_elements_are_mapped_too, a_file_that_is_cut_is_told,
          only_tensors_of_mapped_files_are_asked,
          a_file_beyond_two_gigabytes_is_mapped_where_numbers_stand,
          no_memory_is_an_error_wherever_it_happens)
