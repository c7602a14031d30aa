/* Inside the double of libnccl: the memory that ranks share, and operations as machines
 * that go on a little whenever they are tried.
 *
 *     collective  each rank publishes its part chunk by chunk in a box of its own, which
 *                 all read
 *     message     a box for each ordered pair
 *
 * A box holds one chunk. Its owner writes the next one when all readers are done with it.
 * The memory is a memfd of the process that made the id: it is in no folder, and goes
 * with the processes, whichever way they end.
 *
 * Everything is called under the emulator's lock; between processes only atomics count.
 */
#ifndef LKS_TESTS_EMULATOR_NCCL_DOUBLE_H
#define LKS_TESTS_EMULATOR_NCCL_DOUBLE_H

#include "emulator.h"

#include <nccl.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace emu_nccl
{
enum { MAX_RANKS = 16, CHUNK = 1 << 16 };
enum kind : uint32_t { ALL_REDUCE, ALL_GATHER, SEND, RECEIVE };

struct header { /* what ranks have to agree on; zeros where it does not apply */
    uint32_t kind, type, op, none;
    uint64_t n_bytes;
};

struct box {
    std::atomic<uint64_t> n_published, n_read[MAX_RANKS];
    header what;
    char chunk[CHUNK];
};

struct seat {
    int pid, device;
};

struct board { /* shared; zeros at first */
    uint64_t cookie;
    std::atomic<int> size, n_arrived;
    std::atomic<uint32_t> arrived; /* a bit a rank */
    seat seats[MAX_RANKS];
    box of_rank[MAX_RANKS], of_pair[MAX_RANKS][MAX_RANKS]; /* [from][to] */
};

struct comm {
    std::shared_ptr<board> shared;
    int rank, size, device;
    bool blocks, is_aborted, is_ending;
    ncclResult_t state; /* what ncclCommGetAsyncError says */
    std::string error;
    uint64_t n_chunks;                          /* of collectives, read by us */
    uint64_t n_collectives, n_collectives_done; /* queued, over */
    uint64_t n_messages[2][MAX_RANKS],
        n_messages_done[2][MAX_RANKS];            /* [is_sent][peer] */
    long n_launches;                              /* groups, or calls outside of one */
    int n_queued;                                 /* in streams */
    std::vector<std::function<void()>> to_launch; /* once the caller asks how it went */
};

struct operation {
    std::shared_ptr<struct comm> comm;
    header what;
    const char *in;
    char *out;
    int peer;
    cudaStream_t stream;
    uint64_t turn; /* among the communicator's collectives, or its messages of that way */
    uint64_t at;   /* bytes done */
    int64_t not_before_us;
    bool is_begun, is_published, is_done, hangs, fails;
};

/* ---- the board (nccl_board.cpp) ---- */

bool make_id(ncclUniqueId *id, std::string *why);
std::shared_ptr<board> open_board(const ncclUniqueId &id, std::string *why);

/* ---- operations (nccl_operation.cpp) ---- */

const char *name_of(kind k);
size_t size_of(ncclDataType_t type); /* 0: none that is emulated */
bool can_reduce(ncclDataType_t type, ncclRedOp_t op);

/* Those of one group and stream: messages all at once, collectives in turn. True: over.
 */
bool try_all(std::vector<operation> &all);
} // namespace emu_nccl

struct ncclComm {
    std::shared_ptr<emu_nccl::comm> of;
};

#endif
