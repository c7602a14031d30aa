/* A double of libnccl for emulated devices, between threads and between processes. The
 * header is the real one; there are the functions that the product calls.
 *
 * It is stricter than the real one where that leaves things to chance: ranks whose
 * operations do not match are told so by name; a communicator that does not block queues
 * an operation only when its caller asks how it went, so an event that is recorded before
 * that is passed too early; a message is over when it was received, so two that send to
 * each other outside of a group wait for ever; what an abort leaves is no result.
 *
 *   NCCL_EMULATOR_HANG=[rank:]n   that rank's n-th launch (a group, or a call outside of
 *                                 one) never gets anywhere; 0: its start
 *   NCCL_EMULATOR_FAIL=[rank:]n   the link breaks there
 *   NCCL_EMULATOR_SLOW=us         64 KiB take so long
 *   NCCL_EMULATOR_VERSION=n       what ncclGetVersion says */
#include "nccl_double.h"

#include <cstdlib>
#include <cstring>
#include <unistd.h>

using namespace emu_nccl;

namespace
{
thread_local int depth; /* of groups */
thread_local std::vector<operation> group;
thread_local ncclResult_t group_result = ncclSuccess;
thread_local std::string last_error; /* of calls without a communicator */

ncclResult_t refuse(comm *c, ncclResult_t result, const std::string &text)
{
    (c ? c->error : last_error) = text;
    if (depth > 0 && group_result == ncclSuccess)
        group_result = result;
    return result;
}

/* Whether this is launch `n` of `rank` in a variable like "rank:n" or "n". */
bool is_named(const char *variable, int rank, long n)
{
    const char *text = getenv(variable);
    const char *colon = text ? strchr(text, ':') : nullptr;

    if (!text || !*text || (colon && atoi(text) != rank))
        return false;
    return atol(colon ? colon + 1 : text) == n;
}

/* ---- launching ---- */

std::string title(const std::vector<operation> &all)
{
    size_t n_messages = 0;

    for (const operation &o : all)
        n_messages += o.what.kind == SEND || o.what.kind == RECEIVE;
    if (n_messages)
        return "nccl-messages-" + std::to_string(n_messages);
    return std::string("nccl-") + name_of(static_cast<kind>(all[0].what.kind));
}

void enqueue(std::vector<operation> all)
{
    const std::shared_ptr<comm> c = all[0].comm;
    const cudaStream_t stream = all[0].stream;
    const std::string name = title(all);

    c->n_queued++;
    emu::enqueue_until(stream, name, [all, c]() mutable {
        if (!try_all(all))
            return false;
        c->n_queued--;
        return true;
    });
}

void number(operation &o)
{
    comm &c = *o.comm;

    if (o.what.kind == SEND || o.what.kind == RECEIVE)
        o.turn = c.n_messages[o.what.kind == SEND][o.peer]++;
    else
        o.turn = c.n_collectives++;
}

ncclResult_t launch(std::vector<operation> all)
{
    comm &c = *all[0].comm;

    c.n_launches++;
    for (operation &o : all) {
        number(o);
        o.hangs = is_named("NCCL_EMULATOR_HANG", c.rank, c.n_launches);
        o.fails = is_named("NCCL_EMULATOR_FAIL", c.rank, c.n_launches);
    }
    if (c.blocks) {
        enqueue(std::move(all));
        return ncclSuccess;
    }
    c.to_launch.push_back([all] { enqueue(all); });
    c.state = ncclInProgress;
    return ncclInProgress;
}

/* What the group has, communicator by communicator and stream by stream. */
ncclResult_t launch_group()
{
    std::vector<operation> all;
    ncclResult_t result = group_result;

    all.swap(group);
    group_result = ncclSuccess;
    while (result == ncclSuccess && !all.empty()) {
        std::vector<operation> these, others;
        ncclResult_t launched;

        for (operation &o : all)
            (o.comm == all[0].comm && o.stream == all[0].stream ? these : others)
                .push_back(o);
        launched = launch(these);
        all = others;
        if (launched == ncclInProgress && all.empty())
            return launched;
    }
    return result;
}

ncclResult_t check_call(comm *c, const operation &o)
{
    if (c->is_aborted || c->is_ending)
        return refuse(c, ncclInvalidUsage, "the communicator has ended");
    if (c->state == ncclInProgress)
        return refuse(c, ncclInvalidUsage,
                      "called while the communicator was still busy with a call before");
    if (c->state != ncclSuccess)
        return c->state;
    if ((!o.in && o.what.kind != RECEIVE) || (!o.out && o.what.kind != SEND))
        return refuse(c, ncclInvalidArgument, "the numbers are nowhere");
    if (emu::device_of(o.stream) != c->device)
        return refuse(c, ncclInvalidArgument, "the stream is not on the rank's device");
    if (o.peer < 0 || o.peer >= c->size)
        return refuse(c, ncclInvalidArgument,
                      "there is no rank " + std::to_string(o.peer));
    return ncclSuccess;
}

struct request {
    kind what;
    const void *in;
    void *out;
    size_t count;
    ncclDataType_t type;
    ncclRedOp_t op;
    int peer;
};

ncclResult_t add(const char *function, ncclComm_t handle, const request &r,
                 cudaStream_t stream)
{
    emu::guard held;
    const size_t n_bytes = r.count * size_of(r.type);
    operation o = {};

    if (const int error = emu::count_call(function))
        return static_cast<ncclResult_t>(error);
    if (!handle)
        return refuse(nullptr, ncclInvalidArgument, "there is no communicator");
    comm *c = handle->of.get();
    if (!size_of(r.type) || (r.what == ALL_REDUCE && !can_reduce(r.type, r.op)))
        return refuse(c, ncclInvalidArgument, "that type or operation is not emulated");
    o.comm = handle->of;
    o.what = {static_cast<uint32_t>(r.what), static_cast<uint32_t>(r.type),
              static_cast<uint32_t>(r.op), 0, n_bytes};
    o.in = static_cast<const char *>(r.in);
    o.out = static_cast<char *>(r.out);
    o.peer = r.peer;
    o.stream = stream;
    const ncclResult_t result = check_call(c, o);
    if (result != ncclSuccess)
        return result;
    group.push_back(o);
    return depth > 0 ? ncclSuccess : launch_group();
}

/* ---- the start ---- */

bool have_all_come(comm &c)
{
    return c.shared->n_arrived == c.size;
}

/* Two ranks of a process may not have one device; other processes have their own. */
ncclResult_t check_seats(comm &c)
{
    for (int r = 0; r < c.size; r++) {
        const seat &a = c.shared->seats[r], &b = c.shared->seats[c.rank];

        if (r != c.rank && a.pid == b.pid && a.device == b.device)
            return refuse(&c, ncclInvalidUsage,
                          "Duplicate GPU detected : rank " + std::to_string(c.rank) +
                              " and rank " + std::to_string(r) + " both on CUDA device " +
                              std::to_string(b.device));
    }
    return ncclSuccess;
}

ncclResult_t take_seat(comm &c)
{
    int none = 0;

    if (!c.shared->size.compare_exchange_strong(none, c.size) && none != c.size)
        return refuse(nullptr, ncclInvalidArgument, "ranks do not agree on their number");
    if (c.shared->arrived.fetch_or(1u << c.rank) >> c.rank & 1)
        return refuse(nullptr, ncclInvalidUsage,
                      "rank " + std::to_string(c.rank) + " has come twice");
    c.shared->seats[c.rank] = {getpid(), c.device};
    c.shared->n_arrived++;
    return ncclSuccess;
}

/* How the communicator is, which goes on with what it was about to do. */
ncclResult_t go_on(comm &c)
{
    if (c.state != ncclInProgress)
        return c.state;
    if (!have_all_come(c) || is_named("NCCL_EMULATOR_HANG", c.rank, 0))
        return ncclInProgress;
    if (c.is_ending && c.n_queued > 0)
        return ncclInProgress;
    c.state = check_seats(c);
    if (is_named("NCCL_EMULATOR_FAIL", c.rank, 0))
        c.state = refuse(&c, ncclSystemError, "the emulated link is broken");
    std::vector<std::function<void()>> all;
    all.swap(c.to_launch);
    for (const std::function<void()> &one : all)
        one();
    return c.state;
}

/* Until nothing is in the streams, or for a second. */
void drain(const std::shared_ptr<comm> &c)
{
    for (int i = 0; i < 10000; i++) {
        {
            emu::guard held;

            go_on(*c);
            if (c->n_queued == 0)
                return;
        }
        emu::make_progress();
        usleep(100);
    }
}
} // namespace

extern "C" {

ncclResult_t ncclGetVersion(int *version)
{
    const char *text = getenv("NCCL_EMULATOR_VERSION");

    *version = text ? atoi(text) : NCCL_VERSION_CODE;
    return ncclSuccess;
}

const char *ncclGetErrorString(ncclResult_t result)
{
    static const char *const texts[] = {
        "no error",
        "unhandled cuda error (run with NCCL_DEBUG=INFO for details)",
        "unhandled system error (run with NCCL_DEBUG=INFO for details)",
        "internal error - please report this issue to the NCCL developers",
        "invalid argument (run with NCCL_DEBUG=WARN for details)",
        "invalid usage (run with NCCL_DEBUG=WARN for details)",
        "remote process exited or there was a network error",
        "NCCL operation in progress",
    };

    return result >= 0 && result < ncclNumResults ? texts[result] : "unknown result code";
}

const char *ncclGetLastError(ncclComm_t handle)
{
    emu::guard held;
    thread_local std::string text;

    text = handle ? handle->of->error : last_error;
    return text.c_str();
}

ncclResult_t ncclGetUniqueId(ncclUniqueId *id)
{
    std::string why;

    if (const int error = emu::count_call("ncclGetUniqueId"))
        return static_cast<ncclResult_t>(error);
    return make_id(id, &why) ? ncclSuccess : refuse(nullptr, ncclSystemError, why);
}

ncclResult_t ncclCommInitRankConfig(ncclComm_t *out, int n, ncclUniqueId id, int rank,
                                    ncclConfig_t *config)
{
    emu::guard held;
    std::string why;

    if (const int error = emu::count_call("ncclCommInitRankConfig"))
        return static_cast<ncclResult_t>(error);
    if (n < 1 || n > MAX_RANKS || rank < 0 || rank >= n)
        return refuse(nullptr, ncclInvalidArgument, "there is no such rank");
    if (!config || config->blocking != 0 || depth > 0)
        return refuse(nullptr, ncclInvalidUsage,
                      "only communicators that do not block are emulated");
    const std::shared_ptr<comm> c = std::make_shared<comm>();
    if (!(c->shared = open_board(id, &why)))
        return refuse(nullptr, ncclSystemError, why);
    c->rank = rank;
    c->size = n;
    c->device = emu::device_of(nullptr);
    c->state = ncclInProgress;
    const ncclResult_t result = take_seat(*c);
    if (result != ncclSuccess)
        return result;
    *out = new ncclComm{c};
    return ncclInProgress;
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t handle, ncclResult_t *out)
{
    emu::guard held;

    if (const int error = emu::count_call("ncclCommGetAsyncError"))
        return static_cast<ncclResult_t>(error);
    *out = go_on(*handle->of);
    return ncclSuccess;
}

ncclResult_t ncclCommFinalize(ncclComm_t handle)
{
    emu::guard held;
    comm &c = *handle->of;

    if (c.state != ncclSuccess)
        return c.state;
    c.is_ending = true;
    return c.state = ncclInProgress;
}

ncclResult_t ncclCommDestroy(ncclComm_t handle)
{
    drain(handle->of);
    emu::guard held;
    delete handle;
    return ncclSuccess;
}

ncclResult_t ncclCommAbort(ncclComm_t handle)
{
    {
        emu::guard held;

        handle->of->is_aborted = true;
    }
    drain(handle->of);
    emu::guard held;
    delete handle;
    return ncclSuccess;
}

ncclResult_t ncclGroupStart()
{
    depth++;
    return ncclSuccess;
}

ncclResult_t ncclGroupEnd()
{
    emu::guard held;

    if (depth == 0)
        return refuse(nullptr, ncclInvalidUsage, "there is no group to end");
    return --depth > 0 ? ncclSuccess : launch_group();
}

ncclResult_t ncclAllReduce(const void *in, void *out, size_t count, ncclDataType_t type,
                           ncclRedOp_t op, ncclComm_t comm, cudaStream_t stream)
{
    return add(__func__, comm, {ALL_REDUCE, in, out, count, type, op, 0}, stream);
}

ncclResult_t ncclAllGather(const void *in, void *out, size_t count, ncclDataType_t type,
                           ncclComm_t comm, cudaStream_t stream)
{
    return add(__func__, comm, {ALL_GATHER, in, out, count, type, ncclSum, 0}, stream);
}

ncclResult_t ncclSend(const void *in, size_t count, ncclDataType_t type, int peer,
                      ncclComm_t comm, cudaStream_t stream)
{
    return add(__func__, comm, {SEND, in, nullptr, count, type, ncclSum, peer}, stream);
}

ncclResult_t ncclRecv(void *out, size_t count, ncclDataType_t type, int peer,
                      ncclComm_t comm, cudaStream_t stream)
{
    return add(__func__, comm, {RECEIVE, nullptr, out, count, type, ncclSum, peer},
               stream);
}
} // extern "C"
