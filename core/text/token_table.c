#include "text/token_table.h"

#include <string.h>

#include "base/alloc.h"
#include "base/try.h"

enum { FIRST_CAPACITY = 64 };

void lks_token_table_release(lks_token_table *table)
{
    lks_free(table->bytes);
    lks_free(table->entries);
    lks_free(table->slots);
    *table = (lks_token_table){0};
}

lks_token lks_token_table_at(const lks_token_table *table, size_t number)
{
    const lks_token_entry entry = table->entries[number];

    return (lks_token){table->bytes + entry.begin, entry.n_bytes};
}

/* source: FNV-1a, 64 bits */
static uint64_t hash_of(lks_token token)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < token.n_bytes; i++)
        hash = (hash ^ (unsigned char)token.bytes[i]) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

/* The slot that the token has, or would have; n_slots is a power of two, some are free. */
static size_t slot_of(const lks_token_table *table, lks_token token)
{
    size_t slot = (size_t)hash_of(token) & (table->n_slots - 1);

    while (table->slots[slot] != 0) {
        const lks_token_entry entry = table->entries[table->slots[slot] - 1];

        if (entry.n_bytes == token.n_bytes &&
            memcmp(table->bytes + entry.begin, token.bytes, token.n_bytes) == 0)
            break;
        slot = (slot + 1) & (table->n_slots - 1);
    }
    return slot;
}

size_t lks_token_table_find(const lks_token_table *table, lks_token token)
{
    size_t slot;

    if (table->n_slots == 0)
        return table->n;
    slot = slot_of(table, token);
    return table->slots[slot] != 0 ? table->slots[slot] - 1 : table->n;
}

/* Twice the slots, so that at most half of them are taken. */
static lks_status grow_slots(lks_token_table *table)
{
    const size_t n_slots = table->n_slots ? 2 * table->n_slots : 2 * FIRST_CAPACITY;
    size_t *slots = lks_calloc(n_slots, sizeof *slots);

    if (!slots)
        return LKS_NOMEM;
    lks_free(table->slots);
    table->slots = slots;
    table->n_slots = n_slots;
    for (size_t i = 0; i < table->n; i++)
        slots[slot_of(table, lks_token_table_at(table, i))] = i + 1;
    return LKS_OK;
}

static size_t capacity_for(size_t capacity, size_t need)
{
    while (capacity < need)
        capacity = capacity ? 2 * capacity : FIRST_CAPACITY;
    return capacity;
}

/* For one more token. */
static lks_status make_room(lks_token_table *table, size_t n_bytes)
{
    const size_t bytes_capacity =
        capacity_for(table->bytes_capacity, table->n_bytes + n_bytes + 1);
    const size_t capacity = capacity_for(table->capacity, table->n + 1);

    if (bytes_capacity > table->bytes_capacity) {
        char *bytes = lks_realloc(table->bytes, bytes_capacity, 1);

        if (!bytes)
            return LKS_NOMEM;
        table->bytes = bytes;
        table->bytes_capacity = bytes_capacity;
    }
    if (capacity > table->capacity) {
        lks_token_entry *entries = lks_realloc(table->entries, capacity, sizeof *entries);

        if (!entries)
            return LKS_NOMEM;
        table->entries = entries;
        table->capacity = capacity;
    }
    return 2 * (table->n + 1) > table->n_slots ? grow_slots(table) : LKS_OK;
}

lks_status lks_token_table_add(lks_token_table *table, lks_token token, size_t *out)
{
    *out = lks_token_table_find(table, token);
    if (*out < table->n)
        return LKS_OK;
    LKS_TRY(make_room(table, token.n_bytes));
    memcpy(table->bytes + table->n_bytes, token.bytes, token.n_bytes);
    table->bytes[table->n_bytes + token.n_bytes] = '\0';
    table->entries[table->n] = (lks_token_entry){table->n_bytes, token.n_bytes};
    table->n_bytes += token.n_bytes + 1;
    table->slots[slot_of(table, token)] = ++table->n;
    return LKS_OK;
}
