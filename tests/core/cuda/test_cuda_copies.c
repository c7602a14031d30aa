/* What goes into a GPU and comes out of it: the right bytes, in whatever order is legal,
 * and copies in beside what was queued before them. */
#include "cuda_suite.h"

enum { N = 1000, STAGE = 4 << 20 };

static unsigned char *some_bytes(size_t n, unsigned seed)
{
    unsigned char *bytes = malloc(n + 1);

    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (unsigned char)((i + seed) * 2654435761u >> 11);
    return bytes;
}

static void go_around(size_t n, unsigned seed)
{
    unsigned char *in = some_bytes(n, seed), *out = calloc(n + 1, 1);
    void *block = cuda()->alloc(0, n);

    ck_assert_ptr_nonnull(block);
    ck_ok(cuda()->copy_in(0, block, in, n)); /* ahead of the queue: it is fresh */
    ck_ok(cuda()->copy_out(0, out, block, n));
    ck_assert_mem_eq(out, in, n);
    for (size_t i = 0; i < n; i++)
        in[i] ^= 0x5a;
    ck_ok(cuda()->copy_in(0, block, in, n)); /* behind it */
    ck_ok(cuda()->copy_out(0, out, block, n));
    ck_assert_mem_eq(out, in, n);
    cuda()->free(0, block, n);
    free(in);
    free(out);
}

START_TEST(what_goes_in_comes_out)
{
    static const size_t sizes[] = {1,     3,     255,       256,       257, 4095,
                                   65537, STAGE, STAGE - 1, STAGE + 1, 0};
    for (uint64_t seed = 0; seed < 3; seed++) {
        be_late(seed);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
            if (sizes[i] > 0)
                go_around(sizes[i], (unsigned)(seed + i));
    }
    go_around((size_t)5 * STAGE + 12345, 7); /* more stages than there are */
}
END_TEST

START_TEST(the_callers_memory_is_read_when_it_is_told)
{
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        lks_view x[10];
        float value;

        be_late(seed);
        for (int i = 0; i < 10; i++) {
            x[i] = flat_new(gpu, LKS_F32, 1);
            value = (float)i;
            flat_put(&x[i], &value);
            value = -1;
        }
        for (int i = 0; i < 10; i++) {
            ck_assert_float_eq(flat_at(&x[i], 0), (float)i);
            flat_free(&x[i]);
        }
    }
}
END_TEST

START_TEST(no_bytes_are_copied_nowhere)
{
    lks_device_work before, after;

    ck_ok(cuda()->copy_in(0, NULL, NULL, 0));
    ck_ok(cuda()->copy_across(0, NULL, 0, NULL, 0));
    ck_ok(cuda()->work(0, &before));
    ck_ok(cuda()->copy_out(0, NULL, NULL, 0)); /* but waits */
    ck_ok(cuda()->work(0, &after));
    ck_assert_uint_eq(after.n_waits, before.n_waits + 1);
}
END_TEST

/* A block that was freed behind a kernel that reads it, handed out again and filled. */
static float what_the_kernel_read(bool with_mark, bool fresh)
{
    const lks_view y = flat_new(gpu, LKS_F32, N);
    lks_view x = flat_new(gpu, LKS_F32, N);
    float values[N];
    lks_mark mark;

    for (int i = 0; i < N; i++)
        values[i] = 5;
    ck_ok(cuda()->fill(&x, 1));
    ck_ok(cuda()->copy(&x, &y));
    flat_free(&x);
    if (with_mark)
        ck_ok(cuda()->mark(0, &mark));
    x = flat_new(gpu, LKS_F32, N);
    if (!fresh)
        ck_ok(cuda()->fill(&x, 2));
    flat_put(&x, values);
    ck_assert_float_eq(flat_at(&x, N - 1), 5);
    values[0] = flat_at(&y, N - 1);
    flat_free(&x);
    flat_free(&y);
    return values[0];
}

START_TEST(a_copy_does_not_overtake_who_still_reads_the_block)
{
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        be_late(seed);
        for (int way = 0; way < 4; way++)
            ck_assert_float_eq(what_the_kernel_read(way & 1, way & 2), 1);
    }
}
END_TEST

/* ---- what overlaps ---- */

enum { N_BATCHES = 6 };

typedef struct traced {
    int n_copies, n_kernels;
    unsigned long long last_copy, first_kernel; /* its end; its start */
} traced;

static traced read_trace(const char *path)
{
    FILE *file = fopen(path, "r");
    traced t = {.first_kernel = ~0ull};
    unsigned long long start, end;
    char name[256];

    ck_assert_ptr_nonnull(file);
    while (fscanf(file, "%*u %*d %*d %llu %llu %255[^\n]", &start, &end, name) == 3) {
        if (strstr(name, "cudaMemcpy")) {
            t.n_copies++;
            t.last_copy = end;
        } else if (strncmp(name, "cuda", 4) != 0) {
            t.n_kernels++;
            t.first_kernel = start < t.first_kernel ? start : t.first_kernel;
        }
    }
    fclose(file);
    return t;
}

/* Blocks that are free behind a mark: a loader's, for the batches to come. */
static void free_batches(lks_view *batches)
{
    lks_mark mark;

    for (int i = 0; i < N_BATCHES; i++)
        batches[i] = flat_new(gpu, LKS_F32, N);
    for (int i = 0; i < N_BATCHES; i++)
        flat_free(&batches[i]);
    ck_ok(cuda()->mark(0, &mark));
    ck_ok(cuda()->finish(0));
}

START_TEST(batches_come_in_while_a_step_computes)
{
    const lks_view w = flat_new(gpu, LKS_F32, N);
    lks_view batches[N_BATCHES];
    char path[] = "/tmp/lockstep-trace-XXXXXX";
    float values[N] = {0};
    traced t;

    if (!EMULATED)
        return;
    close(mkstemp(path));
    be_late(0);
    free_batches(batches);
    emulator_trace(path);
    for (int i = 0; i < 5; i++)
        ck_ok(cuda()->fill(&w, i)); /* a step, queued */
    for (int i = 0; i < N_BATCHES; i++) {
        batches[i] = flat_new(gpu, LKS_F32, N);
        values[0] = (float)i;
        flat_put(&batches[i], values);
    }
    t = read_trace(path); /* the fifth waited for the first one's stage, and so on */
    ck_assert_int_eq(t.n_copies, N_BATCHES - 4);
    ck_assert_int_eq(t.n_kernels, 0);
    for (int i = 0; i < N_BATCHES; i++)
        ck_assert_float_eq(flat_at(&batches[i], 0), (float)i);
    t = read_trace(path);
    ck_assert_int_ge(t.n_copies, N_BATCHES);
    ck_assert_int_eq(t.n_kernels, 5);
    unlink(path);
}
END_TEST

/* At some seed a copy is done before the kernels that were queued before it; at every
 * seed what is computed is right. */
START_TEST(a_copy_may_run_on_either_side_of_what_it_overtakes)
{
    int n_before = 0, n_after = 0;

    for (uint64_t seed = 1; seed <= 20 && EMULATED; seed++) {
        const lks_view w = flat_new(gpu, LKS_F32, N), y = flat_new(gpu, LKS_F32, N);
        char path[] = "/tmp/lockstep-trace-XXXXXX";
        lks_view batches[N_BATCHES];
        float values[N] = {3};
        traced t;

        close(mkstemp(path));
        be_late(seed);
        free_batches(batches);
        emulator_trace(path);
        ck_ok(cuda()->fill(&w, 2));
        batches[0] = flat_new(gpu, LKS_F32, N);
        flat_put(&batches[0], values);
        ck_ok(cuda()->binary(LKS_BINARY_mul, &batches[0], &w, &y));
        ck_ok(cuda()->finish(0));
        emulator_trace(NULL);
        t = read_trace(path);
        n_before += t.last_copy < t.first_kernel;
        n_after += t.last_copy > t.first_kernel;
        ck_assert_float_eq(flat_at(&y, 0), 6);
        flat_free(&batches[0]);
        flat_free(&w);
        flat_free(&y);
        unlink(path);
    }
    ck_assert(!EMULATED || (n_before > 0 && n_after > 0));
}
END_TEST

/* ---- between devices ---- */

START_TEST(what_one_device_wrote_arrives_on_the_other)
{
    if (cuda()->count() < 2)
        return;
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        const lks_view x = flat_new(gpu, LKS_F32, N), y = flat_new(other_gpu, LKS_F32, N);
        const lks_view z = flat_new(gpu, LKS_F32, N);
        const size_t n_bytes = N * sizeof(float);
        lks_mark mark;

        be_late(seed);
        ck_ok(cuda()->fill(&x, 7));
        ck_ok(cuda()->mark(0, &mark));
        ck_ok(cuda()->await(1, &mark));
        ck_ok(cuda()->copy_across(1, y.data, 0, x.data, n_bytes));
        ck_ok(cuda()->binary(LKS_BINARY_add, &y, &y, &y));
        ck_ok(cuda()->mark(1, &mark));
        ck_ok(cuda()->await(0, &mark));
        ck_ok(cuda()->copy_across(0, z.data, 1, y.data, n_bytes));
        ck_ok(cuda()->copy_across(0, x.data, 0, z.data, n_bytes));
        ck_assert_float_eq(flat_at(&x, N - 1), 14);
        flat_free(&x);
        flat_free(&y);
        flat_free(&z);
    }
}
END_TEST

LKS_SUITE("cuda_copies", what_goes_in_comes_out,
          the_callers_memory_is_read_when_it_is_told, no_bytes_are_copied_nowhere,
          a_copy_does_not_overtake_who_still_reads_the_block,
          batches_come_in_while_a_step_computes,
          a_copy_may_run_on_either_side_of_what_it_overtakes,
          what_one_device_wrote_arrives_on_the_other)
