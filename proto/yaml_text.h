/* Text that libyaml refuses though it says something, bent before it is parsed and put
 * right in what comes out. Every character keeps its line and column.
 *
 *     "\ud83d\ude00"     a character beyond U+FFFF as JSON's writers escape it, becomes
 *                        "\U0001F600\0", whose zero is dropped; a real zero is refused
 *     tabs around {…}    JSON's blanks, become spaces
 *     d\xe9j\xe0         in --set: bytes of a shell that are no UTF-8, each becomes
 *                        U+10FF00 + byte, and with them what stood there before
 *
 * Private to proto. */
#ifndef LKS_PROTO_YAML_TEXT_H
#define LKS_PROTO_YAML_TEXT_H

#include "proto/yaml_tree.h"

typedef struct lks_yaml_text {
    const char
        *bytes; /* for libyaml; the tree's, or the caller's where nothing is bent */
    size_t n_bytes;
    bool has_pairs, has_raw_bytes;
} lks_yaml_text;

/* LKS_INVALID: half a pair, or a zero beside pairs, with line and column. What is no YAML
 * at all is left to the parser. */
lks_status lks_yaml_text_bend(lks_tree *tree, const lks_source *source, const char *bytes,
                              size_t n_bytes, lks_yaml_text *out);

/* Undo it in a scalar of libyaml's, in place; the new length. */
size_t lks_yaml_text_restore(const lks_yaml_text *text, char *scalar, size_t n);

/* Where byte `offset` stands: its line and column, in characters, from 0. */
void lks_yaml_text_place(const lks_yaml_text *text, size_t offset, size_t *line,
                         size_t *column);

#endif
