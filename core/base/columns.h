/* How wide text is on a screen, and making it fit. Widths are columns, not bytes: a wide
 * character (CJK, most emoji) takes two, a combining one none, as libc's tables have it.
 * Text is UTF-8 and plain (base/plain.h); nothing is ever cut within a character.
 *
 * Everywhere, n_columns of 0 is a screen without end. */
#ifndef LKS_BASE_COLUMNS_H
#define LKS_BASE_COLUMNS_H

#include <stddef.h>
#include <stdio.h>

size_t lks_columns(const char *text);

/* Bytes of the longest beginning of `text` that takes at most n_columns. */
size_t lks_columns_prefix(const char *text, size_t n_columns);

/* `text` into out[0..size_bytes), its middle replaced by "…" where it takes more than
 * n_columns: names of hosts differ at either end. */
void lks_columns_shorten(char *out, size_t size_bytes, const char *text,
                         size_t n_columns);

/* Cut a line in place to what fits: of parts, which stand two spaces from each other with
 * the most useful first, the last ones go; of the first one, its end. */
void lks_columns_drop(char *line, size_t n_columns);

/* Write `text`, broken between pieces that `separator` (" " or "  ") divides and after
 * each newline within it, and end the line. The cursor stands in column `at`; lines after
 * the first begin with `indent` spaces. A piece wider than a line is broken anywhere.
 * Gives how many lines that were. */
size_t lks_columns_wrap(FILE *out, const char *text, const char *separator, size_t at,
                        size_t indent, size_t n_columns);

#endif
