#include "proto/handshake.h"

#include <sodium.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"

_Static_assert((int)LKS_KEY_BYTES == crypto_kx_PUBLICKEYBYTES &&
                   (int)LKS_KEY_BYTES == crypto_kx_SECRETKEYBYTES &&
                   (int)LKS_KEY_BYTES == crypto_kx_SESSIONKEYBYTES &&
                   (int)LKS_KEY_BYTES == crypto_auth_hmacsha256_KEYBYTES,
               "keys of one size");
_Static_assert((int)LKS_MAC_BYTES == crypto_auth_hmacsha256_BYTES, "a mac's size");

/* ---- keys ---- */

static lks_status get_ready(void)
{
    return sodium_init() >= 0 ? LKS_OK
                              : lks_fail(LKS_IO, "this system has no random numbers");
}

lks_status lks_key_pair_create(lks_key_pair *out)
{
    LKS_TRY(get_ready());
    crypto_kx_keypair(out->public_key.bytes, out->secret_key);
    return LKS_OK;
}

void lks_key_pair_wipe(lks_key_pair *pair)
{
    sodium_memzero(pair->secret_key, sizeof pair->secret_key);
}

static lks_status refuse_key(void)
{
    return lks_fail(LKS_INVALID, "a public key is refused, it is none");
}

lks_status lks_link_keys_of_worker(const lks_key_pair *worker,
                                   const lks_public_key *coordinator, lks_link_keys *out)
{
    lks_link_keys keys;

    LKS_TRY(get_ready());
    if (crypto_kx_client_session_keys(keys.of_welcome, keys.of_hello,
                                      worker->public_key.bytes, worker->secret_key,
                                      coordinator->bytes) != 0)
        return refuse_key();
    *out = keys;
    return LKS_OK;
}

lks_status lks_link_keys_of_coordinator(const lks_key_pair *coordinator,
                                        const lks_public_key *worker, lks_link_keys *out)
{
    lks_link_keys keys;

    LKS_TRY(get_ready());
    if (crypto_kx_server_session_keys(keys.of_hello, keys.of_welcome,
                                      coordinator->public_key.bytes,
                                      coordinator->secret_key, worker->bytes) != 0)
        return refuse_key();
    *out = keys;
    return LKS_OK;
}

/* ---- nonces ---- */

void lks_nonce_create(lks_nonce *out)
{
    randombytes_buf(out->bytes, sizeof out->bytes);
}

bool lks_nonce_take(const ProtobufCBinaryData *field, lks_nonce *out)
{
    if (field->len != sizeof out->bytes)
        return false;
    memcpy(out->bytes, field->data, sizeof out->bytes);
    return true;
}

/* ---- macs ---- */

/* Of fixed length, so that what stands in a mac's input never shifts. */
enum { LABEL_BYTES = 24 };
static const char hello_label[LABEL_BYTES] = "lockstep hello";
static const char welcome_label[LABEL_BYTES] = "lockstep welcome";

static lks_status mac_of(const uint8_t *key, const char label[LABEL_BYTES],
                         const lks_nonce *challenge, const lks_nonce *hello,
                         const ProtobufCMessage *message, uint8_t out[LKS_MAC_BYTES])
{
    size_t n_bytes = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = lks_malloc(n_bytes + 1);
    crypto_auth_hmacsha256_state state;

    if (!packed)
        return LKS_NOMEM;
    protobuf_c_message_pack(message, packed);
    crypto_auth_hmacsha256_init(&state, key, LKS_KEY_BYTES);
    crypto_auth_hmacsha256_update(&state, (const uint8_t *)label, LABEL_BYTES);
    crypto_auth_hmacsha256_update(&state, challenge->bytes, sizeof challenge->bytes);
    crypto_auth_hmacsha256_update(&state, hello->bytes, sizeof hello->bytes);
    crypto_auth_hmacsha256_update(&state, packed, n_bytes);
    crypto_auth_hmacsha256_final(&state, out);
    sodium_memzero(&state, sizeof state);
    lks_free(packed);
    return LKS_OK;
}

/* Fields are packed in the order of their numbers, unknown ones behind them; new ones get
 * higher numbers. So a peer of another version packs the same bytes. */

lks_status lks_hello_mac(const lks_link_keys *keys, const lks_nonce *challenge,
                         const Lks__Proto__Hello *message, uint8_t out[LKS_MAC_BYTES])
{
    Lks__Proto__Hello bare = *message;
    lks_nonce own;

    if (!lks_nonce_take(&message->nonce, &own))
        return lks_fail(LKS_INVALID, "a hello has no nonce");
    bare.mac = (ProtobufCBinaryData){0};
    return mac_of(keys->of_hello, hello_label, challenge, &own, &bare.base, out);
}

lks_status lks_welcome_mac(const lks_link_keys *keys, const lks_nonce *challenge,
                           const lks_nonce *hello, const Lks__Proto__Welcome *message,
                           uint8_t out[LKS_MAC_BYTES])
{
    Lks__Proto__Welcome bare = *message;

    bare.mac = (ProtobufCBinaryData){0};
    return mac_of(keys->of_welcome, welcome_label, challenge, hello, &bare.base, out);
}

static bool is_mac(const ProtobufCBinaryData *field, lks_status st,
                   const uint8_t right[LKS_MAC_BYTES])
{
    if (st != LKS_OK) {
        lks_error_clear();
        return false;
    }
    return field->len == LKS_MAC_BYTES &&
           sodium_memcmp(field->data, right, LKS_MAC_BYTES) == 0;
}

bool lks_hello_is_genuine(const lks_link_keys *keys, const lks_nonce *challenge,
                          const Lks__Proto__Hello *message)
{
    uint8_t right[LKS_MAC_BYTES];

    return is_mac(&message->mac, lks_hello_mac(keys, challenge, message, right), right);
}

bool lks_welcome_is_genuine(const lks_link_keys *keys, const lks_nonce *challenge,
                            const lks_nonce *hello, const Lks__Proto__Welcome *message)
{
    uint8_t right[LKS_MAC_BYTES];

    return is_mac(&message->mac, lks_welcome_mac(keys, challenge, hello, message, right),
                  right);
}
