#include "support/suite.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/alloc.h"
#include "proto/frame.h"
#include "proto/handshake.h"

/* A run of two ranks as both sides know it, and one connection of rank 1. */
typedef struct fixture {
    lks_key_pair coordinator, worker, other;
    lks_link_keys here, there;   /* rank 1's: the coordinator's copy, its own */
    lks_link_keys other_here;    /* rank 0's */
    lks_nonce challenge, nonce;  /* of the connection */
    Lks__Proto__Hello hello;     /* rank 1's, genuine */
    Lks__Proto__Welcome welcome; /* its answer, genuine */
    uint8_t hello_mac[LKS_MAC_BYTES], welcome_mac[LKS_MAC_BYTES];
} fixture;

static ProtobufCBinaryData bytes_of(uint8_t *data, size_t n_bytes)
{
    return (ProtobufCBinaryData){n_bytes, data};
}

static void prepare(fixture *f)
{
    ck_ok(lks_key_pair_create(&f->coordinator));
    ck_ok(lks_key_pair_create(&f->worker));
    ck_ok(lks_key_pair_create(&f->other));
    ck_ok(lks_link_keys_of_coordinator(&f->coordinator, &f->worker.public_key, &f->here));
    ck_ok(lks_link_keys_of_worker(&f->worker, &f->coordinator.public_key, &f->there));
    ck_ok(lks_link_keys_of_coordinator(&f->coordinator, &f->other.public_key,
                                       &f->other_here));
    lks_nonce_create(&f->challenge);
    lks_nonce_create(&f->nonce);
    lks__proto__hello__init(&f->hello);
    f->hello.protocol = LKS_PROTOCOL_VERSION;
    f->hello.rank = 1;
    f->hello.world_size = 2;
    f->hello.host = (char *)"node";
    f->hello.nonce = bytes_of(f->nonce.bytes, sizeof f->nonce.bytes);
    ck_ok(lks_hello_mac(&f->there, &f->challenge, &f->hello, f->hello_mac));
    f->hello.mac = bytes_of(f->hello_mac, sizeof f->hello_mac);
    lks__proto__welcome__init(&f->welcome);
    f->welcome.lanes = 8;
    f->welcome.end_lane = 4;
    ck_ok(
        lks_welcome_mac(&f->here, &f->challenge, &f->nonce, &f->welcome, f->welcome_mac));
    f->welcome.mac = bytes_of(f->welcome_mac, sizeof f->welcome_mac);
}

static bool hello_holds(const fixture *f)
{
    return lks_hello_is_genuine(&f->here, &f->challenge, &f->hello);
}

static bool welcome_holds(const fixture *f)
{
    return lks_welcome_is_genuine(&f->there, &f->challenge, &f->nonce, &f->welcome);
}

START_TEST(both_sides_know_each_other)
{
    fixture f;

    prepare(&f);
    ck_assert(hello_holds(&f));
    ck_assert(welcome_holds(&f));
}
END_TEST

START_TEST(both_sides_derive_the_same_keys_and_each_rank_others)
{
    fixture f;

    prepare(&f);
    ck_assert_mem_eq(&f.here, &f.there, sizeof f.here);
    ck_assert_mem_ne(f.here.of_hello, f.here.of_welcome, LKS_KEY_BYTES);
    ck_assert_mem_ne(f.here.of_hello, f.other_here.of_hello, LKS_KEY_BYTES);
    ck_assert_mem_ne(f.here.of_welcome, f.other_here.of_welcome, LKS_KEY_BYTES);
}
END_TEST

START_TEST(a_sniffed_hello_answers_no_other_challenge)
{
    fixture f;

    prepare(&f);
    lks_nonce_create(&f.challenge);
    ck_assert(!hello_holds(&f));
}
END_TEST

START_TEST(no_field_of_a_hello_can_be_changed)
{
    fixture f;

    prepare(&f);
    f.hello.rank = 0;
    ck_assert(!hello_holds(&f));
    prepare(&f);
    f.hello.world_size = 3;
    ck_assert(!hello_holds(&f));
    prepare(&f);
    f.hello.protocol++;
    ck_assert(!hello_holds(&f));
    prepare(&f);
    f.hello.host = (char *)"node2";
    ck_assert(!hello_holds(&f));
    prepare(&f);
    f.hello.dataset_fingerprint ^= 1;
    ck_assert(!hello_holds(&f));
    prepare(&f);
    f.nonce.bytes[31] ^= 1;
    ck_assert(!hello_holds(&f));
}
END_TEST

START_TEST(a_rank_cannot_claim_the_number_of_another)
{
    fixture f;

    prepare(&f);
    f.hello.rank = 0;
    ck_ok(lks_hello_mac(&f.there, &f.challenge, &f.hello, f.hello_mac));
    ck_assert(!lks_hello_is_genuine(&f.other_here, &f.challenge, &f.hello));
}
END_TEST

START_TEST(only_the_whole_mac_will_do)
{
    fixture f;

    prepare(&f);
    for (size_t n = 0; n < LKS_MAC_BYTES; n++) {
        f.hello.mac.len = f.welcome.mac.len = n;
        ck_assert(!hello_holds(&f));
        ck_assert(!welcome_holds(&f));
    }
    for (size_t bit = 0; bit < 8 * LKS_MAC_BYTES; bit++) {
        prepare(&f);
        f.hello_mac[bit / 8] ^= (uint8_t)(1u << bit % 8);
        f.welcome_mac[bit / 8] ^= (uint8_t)(1u << bit % 8);
        ck_assert(!hello_holds(&f));
        ck_assert(!welcome_holds(&f));
    }
}
END_TEST

START_TEST(a_mac_sent_back_to_its_maker_proves_nothing)
{
    fixture f;

    prepare(&f);
    memcpy(f.welcome_mac, f.hello_mac, sizeof f.welcome_mac);
    ck_assert(!welcome_holds(&f));
    prepare(&f);
    memcpy(f.hello_mac, f.welcome_mac, sizeof f.hello_mac);
    ck_assert(!hello_holds(&f));
}
END_TEST

START_TEST(a_welcome_answers_its_own_hello_and_no_other)
{
    fixture f;

    prepare(&f);
    lks_nonce_create(&f.nonce); /* of the next hello, a challenge replayed */
    ck_assert(!welcome_holds(&f));
    prepare(&f);
    f.welcome.end_lane = 8;
    ck_assert(!welcome_holds(&f));
    prepare(&f);
    ck_ok(lks_welcome_mac(&f.other_here, &f.challenge, &f.nonce, &f.welcome,
                          f.welcome_mac));
    ck_assert(!welcome_holds(&f)); /* another rank's */
}
END_TEST

START_TEST(a_public_key_that_is_none_is_refused)
{
    const lks_public_key none = {{0}};
    fixture f;
    lks_link_keys keys;

    prepare(&f);
    ck_fails(lks_link_keys_of_worker(&f.worker, &none, &keys), LKS_INVALID,
             "a public key is refused");
    ck_fails(lks_link_keys_of_coordinator(&f.coordinator, &none, &keys), LKS_INVALID,
             "a public key is refused");
}
END_TEST

START_TEST(a_field_of_another_length_is_no_nonce)
{
    uint8_t bytes[LKS_NONCE_BYTES + 1] = {0};
    lks_nonce nonce;

    for (size_t n = 0; n <= sizeof bytes; n++) {
        const ProtobufCBinaryData field = bytes_of(bytes, n);

        ck_assert(lks_nonce_take(&field, &nonce) == (n == LKS_NONCE_BYTES));
    }
}
END_TEST

/* A peer of another version sends fields that this one does not know, behind its own. */
START_TEST(what_a_newer_peer_adds_is_covered_too)
{
    fixture f;
    uint8_t more[] = {0xd2, 0x05, 1, 'x'}; /* field 90, "x" */
    uint8_t packed[512];
    Lks__Proto__Hello *received;
    size_t n;

    prepare(&f);
    n = lks__proto__hello__pack(&f.hello, packed);
    memcpy(packed + n, more, sizeof more);
    received = lks__proto__hello__unpack(NULL, n + sizeof more, packed);
    ck_assert_ptr_nonnull(received);
    ck_assert(!lks_hello_is_genuine(&f.here, &f.challenge, received));
    ck_ok(lks_hello_mac(&f.there, &f.challenge, received, received->mac.data));
    ck_assert(lks_hello_is_genuine(&f.here, &f.challenge, received));
    lks__proto__hello__free_unpacked(received, NULL);
}
END_TEST

/* Known from elsewhere. source: Python's hmac and hashlib, of
 *     label.ljust(24, b"\0") + challenge + nonce + the message packed by hand */
START_TEST(the_macs_are_hmac_sha_256_of_what_the_header_says)
{
    static const uint8_t right_hello[LKS_MAC_BYTES] = {
        0x3c, 0x07, 0x78, 0xda, 0x20, 0xb2, 0x99, 0x5d, 0x5a, 0x4c, 0xc1,
        0xea, 0x31, 0x29, 0x44, 0x80, 0x28, 0x2d, 0x49, 0x4f, 0x69, 0xad,
        0x8a, 0x42, 0xc5, 0x80, 0x57, 0xa9, 0x26, 0xe4, 0x9c, 0x83};
    static const uint8_t right_welcome[LKS_MAC_BYTES] = {
        0x1b, 0xb8, 0x84, 0x11, 0xb9, 0x2e, 0x69, 0x7b, 0xdd, 0xd3, 0xfe,
        0x9e, 0xc7, 0x3d, 0x62, 0x48, 0xcd, 0xed, 0x3b, 0x8a, 0x1a, 0xbf,
        0x90, 0x21, 0x27, 0x5f, 0x61, 0x6e, 0xaf, 0x73, 0x8d, 0x38};
    uint8_t mac[LKS_MAC_BYTES];
    fixture f;

    prepare(&f);
    memset(f.there.of_hello, 'a', sizeof f.there.of_hello);
    memset(f.here.of_welcome, 'A', sizeof f.here.of_welcome);
    for (uint8_t i = 0; i < LKS_NONCE_BYTES; i++) {
        f.challenge.bytes[i] = i;
        f.nonce.bytes[i] = (uint8_t)(LKS_NONCE_BYTES + i);
    }
    ck_ok(lks_hello_mac(&f.there, &f.challenge, &f.hello, mac));
    ck_assert_mem_eq(mac, right_hello, sizeof mac);
    ck_ok(lks_welcome_mac(&f.here, &f.challenge, &f.nonce, &f.welcome, mac));
    ck_assert_mem_eq(mac, right_welcome, sizeof mac);
}
END_TEST

START_TEST(without_memory_nothing_is_genuine)
{
    fixture f;
    uint8_t mac[LKS_MAC_BYTES];

    prepare(&f);
    lks_alloc_fail_after(0);
    ck_assert(!hello_holds(&f));
    lks_alloc_fail_after(0);
    ck_assert(!welcome_holds(&f));
    lks_alloc_fail_after(0);
    ck_assert_int_eq(lks_hello_mac(&f.there, &f.challenge, &f.hello, mac), LKS_NOMEM);
    lks_alloc_fail_after(-1);
    ck_assert(hello_holds(&f));
}
END_TEST

START_TEST(a_wiped_pair_has_no_secret)
{
    const uint8_t none[LKS_KEY_BYTES] = {0};
    lks_key_pair pair;

    ck_ok(lks_key_pair_create(&pair));
    ck_assert_mem_ne(pair.secret_key, none, sizeof none);
    lks_key_pair_wipe(&pair);
    ck_assert_mem_eq(pair.secret_key, none, sizeof none);
}
END_TEST

LKS_SUITE("handshake", both_sides_know_each_other,
          both_sides_derive_the_same_keys_and_each_rank_others,
          a_sniffed_hello_answers_no_other_challenge, no_field_of_a_hello_can_be_changed,
          a_rank_cannot_claim_the_number_of_another, only_the_whole_mac_will_do,
          a_mac_sent_back_to_its_maker_proves_nothing,
          a_welcome_answers_its_own_hello_and_no_other,
          a_public_key_that_is_none_is_refused, a_field_of_another_length_is_no_nonce,
          the_macs_are_hmac_sha_256_of_what_the_header_says,
          what_a_newer_peer_adds_is_covered_too, without_memory_nothing_is_genuine,
          a_wiped_pair_has_no_secret)
