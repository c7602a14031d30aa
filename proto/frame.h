/* Frames: how messages travel on a byte stream.
 *
 *     +----------------+----------------------+
 *     | length u32le   | Message, protobuf    |     0 < length <= LKS_FRAME_MAX_BYTES
 *     +----------------+----------------------+
 *
 * A decoder owns what it has buffered; messages it gives out are the caller's. No thread
 * safety. */
#ifndef LKS_PROTO_FRAME_H
#define LKS_PROTO_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "lockstep.pb-c.h"

enum {
    LKS_PROTOCOL_VERSION = 2,
    LKS_FRAME_MAX_BYTES = 64 * 1024,
    LKS_FRAME_HEADER = 4,
};

/* A message as one frame; *out is the caller's to lks_free. LKS_INVALID if it is too
 * large. */
lks_status lks_frame_encode(const Lks__Proto__Message *message, uint8_t **out,
                            size_t *n_bytes);

typedef struct lks_frame_decoder {
    uint8_t *buffer;
    size_t n_taken;    /* of the buffer's bytes, by next */
    size_t n_buffered; /* the taken ones included */
    size_t capacity;
} lks_frame_decoder;

void lks_frame_decoder_init(lks_frame_decoder *decoder);
void lks_frame_decoder_release(lks_frame_decoder *decoder);

/* Add what the stream brought, cut anywhere; then call next until it gives NULL. So
 * between two feeds less than one frame and its header is kept, whatever lengths a peer
 * announces, and memory is taken for bytes that came, never for bytes announced.
 * LKS_FORMAT: a length of 0 or above the limit, told as soon as its header is there;
 * LKS_STATE: a whole frame still waits for next. */
lks_status lks_frame_decoder_feed(lks_frame_decoder *decoder, const void *bytes,
                                  size_t n_bytes);

/* The next whole message, or NULL in *out when there is none yet; freed with
 * lks__proto__message__free_unpacked(message, NULL). LKS_FORMAT: not a Message, one
 * without body or with a text that is not UTF-8, or a wrong length behind it; the stream
 * is then beyond repair. After LKS_NOMEM the call can be made again. */
lks_status lks_frame_decoder_next(lks_frame_decoder *decoder, Lks__Proto__Message **out);

#endif
