/* Scalars of YAML as every reader takes them, of version 1.1 (PyYAML, Ruby's) or of 1.2
 * (Go's, Rust's, JavaScript's). Private to proto. */
#ifndef LKS_PROTO_YAML_WRITE_H
#define LKS_PROTO_YAML_WRITE_H

#include "base/text.h"

/* A text in UTF-8, in quotes wherever one of them would take it for something else. */
void lks_yaml_add_text(lks_text *out, const char *text);

/* A finite number: a float to all of them, which reads back as the same double. */
void lks_yaml_add_real(lks_text *out, double value);

#endif
