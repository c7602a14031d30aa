/* Tokens by their bytes, numbered as they come: what counts and vocabularies stand on.
 * Private to core/text. */
#ifndef LKS_TEXT_TOKEN_TABLE_H
#define LKS_TEXT_TOKEN_TABLE_H

#include "text/tokens.h"

/* Where a token stands in the table's bytes. */
typedef struct lks_token_entry {
    size_t begin, n_bytes;
} lks_token_entry;

/* All zero: empty. */
typedef struct lks_token_table {
    char *bytes; /* each token's, and a zero */
    size_t n_bytes, bytes_capacity;
    lks_token_entry *entries; /* [n] */
    size_t n, capacity;
    size_t *slots; /* [n_slots] numbers + 1, by hash; 0: free */
    size_t n_slots;
} lks_token_table;

/* One that is all zero is fine. */
void lks_token_table_release(lks_token_table *table);

/* Its number, table->n where it has none. */
size_t lks_token_table_find(const lks_token_table *table, lks_token token);

/* Its number, a new one where it had none. LKS_NOMEM. */
lks_status lks_token_table_add(lks_token_table *table, lks_token token, size_t *out);

lks_token lks_token_table_at(const lks_token_table *table, size_t number);

#endif
