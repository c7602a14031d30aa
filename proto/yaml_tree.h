/* YAML text as a tree of nodes that remember where they stood. Narrow on purpose: one
 * document, no anchors, aliases or tags, no key twice in a map, and limits on depth,
 * nodes and bytes, so that a hostile file costs little. Private to proto.
 *
 * A tree owns its nodes and their texts; all die with it. */
#ifndef LKS_PROTO_YAML_TREE_H
#define LKS_PROTO_YAML_TREE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

enum {
    LKS_YAML_MAX_BYTES = 1024 * 1024,
    LKS_YAML_MAX_NODES = 100 * 1000,
    LKS_YAML_MAX_DEPTH = 32,
    LKS_YAML_MAX_ENTRIES = 1024, /* of one list or map */
};

/* Where a text comes from, for errors; outlives its nodes. */
typedef struct lks_source {
    const char *name; /* a file's, or "--set key=value" */
    bool is_file;     /* so lines and columns mean something */
} lks_source;

typedef enum lks_node_kind {
    LKS_NODE_SCALAR,
    LKS_NODE_LIST,
    LKS_NODE_MAP,
} lks_node_kind;

typedef struct lks_node lks_node;
struct lks_node {
    lks_node_kind kind;
    const char *text;       /* of a scalar, else "" */
    bool quoted;            /* a scalar in quotes is text, whatever it looks like */
    const char *key;        /* in a map; else NULL */
    lks_node *first, *last; /* entries of a list or map … */
    lks_node *next;         /* … chained in order */
    size_t n_entries;
    int line, column; /* from 1; 0: not from a file */
    int key_line, key_column;
    const lks_source *source;
};

typedef struct lks_tree {
    struct lks_tree_block *blocks; /* every allocation, for release */
    size_t n_nodes;
} lks_tree;

void lks_tree_release(lks_tree *tree);

/* Parse a document into `tree`, which may hold others already. *root is NULL for an empty
 * one. LKS_INVALID tells file, line and column. */
lks_status lks_tree_parse(lks_tree *tree, const char *text, size_t n_bytes,
                          const lks_source *source, lks_node **root);

/* n zeroed bytes, a new node, or a copy of n bytes as a string, in the tree; NULL when
 * out of memory. */
void *lks_tree_alloc(lks_tree *tree, size_t n_bytes);
lks_node *lks_tree_node(lks_tree *tree, lks_node_kind kind, const lks_source *source);
const char *lks_tree_text(lks_tree *tree, const char *bytes, size_t n);

/* Append to a list, or to a map when entry->key is set. */
void lks_node_append(lks_node *parent, lks_node *entry);
void lks_node_remove(lks_node *parent, lks_node *entry);

/* The entry of a map, NULL if there is none. */
lks_node *lks_node_find(const lks_node *map, const char *key);

/* A scalar that says nothing: empty, ~ or null, not in quotes. */
bool lks_node_is_null(const lks_node *node);

/* LKS_INVALID with one line, "FILE:LINE:COLUMN: …", at the node or at its key. */
lks_status lks_node_fail(const lks_node *node, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
lks_status lks_node_fail_at_key(const lks_node *node, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same where there is no node; line 0: the source as a whole. */
lks_status lks_source_fail(const lks_source *source, int line, int column,
                           const char *format, va_list args);

/* What a node is, for an error: 'many', a list, a map, nothing; long texts are cut. */
enum { LKS_SHOWN_TEXT = 64 };
const char *lks_node_shown(const lks_node *node, char out[LKS_SHOWN_TEXT]);
const char *lks_text_shown(const char *text, char out[LKS_SHOWN_TEXT]);

#endif
