#include "worker/hello.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/try.h"
#include "proto/frame.h"

enum { ADDRESS_TEXT = 64 };

lks_status lks_hello_init(const lks_reporter_options *options, lks_hello *out)
{
    Lks__Proto__Hello *message = &out->message;

    memset(out, 0, sizeof *out);
    out->version = lks_strdup(options->version);
    out->device = lks_strdup(options->device);
    out->device_model = lks_strdup(options->device_model ? options->device_model : "");
    out->instruction_set = lks_strdup(options->instruction_set);
    if (!out->version || !out->device || !out->device_model || !out->instruction_set)
        return LKS_NOMEM;
    if (gethostname(out->host, sizeof out->host - 1) != 0)
        snprintf(out->host, sizeof out->host, "unknown");
    out->keys = options->link_keys;
    lks__proto__hello__init(message);
    message->protocol = LKS_PROTOCOL_VERSION;
    message->version = out->version;
    message->rank = options->rank;
    message->world_size = options->world_size;
    message->host = out->host;
    message->pid = (uint32_t)getpid();
    message->device = out->device;
    message->device_model = out->device_model;
    message->dataset_fingerprint = options->dataset_fingerprint;
    message->n_samples = options->n_samples;
    message->instruction_set = out->instruction_set;
    message->threads = options->threads;
    message->nonce.data = out->nonce.bytes;
    message->nonce.len = sizeof out->nonce.bytes;
    message->mac.data = out->mac;
    message->mac.len = sizeof out->mac;
    return LKS_OK;
}

void lks_hello_release(lks_hello *hello)
{
    lks_free(hello->version);
    lks_free(hello->device);
    lks_free(hello->device_model);
    lks_free(hello->instruction_set);
}

lks_status lks_hello_answer(lks_hello *hello, const Lks__Proto__Challenge *challenge)
{
    if (challenge->protocol != LKS_PROTOCOL_VERSION)
        return lks_fail(LKS_FORMAT,
                        "it speaks protocol %u, this worker %d: install one version of "
                        "lockstep on all hosts",
                        challenge->protocol, LKS_PROTOCOL_VERSION);
    if (!lks_nonce_take(&challenge->nonce, &hello->challenge))
        return lks_fail(LKS_FORMAT, "its challenge is none");
    lks_nonce_create(&hello->nonce);
    return lks_hello_mac(&hello->keys, &hello->challenge, &hello->message, hello->mac);
}

bool lks_hello_is_welcomed(const lks_hello *hello, const Lks__Proto__Welcome *welcome)
{
    return lks_welcome_is_genuine(&hello->keys, &hello->challenge, &hello->nonce,
                                  welcome);
}

static lks_status parse_one(const char *text, size_t n, struct sockaddr_in *out)
{
    char one[ADDRESS_TEXT] = "", *colon, *end = NULL;
    unsigned long port = 0;

    if (n < sizeof one)
        memcpy(one, text, n);
    if ((colon = strrchr(one, ':'))) {
        *colon = '\0';
        port = strtoul(colon + 1, &end, 10);
    }
    *out = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (!colon || end == colon + 1 || *end || port == 0 || port > UINT16_MAX ||
        inet_pton(AF_INET, one, &out->sin_addr) != 1)
        return lks_fail(LKS_INVALID, "\"%.*s\" is no coordinator address", (int)n, text);
    return LKS_OK;
}

lks_status lks_addresses_parse(const char *text, lks_addresses *out)
{
    out->n_items = 0;
    while (*text && out->n_items < LKS_ADDRESSES_MAX) {
        const size_t n = strcspn(text, ",");

        LKS_TRY(parse_one(text, n, &out->items[out->n_items++]));
        text += n + (text[n] == ',');
    }
    return out->n_items ? LKS_OK
                        : lks_fail(LKS_INVALID, "there is no coordinator address");
}
