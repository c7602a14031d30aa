/* What happens in a stream at the turn of an operation, try by try. */
#include "nccl_double.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>

namespace emu_nccl
{
const char *name_of(kind k)
{
    static const char *const names[] = {"all-reduce", "all-gather", "send", "receive"};

    return names[k];
}

size_t size_of(ncclDataType_t type)
{
    switch (type) {
    case ncclInt8:
    case ncclUint8:
        return 1;
    case ncclFloat16:
    case ncclBfloat16:
        return 2;
    case ncclInt32:
    case ncclUint32:
    case ncclFloat32:
        return 4;
    case ncclInt64:
    case ncclUint64:
    case ncclFloat64:
        return 8;
    default:
        return 0;
    }
}

bool can_reduce(ncclDataType_t type, ncclRedOp_t op)
{
    return (op == ncclSum || op == ncclProd || op == ncclMax || op == ncclMin) &&
           (type == ncclFloat32 || type == ncclFloat64 || type == ncclInt32 ||
            type == ncclInt64);
}

template <class T> static void combine(char *to, const char *from, size_t n, uint32_t op)
{
    for (size_t i = 0; i < n / sizeof(T); i++) {
        T a, b;

        memcpy(&a, to + i * sizeof(T), sizeof a);
        memcpy(&b, from + i * sizeof(T), sizeof b);
        a = op == ncclMax    ? std::max(a, b)
            : op == ncclMin  ? std::min(a, b)
            : op == ncclProd ? static_cast<T>(a * b)
                             : static_cast<T>(a + b);
        memcpy(to + i * sizeof(T), &a, sizeof a);
    }
}

static void combine_any(char *to, const char *from, size_t n, const header &what)
{
    switch (static_cast<ncclDataType_t>(what.type)) {
    case ncclFloat64:
        return combine<double>(to, from, n, what.op);
    case ncclInt64:
        return combine<int64_t>(to, from, n, what.op);
    case ncclInt32:
        return combine<int32_t>(to, from, n, what.op);
    default:
        return combine<float>(to, from, n, what.op);
    }
}

/* ---- a slow link ---- */

static int64_t now_us()
{
    using namespace std::chrono;

    return duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count();
}

/* NCCL_EMULATOR_SLOW=us: a chunk takes so long. */
static bool is_under_way(operation &o)
{
    static const char *text = getenv("NCCL_EMULATOR_SLOW");
    static const int64_t chunk_us = text ? atoll(text) : 0;

    if (chunk_us == 0)
        return false;
    if (o.not_before_us == 0)
        o.not_before_us = now_us() + chunk_us;
    return now_us() < o.not_before_us;
}

/* ---- the end ---- */

static bool finish(operation &o)
{
    comm &c = *o.comm;

    if (o.what.kind == SEND || o.what.kind == RECEIVE)
        c.n_messages_done[o.what.kind == SEND][o.peer]++;
    else
        c.n_collectives_done++;
    return o.is_done = true;
}

static bool fail(operation &o, ncclResult_t result, const std::string &text)
{
    comm &c = *o.comm;

    if (c.state == ncclSuccess || c.state == ncclInProgress) {
        c.state = result;
        c.error = text;
    }
    emu::tell("NCCL, rank %d: %s", c.rank, text.c_str());
    o.hangs =
        true; /* the kernel of a communicator that has failed spins until the abort */
    return false;
}

/* Something of what was to come, as an abort leaves it. */
static bool leave_in_pieces(operation &o)
{
    const uint64_t n_bytes =
        o.what.kind == ALL_GATHER ? o.what.n_bytes * o.comm->size : o.what.n_bytes;

    if (o.out)
        for (uint64_t i = o.at; i < n_bytes; i++)
            o.out[i] = 'A';
    return finish(o);
}

static std::string describe(const header &what)
{
    return std::string(name_of(static_cast<kind>(what.kind))) + " of " +
           std::to_string(what.n_bytes) + " bytes (type " + std::to_string(what.type) +
           ", operation " + std::to_string(what.op) + ")";
}

/* ---- collectives ---- */

static bool publish(operation &o, size_t n)
{
    comm &c = *o.comm;
    box &mine = c.shared->of_rank[c.rank];

    for (int r = 0; r < c.size; r++)
        if (mine.n_read[r] < c.n_chunks)
            return false;
    mine.what = o.what;
    memcpy(mine.chunk, o.in + o.at, n);
    mine.n_published = ++c.n_chunks;
    return o.is_published = true;
}

/* From which rank a sum starts is nobody's to know, but all start alike. */
static void take_in(operation &o, size_t n)
{
    const comm &c = *o.comm;

    for (int i = 0; i < c.size; i++) {
        const int r = static_cast<int>((static_cast<uint64_t>(i) + c.n_chunks) % c.size);
        const char *from = c.shared->of_rank[r].chunk;

        if (o.what.kind == ALL_GATHER)
            memcpy(o.out + static_cast<uint64_t>(r) * o.what.n_bytes + o.at, from, n);
        else if (i == 0)
            memcpy(o.out + o.at, from, n);
        else
            combine_any(o.out + o.at, from, n, o.what);
    }
}

static bool try_chunk(operation &o)
{
    comm &c = *o.comm;
    const size_t n = std::min<uint64_t>(CHUNK, o.what.n_bytes - o.at);

    if (!o.is_published && !publish(o, n))
        return false;
    for (int r = 0; r < c.size; r++)
        if (c.shared->of_rank[r].n_published < c.n_chunks)
            return false;
    for (int r = 0; r < c.size; r++) {
        const header &other = c.shared->of_rank[r].what;

        if (memcmp(&other, &o.what, sizeof other))
            return fail(o, ncclInvalidUsage,
                        describe(o.what) + " meets rank " + std::to_string(r) + "'s " +
                            describe(other));
    }
    if (is_under_way(o))
        return false;
    take_in(o, n);
    for (int r = 0; r < c.size; r++)
        c.shared->of_rank[r].n_read[c.rank] = c.n_chunks;
    o.at += n;
    o.is_published = false;
    o.not_before_us = 0;
    return true;
}

static bool try_collective(operation &o)
{
    if (o.turn != o.comm->n_collectives_done)
        return false;
    while (o.at < o.what.n_bytes)
        if (!try_chunk(o))
            return false;
    return finish(o);
}

/* ---- messages ---- */

/* The box of a pair counts in n_read[0]. A send is over when it was received. */
static bool try_send(operation &o)
{
    comm &c = *o.comm;
    box &b = c.shared->of_pair[c.rank][o.peer];

    for (;;) {
        const size_t n = std::min<uint64_t>(CHUNK, o.what.n_bytes - o.at);

        if (b.n_read[0] < b.n_published) /* another process raises it at any time */
            return false;
        if (n == 0)
            return finish(o);
        if (is_under_way(o))
            return false;
        b.what = o.what;
        memcpy(b.chunk, o.in + o.at, n);
        b.n_published++;
        o.at += n;
        o.not_before_us = 0;
    }
}

static bool try_receive(operation &o)
{
    comm &c = *o.comm;
    box &b = c.shared->of_pair[o.peer][c.rank];

    while (o.at < o.what.n_bytes) {
        const size_t n = std::min<uint64_t>(CHUNK, o.what.n_bytes - o.at);

        if (b.n_published == b.n_read[0])
            return false;
        if (b.what.n_bytes != o.what.n_bytes || b.what.type != o.what.type)
            return fail(o, ncclInvalidUsage,
                        describe(o.what) + " meets rank " + std::to_string(o.peer) +
                            "'s " + describe(b.what));
        memcpy(o.out + o.at, b.chunk, n);
        b.n_read[0]++;
        o.at += n;
    }
    return finish(o);
}

static bool try_message(operation &o)
{
    const bool is_sent = o.what.kind == SEND;

    if (o.turn != o.comm->n_messages_done[is_sent][o.peer])
        return false;
    return is_sent ? try_send(o) : try_receive(o);
}

/* ---- both ---- */

/* At its turn in the stream: what it works on is allocated by then. */
static bool begin(operation &o)
{
    const comm &c = *o.comm;
    const size_t n_out = o.what.n_bytes * (o.what.kind == ALL_GATHER ? c.size : 1);
    std::string why;

    o.is_begun = true;
    if ((o.in && !emu::is_reachable(c.device, o.in, o.what.n_bytes, &why)) ||
        (o.out && !emu::is_reachable(c.device, o.out, n_out, &why))) {
        o.out = nullptr;
        return fail(o, ncclUnhandledCudaError, describe(o.what) + ": " + why);
    }
    o.in = o.in ? static_cast<const char *>(emu::host_address(o.in)) : nullptr;
    o.out = o.out ? static_cast<char *>(emu::host_address(o.out)) : nullptr;
    return true;
}

static bool try_one(operation &o)
{
    if (o.is_done)
        return true;
    if (!o.is_begun && !begin(o))
        return false;
    if (o.comm->is_aborted)
        return leave_in_pieces(o);
    if (o.fails && !o.hangs)
        return fail(o, ncclSystemError, "the emulated link is broken");
    if (o.hangs)
        return false;
    return o.what.kind == SEND || o.what.kind == RECEIVE ? try_message(o)
                                                         : try_collective(o);
}

bool try_all(std::vector<operation> &all)
{
    bool done = true;

    for (operation &o : all)
        if (!try_one(o))
            done = false;
    return done;
}
} // namespace emu_nccl
