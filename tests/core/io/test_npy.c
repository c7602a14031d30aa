#include "support/suite.h"

#include <stdint.h>
#include <zlib.h>

#include "base/alloc.h"
#include "io/npy.h"
#include "support/temp_dir.h"
#include "golden/npy_files.inc"

static void check_shape(const lks_npy *array, lks_dtype dtype, int ndim,
                        const int64_t *sizes)
{
    size_t n_bytes = lks_dtype_size_bytes(dtype);

    ck_assert_int_eq(array->dtype, dtype);
    ck_assert_int_eq(array->ndim, ndim);
    for (int d = 0; d < ndim; d++) {
        ck_assert_int_eq(array->sizes[d], sizes[d]);
        n_bytes *= (size_t)sizes[d];
    }
    ck_assert_uint_eq(array->size_bytes, n_bytes);
}

START_TEST(numpys_files_are_read_whatever_their_order_of_bytes_and_axes)
{
    static const int64_t cube[] = {2, 3, 4};
    lks_npy a, b, c, d;

    ck_ok(lks_npy_parse(f4_c, sizeof f4_c, "a", &a));
    ck_ok(lks_npy_parse(i4_fortran, sizeof i4_fortran, "b", &b));
    ck_ok(lks_npy_parse(i8_big, sizeof i8_big, "c", &c));
    ck_ok(lks_npy_parse(f2_big_fortran_v2, sizeof f2_big_fortran_v2, "d", &d));
    check_shape(&a, LKS_F32, 3, cube);
    check_shape(&b, LKS_I32, 3, cube);
    check_shape(&c, LKS_I64, 3, cube);
    check_shape(&d, LKS_F16, 3, cube);
    for (int i = 0; i < 24; i++) {
        ck_assert(((float *)a.data)[i] == (float)i);
        ck_assert_int_eq(((int32_t *)b.data)[i], i);
        ck_assert_int_eq(((int64_t *)c.data)[i], i);
        ck_assert(lks_f16_to_f32(((uint16_t *)d.data)[i]) == (float)i);
    }
    lks_free(a.data);
    lks_free(b.data);
    lks_free(c.data);
    lks_free(d.data);
}
END_TEST

START_TEST(scalars_vectors_and_empty_arrays_are_read)
{
    lks_npy array;

    ck_ok(lks_npy_parse(bool_v3, sizeof bool_v3, "bool", &array));
    check_shape(&array, LKS_BOOL, 1, (int64_t[]){3});
    ck_assert_mem_eq(array.data, "\1\0\1", 3);
    lks_free(array.data);
    ck_ok(lks_npy_parse(f8_scalar, sizeof f8_scalar, "scalar", &array));
    check_shape(&array, LKS_F64, 0, NULL);
    ck_assert(*(double *)array.data == 2.5);
    lks_free(array.data);
    ck_ok(lks_npy_parse(i2_empty, sizeof i2_empty, "empty", &array));
    check_shape(&array, LKS_I16, 3, (int64_t[]){3, 0, 2});
    lks_free(array.data);
}
END_TEST

START_TEST(integers_of_any_width_are_read_widened_where_need_be)
{
    static const int16_t bytes[] = {-128, 0, 127};
    static const int32_t words[] = {0, 1, 2, 65535, 4, 32768};
    static const int64_t longs[] = {0, INT64_C(1) << 31, UINT32_MAX};
    static const int64_t huge[] = {0, INT64_C(1) << 32, INT64_MAX};
    const struct {
        const unsigned char *file;
        size_t size;
        lks_dtype dtype;
        int ndim;
        int64_t sizes[2];
        const void *want;
    } files[] = {{i1, sizeof i1, LKS_I16, 1, {3}, bytes},
                 {u2_big_fortran, sizeof u2_big_fortran, LKS_I32, 2, {2, 3}, words},
                 {u4, sizeof u4, LKS_I64, 1, {3}, longs},
                 {u8_big, sizeof u8_big, LKS_I64, 1, {3}, huge}};

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        lks_npy array;

        ck_ok(lks_npy_parse(files[i].file, files[i].size, "x.npy", &array));
        check_shape(&array, files[i].dtype, files[i].ndim, files[i].sizes);
        ck_assert_mem_eq(array.data, files[i].want, array.size_bytes);
        lks_free(array.data);
    }
}
END_TEST

START_TEST(an_integer_beyond_int64_is_named_with_its_index)
{
    lks_npy array = {0};

    ck_fails(lks_npy_parse(u8_beyond_i64_fortran, sizeof u8_beyond_i64_fortran, "x.npy",
                           &array),
             LKS_FORMAT,
             "x.npy[2, 0]: 9223372036854775808 is beyond int64; at most "
             "9223372036854775807 is read");
    ck_assert_ptr_null(array.data);
}
END_TEST

START_TEST(dtypes_that_we_lack_are_named)
{
    lks_npy array;

    ck_fails(lks_npy_parse(text, sizeof text, "x.npy", &array), LKS_FORMAT,
             "npy dtype '<U2' is not supported");
    ck_fails(lks_npy_parse(record, sizeof record, "x.npy", &array), LKS_FORMAT,
             "records are not supported");
}
END_TEST

/* A file of this major version with this dict and n_data bytes. */
static size_t build(char *out, int version, const char *dict, size_t n_data)
{
    const size_t n = strlen(dict), n_head = version == 1 ? 10 : 12;

    memcpy(out, "\x93NUMPY\0\0\0\0\0\0", 12);
    out[6] = (char)version;
    out[8] = (char)n;
    out[9] = (char)(n >> 8);
    memcpy(out + n_head, dict, n);
    memset(out + n_head + n, 1, n_data);
    return n_head + n + n_data;
}

#define FIELDS(descr, order, shape)                                                      \
    "{'descr': " descr ", 'fortran_order': " order ", 'shape': " shape ", }\n"
#define DICT(descr, order, shape) FIELDS("'" descr "'", order, shape)

static const struct {
    const char *dict;
    size_t n_data;
    lks_status status; /* LKS_OK: the file is fine */
    const char *text;
} cases[] = {
    {DICT("<f4", "False", "(2,)"), 8, LKS_OK, ""},
    {DICT("f4", "True", "(2,)"), 8, LKS_OK, ""},
    {DICT("=i2", "False", "(2, 1,)"), 4, LKS_OK, ""},
    {"{\"shape\":(1,),\"descr\":\"|u1\",\"fortran_order\":False}", 1, LKS_OK, ""},

    {"", 0, LKS_FORMAT, "expected '{', found ''"},
    {"[]", 0, LKS_FORMAT, "expected '{', found '[]'"},
    {"{}", 0, LKS_FORMAT, "'descr' is missing"},
    {"{'descr': '<f4', 'shape': (1,)}", 4, LKS_FORMAT, "'fortran_order' is missing"},
    {"{'descr': '<f4', 'descr': '<f4'}", 4, LKS_FORMAT, "'descr' comes twice"},
    {"{'descr': '<f4' 'shape': (1,)}", 4, LKS_FORMAT, "expected ',' or '}'"},
    {"{'descr' '<f4'}", 4, LKS_FORMAT, "expected ':'"},
    {"{'descr: <f4}", 4, LKS_FORMAT, "expected a key"},
    {"{'size': 1}", 4, LKS_FORMAT, "unknown key 'size'"},
    {"{'\x1b[1m': 1}", 4, LKS_FORMAT, "unknown key '?[1m'"},
    {"\x07\x1b[1m", 4, LKS_FORMAT, "expected '{', found '??[1m'"},
    {"{descr: 1}", 4, LKS_FORMAT, "expected a key, found 'descr: 1}'"},
    {DICT("<f4", "False", "(1,)") "x", 4, LKS_FORMAT, "expected the end, found 'x'"},
    {DICT("|O", "False", "(1,)"), 8, LKS_FORMAT, "'|O' is not supported"},
    {DICT("", "False", "(1,)"), 8, LKS_FORMAT, "npy dtype '' is not supported"},
    {DICT("<f4", "0", "(1,)"), 4, LKS_FORMAT, "expected True or False, found '0"},
    {DICT("<f4", "False", "3"), 4, LKS_FORMAT, "expected a shape"},
    {DICT("<f4", "False", "(3)"), 4, LKS_FORMAT, "expected ','"},
    {DICT("<f4", "False", "(-1,)"), 4, LKS_FORMAT, "expected a size, found '-1"},
    {DICT("<f4", "False", "(1 1)"), 4, LKS_FORMAT, "expected ',' or ')'"},
    {DICT("<f4", "False", "(,)"), 4, LKS_FORMAT, "expected a size"},
    {DICT("<f4", "False", "(9223372036854775808,)"), 4, LKS_FORMAT, "a size overflows"},
    {DICT("<f4", "False", "(4294967296, 4294967296)"), 4, LKS_FORMAT, "shape overflows"},
    {DICT("<f4", "False", "(1,1,1,1,1,1,1,1,1)"), 4, LKS_FORMAT, "more than 8"},
    {DICT("<f4", "False", "(4294967296,)"), 4, LKS_IO, "file ends after"},
    {DICT("<f4", "False", "(2,)"), 7, LKS_IO, "file ends after"},
    {DICT("<f4", "False", "(2,)"), 9, LKS_FORMAT, "file goes on after"},
};

START_TEST(each_rule_of_the_format_is_kept)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        lks_npy array = {0};
        char bytes[512];
        const size_t n = build(bytes, 1, cases[i].dict, cases[i].n_data);

        if (cases[i].status == LKS_OK) {
            ck_ok(lks_npy_parse(bytes, n, "x.npy", &array));
            lks_free(array.data);
            continue;
        }
        ck_fails(lks_npy_parse(bytes, n, "x.npy", &array), cases[i].status,
                 cases[i].text);
        ck_assert_ptr_null(array.data);
    }
}
END_TEST

/* Spellings of one dict, all of two f4, and what numpy 2.4.6 makes of them: read in
 * version 1 and 2, read in version 3. */
static const struct {
    const char *dict;
    bool is_read, is_read_in_3;
} spellings[] = {
    {DICT("<f4", "False", "(2L,)"), true, false},
    {DICT("<f4", "False", "(2 L,)"), true, false},
    {DICT("<f4", "False", "(2L,1L)"), true, false},
    {DICT("<f4", "False", "(2L, 1L, )"), true, false},
    {DICT("<f4", "False", "(0x2L,)"), true, false},
    {DICT("<f4", "False", "(2l,)"), false, false},
    {DICT("<f4", "False", "(2LL,)"), false, false},
    {DICT("<f4", "False", "(L,)"), false, false},
    {DICT("<f4", "False", "(2U,)"), false, false},
    {"{u'descr': u'<f4', u'fortran_order': False, u'shape': (2L,)}", true, false},
    {"{u'descr': u'<f4', u'fortran_order': False, u'shape': (2,)}", true, true},
    {"{\"descr\":\"<f4\",\"fortran_order\":False,\"shape\":(2,)}", true, true},
    {"{'shape':(2,),\n 'descr':'<f4', # c\n 'fortran_order':False}\n\n# end", true, true},
    {" \t{'descr':\r\n'<f4', 'fortran_order':\f False , 'shape' : ( 2 , ) } \r\n", true,
     true},
    {FIELDS("U'<f4'", "False", "(2,)"), true, true},
    {FIELDS("r'<f4'", "False", "(2,)"), true, true},
    {FIELDS("b'<f4'", "False", "(2,)"), false, false},
    {FIELDS("ur'<f4'", "False", "(2,)"), false, false},
    {FIELDS("u '<f4'", "False", "(2,)"), false, false},
    {FIELDS("u", "False", "(2,)"), false, false},
    {"{b'descr': '<f4', b'fortran_order': False, b'shape': (2,)}", false, false},
    {DICT("<f4", "False", "(+2,)"), true, true},
    {DICT("<f4", "False", "(0x2,)"), true, true},
    {DICT("<f4", "False", "(0o2,)"), true, true},
    {DICT("<f4", "False", "(0B1_0,)"), true, true},
    {DICT("<f4", "False", "(2, 0_1)"), false, false},
    {DICT("<f4", "False", "(02,)"), false, false},
    {DICT("<f4", "False", "(0x,)"), false, false},
    {DICT("<f4", "False", "(_2,)"), false, false},
    {DICT("<f4", "False", "(2_,)"), false, false},
    {DICT("<f4", "False", "(0b2,)"), false, false},
    {DICT("<f4", "False", "(2.0,)"), false, false},
    {DICT("<f4", "False", "[2]"), false, false},
    {DICT("<f4", "false", "(2,)"), false, false},
    {DICT("<f4", "None", "(2,)"), false, false},
    {DICT("<f4", "False", "(2,)") "\v", false, false},
    {DICT("f", "False", "(2,)"), true, true},
    {DICT("<f", "False", "(2,)"), true, true},
    {DICT("|f4", "False", "(2,)"), true, true},
    {DICT("float32", "False", "(2,)"), true, true},
    {DICT("<float32", "False", "(2,)"), false, false},
    {DICT(" f4", "False", "(2,)"), false, false},
    {DICT("F4", "False", "(2,)"), false, false},
};

START_TEST(a_header_is_read_as_numpy_reads_it)
{
    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++) {
        for (int version = 1; version <= 3; version++) {
            lks_npy array = {0};
            char bytes[512];
            const size_t n = build(bytes, version, spellings[i].dict, 8);
            const bool is_read =
                version < 3 ? spellings[i].is_read : spellings[i].is_read_in_3;

            lks_error_clear();
            ck_assert_msg((lks_npy_parse(bytes, n, "x.npy", &array) == LKS_OK) == is_read,
                          "%s in version %d: %s", spellings[i].dict, version,
                          lks_error_text());
            ck_assert_int_eq(lks_error_status(), is_read ? LKS_OK : LKS_FORMAT);
            if (is_read)
                check_shape(&array, LKS_F32, array.ndim, (int64_t[]){2, 1});
            lks_free(array.data);
        }
    }
}
END_TEST

START_TEST(a_file_that_is_no_npy_is_refused)
{
    lks_npy array;

    ck_fails(lks_npy_parse("PK\3\4 a zip", 10, "x.npz", &array), LKS_FORMAT,
             "x.npz: not an npy file");
    ck_fails(lks_npy_parse("\x93NUMPY\x04\0  ", 10, "x", &array), LKS_FORMAT,
             "npy version 4.0; known are");
    ck_fails(lks_npy_parse("\x93NUMPY\x02\0\0\0\2\0", 12, "x", &array), LKS_FORMAT,
             "npy header of 131072 bytes; at most 65536");
    for (size_t n = 0; n < sizeof f4_c; n++)
        ck_fails(lks_npy_parse(f4_c, n, "x", &array), LKS_IO, "x: file ends after");
}
END_TEST

START_TEST(what_is_written_is_read_back)
{
    static const lks_dtype dtypes[] = {LKS_F32, LKS_F64, LKS_I64,  LKS_I32,
                                       LKS_I16, LKS_U8,  LKS_BOOL, LKS_F16};
    static char data[1200];
    unsigned char start[16];
    lks_npy got;

    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (char)i;
    temp_dir_make();
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++) {
        for (int ndim = 0; ndim <= LKS_NPY_MAX_DIMS; ndim++) {
            const lks_npy array = {dtypes[i], ndim, {3, 1, 2, 5, 1, 1, 2, 1}, data, 0};

            ck_ok(lks_npy_write(temp_path("x.npy"), &array));
            file_get(temp_path("x.npy"), start, sizeof start);
            ck_assert_uint_eq((10u + start[8] + start[9] * 256u) % 64, 0);
            ck_ok(lks_npy_read(temp_path("x.npy"), &got));
            check_shape(&got, dtypes[i], ndim, array.sizes);
            ck_assert_mem_eq(got.data, data, got.size_bytes);
            lks_free(got.data);
        }
    }
    ck_assert_int_eq(temp_dir_count(), 1);
    temp_dir_remove();
}
END_TEST

START_TEST(a_gz_file_is_read_too)
{
    lks_npy got;
    gzFile file;

    temp_dir_make();
    file = gzopen(temp_path("x.npy.gz"), "wb");
    ck_assert_int_eq(gzwrite(file, f4_c, sizeof f4_c), sizeof f4_c);
    gzclose(file);
    ck_ok(lks_npy_read(temp_path("x.npy.gz"), &got));
    check_shape(&got, LKS_F32, 3, (int64_t[]){2, 3, 4});
    lks_free(got.data);
    temp_dir_remove();
}
END_TEST

START_TEST(arrays_that_cannot_be_written_are_refused)
{
    lks_npy array = {LKS_BF16, 1, {1}, (char[2]){0}, 2};

    ck_fails(lks_npy_write("/nowhere/x", &array), LKS_INVALID, "no dtype for bfloat16");
    array.dtype = LKS_F32;
    array.ndim = 9;
    ck_fails(lks_npy_write("/nowhere/x", &array), LKS_INVALID, "9 dimensions");
    array.ndim = 1;
    array.sizes[0] = -1;
    ck_fails(lks_npy_write("/nowhere/x", &array), LKS_INVALID, "size -1 in dimension 0");
    array.sizes[0] = INT64_MAX;
    ck_fails(lks_npy_write("/nowhere/x", &array), LKS_INVALID, "shape overflows");
    array.sizes[0] = 0;
    ck_fails(lks_npy_write("/nowhere/x", &array), LKS_IO,
             "cannot write /nowhere/x: No such file");
}
END_TEST

START_TEST(no_memory_is_an_error_wherever_it_happens)
{
    lks_npy array;

    for (long n = 0;; n++) {
        lks_alloc_fail_after(n);
        lks_error_clear();
        if (lks_npy_parse(i4_fortran, sizeof i4_fortran, "x", &array) == LKS_OK)
            break;
        ck_assert_int_eq(lks_error_status(), LKS_NOMEM);
    }
    ck_assert(!lks_alloc_has_failed());
    lks_alloc_fail_after(-1);
    lks_free(array.data);
}
END_TEST

LKS_SUITE("npy", numpys_files_are_read_whatever_their_order_of_bytes_and_axes,
          scalars_vectors_and_empty_arrays_are_read,
          integers_of_any_width_are_read_widened_where_need_be,
          an_integer_beyond_int64_is_named_with_its_index, dtypes_that_we_lack_are_named,
          a_header_is_read_as_numpy_reads_it, each_rule_of_the_format_is_kept,
          a_file_that_is_no_npy_is_refused, what_is_written_is_read_back,
          a_gz_file_is_read_too, arrays_that_cannot_be_written_are_refused,
          no_memory_is_an_error_wherever_it_happens)
