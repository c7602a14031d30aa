/* A stream of any bytes gives the same messages, and the same end, however it is cut.
 * What was decoded can be sent on. The first byte says how the second reading is cut. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "proto/frame.h"

typedef struct outcome {
    size_t n_messages;
    uint64_t hash; /* of the messages, encoded again */
    bool is_refused;
} outcome;

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void take_message(Lks__Proto__Message *message, outcome *seen)
{
    uint8_t *frame = NULL;
    size_t n = 0;

    require(lks_frame_encode(message, &frame, &n) == LKS_OK);
    for (size_t i = 0; i < n; i++)
        seen->hash = (seen->hash ^ frame[i]) * 0x100000001b3u;
    seen->n_messages++;
    lks_free(frame);
    lks__proto__message__free_unpacked(message, NULL);
}

static void take_messages(lks_frame_decoder *decoder, outcome *seen)
{
    Lks__Proto__Message *message = NULL;
    lks_status st;

    while ((st = lks_frame_decoder_next(decoder, &message)) == LKS_OK && message)
        take_message(message, seen);
    seen->is_refused = st != LKS_OK;
    require(st == LKS_OK || (st == LKS_FORMAT && !message));
}

static outcome read_stream(const uint8_t *bytes, size_t n_bytes, size_t piece)
{
    lks_frame_decoder decoder;
    outcome seen = {0};

    lks_frame_decoder_init(&decoder);
    for (size_t at = 0; at < n_bytes && !seen.is_refused; at += piece) {
        size_t n = n_bytes - at < piece ? n_bytes - at : piece;

        lks_error_clear();
        seen.is_refused = lks_frame_decoder_feed(&decoder, bytes + at, n) != LKS_OK;
        if (!seen.is_refused)
            take_messages(&decoder, &seen);
        require(!seen.is_refused || lks_error_text()[0] != '\0');
    }
    lks_frame_decoder_release(&decoder);
    return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes)
{
    outcome whole, cut;

    if (n_bytes == 0)
        return 0;
    whole = read_stream(bytes + 1, n_bytes - 1, n_bytes);
    cut = read_stream(bytes + 1, n_bytes - 1, 1 + bytes[0] % 16);
    require(whole.n_messages == cut.n_messages && whole.hash == cut.hash &&
            whole.is_refused == cut.is_refused);
    return 0;
}
