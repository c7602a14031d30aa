#include "proto/yaml_tree.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "proto/scalar.h"
#include "base/utf8.h"

struct lks_tree_block {
    struct lks_tree_block *next;
    max_align_t data[];
};

void *lks_tree_alloc(lks_tree *tree, size_t n_bytes)
{
    struct lks_tree_block *block = lks_calloc(1, sizeof *block + n_bytes);

    if (!block)
        return NULL;
    block->next = tree->blocks;
    tree->blocks = block;
    return block->data;
}

void lks_tree_release(lks_tree *tree)
{
    while (tree->blocks) {
        struct lks_tree_block *next = tree->blocks->next;

        lks_free(tree->blocks);
        tree->blocks = next;
    }
    tree->n_nodes = 0;
}

lks_node *lks_tree_node(lks_tree *tree, lks_node_kind kind, const lks_source *source)
{
    lks_node *node = lks_tree_alloc(tree, sizeof *node);

    if (!node)
        return NULL;
    node->kind = kind;
    node->text = "";
    node->source = source;
    tree->n_nodes++;
    return node;
}

const char *lks_tree_text(lks_tree *tree, const char *bytes, size_t n)
{
    char *copy = lks_tree_alloc(tree, n + 1);

    return copy ? memcpy(copy, bytes, n) : NULL;
}

void lks_node_append(lks_node *parent, lks_node *entry)
{
    lks_node **end = parent->last ? &parent->last->next : &parent->first;

    *end = entry;
    parent->last = entry;
    entry->next = NULL;
    parent->n_entries++;
}

void lks_node_remove(lks_node *parent, lks_node *entry)
{
    lks_node *before = NULL;

    for (lks_node *node = parent->first; node != entry; node = node->next)
        before = node;
    *(before ? &before->next : &parent->first) = entry->next;
    if (parent->last == entry)
        parent->last = before;
    parent->n_entries--;
}

lks_node *lks_node_find(const lks_node *map, const char *key)
{
    for (lks_node *node = map->first; node; node = node->next)
        if (strcmp(node->key, key) == 0)
            return node;
    return NULL;
}

bool lks_node_is_null(const lks_node *node)
{
    return node->kind == LKS_NODE_SCALAR && !node->quoted &&
           lks_scalar_is_null(node->text);
}

lks_status lks_source_fail(const lks_source *source, int line, int column,
                           const char *format, va_list args)
{
    char text[1000];
    int n = line > 0
                ? snprintf(text, sizeof text, "%s:%d:%d: ", source->name, line, column)
                : snprintf(text, sizeof text, "%s: ", source->name);

    if (n >= 0 && (size_t)n < sizeof text)
        vsnprintf(text + n, sizeof text - (size_t)n, format, args);
    return lks_fail(LKS_INVALID, "%s", text);
}

lks_status lks_node_fail(const lks_node *node, const char *format, ...)
{
    va_list args;
    lks_status st;

    va_start(args, format);
    st = lks_source_fail(node->source, node->line, node->column, format, args);
    va_end(args);
    return st;
}

lks_status lks_node_fail_at_key(const lks_node *node, const char *format, ...)
{
    va_list args;
    lks_status st;

    va_start(args, format);
    st = lks_source_fail(node->source, node->key_line, node->key_column, format, args);
    va_end(args);
    return st;
}

/* Bytes of text's whole characters that fit n. */
static size_t fitting(const char *text, size_t n)
{
    size_t length = strlen(text), at = 0, step = 1;
    uint32_t code;

    while (at < length && (step = lks_utf8_next(text + at, length - at, &code)) > 0 &&
           at + step <= n)
        at += step;
    return at;
}

const char *lks_text_shown(const char *text, char out[LKS_SHOWN_TEXT])
{
    size_t n = fitting(text, LKS_SHOWN_TEXT - sizeof "'…'");

    snprintf(out, LKS_SHOWN_TEXT, "'%.*s%s'", (int)n, text, text[n] ? "…" : "");
    return out;
}

const char *lks_node_shown(const lks_node *node, char out[LKS_SHOWN_TEXT])
{
    if (node->kind == LKS_NODE_LIST)
        return node->first ? "a list" : "an empty list";
    if (node->kind == LKS_NODE_MAP)
        return node->first ? "a map" : "an empty map";
    if (lks_node_is_null(node))
        return "nothing";
    return lks_text_shown(node->text, out);
}
