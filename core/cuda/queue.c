#include "cuda/queue.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "layout/index.h"

enum { NAME_BYTES = 256 };

/* Queues whose threads have ended. */
static struct {
    pthread_mutex_t lock;
    lks_cuda_queue *idle[LKS_CUDA_MAX_DEVICES];
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

typedef struct thread_queues {
    lks_cuda_queue *of[LKS_CUDA_MAX_DEVICES];
} thread_queues;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static _Thread_local thread_queues *own;
static _Thread_local int current = -1; /* the thread's device */

static void leave(void *context)
{
    thread_queues *queues = context;

    pthread_mutex_lock(&all.lock);
    for (int i = 0; i < LKS_CUDA_MAX_DEVICES; i++) {
        if (!queues->of[i])
            continue;
        queues->of[i]->next = all.idle[i];
        all.idle[i] = queues->of[i];
    }
    pthread_mutex_unlock(&all.lock);
    lks_free(queues);
}

static void create_key(void)
{
    pthread_key_create(&key, leave);
}

lks_status lks_cuda_ok(int index, const char *what, cudaError_t error)
{
    if (error == cudaSuccess)
        return LKS_OK;
    cudaGetLastError(); /* is told: not once more by the next call */
    if (error == cudaErrorNoKernelImageForDevice)
        return lks_fail(LKS_DEVICE,
                        "cuda:%d is of a kind that this Lockstep was not built for "
                        "(CMAKE_CUDA_ARCHITECTURES)",
                        index);
    return lks_fail(error == cudaErrorMemoryAllocation ? LKS_NOMEM : LKS_DEVICE,
                    "cuda:%d: %.*s: %s", index, (int)strcspn(what, "("), what,
                    cudaGetErrorString(error));
}

/* ---- making one ---- */

static lks_status take_pinned(lks_cuda_queue *q)
{
    void *landing = NULL, *trouble = NULL, *trouble_d = NULL;

    LKS_CUDA_TRY(q->index,
                 cudaHostAlloc(&landing, LKS_CUDA_LANDING_BYTES, cudaHostAllocDefault));
    q->landing = landing;
    LKS_CUDA_TRY(q->index, cudaHostAlloc(&trouble, sizeof *q->trouble,
                                         cudaHostAllocMapped | cudaHostAllocPortable));
    q->trouble = trouble;
    memset(q->trouble, 0, sizeof *q->trouble);
    memset(q->trouble->first, 0xff, sizeof q->trouble->first);
    LKS_CUDA_TRY(q->index, cudaHostGetDevicePointer(&trouble_d, trouble, 0));
    q->trouble_d = trouble_d;
    return LKS_OK;
}

/* Copies in wait for nobody: they overtake kernels that are queued already. */
static lks_status take_streams(lks_cuda_queue *q)
{
    LKS_CUDA_TRY(q->index, cudaStreamCreateWithFlags(&q->own, cudaStreamNonBlocking));
    q->compute = q->own;
    LKS_CUDA_TRY(q->index,
                 cudaStreamCreateWithFlags(&q->incoming, cudaStreamNonBlocking));
    LKS_CUDA_TRY(q->index, cudaEventCreateWithFlags(&q->arrived, cudaEventDisableTiming));
    for (int i = 0; i < LKS_CUDA_MARKS; i++)
        LKS_CUDA_TRY(q->index,
                     cudaEventCreateWithFlags(&q->marks[i], cudaEventDisableTiming));
    for (int i = 0; i < LKS_CUDA_STAGES; i++)
        LKS_CUDA_TRY(q->index, cudaEventCreateWithFlags(&q->stages[i].is_read,
                                                        cudaEventDisableTiming));
    return LKS_OK;
}

static void destroy(lks_cuda_queue *q)
{
    for (int i = 0; i < LKS_CUDA_STAGES; i++)
        if (q->stages[i].is_read)
            cudaEventDestroy(q->stages[i].is_read);
    for (int i = 0; i < LKS_CUDA_MARKS; i++)
        if (q->marks[i])
            cudaEventDestroy(q->marks[i]);
    if (q->arrived)
        cudaEventDestroy(q->arrived);
    if (q->incoming)
        cudaStreamDestroy(q->incoming);
    if (q->own)
        cudaStreamDestroy(q->own);
    cudaFreeHost(q->trouble);
    cudaFreeHost(q->landing);
    lks_free(q);
}

/* Blocks that are freed stay with the pool, which would give them back at each wait. */
static lks_status keep_pool(int index)
{
    cudaMemPool_t pool;
    uint64_t all_of_it = UINT64_MAX;

    LKS_CUDA_TRY(index, cudaDeviceGetDefaultMemPool(&pool, index));
    LKS_CUDA_TRY(index, cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold,
                                                &all_of_it));
    return LKS_OK;
}

static lks_status create(int index, lks_cuda_queue **out)
{
    lks_cuda_queue *q = lks_calloc(1, sizeof *q);
    lks_status st;

    if (!q)
        return LKS_NOMEM;
    q->index = index;
    q->store = &q->stores[0];
    LKS_GO(keep_pool(index));
    LKS_GO(take_pinned(q));
    LKS_GO(take_streams(q));
    *out = q;
    return LKS_OK;
cleanup:
    destroy(q);
    return st;
}

static lks_cuda_queue *take_idle(int index)
{
    lks_cuda_queue *q;

    pthread_mutex_lock(&all.lock);
    if ((q = all.idle[index]))
        all.idle[index] = q->next;
    pthread_mutex_unlock(&all.lock);
    return q;
}

static lks_status join(int index)
{
    pthread_once(&once, create_key);
    if (!own) {
        if (!(own = lks_calloc(1, sizeof *own)))
            return LKS_NOMEM;
        pthread_setspecific(key, own);
    }
    if (!(own->of[index] = take_idle(index)))
        LKS_TRY(create(index, &own->of[index]));
    own->of[index]->work = (lks_device_work){0};
    return LKS_OK;
}

lks_status lks_cuda_queue_of(int index, lks_cuda_queue **out)
{
    if (index < 0 || index >= LKS_CUDA_MAX_DEVICES)
        return lks_fail(LKS_DEVICE, "there is no device cuda:%d", index);
    if (current != index) {
        LKS_CUDA_TRY(index, cudaSetDevice(index));
        current = index;
    }
    if (!own || !own->of[index])
        LKS_TRY(join(index));
    *out = own->of[index];
    return LKS_OK;
}

void *lks_cuda_stream(int index)
{
    lks_cuda_queue *q;

    return lks_cuda_queue_of(index, &q) == LKS_OK ? q->compute : NULL;
}

lks_status lks_cuda_divert(int index, void *stream)
{
    lks_cuda_queue *q;

    LKS_TRY(lks_cuda_queue_of(index, &q));
    q->compute = stream ? (cudaStream_t)stream : q->own;
    q->fresh = NULL;
    return LKS_OK;
}

lks_status lks_cuda_work_of(int index, lks_device_work *out)
{
    lks_cuda_queue *q;

    LKS_TRY(lks_cuda_queue_of(index, &q));
    *out = q->work;
    return LKS_OK;
}

/* ---- marks ---- */

lks_status lks_cuda_mark(int index, lks_mark *out)
{
    lks_cuda_queue *q;

    LKS_TRY(lks_cuda_queue_of(index, &q));
    LKS_TRY(lks_cuda_check_plain(q, "a mark"));
    LKS_CUDA_TRY(
        index, cudaEventRecord(q->marks[(q->n_marks + 1) % LKS_CUDA_MARKS], q->compute));
    q->n_marks++;
    if (q->compute != q->own)
        q->diverted_mark = q->n_marks;
    *out = (lks_mark){q, q->n_marks};
    return LKS_OK;
}

/* An old mark's event has been recorded again meanwhile: behind that is behind it. */
lks_status lks_cuda_await(int index, const lks_mark *mark)
{
    const lks_cuda_queue *of = mark->queue;
    lks_cuda_queue *q;

    LKS_TRY(lks_cuda_queue_of(index, &q));
    if (!of || of == q)
        return LKS_OK;
    LKS_TRY(lks_cuda_check_plain(q, "a wait for a mark"));
    q->fresh = NULL;
    LKS_CUDA_TRY(
        index, cudaStreamWaitEvent(q->compute, of->marks[mark->at % LKS_CUDA_MARKS], 0));
    return LKS_OK;
}

lks_status lks_cuda_finish(int index)
{
    lks_cuda_queue *q;

    LKS_TRY(lks_cuda_queue_of(index, &q));
    LKS_TRY(lks_cuda_check_plain(q, "a wait"));
    q->work.n_waits++;
    LKS_CUDA_TRY(index, cudaStreamSynchronize(q->compute));
    return lks_cuda_complaints(q);
}

/* ---- complaints ---- */

static lks_status complain(lks_cuda_complaint about, const lks_cuda_trouble *t)
{
    static const char *const kernels[LKS_CUDA_N_COMPLAINTS] = {
        [LKS_CUDA_INDEX_SELECT] = "index_select",
        [LKS_CUDA_INDEX_ADD] = "index_add",
        [LKS_CUDA_GATHER] = "gather",
        [LKS_CUDA_SCATTER] = "scatter",
        [LKS_CUDA_CROSS_ENTROPY] = "cross_entropy",
        [LKS_CUDA_RECURRENT] = "recurrent",
        [LKS_CUDA_RECURRENT_BACKWARD] = "recurrent_backward",
    };
    const lks_shape *shape = &t->shape[about];
    const long long number = (long long)(t->first[about] >> 32);
    const long long at = (int32_t)(uint32_t)t->first[about];
    char text[LKS_SHAPE_TEXT];

    if (about == LKS_CUDA_RECURRENT || about == LKS_CUDA_RECURRENT_BACKWARD)
        return lks_length_refuse(kernels[about], at, number, shape->sizes[0]);
    if (about != LKS_CUDA_CROSS_ENTROPY)
        return lks_fail(LKS_INVALID,
                        "%s: index %lld (number %lld) is outside dimension %d of %s",
                        kernels[about], at, number, t->dim[about],
                        lks_shape_text(shape, text, sizeof text));
    return lks_fail(LKS_INVALID,
                    "%s: target %lld of row %lld is outside the %lld classes",
                    kernels[about], at, number, (long long)shape->sizes[1]);
}

lks_status lks_cuda_complaints(lks_cuda_queue *q)
{
    lks_status st = LKS_OK;

    for (int i = 0; i < LKS_CUDA_N_COMPLAINTS; i++)
        if (q->trouble->first[i] != ~0ull && st == LKS_OK)
            st = complain((lks_cuda_complaint)i, q->trouble);
    if (st != LKS_OK)
        memset(q->trouble->first, 0xff, sizeof q->trouble->first);
    return st;
}
