/* Paths are bytes, YAML is Unicode. A path that is not UTF-8 stands in a job file as a
 * URI whose bytes are escaped, which any YAML reader takes for a text:
 *
 *     /data/d\xe9j\xe0   file:///data/d%E9j%E0   source: RFC 8089, RFC 3986 2.1
 *     d\xe9j\xe0.gz      file:d%E9j%E0.gz        relative: our own addition
 *
 * Private to proto. */
#ifndef LKS_PROTO_PATH_TEXT_H
#define LKS_PROTO_PATH_TEXT_H

#include "base/text.h"
#include "proto/yaml_tree.h"

/* The path as a YAML scalar: itself, or a URI where it is not UTF-8 or begins like one.
 */
void lks_path_write(lks_text *out, const char *path);

/* The path that a node's text says; *out is the caller's to lks_free. LKS_INVALID, named
 * by `name`: a URI of another host, a broken escape, nothing. */
lks_status lks_path_read(const lks_node *node, const char *name, char **out);

#endif
