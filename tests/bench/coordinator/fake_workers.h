/* Workers that only talk: many connections on one libuv loop, each with a report a
 * second. */
#ifndef LKS_TESTS_BENCH_FAKE_WORKERS_H
#define LKS_TESTS_BENCH_FAKE_WORKERS_H

#include <stdint.h>

#include "proto/handshake.h"

/* Connect n ranks with these keys [n] to "127.0.0.1:PORT" and report until the process is
 * killed; for a process of its own. Exits when the coordinator closes a connection. */
void fake_workers_run(const char *address, const lks_link_keys *keys, uint32_t n);

#endif
