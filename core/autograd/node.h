/* The graph: what operations record, what the reverse sweep walks.
 *
 *     y's node --edge--> x's node --edge--> … --edge--> a leaf's node
 *
 * A node is one application of an operation; an edge leads to where one of its inputs
 * came from. Nodes hold nodes and storages (what they saved), never tensors with history,
 * so a graph has no cycles. A graph is one thread's: counts are plain. */
#ifndef LKS_AUTOGRAD_NODE_H
#define LKS_AUTOGRAD_NODE_H

#include "autograd/backward.h"
#include "autograd/operation.h"
#include "tensor/tensor_impl.h"

typedef struct lks_node lks_node;

/* Of few nodes: hooks on the tensor that it made, a gradient that stays. */
typedef struct lks_watch lks_watch;

/* `to` is NULL where no gradient is wanted. Shape and dtype are the input's. */
typedef struct lks_edge {
    lks_node *to;
    lks_dtype dtype;
    bool is_cut; /* a sweep that wants some gradients only goes past it */
    lks_shape shape;
} lks_edge;

/* A view kept for backward, and how often its storage had changed by then. */
typedef struct lks_saved {
    lks_storage *storage;
    uint32_t version;
    lks_view view;
} lks_saved;

struct lks_node {
    uint64_t sequence; /* above that of every node it leads to; 0 for leaves */
    size_t n_bytes;    /* of its block */
    unsigned n_refs;
    int n_edges, n_saved;
    unsigned saved_what;     /* which of LKS_IN(i), LKS_OUT, LKS_AUX stand in saved[] */
    bool released;           /* swept: edges and saved are gone */
    bool has_grad;           /* a contribution stands in grad */
    bool is_captured;        /* its gradient is asked for: sweep.h */
    bool is_needed;          /* for a gradient that is asked for */
    const lks_operation *op; /* NULL: a leaf */
    lks_device device;
    const lks_kernels *kernels;
    struct lks_sweep *sweep; /* that visits it now */
    lks_watch *watch;        /* NULL as a rule */
    lks_tensor *grad;        /* a leaf's gradient; another's cotangent during the sweep */
    lks_edge *edges;
    lks_saved *saved;
    void *params; /* the operation's, copied */
    lks_node *next_dead;
};

/* A tensor that the user wants the gradient of. */
typedef struct lks_leaf {
    lks_node node;
    lks_tensor *tensor; /* not held; NULL once it is gone */
    lks_grad_ready ready;
    void *context;
    int n_pending; /* contributions still to come in this sweep */
    bool landed;   /* one came in this sweep */
    /* In a sweep, of a leaf with hooks: what they see is of this sweep alone, and what
     * stood in node.grad waits here. */
    bool is_aside, had_grad;
    lks_tensor *aside;
} lks_leaf;

/* A node with room for edges, saved views and params, all empty; one reference, the
 * caller's. Its sequence number is above all of this thread's. */
lks_node *lks_node_create(const lks_operation *op, const lks_storage *like, int n_edges,
                          int n_saved);

/* Let the i-th input's gradient go to where t came from; t tells shape and dtype. */
void lks_node_set_edge(lks_node *node, int i, const lks_tensor *t);
void lks_node_save(lks_node *node, int slot, const lks_tensor *t);

/* Drop edges, saved views and what params hold: nothing of it is needed again. */
void lks_node_release(lks_node *node);

void lks_node_unref(lks_node *node); /* NULL is fine; a graph of any depth */

static inline lks_node *lks_node_ref(lks_node *node)
{
    node->n_refs++;
    return node;
}

/* The operation's name, or the custom function's. */
const char *lks_node_name(const lks_node *node);

/* Whether any hook is there. */
bool lks_watch_has_hooks(const lks_watch *watch);
/* Show the whole gradient to the hooks, let it stay if it is to, and leave in node->grad
 * what they made of it. */
lks_status lks_watch_run(lks_node *node);
/* The gradient that stays of a node that is no leaf: NULL if none has landed. */
lks_tensor *lks_watch_grad(const lks_watch *watch);
void lks_watch_zero_grad(lks_watch *watch);
/* Where a tensor is changed in place: `to` will keep the gradient if `from` did, and from
 * the time when the change is made. */
lks_status lks_watch_prepare(const lks_node *from, lks_node *to);
void lks_watch_pass_on(lks_node *from, lks_node *to);
void lks_watch_destroy(lks_watch *watch); /* NULL is fine */

/* The leaf a node is, or NULL. */
lks_leaf *lks_node_leaf(lks_node *node);

/* t is being freed: its leaf, if it has one, must not point to it. */
void lks_node_forget_tensor(lks_node *node, const lks_tensor *t);

#endif
