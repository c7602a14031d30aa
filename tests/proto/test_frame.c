#include "support/suite.h"

#include <stdbool.h>
#include <stdio.h>

#include "base/alloc.h"
#include "proto/frame.h"

/* A frame with a Hello of this host name; the caller frees it. */
static uint8_t *hello_frame(const char *host, size_t *n_bytes)
{
    Lks__Proto__Hello hello = LKS__PROTO__HELLO__INIT;
    Lks__Proto__Message message = LKS__PROTO__MESSAGE__INIT;
    uint8_t mac[32], *frame = NULL;

    memset(mac, 0xc5, sizeof mac);
    hello.mac.data = mac;
    hello.mac.len = sizeof mac;
    hello.protocol = LKS_PROTOCOL_VERSION;
    hello.rank = 3;
    hello.world_size = 8;
    hello.host = (char *)host;
    hello.dataset_fingerprint = 0x0123456789abcdefull;
    message.body_case = LKS__PROTO__MESSAGE__BODY_HELLO;
    message.hello = &hello;
    ck_ok(lks_frame_encode(&message, &frame, n_bytes));
    return frame;
}

static void check_hello(const Lks__Proto__Message *message, const char *host)
{
    ck_assert_int_eq(message->body_case, LKS__PROTO__MESSAGE__BODY_HELLO);
    ck_assert_str_eq(message->hello->host, host);
    ck_assert_uint_eq(message->hello->rank, 3);
    ck_assert_uint_eq(message->hello->dataset_fingerprint, 0x0123456789abcdefull);
    ck_assert_uint_eq(message->hello->mac.len, 32);
}

static void free_message(Lks__Proto__Message *message)
{
    lks__proto__message__free_unpacked(message, NULL);
}

/* Feed raw bytes to a fresh decoder and ask for a message. */
static lks_status decode_bytes(const void *bytes, size_t n_bytes)
{
    lks_frame_decoder decoder;
    Lks__Proto__Message *message = NULL;
    lks_status st;

    lks_frame_decoder_init(&decoder);
    st = lks_frame_decoder_feed(&decoder, bytes, n_bytes);
    if (st == LKS_OK)
        st = lks_frame_decoder_next(&decoder, &message);
    ck_assert(st == LKS_OK || !message);
    free_message(message);
    lks_frame_decoder_release(&decoder);
    return st;
}

START_TEST(a_frame_is_its_length_little_endian_and_the_message)
{
    /* Message{control = 5: Control{command = 1: CANCEL}}, by the protobuf encoding */
    static const uint8_t want[] = {4, 0, 0, 0, 5 << 3 | 2, 2, 1 << 3, 1};
    Lks__Proto__Control control = LKS__PROTO__CONTROL__INIT;
    Lks__Proto__Message message = LKS__PROTO__MESSAGE__INIT;
    uint8_t *frame = NULL;
    size_t n = 0;

    control.command = LKS__PROTO__CONTROL__COMMAND__CANCEL;
    message.body_case = LKS__PROTO__MESSAGE__BODY_CONTROL;
    message.control = &control;
    ck_ok(lks_frame_encode(&message, &frame, &n));
    ck_assert_uint_eq(n, sizeof want);
    ck_assert_mem_eq(frame, want, n);
    lks_free(frame);
}
END_TEST

START_TEST(a_message_passes_cut_into_pieces_of_any_size)
{
    size_t n = 0;
    uint8_t *frame = hello_frame("node17", &n);

    for (size_t piece = 1; piece <= n; piece++) {
        lks_frame_decoder decoder;
        Lks__Proto__Message *message = NULL;

        lks_frame_decoder_init(&decoder);
        for (size_t at = 0; at < n; at += piece) {
            ck_ok(lks_frame_decoder_next(&decoder, &message));
            ck_assert_ptr_null(message);
            ck_ok(lks_frame_decoder_feed(&decoder, frame + at,
                                         n - at < piece ? n - at : piece));
        }
        ck_ok(lks_frame_decoder_next(&decoder, &message));
        ck_assert_ptr_nonnull(message);
        check_hello(message, "node17");
        free_message(message);
        ck_ok(lks_frame_decoder_next(&decoder, &message));
        ck_assert_ptr_null(message);
        lks_frame_decoder_release(&decoder);
    }
    lks_free(frame);
}
END_TEST

START_TEST(many_messages_in_one_read_come_out_in_order)
{
    enum { N = 100 };
    lks_frame_decoder decoder;
    Lks__Proto__Message *message = NULL;
    static uint8_t stream[N * 128];
    char host[16];
    size_t total = 0;

    for (int i = 0; i < N; i++) {
        size_t n = 0;
        uint8_t *frame;

        snprintf(host, sizeof host, "node%d", i);
        frame = hello_frame(host, &n);
        ck_assert_uint_le(total + n, sizeof stream);
        memcpy(stream + total, frame, n);
        total += n;
        lks_free(frame);
    }
    lks_frame_decoder_init(&decoder);
    ck_ok(lks_frame_decoder_feed(&decoder, stream, total - 1));
    for (int i = 0; i < N - 1; i++) {
        snprintf(host, sizeof host, "node%d", i);
        ck_ok(lks_frame_decoder_next(&decoder, &message));
        check_hello(message, host);
        free_message(message);
    }
    ck_ok(lks_frame_decoder_next(&decoder, &message));
    ck_assert_ptr_null(message);
    ck_ok(lks_frame_decoder_feed(&decoder, stream + total - 1, 1));
    ck_ok(lks_frame_decoder_next(&decoder, &message));
    check_hello(message, "node99");
    free_message(message);
    lks_frame_decoder_release(&decoder);
}
END_TEST

START_TEST(a_frame_cut_anywhere_gives_nothing_and_leaks_nothing)
{
    size_t n = 0;
    uint8_t *frame = hello_frame("node17", &n);

    for (size_t cut = 0; cut < n; cut++)
        ck_ok(decode_bytes(frame, cut));
    lks_free(frame);
}
END_TEST

START_TEST(a_hostile_length_is_refused_with_its_header)
{
    ck_ok(decode_bytes("\xff\xff\xff", 3));
    ck_fails(decode_bytes("\xff\xff\xff\xff", 4), LKS_FORMAT,
             "frame of 4294967295 bytes refused, it must have 1 to 65536");
    ck_fails(decode_bytes("\x01\x00\x01\x00", 4), LKS_FORMAT, "frame of 65537 bytes");
    ck_fails(decode_bytes("\0\0\0\0", 4), LKS_FORMAT, "frame of 0 bytes");
    ck_ok(decode_bytes("\x00\x00\x01\x00", 4));
}
END_TEST

START_TEST(a_hostile_length_behind_a_message_is_refused_too)
{
    lks_frame_decoder decoder;
    Lks__Proto__Message *message = NULL;
    static uint8_t stream[256];
    size_t n = 0;
    uint8_t *frame = hello_frame("node17", &n);

    memcpy(stream, frame, n);
    memset(stream + n, 0xff, 4);
    lks_frame_decoder_init(&decoder);
    ck_ok(lks_frame_decoder_feed(&decoder, stream, n + 4));
    ck_ok(lks_frame_decoder_next(&decoder, &message));
    free_message(message);
    ck_fails(lks_frame_decoder_next(&decoder, &message), LKS_FORMAT, "refused");
    ck_fails(lks_frame_decoder_feed(&decoder, "x", 1), LKS_FORMAT, "refused");
    lks_frame_decoder_release(&decoder);
    lks_free(frame);
}
END_TEST

START_TEST(memory_is_taken_for_bytes_that_came_not_for_bytes_announced)
{
    lks_frame_decoder decoder;

    lks_frame_decoder_init(&decoder);
    ck_ok(lks_frame_decoder_feed(&decoder, "\x00\x00\x01\x00", 4));
    ck_assert_uint_le(decoder.capacity, 256);
    lks_frame_decoder_release(&decoder);
}
END_TEST

START_TEST(feeding_past_a_waiting_frame_is_refused)
{
    lks_frame_decoder decoder;
    size_t n = 0;
    uint8_t *frame = hello_frame("node17", &n);

    lks_frame_decoder_init(&decoder);
    ck_ok(lks_frame_decoder_feed(&decoder, frame, n));
    ck_fails(lks_frame_decoder_feed(&decoder, frame, n), LKS_STATE, "still waits");
    lks_frame_decoder_release(&decoder);
    lks_free(frame);
}
END_TEST

START_TEST(a_long_stream_does_not_grow_the_buffer)
{
    lks_frame_decoder decoder;
    Lks__Proto__Message *message = NULL;
    size_t n = 0, given = 0;
    uint8_t *frame = hello_frame("node17", &n);

    lks_frame_decoder_init(&decoder);
    for (size_t at = 0; at < 1000 * n; at += 7) {
        uint8_t piece[7];

        for (size_t i = 0; i < sizeof piece; i++)
            piece[i] = frame[(at + i) % n];
        ck_ok(lks_frame_decoder_feed(&decoder, piece, sizeof piece));
        ck_ok(lks_frame_decoder_next(&decoder, &message));
        given += message != NULL;
        free_message(message);
    }
    ck_assert_uint_ge(given, 1000);
    ck_assert_uint_le(decoder.capacity, 256);
    lks_frame_decoder_release(&decoder);
    lks_free(frame);
}
END_TEST

START_TEST(bytes_that_are_no_message_are_refused)
{
    ck_fails(decode_bytes("\x03\0\0\0\x0a\xff\x01", 7), LKS_FORMAT, "not a message");
    ck_fails(decode_bytes("\x02\0\0\0\x07\x07", 6), LKS_FORMAT, "not a message");
}
END_TEST

START_TEST(a_message_without_a_known_body_is_refused)
{
    /* field 15, a varint: what a later protocol may send */
    ck_fails(decode_bytes("\x02\0\0\0\x78\x01", 6), LKS_FORMAT, "no known body");
}
END_TEST

START_TEST(texts_that_are_not_utf8_are_refused)
{
    size_t n = 0;
    uint8_t *frame = hello_frame("\xc3\xa9\xe2\x88\x80", &n);

    ck_ok(decode_bytes(frame, n));
    lks_free(frame);
    frame = hello_frame("node\xff", &n);
    ck_fails(decode_bytes(frame, n), LKS_FORMAT, "a text in it is not UTF-8");
    lks_free(frame);
}
END_TEST

START_TEST(a_frame_of_nothing_but_unknown_fields_cannot_eat_memory)
{
    static uint8_t frame[LKS_FRAME_HEADER + LKS_FRAME_MAX_BYTES] = {0, 0, 1, 0};

    for (size_t i = LKS_FRAME_HEADER; i < sizeof frame; i += 2) {
        frame[i] = 0x78;
        frame[i + 1] = 1;
    }
    ck_fails(decode_bytes(frame, sizeof frame), LKS_FORMAT, "not a message");
}
END_TEST

START_TEST(a_message_too_large_or_empty_is_not_encoded)
{
    Lks__Proto__Message message = LKS__PROTO__MESSAGE__INIT;
    Lks__Proto__Goodbye goodbye = LKS__PROTO__GOODBYE__INIT;
    uint8_t *frame = NULL;
    size_t n = 0;
    char *reason = lks_malloc(LKS_FRAME_MAX_BYTES + 1);

    ck_fails(lks_frame_encode(&message, &frame, &n), LKS_INVALID, "without body");
    memset(reason, 'x', LKS_FRAME_MAX_BYTES);
    reason[LKS_FRAME_MAX_BYTES] = '\0';
    goodbye.reason = reason;
    message.body_case = LKS__PROTO__MESSAGE__BODY_GOODBYE;
    message.goodbye = &goodbye;
    ck_fails(lks_frame_encode(&message, &frame, &n), LKS_INVALID, "does not fit a frame");
    ck_assert_ptr_null(frame);
    /* tag and length of the text, tag and length of the body: 4 bytes each */
    reason[LKS_FRAME_MAX_BYTES - 8] = '\0';
    ck_ok(lks_frame_encode(&message, &frame, &n));
    ck_assert_uint_eq(n, LKS_FRAME_HEADER + LKS_FRAME_MAX_BYTES);
    ck_ok(decode_bytes(frame, n));
    lks_free(frame);
    lks_free(reason);
}
END_TEST

START_TEST(every_failed_allocation_is_reported_and_can_be_retried)
{
    size_t n = 0;
    uint8_t *frame = hello_frame("node17", &n);
    long failures = 0;

    for (bool failed = true; failed; failures += failed) {
        lks_frame_decoder decoder;
        Lks__Proto__Message *message = NULL;
        lks_status st;

        lks_error_clear();
        lks_frame_decoder_init(&decoder);
        lks_alloc_fail_after(failures);
        st = lks_frame_decoder_feed(&decoder, frame, n);
        if (st == LKS_OK)
            st = lks_frame_decoder_next(&decoder, &message);
        failed = lks_alloc_has_failed();
        ck_assert_int_eq(st, failed ? LKS_NOMEM : LKS_OK);
        if (decoder.n_buffered == 0)
            ck_ok(lks_frame_decoder_feed(&decoder, frame, n));
        if (failed)
            ck_ok(lks_frame_decoder_next(&decoder, &message));
        check_hello(message, "node17");
        free_message(message);
        lks_frame_decoder_release(&decoder);
    }
    /* the buffer, the message, its body, host and mac at least */
    ck_assert_int_ge(failures, 5);
    lks_alloc_fail_after(-1);
    lks_free(frame);
}
END_TEST

START_TEST(a_hello_of_protocol_1_is_read_and_its_cookie_skipped)
{
    /* protocol 1: a cookie of 32 bytes in field 1, the protocol in field 2 */
    uint8_t frame[4 + 2 + 34 + 2] = {38, 0, 0, 0, 0x0a, 36, 0x0a, 32};
    lks_frame_decoder decoder;
    Lks__Proto__Message *message = NULL;

    memset(frame + 8, 0xc5, 32);
    frame[40] = 0x10;
    frame[41] = 1;
    lks_frame_decoder_init(&decoder);
    ck_ok(lks_frame_decoder_feed(&decoder, frame, sizeof frame));
    ck_ok(lks_frame_decoder_next(&decoder, &message));
    ck_assert_int_eq(message->body_case, LKS__PROTO__MESSAGE__BODY_HELLO);
    ck_assert_uint_eq(message->hello->protocol, 1);
    ck_assert_uint_eq(message->hello->mac.len, 0);
    free_message(message);
    lks_frame_decoder_release(&decoder);
}
END_TEST

LKS_SUITE("frame", a_frame_is_its_length_little_endian_and_the_message,
          a_message_passes_cut_into_pieces_of_any_size,
          many_messages_in_one_read_come_out_in_order,
          a_frame_cut_anywhere_gives_nothing_and_leaks_nothing,
          a_hostile_length_is_refused_with_its_header,
          a_hostile_length_behind_a_message_is_refused_too,
          memory_is_taken_for_bytes_that_came_not_for_bytes_announced,
          feeding_past_a_waiting_frame_is_refused, a_long_stream_does_not_grow_the_buffer,
          bytes_that_are_no_message_are_refused,
          a_message_without_a_known_body_is_refused, texts_that_are_not_utf8_are_refused,
          a_frame_of_nothing_but_unknown_fields_cannot_eat_memory,
          a_message_too_large_or_empty_is_not_encoded,
          a_hello_of_protocol_1_is_read_and_its_cookie_skipped,
          every_failed_allocation_is_reported_and_can_be_retried)
