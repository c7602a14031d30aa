/* What an adapter sees of a case: its arguments by name and position, made tensors on the
 * device when asked for, and where its results go.
 *
 *     static void run_softmax(call *c)
 *     {
 *         give(c, lks_softmax(input(c), whole(c, arg(0, "dim"), 0)));
 *     }
 *
 * An argument that the case has and the adapter never asks for fails the case: nothing is
 * passed over. What the library cannot do is said by lacks(). */
#ifndef LKS_TESTS_CONFORMANCE_CALL_H
#define LKS_TESTS_CONFORMANCE_CALL_H

#include "lockstep.h"
#include "sample.h"

enum { MAX_OUTPUTS = 64, MAX_LIST = 64 };

typedef struct call {
    const sample *sample;
    lks_device device;
    lks_tensor *outputs[MAX_OUTPUTS];
    int n_outputs;
    const char *lacking; /* the argument that the library has nothing for */
} call;

/* Where a value stands: under its own name, or under its position's, "a0" (of arguments,
 * counted without the input) and "c0" (of a constructor's). */
typedef struct place {
    role role;
    int position; /* -1: none */
    const char *name;
} place;

static inline place arg(int position, const char *name)
{
    return (place){ARG, position, name};
}

/* An argument that is only given by name. */
static inline place named(const char *name)
{
    return (place){ARG, -1, name};
}

static inline place ctor(int position, const char *name)
{
    return (place){CTOR, position, name};
}

static inline place state(const char *name)
{
    return (place){STATE, -1, name};
}

/* Whether there is such a value, None being none. */
bool given(call *c, place p);
bool is_word(call *c, place p);
bool is_truth(call *c, place p);
bool is_tensor(call *c, place p);
bool is_number(call *c, place p);

/* A number, a truth value, a word; the fallback where none is given. */
double number(call *c, place p, double fallback);
int64_t integer(call *c, place p, int64_t fallback);
int whole(call *c, place p, int fallback); /* a dimension, say */
bool flag(call *c, place p, bool fallback);
const char *word(call *c, place p, const char *fallback);

/* How many integers there are, into out[0..MAX_LIST); a single one counts as a list. */
int integers(call *c, place p, int64_t *out);
int dims(call *c, place p, int *out);
lks_shape shape(call *c, place p);
/* Two integers, or one for both, or the fallback for both. */
void pair(call *c, place p, int64_t fallback, int64_t *out);
/* The same where one of two, or both, may be None. */
void pair_or_none(call *c, place p, int64_t none, int64_t *out);
lks_reduction reduction(call *c, place p);

/* A tensor; one that is wanted but not there fails the case. Wants its gradient if the
 * case has that. */
lks_tensor *tensor(call *c, place p);
lks_tensor *optional(call *c, place p); /* NULL where it is not given or None */
lks_tensor *input(call *c);             /* the first: "input" */
int tensors(call *c, place p, lks_tensor **out);

/* One more output. */
void give(call *c, lks_tensor *y);

/* The library has nothing for that argument (as it is given). */
void lacks(call *c, const char *argument);
/* The library has only that value of it. */
void only(call *c, place p, double value);

#endif
