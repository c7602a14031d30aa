/* What a reporter says first, and where it goes to say it. */
#ifndef LKS_WORKER_HELLO_H
#define LKS_WORKER_HELLO_H

#include <netinet/in.h>
#include <stdbool.h>

#include "worker/report.h"

/* A HELLO with all it points to. Not to be moved. */
typedef struct lks_hello {
    Lks__Proto__Hello message;
    lks_link_keys keys;
    lks_nonce challenge, nonce; /* of the connection */
    uint8_t mac[LKS_MAC_BYTES];
    char *version, *device, *device_model, *instruction_set;
    char host[256];
} lks_hello;

/* On failure, release it all the same. */
lks_status lks_hello_init(const lks_reporter_options *options, lks_hello *out);
void lks_hello_release(lks_hello *hello);

/* The hello's message as the answer to this challenge, good for one connection.
 * LKS_FORMAT: the challenge is none, or of another protocol; LKS_NOMEM. */
lks_status lks_hello_answer(lks_hello *hello, const Lks__Proto__Challenge *challenge);

/* Whether it comes from the run's coordinator, as its answer to this hello. */
bool lks_hello_is_welcomed(const lks_hello *hello, const Lks__Proto__Welcome *welcome);

enum { LKS_ADDRESSES_MAX = 16 };

typedef struct lks_addresses {
    struct sockaddr_in items[LKS_ADDRESSES_MAX];
    size_t n_items;
} lks_addresses;

/* "127.0.0.1:4000,10.0.0.1:4000"; those beyond the limit are left out. LKS_INVALID for
 * anything else. */
lks_status lks_addresses_parse(const char *text, lks_addresses *out);

#endif
