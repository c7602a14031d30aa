#include "fake_workers.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "base/alloc.h"
#include "proto/frame.h"

#define REPORT_MS 1000

typedef struct fake_worker {
    uv_tcp_t tcp;
    uv_timer_t timer;
    uv_connect_t connect;
    const lks_link_keys *keys;
    lks_frame_decoder decoder;
    uint32_t rank, world_size;
    uint64_t step;
    bool has_said_hello;
} fake_worker;

typedef struct fake_write {
    uv_write_t request;
    uint8_t *bytes;
} fake_write;

static void give_up(const char *what, int code)
{
    fprintf(stderr, "fake workers: %s: %s\n", what, uv_strerror(code));
    exit(1);
}

static void written(uv_write_t *request, int code)
{
    fake_write *write = (fake_write *)request;

    lks_free(write->bytes);
    lks_free(write);
    if (code != 0)
        give_up("write", code);
}

static void send_message(fake_worker *worker, const Lks__Proto__Message *message)
{
    fake_write *write = lks_malloc(sizeof *write);
    size_t n_bytes = 0;
    uv_buf_t buffer;

    if (!write || lks_frame_encode(message, &write->bytes, &n_bytes) != LKS_OK)
        give_up("encode", UV_ENOMEM);
    buffer = uv_buf_init((char *)write->bytes, (unsigned)n_bytes);
    uv_write(&write->request, (uv_stream_t *)&worker->tcp, &buffer, 1, written);
}

static void send_hello(fake_worker *worker, const lks_nonce *challenge)
{
    Lks__Proto__Hello hello = LKS__PROTO__HELLO__INIT;
    Lks__Proto__Message message = LKS__PROTO__MESSAGE__INIT;
    uint8_t mac[LKS_MAC_BYTES];
    lks_nonce nonce;

    lks_nonce_create(&nonce);
    hello.protocol = LKS_PROTOCOL_VERSION;
    hello.version = (char *)"bench";
    hello.rank = worker->rank;
    hello.world_size = worker->world_size;
    hello.host = (char *)"simulated-host";
    hello.pid = 1000 + worker->rank;
    hello.device = (char *)"cpu:0";
    hello.instruction_set = (char *)"avx2";
    hello.n_samples = 60000;
    hello.nonce.data = nonce.bytes;
    hello.nonce.len = sizeof nonce.bytes;
    if (lks_hello_mac(worker->keys, challenge, &hello, mac) != LKS_OK)
        give_up("hello", UV_ENOMEM);
    hello.mac.data = mac;
    hello.mac.len = sizeof mac;
    message.body_case = LKS__PROTO__MESSAGE__BODY_HELLO;
    message.hello = &hello;
    send_message(worker, &message);
}

static void send_heartbeat(fake_worker *worker)
{
    Lks__Proto__PhaseTimes times = LKS__PROTO__PHASE_TIMES__INIT;
    Lks__Proto__Heartbeat heartbeat = LKS__PROTO__HEARTBEAT__INIT;
    Lks__Proto__Message message = LKS__PROTO__MESSAGE__INIT;
    double s = (double)worker->step;

    times.load = 0.0123 * s;
    times.forward = 0.234 * s;
    times.backward = 0.345 * s;
    times.reduce = 0.0456 * s;
    times.update = 0.00567 * s;
    heartbeat.step = worker->step;
    heartbeat.phase = LKS__PROTO__PHASE__BACKWARD;
    heartbeat.phase_s = 0.0789;
    heartbeat.rss_bytes = 123456789;
    heartbeat.samples_per_s = 9876.5;
    heartbeat.times = &times;
    message.body_case = LKS__PROTO__MESSAGE__BODY_HEARTBEAT;
    message.heartbeat = &heartbeat;
    send_message(worker, &message);
}

static void send_progress(fake_worker *worker)
{
    Lks__Proto__Progress progress = LKS__PROTO__PROGRESS__INIT;
    Lks__Proto__Message message = LKS__PROTO__MESSAGE__INIT;

    progress.step = worker->step;
    progress.total_steps = 1000000;
    progress.samples = worker->step * 64000;
    progress.loss = 0.4321;
    progress.lr = 0.01;
    progress.samples_per_s = 9876543.2;
    progress.replica_hash = worker->step * 0x9e3779b97f4a7c15u;
    message.body_case = LKS__PROTO__MESSAGE__BODY_PROGRESS;
    message.progress = &progress;
    send_message(worker, &message);
}

/* A heartbeat and a step's outcome, as a report has. */
static void report(uv_timer_t *timer)
{
    fake_worker *worker = timer->data;

    worker->step++;
    send_heartbeat(worker);
    send_progress(worker);
}

static void lend_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    static char input[4096];

    (void)handle;
    (void)suggested;
    *out = uv_buf_init(input, sizeof input);
}

/* The challenge is answered; what else comes is of no interest here. */
static void have_read(uv_stream_t *stream, ssize_t n_bytes, const uv_buf_t *buffer)
{
    fake_worker *worker = stream->data;
    Lks__Proto__Message *message = NULL;
    lks_nonce challenge;

    if (n_bytes < 0)
        give_up("read", (int)n_bytes);
    if (worker->has_said_hello)
        return;
    if (lks_frame_decoder_feed(&worker->decoder, buffer->base, (size_t)n_bytes) !=
            LKS_OK ||
        lks_frame_decoder_next(&worker->decoder, &message) != LKS_OK)
        give_up("challenge", UV_EPROTO);
    if (!message)
        return;
    if (message->body_case != LKS__PROTO__MESSAGE__BODY_CHALLENGE ||
        !lks_nonce_take(&message->challenge->nonce, &challenge))
        give_up("challenge", UV_EPROTO);
    lks__proto__message__free_unpacked(message, NULL);
    worker->has_said_hello = true;
    send_hello(worker, &challenge);
    /* spread over the second, as ranks on many hosts are */
    uv_timer_start(&worker->timer, report,
                   1 + (uint64_t)worker->rank * REPORT_MS / worker->world_size,
                   REPORT_MS);
}

static void connected(uv_connect_t *request, int code)
{
    fake_worker *worker = request->handle->data;

    if (code != 0)
        give_up("connect", code);
    uv_tcp_nodelay(&worker->tcp, 1);
    uv_read_start((uv_stream_t *)&worker->tcp, lend_buffer, have_read);
}

void fake_workers_run(const char *address, const lks_link_keys *keys, uint32_t n)
{
    fake_worker *workers = lks_calloc(n, sizeof *workers);
    uv_loop_t *loop = uv_default_loop();
    struct sockaddr_in to;
    char host[64];
    int port;

    if (!workers || sscanf(address, "%63[^:]:%d", host, &port) != 2 ||
        uv_ip4_addr(host, port, &to) != 0)
        give_up(address, UV_EINVAL);
    for (uint32_t r = 0; r < n; r++) {
        fake_worker *worker = &workers[r];

        worker->keys = &keys[r];
        lks_frame_decoder_init(&worker->decoder);
        worker->rank = r;
        worker->world_size = n;
        uv_tcp_init(loop, &worker->tcp);
        uv_timer_init(loop, &worker->timer);
        worker->tcp.data = worker->timer.data = worker;
        uv_tcp_connect(&worker->connect, &worker->tcp, (struct sockaddr *)&to, connected);
    }
    uv_run(loop, UV_RUN_DEFAULT);
}
