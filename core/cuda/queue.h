/* Inside the CUDA device: queues. A thread's queue on a device is a stream with what goes
 * with it: events for marks, a second stream for what comes in, pinned memory that it
 * comes through, blocks that were freed in it, and a place where kernels say what is
 * wrong.
 *
 * A queue belongs to its thread; when that ends, it serves the next one, so a mark of it
 * stays good. */
#ifndef LKS_CUDA_QUEUE_H
#define LKS_CUDA_QUEUE_H

#include <cuda_runtime_api.h>

#include "base/try.h"
#include "cuda/cuda.h"
#include "kernels.h"

enum {
    LKS_CUDA_MAX_DEVICES = 64,
    LKS_CUDA_MARKS = 256,         /* the latest ones of a queue */
    LKS_CUDA_STAGES = 4,          /* pinned buffers, used in turn */
    LKS_CUDA_N_CLASSES = 34 * 4,  /* of sizes of freed blocks */
    LKS_CUDA_LANDING_BYTES = 256, /* of an answer that comes out */
};

/* A kernel that finds an index out of range writes here, the smallest number wins: its
 * place in the upper half, the index, as near as 32 bits come to it, in the lower. */
typedef enum lks_cuda_complaint {
    LKS_CUDA_INDEX_SELECT,
    LKS_CUDA_INDEX_ADD,
    LKS_CUDA_GATHER,
    LKS_CUDA_SCATTER,
    LKS_CUDA_CROSS_ENTROPY,
    LKS_CUDA_RECURRENT,
    LKS_CUDA_RECURRENT_BACKWARD,
    LKS_CUDA_N_COMPLAINTS,
} lks_cuda_complaint;

typedef struct lks_cuda_trouble {
    unsigned long long first[LKS_CUDA_N_COMPLAINTS]; /* ~0: none */
    /* What an index is one of: that of the launch that complained. */
    lks_shape shape[LKS_CUDA_N_COMPLAINTS];
    int dim[LKS_CUDA_N_COMPLAINTS];
} lks_cuda_trouble;

/* A freed block, kept for the next one who asks for as much. */
typedef struct lks_cuda_block {
    struct lks_cuda_block *next;
    void *address;
    uint64_t n_marks; /* of the queue when it was freed */
} lks_cuda_block;

/* Freed blocks by their size class. What a recording uses comes back to recordings only,
 * for it is used again whenever that is replayed; they run one after the other. */
typedef struct lks_cuda_store {
    lks_cuda_block *freed[LKS_CUDA_N_CLASSES];
} lks_cuda_store;

/* Blocks that were handed out since a recording began, and are not back. */
typedef struct lks_cuda_noted {
    void **blocks;
    size_t n, capacity;
    lks_device_work before;
} lks_cuda_noted;

typedef struct lks_cuda_stage {
    char *bytes; /* pinned; NULL: none yet */
    size_t n_bytes;
    cudaEvent_t is_read; /* its last copy has been made */
} lks_cuda_stage;

typedef struct lks_cuda_queue {
    int index;
    cudaStream_t own, incoming;
    cudaStream_t compute; /* where kernels go: its own, or another (lks_cuda_divert) */
    cudaEvent_t marks[LKS_CUDA_MARKS]; /* the n-th is marks[n % LKS_CUDA_MARKS] */
    uint64_t n_marks;
    uint64_t diverted_mark; /* the latest that was not made in `own` */
    cudaEvent_t arrived;
    lks_cuda_stage stages[LKS_CUDA_STAGES];
    unsigned next_stage;
    char *landing;                         /* pinned */
    lks_cuda_trouble *trouble, *trouble_d; /* pinned; as the device sees it */
    lks_cuda_store stores[2], *store; /* of plain work, of recordings; the one in use */
    lks_cuda_block *spare;            /* empty list elements */
    int n_elements;                   /* of all these lists */
    lks_cuda_noted noted;             /* what is being recorded */
    uint32_t *steps;                  /* of the device: how far replays are ahead */
    int64_t steps_now;                /* what stands there; -1: nothing yet */
    void *blas, *blas_workspace;      /* NULL: not needed yet */
    /* The latest block that was handed out, while nothing has been queued since. */
    void *fresh;
    uint64_t fresh_since; /* marks when it was freed */
    lks_device_work work;
    struct lks_cuda_queue *next; /* among those without a thread */
} lks_cuda_queue;

/* The calling thread's queue on a device, which becomes the thread's current device.
 *   errors  LKS_DEVICE: no such device, or it cannot be used; LKS_NOMEM */
lks_status lks_cuda_queue_of(int index, lks_cuda_queue **out);

lks_status lks_cuda_mark(int index, lks_mark *out);
lks_status lks_cuda_await(int index, const lks_mark *mark);
lks_status lks_cuda_finish(int index);

/* After the host has waited for the queue: what kernels complained of since the last
 * time. */
lks_status lks_cuda_complaints(lks_cuda_queue *q);

/* LKS_OK, or LKS_DEVICE with the device, what was done and CUDA's words; LKS_NOMEM where
 * CUDA says so. */
lks_status lks_cuda_ok(int index, const char *what, cudaError_t error);

/* The same in a row; leaves on failure: LKS_CUDA_TRY(index, cudaEventRecord(e, s)). */
#define LKS_CUDA_TRY(index, call) LKS_TRY(lks_cuda_ok(index, #call, call))

/* Whether the queue notes what it is told. */
static inline bool lks_cuda_is_recording(const lks_cuda_queue *q)
{
    return q->store == &q->stores[1];
}

/* LKS_STATE for what cannot be noted. */
lks_status lks_cuda_check_plain(const lks_cuda_queue *q, const char *what);

lks_status lks_cuda_work_of(int index, lks_device_work *out);

lks_status lks_cuda_record(int index);
lks_status lks_cuda_recorded(int index, lks_recording **out);
lks_status lks_cuda_replay(int index, const lks_recording *recording, uint32_t steps);
void lks_cuda_forget(int index, lks_recording *recording);

/* ---- devices ---- */

int lks_cuda_count(void);
const char *lks_cuda_absence(bool *is_fault);
uint64_t lks_cuda_identity(int index);
lks_status lks_cuda_describe(int index, lks_device_facts *out);
void lks_cuda_use(int index, lks_device_use *out);
void lks_cuda_forget_peak(int index);

/* ---- memory ---- */

void *lks_cuda_alloc(int index, size_t n_bytes);
void lks_cuda_free(int index, void *block, size_t n_bytes);
lks_status lks_cuda_copy_in(int index, void *to, const void *from, size_t n_bytes);
lks_status lks_cuda_copy_out(int index, void *to, const void *from, size_t n_bytes);
lks_status lks_cuda_copy_across(int to_index, void *to, int from_index, const void *from,
                                size_t n_bytes);

/* Freed blocks of the store in use, back to CUDA. */
void lks_cuda_give_back(lks_cuda_queue *q);

/* Memory for the time of a kernel: NULL where there is none, LKS_NOMEM recorded. */
void *lks_cuda_scratch(lks_cuda_queue *q, size_t n_bytes);
void lks_cuda_scratch_free(lks_cuda_queue *q, void *scratch, size_t n_bytes);

#endif
