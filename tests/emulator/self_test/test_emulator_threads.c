/* Several threads of the host, each with a device of its own. */
#include "kernels.h"

#include <pthread.h>
#include <stdint.h>

#include "cuda_suite.h"

enum { N = 256, N_THREADS = 4, N_ROUNDS = 50 };

static pthread_barrier_t together;

static void *work_alone(void *number)
{
    const int me = (int)(intptr_t)number;
    cudaStream_t stream;
    float *x, *y, got;
    int device;

    ck_cuda(cudaSetDevice(me % 2));
    pthread_barrier_wait(&together);
    stream = new_stream();
    x = on_device(NULL, N * 4);
    y = on_device(NULL, N * 4);
    ck_cuda(run_fill(N, (float)me, x, stream));
    for (int i = 0; i < N_ROUNDS; i++) {
        ck_cuda(run_add(N, x, y, stream));
        ck_cuda(cudaMemcpyAsync(&got, y, 4, cudaMemcpyDeviceToHost, stream));
        ck_assert_float_eq(got, (float)(me * (i + 1)));
    }
    ck_cuda(cudaGetDevice(&device));
    ck_assert_int_eq(device, me % 2);
    ck_cuda(cudaStreamDestroy(stream));
    return NULL;
}

static void all_threads(void *(*body)(void *))
{
    pthread_t threads[N_THREADS];

    pthread_barrier_init(&together, NULL, N_THREADS);
    for (intptr_t i = 0; i < N_THREADS; i++)
        pthread_create(&threads[i], NULL, body, (void *)i);
    for (int i = 0; i < N_THREADS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&together);
}

START_TEST(threads_have_devices_and_streams_of_their_own)
{
    all_threads(work_alone);
}
END_TEST

START_TEST(threads_work_late_and_in_any_order)
{
    for (uint64_t seed = 0; seed < 3; seed++) {
        emulator_seed(seed);
        emulator_late(true);
        all_threads(work_alone);
        emulator_late(false);
    }
}
END_TEST

/* A ring: each thread adds to what its neighbour's stream has written, by an event. */
static cudaStream_t streams[N_THREADS];
static cudaEvent_t events[N_THREADS];
static float *values[N_THREADS];

static void *work_in_a_ring(void *number)
{
    const int me = (int)(intptr_t)number, before = (me + N_THREADS - 1) % N_THREADS;

    ck_cuda(cudaSetDevice(me % 2));
    streams[me] = new_stream();
    events[me] = new_event();
    ck_cuda(cudaMalloc((void **)&values[me], N * 4));
    ck_cuda(run_fill(N, 1, values[me], streams[me]));
    ck_cuda(cudaEventRecord(events[me], streams[me]));
    pthread_barrier_wait(&together);
    for (int round = 0; round < N_THREADS; round++) {
        if (round == me) { /* takes from its neighbour, on whatever device */
            float *copy;

            ck_cuda(cudaMalloc((void **)&copy, N * 4));
            ck_cuda(cudaStreamWaitEvent(streams[me], events[before], 0));
            ck_cuda(cudaMemcpyAsync(copy, values[before], N * 4, cudaMemcpyDefault,
                                    streams[me]));
            ck_cuda(run_add(N, copy, values[me], streams[me]));
            ck_cuda(cudaEventRecord(events[me], streams[me]));
        }
        pthread_barrier_wait(&together);
    }
    if (me == N_THREADS - 1) {
        float got;

        ck_cuda(cudaEventSynchronize(events[me]));
        to_host(&got, values[me], sizeof got);
        ck_assert_float_eq(got, N_THREADS + 1);
    }
    return NULL;
}

START_TEST(events_order_streams_of_several_threads_and_devices)
{
    for (uint64_t seed = 0; seed < 4; seed++) {
        emulator_seed(seed);
        emulator_late(true);
        all_threads(work_in_a_ring);
        emulator_late(false);
    }
}
END_TEST

/* What one thread waits for, only another brings: the lock is let go meanwhile. */
static cudaEvent_t later;
static cudaStream_t stream_of_later;

static void wait_for_flag(void *flag)
{
    while (!__atomic_load_n((int *)flag, __ATOMIC_ACQUIRE))
        sched_yield();
}

static void *raise_soon(void *flag)
{
    float *x = on_device(NULL, N * 4); /* which needs the lock */

    ck_cuda(run_fill(N, 1, x, 0));
    ck_cuda(cudaStreamSynchronize(0));
    __atomic_store_n((int *)flag, 1, __ATOMIC_RELEASE);
    return NULL;
}

START_TEST(a_waiting_thread_lets_others_work)
{
    pthread_t other;
    int flag = 0;

    stream_of_later = new_stream();
    later = new_event();
    emulator_late(true);
    ck_cuda(cudaLaunchHostFunc(stream_of_later, wait_for_flag, &flag));
    ck_cuda(cudaEventRecord(later, stream_of_later));
    pthread_create(&other, NULL, raise_soon, &flag);
    ck_cuda(cudaEventSynchronize(later));
    pthread_join(other, NULL);
    emulator_late(false);
}
END_TEST

LKS_SUITE("emulator_threads", threads_have_devices_and_streams_of_their_own,
          threads_work_late_and_in_any_order,
          events_order_streams_of_several_threads_and_devices,
          a_waiting_thread_lets_others_work)
