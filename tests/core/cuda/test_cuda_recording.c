/* Recorded work: it leaves the bits that plain work leaves, whatever runs around it, and
 * what cannot be recorded is refused. */
#include "cuda_suite.h"

#include "base/alloc.h"

enum {
    N = 1000,
    TERMS = 1500, /* of sums that need scratch memory */
    STEP = 40,    /* of the random stream, when it is recorded */
};

/* What a step works on: made before it is recorded. */
typedef struct subject {
    lks_view x, w, y, sum; /* (1, TERMS), (TERMS, 4), (1, 4), () */
    lks_view flat_x, flat_y;
} subject;

static subject make_subject(void)
{
    subject s;
    float x[TERMS], w[TERMS * 4];

    for (int i = 0; i < TERMS; i++)
        x[i] = (float)i / 100 - 3;
    for (int i = 0; i < TERMS * 4; i++)
        w[i] = (float)(i % 71) / 31;
    s.flat_x = flat_of(gpu, LKS_F32, TERMS, x);
    ck_assert(lks_view_reshape(&s.flat_x, &LKS_SHAPE_OF(1, TERMS), &s.x));
    s.w = flat_of(gpu, LKS_F32, TERMS * 4, w);
    ck_assert(lks_view_reshape(&s.w, &LKS_SHAPE_OF(TERMS, 4), &s.w));
    s.flat_y = flat_new(gpu, LKS_F32, 4);
    ck_assert(lks_view_reshape(&s.flat_y, &LKS_SHAPE_OF(1, 4), &s.y));
    s.sum = flat_new(gpu, LKS_F32, 1);
    return s;
}

/* y = dropout(x) w, sum += its sum: with memory of its own, some of it the kernels'. */
static lks_status run_step(const subject *s, uint32_t step, float p)
{
    const lks_rng rng = {.seed = 5, .step = step};
    lks_view kept = flat_new(gpu, LKS_F32, TERMS), one, mean = flat_new(gpu, LKS_F32, 1);
    lks_status st;

    ck_assert(lks_view_reshape(&kept, &LKS_SHAPE_OF(1, TERMS), &one));
    st = cuda()->dropout(&s->flat_x, p, &rng, &kept);
    if (st == LKS_OK)
        st = cuda()->gemm(&one, &s->w, NULL, false, &s->y);
    if (st == LKS_OK)
        st = cuda()->reduce(LKS_REDUCE_SUM, &s->flat_y, &mean);
    if (st == LKS_OK)
        st = cuda()->binary(LKS_BINARY_add, &s->sum, &mean, &s->sum);
    flat_free(&mean);
    flat_free(&kept);
    return st;
}

static lks_recording *record_step(const subject *s, float p)
{
    lks_recording *made = NULL;

    ck_ok(cuda()->record(0));
    ck_ok(run_step(s, STEP, p));
    ck_ok(cuda()->recorded(0, &made));
    ck_assert_ptr_nonnull(made);
    return made;
}

typedef struct bits {
    uint32_t y[4], sum;
} bits;

static bits bits_of(const subject *s)
{
    bits b;

    flat_get(&s->flat_y, b.y);
    flat_get(&s->sum, &b.sum);
    return b;
}

static bits plain_bits(const subject *s, uint32_t step, float p)
{
    ck_ok(cuda()->fill(&s->sum, 0));
    ck_ok(run_step(s, step, p));
    return bits_of(s);
}

START_TEST(a_replay_leaves_the_bits_of_plain_work)
{
    static const uint32_t steps[] = {0, 1, 1, 7, 0, 3000000000u};

    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        const subject s = make_subject();
        lks_recording *recording;

        be_late(seed);
        recording = record_step(&s, 0.5f);
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
            const bits want = plain_bits(&s, STEP + steps[i], 0.5f);
            bits got;

            ck_ok(cuda()->fill(&s.sum, 0));
            ck_ok(cuda()->fill(&s.flat_y, -1));
            ck_ok(cuda()->replay(0, recording, steps[i]));
            got = bits_of(&s);
            ck_assert_mem_eq(&got, &want, sizeof got);
        }
        cuda()->forget(0, recording);
    }
}
END_TEST

START_TEST(nothing_is_done_while_it_is_recorded)
{
    const subject s = make_subject();
    const bits want = plain_bits(&s, 1, 0.25f);
    lks_recording *recording = record_step(&s, 0.5f);
    const bits got = bits_of(&s);

    ck_assert_mem_eq(&got, &want, sizeof got);
    cuda()->forget(0, recording);
}
END_TEST

START_TEST(each_replay_counts_as_the_work_that_it_does)
{
    const subject s = make_subject();
    lks_device_work work[5];
    lks_recording *recording;

    ck_ok(cuda()->work(0, &work[0]));
    ck_ok(run_step(&s, STEP, 0.5f));
    ck_ok(cuda()->work(0, &work[1]));
    ck_ok(cuda()->finish(0));
    recording = record_step(&s, 0.5f);
    ck_ok(cuda()->work(0, &work[2]));
    ck_ok(cuda()->replay(0, recording, 0)); /* and how many steps ahead */
    ck_ok(cuda()->work(0, &work[3]));
    for (int i = 1; i <= 10; i++)
        ck_ok(cuda()->replay(0, recording, (uint32_t)i));
    ck_ok(cuda()->work(0, &work[4]));
    ck_assert_uint_eq(work[3].n_bytes - work[2].n_bytes,
                      work[1].n_bytes - work[0].n_bytes);
    ck_assert_uint_eq(work[3].n_flops - work[2].n_flops,
                      work[1].n_flops - work[0].n_flops);
    ck_assert_uint_eq(work[3].n_launches - work[2].n_launches, 2);
    ck_assert_uint_eq(work[4].n_launches - work[3].n_launches, 20);
    ck_assert_uint_eq(work[4].n_bytes - work[2].n_bytes,
                      11 * (work[1].n_bytes - work[0].n_bytes));
    cuda()->forget(0, recording);
}
END_TEST

/* ---- several ---- */

START_TEST(recordings_share_their_memory)
{
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        const subject s = make_subject(), t = make_subject();
        const bits want_s = plain_bits(&s, STEP + 1, 0.5f);
        const bits want_t = plain_bits(&t, STEP + 2, 0.25f);
        lks_recording *of_s, *of_t;
        bits got_s, got_t;
        long n;

        be_late(seed);
        of_s = record_step(&s, 0.5f);
        n = emulator_calls("cudaMallocAsync");
        of_t = record_step(&t, 0.25f);
        ck_assert_int_eq(emulator_calls("cudaMallocAsync"), n);
        for (int i = 0; i < 3; i++) {
            ck_ok(cuda()->fill(&s.sum, 0));
            ck_ok(cuda()->fill(&t.sum, 0));
            ck_ok(cuda()->replay(0, of_s, 1));
            ck_ok(run_step(&s, 0, 0.75f)); /* plain work has other memory */
            ck_ok(cuda()->replay(0, of_t, 2));
            ck_ok(cuda()->fill(&s.sum, 0));
            ck_ok(cuda()->replay(0, of_s, 1));
        }
        got_s = bits_of(&s);
        got_t = bits_of(&t);
        ck_assert_mem_eq(&got_s, &want_s, sizeof got_s);
        ck_assert_mem_eq(&got_t, &want_t, sizeof got_t);
        cuda()->forget(0, of_t);
        cuda()->forget(0, of_s);
    }
}
END_TEST

START_TEST(a_recording_that_still_runs_may_be_forgotten)
{
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        const subject s = make_subject();
        const bits want = plain_bits(&s, STEP, 0.5f);
        lks_recording *recording;
        bits got;

        be_late(seed);
        recording = record_step(&s, 0.5f);
        ck_ok(cuda()->fill(&s.sum, 0));
        ck_ok(cuda()->replay(0, recording, 0));
        cuda()->forget(0, recording);
        got = bits_of(&s);
        ck_assert_mem_eq(&got, &want, sizeof got);
    }
    cuda()->forget(0, NULL);
}
END_TEST

/* More blocks at once than the list of them starts with. */
START_TEST(many_blocks_may_live_in_a_recording)
{
    enum { MANY = 200 };
    const lks_view sum = flat_new(gpu, LKS_F32, N);
    lks_view blocks[MANY];
    lks_recording *recording;

    ck_ok(cuda()->record(0));
    for (int i = 0; i < MANY; i++) {
        blocks[i] = flat_new(gpu, LKS_F32, N);
        ck_ok(cuda()->fill(&blocks[i], i));
    }
    ck_ok(cuda()->fill(&sum, 0));
    for (int i = 0; i < MANY; i++)
        ck_ok(cuda()->binary(LKS_BINARY_add, &sum, &blocks[i], &sum));
    for (int i = 0; i < MANY; i++)
        flat_free(&blocks[i * 7 % MANY]); /* in another order */
    ck_ok(cuda()->recorded(0, &recording));
    for (int i = 0; i < 2; i++) {
        ck_ok(cuda()->replay(0, recording, 0));
        ck_assert_float_eq(flat_at(&sum, N - 1), MANY * (MANY - 1) / 2);
    }
    cuda()->forget(0, recording);
    flat_free(&sum);
}
END_TEST

START_TEST(a_complaint_of_a_replay_is_told)
{
    const int64_t places[] = {1, 9};
    const lks_view x = flat_new(gpu, LKS_F32, 4), out = flat_new(gpu, LKS_F32, 2);
    const lks_view index = flat_of(gpu, LKS_I64, 2, places);
    lks_recording *recording;

    ck_ok(cuda()->fill(&x, 1));
    ck_ok(cuda()->record(0));
    ck_ok(cuda()->index_select(&x, 0, &index, &out));
    ck_ok(cuda()->recorded(0, &recording));
    for (int i = 0; i < 2; i++) {
        ck_ok(cuda()->replay(0, recording, 0));
        ck_fails(cuda()->finish(0), LKS_INVALID, "index 9 (number 1) is outside");
        ck_ok(cuda()->finish(0));
    }
    cuda()->forget(0, recording);
}
END_TEST

/* ---- what cannot be recorded ---- */

START_TEST(what_waits_or_meets_the_host_is_refused)
{
    const subject s = make_subject();
    const bits want = plain_bits(&s, STEP, 0.5f);
    lks_recording *recording = record_step(&s, 0.5f), *other = NULL;
    float value = 0;
    lks_mark mark;
    bits got;

    ck_ok(cuda()->record(0));
    ck_fails(cuda()->copy_in(0, s.sum.data, &value, sizeof value), LKS_STATE,
             "cuda:0: a copy from the host cannot be recorded");
    ck_fails(cuda()->copy_out(0, &value, s.sum.data, sizeof value), LKS_STATE,
             "cuda:0: a copy to the host cannot be recorded");
    ck_fails(cuda()->copy_out(0, NULL, NULL, 0), LKS_STATE, "cannot be recorded");
    ck_fails(cuda()->mark(0, &mark), LKS_STATE, "cuda:0: a mark cannot be recorded");
    ck_fails(cuda()->finish(0), LKS_STATE, "cuda:0: a wait cannot be recorded");
    ck_fails(cuda()->record(0), LKS_STATE, "cuda:0: a recording cannot be recorded");
    ck_fails(cuda()->replay(0, recording, 0), LKS_STATE,
             "cuda:0: a replay cannot be recorded");
    ck_ok(cuda()->fill(&s.sum, 0));
    ck_ok(run_step(&s, STEP, 0.5f));
    ck_ok(cuda()->recorded(0, &other)); /* what was refused is not in it */
    ck_ok(cuda()->replay(0, other, 0));
    got = bits_of(&s);
    ck_assert_mem_eq(&got, &want, sizeof got);
    cuda()->forget(0, other);
    cuda()->forget(0, recording);
}
END_TEST

static void *mark_alone(void *context)
{
    ck_ok(cuda()->mark(0, context));
    return NULL;
}

START_TEST(a_wait_for_another_queue_is_refused)
{
    const subject s = make_subject();
    lks_recording *recording = NULL;
    lks_mark mark;

    in_a_thread(mark_alone, &mark);
    ck_ok(cuda()->record(0));
    ck_fails(cuda()->await(0, &mark), LKS_STATE,
             "cuda:0: a wait for a mark cannot be recorded");
    ck_ok(run_step(&s, STEP, 0.5f));
    ck_ok(cuda()->recorded(0, &recording));
    cuda()->forget(0, recording);
}
END_TEST

START_TEST(memory_that_outlives_its_recording_is_refused)
{
    const subject s = make_subject();
    const bits want = plain_bits(&s, STEP, 0.5f);
    lks_recording *recording = (lks_recording *)&recording;
    lks_view x, y;
    bits got;

    ck_ok(cuda()->record(0));
    x = flat_new(gpu, LKS_F32, N);
    y = flat_new(gpu, LKS_F32, N);
    ck_ok(cuda()->fill(&x, 1));
    ck_fails(cuda()->recorded(0, &recording), LKS_STATE,
             "cuda:0: 2 blocks of memory outlive the recording that made them");
    ck_ok(cuda()->fill(&x, 2)); /* they are good memory */
    ck_assert_float_eq(flat_at(&x, N - 1), 2);
    flat_free(&x);
    flat_free(&y);
    recording = record_step(&s, 0.5f);
    ck_ok(cuda()->fill(&s.sum, 0));
    ck_ok(cuda()->replay(0, recording, 0));
    got = bits_of(&s);
    ck_assert_mem_eq(&got, &want, sizeof got);
    cuda()->forget(0, recording);
}
END_TEST

START_TEST(an_end_without_a_beginning_is_an_error)
{
    lks_recording *recording = NULL;
    lks_mark mark;

    ck_ok(cuda()->mark(0, &mark));
    ck_assert_int_ne(cuda()->recorded(0, &recording), LKS_OK);
    ck_assert_ptr_null(recording);
    lks_error_clear();
    ck_ok(cuda()->mark(0, &mark));
    ck_ok(cuda()->finish(0));
    ck_fails(cuda()->record(63), LKS_DEVICE, "cuda:63");
    ck_fails(cuda()->recorded(63, &recording), LKS_DEVICE, "cuda:63");
    ck_fails(cuda()->replay(63, NULL, 0), LKS_DEVICE, "cuda:63");
}
END_TEST

/* ---- no memory ---- */

/* A recording in which the host's n-th allocation fails; true once there is no such. */
static bool survives(const subject *s, long n)
{
    lks_view blocks[100];
    lks_recording *recording = NULL;
    int n_blocks = 0;
    lks_status st;

    ck_ok(cuda()->record(0));
    lks_alloc_fail_after(n);
    while (n_blocks < 100) {
        void *data = cuda()->alloc(0, N * sizeof(float));

        if (!data)
            break;
        blocks[n_blocks++] = lks_view_flat(gpu, data, LKS_F32, N);
    }
    for (int i = 0; i < n_blocks; i++)
        flat_free(&blocks[i]);
    st = cuda()->recorded(0, &recording);
    ck_assert(st == LKS_OK ? recording != NULL : st == LKS_NOMEM && !recording);
    ck_assert(lks_alloc_has_failed() == (n_blocks < 100 || st != LKS_OK));
    lks_alloc_fail_after(-1);
    lks_error_clear();
    cuda()->forget(0, recording);
    recording = record_step(s, 0.5f);
    ck_ok(cuda()->replay(0, recording, 0));
    cuda()->forget(0, recording);
    return n_blocks == 100 && st == LKS_OK;
}

START_TEST(a_recording_survives_each_allocation_failing)
{
    const subject s = make_subject();
    const bits want = plain_bits(&s, STEP, 0.5f);
    bits got;
    long n = 0;

    while (!survives(&s, n))
        n++;
    ck_assert_int_gt(n, 100);
    got = plain_bits(&s, STEP, 0.5f);
    ck_assert_mem_eq(&got, &want, sizeof got);
}
END_TEST

START_TEST(a_recording_on_a_full_device_fails_and_the_next_one_works)
{
    const size_t most = (size_t)48 << 20;
    lks_recording *recording = NULL;
    void *block;
    subject s;

    if (!EMULATED)
        return;
    setenv("EMULATOR_MEMORY", "67108864", 1);
    s = make_subject();
    block = cuda()->alloc(0, most);
    ck_ok(cuda()->record(0));
    ck_assert_ptr_null(cuda()->alloc(0, most));
    ck_assert_int_eq(lks_error_status(), LKS_NOMEM);
    ck_assert_ptr_nonnull(strstr(lks_error_text(), "cuda:0 is out of memory"));
    ck_ok(cuda()->recorded(0, &recording)); /* of nothing */
    cuda()->forget(0, recording);
    cuda()->free(0, block, most);
    recording = record_step(&s, 0.5f); /* free blocks of plain work make room */
    ck_ok(cuda()->replay(0, recording, 0));
    ck_ok(cuda()->finish(0));
    cuda()->forget(0, recording);
    ck_ok(cuda()->record(0));
    block = cuda()->alloc(0, most);
    ck_assert_ptr_nonnull(block);
    cuda()->free(0, block, most);
    ck_ok(cuda()->recorded(0, &recording));
    cuda()->forget(0, recording);
}
END_TEST

LKS_SUITE("cuda_recording", a_replay_leaves_the_bits_of_plain_work,
          nothing_is_done_while_it_is_recorded,
          each_replay_counts_as_the_work_that_it_does, recordings_share_their_memory,
          a_recording_that_still_runs_may_be_forgotten,
          many_blocks_may_live_in_a_recording, a_complaint_of_a_replay_is_told,
          what_waits_or_meets_the_host_is_refused, a_wait_for_another_queue_is_refused,
          memory_that_outlives_its_recording_is_refused,
          an_end_without_a_beginning_is_an_error,
          a_recording_survives_each_allocation_failing,
          a_recording_on_a_full_device_fails_and_the_next_one_works)
