#include "train/lanes.h"

#include "base/alloc.h"
#include "base/try.h"
#include "device.h"
#include "kernels.h"
#include "train/reduce.h"
#include "train/reduce_tree.h"

/* In floats. The first bucket is small so that its reduction starts early; the rest are
 * big enough to be worth their messages. A larger parameter goes in pieces, which then
 * follow one another like cars. */
enum {
    FIRST_BUCKET = 64 * 1024,
    BUCKET = 256 * 1024,
    PIECE = 512 * 1024,
};

typedef struct bucket {
    size_t begin, end;   /* elements of the flat block */
    size_t n_params;     /* that lie in it */
    size_t n_unfinished; /* of them, in this backward */
} bucket;

struct lks_lanes {
    lks_lanes_options options;
    lks_reducer *reducer;
    const lks_kernels *kernels;
    size_t numel; /* gradients, and behind them what is observed */

    /* The stack of gradient blocks, and what happens after each of our lanes. */
    uint32_t n_mine;
    size_t *folds; /* [n_mine] additions of the two topmost blocks */
    size_t n_blocks;
    lks_grad_block *
        *blocks; /* [n_blocks]; blocks[0] is NULL: the parameter block's own */

    /* In the order in which backward completes them: last parameter first, and with it
     * what forward has observed. */
    bucket *buckets;
    size_t n_buckets;
    size_t *bucket_of; /* [parameters] */

    /* This step's. */
    uint32_t lane;      /* of ours, the one that runs */
    size_t depth;       /* blocks on the stack, its own included */
    size_t next_bucket; /* the first not started */
    lks_status st;      /* of what the listener did */
};

/* ---- the plan, made once ---- */

/* How many times the two topmost sums are added after each lane, and how high the stack
 * gets. Without order there is one block, which all lanes add to. */
static lks_status plan_stack(lks_lanes *self)
{
    const uint32_t n_lanes = self->options.n_lanes;
    const lks_comm *comm = self->options.comm;
    const lks_range mine =
        lks_shard_lanes((uint32_t)comm->rank, (uint32_t)comm->size, n_lanes);
    lks_range stack[LKS_TREE_MAX_COVER + 1];
    size_t depth = 0;

    self->n_mine = (uint32_t)(mine.end - mine.begin);
    self->n_blocks = 1;
    if (!(self->folds = lks_calloc(self->n_mine, sizeof *self->folds)))
        return LKS_NOMEM;
    for (uint32_t i = 0; self->options.ordered && i < self->n_mine; i++) {
        stack[depth++] = (lks_range){mine.begin + i, mine.begin + i + 1};
        self->n_blocks = depth > self->n_blocks ? depth : self->n_blocks;
        while (depth > 1 &&
               lks_tree_are_siblings(stack[depth - 2], stack[depth - 1], n_lanes)) {
            stack[depth - 2].end = stack[depth - 1].end;
            depth--;
            self->folds[i]++;
        }
    }
    return LKS_OK;
}

static lks_status create_blocks(lks_lanes *self)
{
    if (!(self->blocks = lks_calloc(self->n_blocks, sizeof *self->blocks)))
        return LKS_NOMEM;
    for (size_t i = 1; i < self->n_blocks; i++)
        LKS_TRY(lks_param_block_create_grads(self->options.params, &self->blocks[i]));
    return LKS_OK;
}

/* Elements [begin, end) of the stack's i-th block. */
static lks_view part_of(const lks_lanes *self, size_t i, size_t begin, size_t end)
{
    const lks_view *block = self->blocks[i] ? lks_grad_block_view(self->blocks[i])
                                            : lks_param_block_sums(self->options.params);

    return lks_view_part(block, begin, end - begin);
}

static lks_status plan_buckets(lks_lanes *self)
{
    lks_param_block *params = self->options.params;
    const size_t n_params = lks_param_block_count(params);
    size_t end = self->numel, n = 0;

    self->buckets = lks_calloc(n_params, sizeof *self->buckets);
    self->bucket_of = lks_calloc(n_params, sizeof *self->bucket_of);
    if (!self->buckets || !self->bucket_of)
        return LKS_NOMEM;
    for (size_t i = n_params; i-- > 0;) {
        const size_t begin = lks_param_block_at(params, i)->offset;
        const size_t enough = n == 0 ? FIRST_BUCKET : BUCKET;

        self->bucket_of[i] = n;
        self->buckets[n].begin = begin;
        self->buckets[n].end = end;
        self->buckets[n].n_params++;
        if (end - begin >= enough || i == 0) {
            end = begin;
            n++;
        }
    }
    self->n_buckets = n;
    return LKS_OK;
}

lks_status lks_lanes_create(const lks_lanes_options *options, lks_lanes **out)
{
    lks_lanes *self = lks_calloc(1, sizeof *self);
    const lks_reducer_options reduction = {
        .comm = options->comm, .n_lanes = options->n_lanes, .ordered = options->ordered};
    lks_status st;

    if (!self)
        return LKS_NOMEM;
    self->options = *options;
    self->kernels = lks_device_kernels(lks_param_block_device(options->params));
    self->numel = (size_t)lks_param_block_sums(options->params)->sizes[0];
    LKS_GO(lks_reducer_create(&reduction, &self->reducer));
    LKS_GO(plan_stack(self));
    LKS_GO(create_blocks(self));
    LKS_GO(plan_buckets(self));
    *out = self;
    self = NULL;
cleanup:
    lks_lanes_destroy(self);
    return st;
}

void lks_lanes_destroy(lks_lanes *self)
{
    if (!self)
        return;
    lks_param_block_on_ready(self->options.params, NULL, NULL);
    if (self->n_blocks > 1)
        lks_param_block_land_in(self->options.params, NULL);
    for (size_t i = 1; self->blocks && i < self->n_blocks; i++)
        lks_grad_block_destroy(self->blocks[i]);
    lks_free(self->blocks);
    lks_free(self->folds);
    lks_free(self->buckets);
    lks_free(self->bucket_of);
    lks_reducer_destroy(self->reducer);
    lks_free(self);
}

/* ---- buckets ---- */

static lks_status clear_block(lks_lanes *self, size_t i)
{
    const lks_view all = part_of(self, i, 0, self->numel);

    return self->kernels->fill(&all, 0);
}

/* Add elements [begin, end) of the topmost blocks, `n` times. */
static lks_status fold(lks_lanes *self, size_t begin, size_t end, size_t n)
{
    for (size_t top = self->depth - 1; n > 0; n--, top--) {
        const lks_view upper = part_of(self, top, begin, end);
        const lks_view lower = part_of(self, top - 1, begin, end);

        LKS_TRY(self->kernels->binary(LKS_BINARY_add, &lower, &upper, &lower));
    }
    return LKS_OK;
}

/* Fold the last lane into elements [begin, end) and start their reduction. */
static lks_status start_piece(lks_lanes *self, size_t begin, size_t end)
{
    lks_view partials[LKS_TREE_MAX_COVER];
    const lks_view home = part_of(self, 0, begin, end);

    if (self->n_mine > 0)
        LKS_TRY(fold(self, begin, end, self->folds[self->n_mine - 1]));
    for (size_t i = 0; i < lks_reducer_n_partials(self->reducer); i++)
        partials[i] = part_of(self, i, begin, end);
    return lks_reducer_start(self->reducer, partials, &home);
}

/* Start the next bucket. Always in this order, so that all ranks agree on it. */
static lks_status start_bucket(lks_lanes *self)
{
    const bucket *b = &self->buckets[self->next_bucket];

    self->options.comm->bucket = (int)self->next_bucket++;
    for (size_t begin = b->begin; begin < b->end; begin += PIECE)
        LKS_TRY(
            start_piece(self, begin, begin + PIECE < b->end ? begin + PIECE : b->end));
    return LKS_OK;
}

/* The listener of the last lane's backward. */
static void on_ready(void *context, size_t param)
{
    lks_lanes *self = context;

    self->buckets[self->bucket_of[param]].n_unfinished--;
    while (self->st == LKS_OK && self->next_bucket < self->n_buckets &&
           self->buckets[self->next_bucket].n_unfinished == 0)
        self->st = start_bucket(self);
    if (self->st == LKS_OK)
        self->st = lks_reducer_progress(self->reducer);
}

/* What backward did not start: an empty lane's buckets, those with unused parameters. */
static lks_status start_rest(lks_lanes *self)
{
    while (self->next_bucket < self->n_buckets)
        LKS_TRY(start_bucket(self));
    return LKS_OK;
}

/* ---- a step ---- */

void lks_lanes_begin(lks_lanes *self, uint64_t step)
{
    self->options.comm->step = step;
    self->lane = 0;
    self->depth = 0;
    self->next_bucket = 0;
    self->st = LKS_OK;
    for (size_t i = 0; i < self->n_buckets; i++)
        self->buckets[i].n_unfinished = self->buckets[i].n_params;
}

lks_status lks_lanes_begin_lane(lks_lanes *self)
{
    lks_param_block *params = self->options.params;
    const bool adds = !self->options.ordered && self->lane > 0;

    if (!adds && self->n_blocks == 1)
        lks_param_block_zero_grad(params);
    if (self->options.ordered || self->lane == 0)
        self->depth++;
    if (self->n_blocks > 1)
        lks_param_block_land_in(params, self->blocks[self->depth - 1]);
    if (self->lane + 1 == self->n_mine)
        lks_param_block_on_ready(params, on_ready, self);
    return LKS_OK;
}

lks_status lks_lanes_end_lane(lks_lanes *self, bool empty)
{
    const uint32_t lane = self->lane++;
    const bool adds = !self->options.ordered && lane > 0;

    if (!empty)
        LKS_TRY(lks_param_block_fill_missing_grads(self->options.params));
    else if (!adds)
        LKS_TRY(clear_block(self, self->depth - 1));
    if (lane + 1 < self->n_mine) {
        LKS_TRY(fold(self, 0, self->numel, self->folds[lane]));
        self->depth -= self->folds[lane];
        return LKS_OK;
    }
    lks_param_block_on_ready(self->options.params, NULL, NULL);
    LKS_TRY(self->st);
    return start_rest(self);
}

lks_status lks_lanes_wait(lks_lanes *self)
{
    if (self->n_mine == 0) { /* more ranks than lanes: we only help to add */
        LKS_TRY(clear_block(self, 0));
        LKS_TRY(start_rest(self));
    }
    LKS_TRY(lks_reducer_wait(self->reducer));
    if (self->n_blocks > 1)
        lks_param_block_land_in(self->options.params, NULL);
    return LKS_OK;
}
