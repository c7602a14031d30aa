/* Handshake: how a worker and the coordinator prove to each other that they are of one
 * run, on a network where anybody may listen and connect. No secret crosses it.
 *
 *     coordinator                                     worker
 *         |  CHALLENGE: protocol, a fresh nonce         |
 *         |-------------------------------------------->|
 *         |  HELLO: who it is, a fresh nonce, its mac   |  key: of this rank's hellos
 *         |<--------------------------------------------|
 *         |  WELCOME: its shard, its mac                |  key: of this rank's welcomes
 *         |-------------------------------------------->|
 *
 * Each rank and the coordinator have a key pair of their own, made for this run (X25519),
 * and tell each other the public half by other means, which others may read but not
 * change (MPI). Of a rank's pair and the coordinator's both sides derive the same two
 * link keys (crypto_kx: BLAKE2b of the shared point and both public keys). A mac is
 * HMAC-SHA-256 over a label of its direction, both nonces and every other field of the
 * message: so none can be replayed, sent back to who made it, used by another rank, or
 * changed on its way.
 *
 * Nothing here keeps state; all functions may be called from any thread. */
#ifndef LKS_PROTO_HANDSHAKE_H
#define LKS_PROTO_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "lockstep.pb-c.h"

enum { LKS_KEY_BYTES = 32, LKS_NONCE_BYTES = 32, LKS_MAC_BYTES = 32 };

/* Plain data, to be sent to everybody. */
typedef struct lks_public_key {
    uint8_t bytes[LKS_KEY_BYTES];
} lks_public_key;

typedef struct lks_key_pair {
    lks_public_key public_key;
    uint8_t secret_key[LKS_KEY_BYTES]; /* never leaves its process */
} lks_key_pair;

/* What one rank and the coordinator share, and nobody else has. */
typedef struct lks_link_keys {
    uint8_t of_hello[LKS_KEY_BYTES];   /* worker to coordinator */
    uint8_t of_welcome[LKS_KEY_BYTES]; /* coordinator to worker */
} lks_link_keys;

typedef struct lks_nonce {
    uint8_t bytes[LKS_NONCE_BYTES];
} lks_nonce;

/* Fresh from the system's random numbers. LKS_IO: it has none. */
lks_status lks_key_pair_create(lks_key_pair *out);

/* Overwrite the secret half, once the link keys are derived. */
void lks_key_pair_wipe(lks_key_pair *pair);

/* The same keys on both sides. LKS_INVALID: the other's public key is none. */
lks_status lks_link_keys_of_worker(const lks_key_pair *worker,
                                   const lks_public_key *coordinator, lks_link_keys *out);
lks_status lks_link_keys_of_coordinator(const lks_key_pair *coordinator,
                                        const lks_public_key *worker, lks_link_keys *out);

/* Fresh from the system's random numbers, which must have served a key pair before. */
void lks_nonce_create(lks_nonce *out);

/* Whether a message's field is a nonce, which is then in *out. */
bool lks_nonce_take(const ProtobufCBinaryData *field, lks_nonce *out);

/* The mac that goes into `message->mac`, whose own value does not matter. `message` holds
 * all else that will be sent, a hello its nonce too. LKS_NOMEM. */
lks_status lks_hello_mac(const lks_link_keys *keys, const lks_nonce *challenge,
                         const Lks__Proto__Hello *message, uint8_t out[LKS_MAC_BYTES]);
lks_status lks_welcome_mac(const lks_link_keys *keys, const lks_nonce *challenge,
                           const lks_nonce *hello, const Lks__Proto__Welcome *message,
                           uint8_t out[LKS_MAC_BYTES]);

/* Whether the message's mac is right, in a time that tells nothing of how wrong it is.
 * `challenge` and `hello` are the nonces of this very connection. Want of memory is a no.
 */
bool lks_hello_is_genuine(const lks_link_keys *keys, const lks_nonce *challenge,
                          const Lks__Proto__Hello *message);
bool lks_welcome_is_genuine(const lks_link_keys *keys, const lks_nonce *challenge,
                            const lks_nonce *hello, const Lks__Proto__Welcome *message);

#endif
