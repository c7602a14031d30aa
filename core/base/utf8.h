/* Reading UTF-8. */
#ifndef LKS_BASE_UTF8_H
#define LKS_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The code point at text[0..n), n > 0, and its bytes; 0 bytes if it is malformed:
 * overlong, a surrogate, beyond U+10FFFF, cut short. */
size_t lks_utf8_next(const char *text, size_t n, uint32_t *code);

bool lks_utf8_is_valid(const char *text);
bool lks_utf8_is_valid_of(const char *bytes, size_t n); /* zeros are characters too */

/* After a print into text[0..size_bytes) that may have filled it: take off the beginning
 * of a character whose rest did not fit. */
void lks_utf8_uncut(char *text, size_t size_bytes);

#endif
