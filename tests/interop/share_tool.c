/* What check_numpy.py calls through ctypes. Functions that can fail return the error's
 * text, "" where there is none. */
#include "lockstep.h"

static const char *text_of(bool ok)
{
    return ok ? "" : lks_error_text();
}

/* 0 … 5 as (3, 2): a transposed view of (2, 3). */
static lks_tensor *counting(void)
{
    const float x[] = {0, 1, 2, 3, 4, 5};

    return lks_transpose(lks_from_data(LKS_SHAPE_OF(2, 3), LKS_F32, x, lks_cpu), 0, 1);
}

lks_dlpack *tool_hand_out(void);
lks_dlpack_unversioned *tool_hand_out_unversioned(void);
const char *tool_add_one(lks_dlpack *managed);
const char *tool_add_one_unversioned(lks_dlpack_unversioned *managed);
const char *tool_fill_file(const char *path, double value);
const char *tool_copy_npz(const char *from, const char *to, int compressed);

lks_dlpack *tool_hand_out(void)
{
    lks_dlpack *out = NULL;

    lks_scope_open();
    lks_to_dlpack(counting(), &out);
    lks_scope_close();
    return out;
}

lks_dlpack_unversioned *tool_hand_out_unversioned(void)
{
    lks_dlpack_unversioned *out = NULL;

    lks_scope_open();
    lks_to_dlpack_unversioned(counting(), &out);
    lks_scope_close();
    return out;
}

static const char *add_one(lks_tensor *t)
{
    bool ok = t && lks_add_(t, lks_ones(lks_sizes(t), lks_tensor_dtype(t), lks_cpu));

    lks_scope_close();
    return text_of(ok);
}

const char *tool_add_one(lks_dlpack *managed)
{
    lks_error_clear();
    lks_scope_open();
    return add_one(lks_from_dlpack(managed));
}

const char *tool_add_one_unversioned(lks_dlpack_unversioned *managed)
{
    lks_error_clear();
    lks_scope_open();
    return add_one(lks_from_dlpack_unversioned(managed));
}

const char *tool_fill_file(const char *path, double value)
{
    lks_tensor *t;
    bool ok;

    lks_error_clear();
    lks_scope_open();
    t = lks_npy_map(path, LKS_MAP_WRITE);
    ok = t && lks_fill_(t, value) && lks_npy_map_check(t) == LKS_OK;
    lks_scope_close();
    return text_of(ok);
}

enum { MOST = 16 };

const char *tool_copy_npz(const char *from, const char *to, int compressed)
{
    lks_npz_array arrays[MOST] = {{NULL, {0}}};
    lks_npz *npz = NULL;
    size_t n = 0;
    bool ok;

    lks_error_clear();
    ok = lks_npz_open(from, &npz) == LKS_OK;
    for (; ok && n < MOST && n < lks_npz_n_arrays(npz); n++) {
        arrays[n].name = lks_npz_name(npz, n);
        ok = lks_npz_read(npz, arrays[n].name, &arrays[n].array) == LKS_OK;
    }
    ok = ok && lks_npz_write(to, arrays, n, compressed) == LKS_OK;
    for (size_t i = 0; i < n; i++)
        lks_free(arrays[i].array.data);
    lks_npz_destroy(npz);
    return text_of(ok);
}
