/* Memory of a GPU, and what goes in and out.
 *
 * Freed blocks wait in their queue's lists, one a size class, for the next step to ask
 * for as much: so a step asks CUDA for nothing, and captured work finds its memory where
 * it was. What comes in goes through pinned buffers, in a stream of its own, and
 * overtakes what is queued if the block is one that nothing queued can touch any more. */
#include "cuda/queue.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "base/figure.h"

enum {
    MIN_LOG2 = 8, /* what CUDA aligns blocks to */
    CLASSES_PER_OCTAVE = 4,
    STAGE_BYTES = 4 << 20,
    MAX_ELEMENTS = 1 << 16,
    FIRST_NOTED = 64,
};

static struct {
    _Atomic uint64_t now, peak; /* bytes in blocks that are handed out */
} usage[LKS_CUDA_MAX_DEVICES];

void lks_cuda_use(int index, lks_device_use *out)
{
    out->now_bytes = atomic_load(&usage[index].now);
    out->peak_bytes = atomic_load(&usage[index].peak);
}

void lks_cuda_forget_peak(int index)
{
    atomic_store(&usage[index].peak, atomic_load(&usage[index].now));
}

/* ---- blocks ---- */

/* Classes stand at 1, 1.25, 1.5 and 1.75 times powers of two; -1: larger than all. */
static int class_of(size_t n_bytes, size_t *class_bytes)
{
    const size_t n = n_bytes < (size_t)1 << MIN_LOG2 ? (size_t)1 << MIN_LOG2 : n_bytes;
    const int log2 = 63 - __builtin_clzll((unsigned long long)n);
    const size_t step = ((size_t)1 << log2) / CLASSES_PER_OCTAVE;
    const size_t quarter = (n - ((size_t)1 << log2) + step - 1) / step;
    const int class = (log2 - MIN_LOG2) * CLASSES_PER_OCTAVE + (int)quarter;

    *class_bytes = ((size_t)1 << log2) + quarter * step;
    return class < LKS_CUDA_N_CLASSES ? class : -1;
}

static void count_bytes(int index, int64_t n_bytes)
{
    const uint64_t now =
        atomic_fetch_add(&usage[index].now, (uint64_t)n_bytes) + (uint64_t)n_bytes;
    uint64_t peak = atomic_load(&usage[index].peak);

    while (now > peak && !atomic_compare_exchange_weak(&usage[index].peak, &peak, now))
        ;
}

static void *take_kept(lks_cuda_queue *q, int class)
{
    lks_cuda_block *b = q->store->freed[class];
    void *address;

    if (!b)
        return NULL;
    q->store->freed[class] = b->next;
    b->next = q->spare;
    q->spare = b;
    address = b->address;
    q->fresh = address;
    q->fresh_since = b->n_marks;
    return address;
}

void lks_cuda_give_back(lks_cuda_queue *q)
{
    for (int i = 0; i < LKS_CUDA_N_CLASSES; i++)
        while (q->store->freed[i])
            cudaFreeAsync(take_kept(q, i), q->compute);
    q->fresh = NULL;
}

static lks_status fail_out_of_memory(lks_cuda_queue *q, size_t n_bytes)
{
    size_t n_free = 0, total = 0;

    cudaGetLastError();
    cudaMemGetInfo(&n_free, &total);
    return lks_fail(LKS_NOMEM,
                    "cuda:%d is out of memory: %s asked for, %s of %s free, %s in use by "
                    "this process",
                    q->index, lks_figure_bytes((double)n_bytes).text,
                    lks_figure_bytes((double)n_free).text,
                    lks_figure_bytes((double)total).text,
                    lks_figure_bytes((double)atomic_load(&usage[q->index].now)).text);
}

/* A block must be able to go without asking for memory: its list element comes first.
 * Blocks that are freed in another queue leave theirs here: no more than so many. */
static lks_status prepare_spare(lks_cuda_queue *q)
{
    lks_cuda_block *b;

    if (q->n_elements == MAX_ELEMENTS)
        return LKS_OK;
    if (!(b = lks_malloc(sizeof *b)))
        return LKS_NOMEM;
    q->n_elements++;
    b->next = q->spare;
    q->spare = b;
    return LKS_OK;
}

static void *take_new(lks_cuda_queue *q, size_t n_bytes)
{
    /* a recording's memory is there before it is replayed */
    const cudaStream_t stream = lks_cuda_is_recording(q) ? q->incoming : q->compute;
    void *address = NULL;
    cudaError_t error;

    if (prepare_spare(q) != LKS_OK)
        return NULL;
    error = cudaMallocAsync(&address, n_bytes, stream);
    if (error == cudaErrorMemoryAllocation && !lks_cuda_is_recording(q)) {
        cudaGetLastError(); /* kept blocks may be of other sizes */
        lks_cuda_give_back(q);
        cudaStreamSynchronize(q->compute);
        error = cudaMallocAsync(&address, n_bytes, stream);
    }
    if (error == cudaErrorMemoryAllocation)
        fail_out_of_memory(q, n_bytes);
    else
        lks_cuda_ok(q->index, "cudaMallocAsync", error);
    q->fresh = error == cudaSuccess ? address : NULL;
    q->fresh_since = q->n_marks;
    return error == cudaSuccess ? address : NULL;
}

/* Remember a block that is handed out while recording. */
static void *note(lks_cuda_queue *q, void *address)
{
    lks_cuda_noted *noted = &q->noted;

    if (!address || !lks_cuda_is_recording(q))
        return address;
    if (noted->n == noted->capacity) {
        const size_t capacity = noted->capacity ? 2 * noted->capacity : FIRST_NOTED;
        void **more = lks_realloc(noted->blocks, capacity, sizeof *more);

        if (!more)
            return NULL; /* the block is lost until the queue's end */
        noted->blocks = more;
        noted->capacity = capacity;
    }
    noted->blocks[noted->n++] = address;
    return address;
}

static void unnote(lks_cuda_queue *q, const void *address)
{
    lks_cuda_noted *noted = &q->noted;

    for (size_t i = noted->n; i-- > 0;)
        if (noted->blocks[i] == address) {
            noted->blocks[i] = noted->blocks[--noted->n];
            return;
        }
}

void *lks_cuda_scratch(lks_cuda_queue *q, size_t n_bytes)
{
    size_t class_bytes;
    const int class = class_of(n_bytes, &class_bytes);
    void *address = class >= 0 ? take_kept(q, class) : NULL;

    if (!address)
        address = take_new(q, class >= 0 ? class_bytes : n_bytes);
    return note(q, address);
}

void lks_cuda_scratch_free(lks_cuda_queue *q, void *scratch, size_t n_bytes)
{
    size_t class_bytes;
    const int class = class_of(n_bytes, &class_bytes);
    lks_cuda_block *b = q->spare;

    if (!scratch)
        return;
    unnote(q, scratch);
    if (class < 0 || !b) { /* without an element: it came from another queue */
        if (!lks_cuda_is_recording(q)) /* else it is used again: it stays as it is */
            cudaFreeAsync(scratch, q->compute);
        return;
    }
    q->spare = b->next;
    *b = (lks_cuda_block){q->store->freed[class], scratch, q->n_marks};
    q->store->freed[class] = b;
}

void *lks_cuda_alloc(int index, size_t n_bytes)
{
    lks_cuda_queue *q;
    void *address;

    if (lks_alloc_fault(n_bytes))
        return NULL;
    if (n_bytes >= PTRDIFF_MAX) {
        lks_fail(LKS_NOMEM, "cannot allocate %zu bytes", n_bytes);
        return NULL;
    }
    if (lks_cuda_queue_of(index, &q) != LKS_OK ||
        !(address = lks_cuda_scratch(q, n_bytes)))
        return NULL;
    count_bytes(index, (int64_t)n_bytes);
    return address;
}

void lks_cuda_free(int index, void *block, size_t n_bytes)
{
    lks_cuda_queue *q;

    if (!block || lks_cuda_queue_of(index, &q) != LKS_OK)
        return;
    lks_cuda_scratch_free(q, block, n_bytes);
    count_bytes(index, -(int64_t)n_bytes);
}

/* ---- copies ---- */

/* A pinned buffer whose last copy is done, of up to STAGE_BYTES. */
static lks_status take_stage(lks_cuda_queue *q, size_t n_bytes, lks_cuda_stage **out)
{
    lks_cuda_stage *stage = &q->stages[q->next_stage++ % LKS_CUDA_STAGES];

    if (stage->bytes)
        LKS_CUDA_TRY(q->index, cudaEventSynchronize(stage->is_read));
    if (stage->n_bytes < n_bytes) {
        void *bytes = NULL;

        cudaFreeHost(stage->bytes);
        *stage = (lks_cuda_stage){.is_read = stage->is_read};
        LKS_CUDA_TRY(q->index, cudaHostAlloc(&bytes, n_bytes, cudaHostAllocDefault));
        stage->bytes = bytes;
        stage->n_bytes = n_bytes;
    }
    *out = stage;
    return LKS_OK;
}

static lks_status send(lks_cuda_queue *q, cudaStream_t stream, char *to, const char *from,
                       size_t n_bytes)
{
    for (size_t done = 0; done < n_bytes;) {
        const size_t n = n_bytes - done < STAGE_BYTES ? n_bytes - done : STAGE_BYTES;
        lks_cuda_stage *stage;

        LKS_TRY(take_stage(q, n, &stage));
        memcpy(stage->bytes, from + done, n);
        LKS_CUDA_TRY(q->index, cudaMemcpyAsync(to + done, stage->bytes, n,
                                               cudaMemcpyHostToDevice, stream));
        LKS_CUDA_TRY(q->index, cudaEventRecord(stage->is_read, stream));
        done += n;
    }
    return LKS_OK;
}

/* Into a block that has just been handed out: behind whatever used it before, which is
 * before the first mark of this stream since. */
static lks_status send_ahead(lks_cuda_queue *q, void *to, const void *from,
                             size_t n_bytes)
{
    lks_mark mark = {q, q->fresh_since + 1};

    if (mark.at > q->n_marks || mark.at <= q->diverted_mark)
        LKS_TRY(lks_cuda_mark(q->index, &mark));
    LKS_CUDA_TRY(q->index,
                 cudaStreamWaitEvent(q->incoming, q->marks[mark.at % LKS_CUDA_MARKS], 0));
    LKS_TRY(send(q, q->incoming, to, from, n_bytes));
    LKS_CUDA_TRY(q->index, cudaEventRecord(q->arrived, q->incoming));
    LKS_CUDA_TRY(q->index, cudaStreamWaitEvent(q->compute, q->arrived, 0));
    return LKS_OK;
}

lks_status lks_cuda_copy_in(int index, void *to, const void *from, size_t n_bytes)
{
    lks_cuda_queue *q;

    if (n_bytes == 0)
        return LKS_OK;
    LKS_TRY(lks_cuda_queue_of(index, &q));
    LKS_TRY(lks_cuda_check_plain(q, "a copy from the host"));
    q->work.n_bytes += n_bytes;
    if (to == q->fresh && q->compute == q->own) {
        q->fresh = NULL;
        return send_ahead(q, to, from, n_bytes);
    }
    q->fresh = NULL;
    return send(q, q->compute, to, from, n_bytes);
}

lks_status lks_cuda_copy_out(int index, void *to, const void *from, size_t n_bytes)
{
    lks_cuda_queue *q;
    void *landing;

    LKS_TRY(lks_cuda_queue_of(index, &q));
    LKS_TRY(lks_cuda_check_plain(q, "a copy to the host"));
    if (n_bytes == 0)
        return lks_cuda_finish(index);
    q->fresh = NULL;
    landing = n_bytes <= LKS_CUDA_LANDING_BYTES ? q->landing : to;
    LKS_CUDA_TRY(index, cudaMemcpyAsync(landing, from, n_bytes, cudaMemcpyDeviceToHost,
                                        q->compute));
    LKS_TRY(lks_cuda_finish(index));
    if (landing != to)
        memcpy(to, landing, n_bytes);
    return LKS_OK;
}

lks_status lks_cuda_copy_across(int to_index, void *to, int from_index, const void *from,
                                size_t n_bytes)
{
    lks_cuda_queue *q;

    if (n_bytes == 0)
        return LKS_OK;
    LKS_TRY(lks_cuda_queue_of(to_index, &q));
    q->fresh = NULL;
    q->work.n_bytes += 2 * n_bytes;
    if (to_index == from_index)
        LKS_CUDA_TRY(to_index, cudaMemcpyAsync(to, from, n_bytes,
                                               cudaMemcpyDeviceToDevice, q->compute));
    else
        LKS_CUDA_TRY(to_index, cudaMemcpyPeerAsync(to, to_index, from, from_index,
                                                   n_bytes, q->compute));
    return LKS_OK;
}
