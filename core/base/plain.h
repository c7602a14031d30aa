/* Text of others made plain, so that it may stand in a line on a terminal, in a log and
 * in a JSON string: what a peer, a file, a file's name or another program says is text,
 * whatever bytes it has. Everything that goes to a person passes through here. */
#ifndef LKS_BASE_PLAIN_H
#define LKS_BASE_PLAIN_H

#include <stddef.h>
#include <stdio.h>

#include "base/text.h"

/* Copy `text` (NULL is "") into out[0..size_bytes), size_bytes > 0, as one line of valid
 * UTF-8 that no terminal acts on. A '?' stands for each control character (C0, DEL, C1,
 * line and paragraph separators), each character that changes the direction of writing,
 * and each byte that is not UTF-8. Never longer than `text`, and never cut within a
 * character; `out` may be `text`. Gives the bytes written, without the zero. */
size_t lks_plain_copy(char *out, size_t size_bytes, const char *text);

/* Put `text` as a JSON string, in its quotes, for terminals as well: what lks_plain_copy
 * would replace is escaped, so that it reads back as it was; only where a byte is not
 * UTF-8, which JSON cannot hold, stands a '?'. source: RFC 8259, sections 7 and 8.1 */
void lks_plain_put_json(lks_text *out, const char *text);

/* printf a line, made plain, with its newline. What is beyond 4 KiB is cut. */
void lks_plain_line(FILE *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
