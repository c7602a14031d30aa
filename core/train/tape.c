#include "train/tape.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/try.h"
#include "kernels.h"

/* Sizes of step of a run: whole ones, and an epoch's last; more are not recorded. */
enum { MAX_TAKES = 4 };

/* A lane's batch on the device. */
typedef struct place {
    void *fields[LKS_DATASET_MAX_FIELDS]; /* room for max_n samples each */
    int64_t n, max_n;
} place;

typedef struct take {
    uint64_t n_samples, step; /* of the step that was recorded */
    lks_recording *recording; /* NULL: such a step has been run once */
} take;

struct lks_tape {
    lks_device device;
    const lks_kernels *kernels;
    const lks_dataset *dataset;
    lks_range lanes;
    place *places; /* [lanes] */
    take takes[MAX_TAKES];
    int n_takes;
    bool gave_up;
};

/* Each step is its own: what is carried along stands elsewhere in each. */
static bool varies(const lks_dataset *dataset)
{
    if (lks_dataset_n_streams(dataset) > 0)
        return true;
    for (int i = 0; i < lks_dataset_n_fields(dataset); i++)
        if (lks_dataset_field(dataset, i)->varies)
            return true;
    return false;
}

lks_status lks_tape_create(lks_device device, const lks_dataset *dataset, lks_range lanes,
                           lks_tape **out)
{
    const lks_kernels *kernels = lks_device_kernels(device);
    const char *wanted = getenv("LKS_RECORDINGS");
    lks_tape *self;

    *out = NULL;
    if (!kernels->record || (wanted && strcmp(wanted, "0") == 0) || varies(dataset))
        return LKS_OK;
    if (!(self = lks_calloc(1, sizeof *self)))
        return LKS_NOMEM;
    self->device = device;
    self->kernels = kernels;
    self->dataset = dataset;
    self->lanes = lanes;
    self->places = lks_calloc(lanes.end - lanes.begin, sizeof *self->places);
    if (!self->places) {
        lks_free(self);
        return LKS_NOMEM;
    }
    *out = self;
    return LKS_OK;
}

static void empty(const lks_tape *self, place *p)
{
    for (int i = 0; i < lks_dataset_n_fields(self->dataset); i++)
        self->kernels->free(
            self->device.index, p->fields[i],
            lks_batch_bytes(p->max_n, lks_dataset_field(self->dataset, i)));
    *p = (place){0};
}

static void forget(lks_tape *self)
{
    for (int i = 0; i < self->n_takes; i++)
        self->kernels->forget(self->device.index, self->takes[i].recording);
    self->n_takes = 0;
}

void lks_tape_destroy(lks_tape *self)
{
    if (!self)
        return;
    forget(self);
    for (uint64_t i = 0; i < self->lanes.end - self->lanes.begin; i++)
        empty(self, &self->places[i]);
    lks_free(self->places);
    lks_free(self);
}

/* ---- batches ---- */

static place *place_of(const lks_tape *self, uint64_t lane)
{
    return &self->places[lane - self->lanes.begin];
}

/* Recordings have the address of the room: a larger one makes them void. */
static lks_status reserve(lks_tape *self, place *p, int64_t n)
{
    if (n <= p->max_n)
        return LKS_OK;
    forget(self);
    empty(self, p);
    p->max_n = n;
    for (int i = 0; i < lks_dataset_n_fields(self->dataset); i++) {
        const size_t n_bytes = lks_batch_bytes(n, lks_dataset_field(self->dataset, i));

        if (!(p->fields[i] = self->kernels->alloc(self->device.index, n_bytes)))
            return LKS_NOMEM;
    }
    return LKS_OK;
}

lks_status lks_tape_load(lks_tape *self, uint64_t lane, const lks_batch *batch)
{
    place *p = place_of(self, lane);
    const int64_t n = batch->slice.n;

    LKS_TRY(reserve(self, p, n));
    p->n = n;
    for (int i = 0; i < lks_dataset_n_fields(self->dataset); i++)
        LKS_TRY(self->kernels->copy_in(
            self->device.index, p->fields[i], batch->fields[i].data,
            lks_batch_bytes(n, lks_dataset_field(self->dataset, i))));
    return LKS_OK;
}

lks_status lks_tape_batch(const lks_tape *self, uint64_t lane, lks_fields *out)
{
    const place *p = place_of(self, lane);

    if (p->n > 0)
        return lks_batch_bring_from(p->fields, p->n, self->dataset, self->device, out);
    *out = (lks_fields){0};
    return LKS_OK;
}

/* ---- passes ---- */

static take *take_of(lks_tape *self, uint64_t n_samples)
{
    for (int i = 0; i < self->n_takes; i++)
        if (self->takes[i].n_samples == n_samples)
            return &self->takes[i];
    return NULL;
}

/* On failure what was noted is nothing, and the step can still be run. */
static lks_status record(lks_tape *self, take *t, lks_passes passes, void *context)
{
    lks_status st, end;

    LKS_TRY(self->kernels->record(self->device.index));
    st = passes(context);
    end = self->kernels->recorded(self->device.index, &t->recording);
    if (st != LKS_OK && end == LKS_OK) {
        self->kernels->forget(self->device.index, t->recording);
        t->recording = NULL;
    }
    return st != LKS_OK ? st : end;
}

/* The first step of a size is run, for its memory to be there and its kernels loaded. */
static lks_status run_first(lks_tape *self, uint64_t n_samples, lks_passes passes,
                            void *context)
{
    LKS_TRY(passes(context));
    if (self->n_takes < MAX_TAKES)
        self->takes[self->n_takes++] = (take){.n_samples = n_samples};
    return LKS_OK;
}

lks_status lks_tape_run(lks_tape *self, uint64_t n_samples, uint64_t step,
                        lks_passes passes, void *context)
{
    take *t = self->gave_up ? NULL : take_of(self, n_samples);

    if (!t)
        return self->gave_up ? passes(context)
                             : run_first(self, n_samples, passes, context);
    if (!t->recording) {
        t->step = step;
        if (record(self, t, passes, context) != LKS_OK) {
            lks_info("steps are not recorded: %s", lks_error_text());
            self->gave_up = true;
            return passes(context);
        }
    }
    return self->kernels->replay(self->device.index, t->recording,
                                 (uint32_t)(step - t->step));
}
