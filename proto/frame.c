#include "proto/frame.h"

#include <stdbool.h>
#include <string.h>

#include "base/alloc.h"
#include "base/try.h"
#include "base/utf8.h"

/* What one message may take in memory: an honest one takes less than its frame and a few
 * structs; one made of 32 thousand unknown fields would take forty times its frame. */
enum { UNPACK_MAX_BYTES = 4 * LKS_FRAME_MAX_BYTES };

static void put_u32le(uint8_t *bytes, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t get_u32le(const uint8_t *bytes)
{
    uint32_t value = 0;

    for (int i = 0; i < 4; i++)
        value |= (uint32_t)bytes[i] << 8 * i;
    return value;
}

lks_status lks_frame_encode(const Lks__Proto__Message *message, uint8_t **out,
                            size_t *n_bytes)
{
    size_t n = lks__proto__message__get_packed_size(message);
    uint8_t *frame;

    if (n == 0)
        return lks_fail(LKS_INVALID, "a message without body cannot be sent");
    if (n > LKS_FRAME_MAX_BYTES)
        return lks_fail(LKS_INVALID, "a message of %zu bytes does not fit a frame of %d",
                        n, LKS_FRAME_MAX_BYTES);
    if (!(frame = lks_malloc(LKS_FRAME_HEADER + n)))
        return LKS_NOMEM;
    put_u32le(frame, (uint32_t)n);
    lks__proto__message__pack(message, frame + LKS_FRAME_HEADER);
    *out = frame;
    *n_bytes = LKS_FRAME_HEADER + n;
    return LKS_OK;
}

void lks_frame_decoder_init(lks_frame_decoder *decoder)
{
    memset(decoder, 0, sizeof *decoder);
}

void lks_frame_decoder_release(lks_frame_decoder *decoder)
{
    lks_free(decoder->buffer);
    lks_frame_decoder_init(decoder);
}

static size_t waiting(const lks_frame_decoder *decoder)
{
    return decoder->n_buffered - decoder->n_taken;
}

/* Bytes of the frame that waits first, its header included; 0 while that is not known. */
static lks_status first_frame(const lks_frame_decoder *decoder, size_t *n_bytes)
{
    uint32_t length;

    *n_bytes = 0;
    if (waiting(decoder) < LKS_FRAME_HEADER)
        return LKS_OK;
    length = get_u32le(decoder->buffer + decoder->n_taken);
    if (length == 0 || length > LKS_FRAME_MAX_BYTES)
        return lks_fail(LKS_FORMAT, "frame of %u bytes refused, it must have 1 to %d",
                        length, LKS_FRAME_MAX_BYTES);
    *n_bytes = LKS_FRAME_HEADER + length;
    return LKS_OK;
}

/* Move what waits to the buffer's start and make room for n_bytes more. */
static lks_status reserve(lks_frame_decoder *decoder, size_t n_bytes)
{
    size_t needed, capacity = decoder->capacity ? decoder->capacity : 256;
    uint8_t *grown;

    if (decoder->n_taken > 0) {
        memmove(decoder->buffer, decoder->buffer + decoder->n_taken, waiting(decoder));
        decoder->n_buffered -= decoder->n_taken;
        decoder->n_taken = 0;
    }
    if (__builtin_add_overflow(decoder->n_buffered, n_bytes, &needed) ||
        needed > SIZE_MAX / 2)
        return lks_fail(LKS_NOMEM, "cannot buffer %zu more bytes", n_bytes);
    if (needed <= decoder->capacity)
        return LKS_OK;
    while (capacity < needed)
        capacity *= 2;
    if (!(grown = lks_realloc(decoder->buffer, capacity, 1)))
        return LKS_NOMEM;
    decoder->buffer = grown;
    decoder->capacity = capacity;
    return LKS_OK;
}

lks_status lks_frame_decoder_feed(lks_frame_decoder *decoder, const void *bytes,
                                  size_t n_bytes)
{
    size_t frame;

    LKS_TRY(first_frame(decoder, &frame));
    if (frame > 0 && waiting(decoder) >= frame)
        return lks_fail(LKS_STATE, "a frame still waits: take it before feeding more");
    if (n_bytes == 0)
        return LKS_OK;
    LKS_TRY(reserve(decoder, n_bytes));
    memcpy(decoder->buffer + decoder->n_buffered, bytes, n_bytes);
    decoder->n_buffered += n_bytes;
    return first_frame(decoder, &frame);
}

typedef struct unpack_budget {
    size_t left;
    bool out_of_memory;
} unpack_budget;

static void *budget_alloc(void *data, size_t n_bytes)
{
    unpack_budget *budget = data;
    void *block;

    if (n_bytes > budget->left)
        return NULL;
    budget->left -= n_bytes;
    if (!(block = lks_malloc(n_bytes)))
        budget->out_of_memory = true;
    return block;
}

static void budget_free(void *data, void *block)
{
    (void)data;
    lks_free(block);
}

/* proto3 promises UTF-8 in texts, which protobuf-c takes on trust; what builds JSON of
 * them does not. The body is flat but for numbers, so its own fields are all there is. */
static bool texts_are_utf8(const Lks__Proto__Message *message)
{
    /* whichever member of the union it is, it begins as every message does */
    const ProtobufCMessage *body = &message->hello->base;

    for (unsigned i = 0; i < body->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &body->descriptor->fields[i];
        const char *member = (const char *)body + field->offset;

        if (field->type == PROTOBUF_C_TYPE_STRING &&
            !lks_utf8_is_valid(*(char *const *)(const void *)member))
            return false;
    }
    return true;
}

static lks_status refuse_message(Lks__Proto__Message *message,
                                 ProtobufCAllocator *allocator, const char *why)
{
    lks__proto__message__free_unpacked(message, allocator);
    return lks_fail(LKS_FORMAT, "message refused, %s", why);
}

static lks_status unpack(const uint8_t *bytes, size_t n_bytes, Lks__Proto__Message **out)
{
    unpack_budget budget = {.left = UNPACK_MAX_BYTES};
    ProtobufCAllocator allocator = {budget_alloc, budget_free, &budget};
    Lks__Proto__Message *message =
        lks__proto__message__unpack(&allocator, n_bytes, bytes);

    if (budget.out_of_memory && !message)
        return LKS_NOMEM;
    if (!message)
        return lks_fail(LKS_FORMAT, "frame of %zu bytes refused, it is not a message",
                        n_bytes);
    if (message->body_case == LKS__PROTO__MESSAGE__BODY__NOT_SET)
        return refuse_message(message, &allocator, "it has no known body");
    if (!texts_are_utf8(message))
        return refuse_message(message, &allocator, "a text in it is not UTF-8");
    *out = message;
    return LKS_OK;
}

lks_status lks_frame_decoder_next(lks_frame_decoder *decoder, Lks__Proto__Message **out)
{
    size_t frame;

    *out = NULL;
    LKS_TRY(first_frame(decoder, &frame));
    if (frame == 0 || waiting(decoder) < frame)
        return LKS_OK;
    LKS_TRY(unpack(decoder->buffer + decoder->n_taken + LKS_FRAME_HEADER,
                   frame - LKS_FRAME_HEADER, out));
    decoder->n_taken += frame;
    return LKS_OK;
}
