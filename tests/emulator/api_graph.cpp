/* The runtime's functions on captures and graphs. */
#include "state.h"

#include <algorithm>

using namespace emu;

namespace
{
struct graph {
    std::vector<node> nodes;
};

/* One launch: its nodes' work is its own. */
struct run {
    std::vector<node> nodes;
    std::vector<bool> done, began;
    std::vector<uint64_t> start;
    size_t n_done = 0;
};
} // namespace

/* Never destroyed, for programs may destroy theirs at their end. */
static std::vector<graph *> &graphs = *new std::vector<graph *>,
                            &execs = *new std::vector<graph *>;

static graph *known(std::vector<graph *> &all, const void *handle)
{
    for (graph *one : all)
        if (one == handle)
            return one;
    return nullptr;
}

static bool forget(std::vector<graph *> &all, const void *handle)
{
    graph *g = known(all, handle);

    if (!g)
        return false;
    all.erase(std::find(all.begin(), all.end(), g));
    delete g;
    return true;
}

/* ---- running ---- */

static bool is_ready(const run &r, size_t n)
{
    if (r.done[n])
        return false;
    for (size_t before : r.nodes[n].after)
        if (!r.done[before])
            return false;
    return true;
}

static progress run_node(run &r, size_t n, int stream_number)
{
    node &one = r.nodes[n];
    progress p = DONE;

    if (!r.began[n])
        r.start[n] = ++the().tick;
    r.began[n] = true;
    if (the().devices[one.device].sticky != cudaSuccess && !one.always)
        p = DONE;
    else if (one.unlocked)
        run_unlocked([&] { p = one.work(); });
    else
        p = one.work();
    if (p != DONE)
        return p;
    the().tick++;
    r.done[n] = true;
    r.n_done++;
    trace_line(the().n_items++, one.device, stream_number, r.start[n], one.name);
    return DONE;
}

/* One node that can run, in any order that the graph allows. */
static progress run_some(run &r, int stream_number)
{
    const size_t n = r.nodes.size();
    const size_t start = the().order.state && n ? the().order.roll(n) : 0;

    for (size_t i = 0; i < n; i++) {
        const size_t one = (start + i) % n;

        if (is_ready(r, one) && run_node(r, one, stream_number) != WAITS)
            return r.n_done == n ? DONE : MOVED;
    }
    return r.n_done == n ? DONE : WAITS;
}

/* ---- capturing ---- */

/* Whether the stream that the capture began in is after all that was captured. */
static bool is_joined(const capture &c)
{
    std::vector<bool> before(c.nodes.size());

    for (size_t n : c.origin->tail)
        before[n] = true;
    for (size_t n = c.nodes.size(); n-- > 0;)
        if (before[n])
            for (size_t earlier : c.nodes[n].after)
                before[earlier] = true;
    return std::find(before.begin(), before.end(), false) == before.end();
}

extern "C" {

cudaError_t cudaStreamBeginCapture(cudaStream_t handle, cudaStreamCaptureMode mode)
{
    EMULATED_CALL(A_DEVICE);
    stream *s = stream_of(handle);

    if (!s)
        return call.refuses(cudaErrorInvalidResourceHandle, "there is no such stream");
    if (s == the().devices[s->device].null_stream)
        return call.refuses(cudaErrorStreamCaptureUnsupported,
                            "stream 0 cannot be captured");
    if (s->capture)
        return call.refuses(cudaErrorIllegalState, "the stream is captured already");
    s->capture = std::make_shared<capture>();
    s->capture->origin = s;
    s->capture->mode = mode;
    s->capture->thread = self().number;
    s->capture->streams = {s};
    s->tail.clear();
    the().captures.push_back(s->capture.get());
    return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t handle, cudaGraph_t *out)
{
    EMULATED_CALL(A_DEVICE);
    stream *s = stream_of(handle);
    std::vector<capture *> &all = the().captures;

    *out = nullptr;
    if (!s)
        return call.refuses(cudaErrorInvalidResourceHandle, "there is no such stream");
    if (!s->capture)
        return call.refuses(cudaErrorIllegalState, "the stream is not captured");
    const std::shared_ptr<capture> c = s->capture;
    if (c->origin != s) {
        capture_invalidate(c.get());
        return call.refuses(cudaErrorStreamCaptureUnmatched,
                            "the capture began in another stream");
    }
    if (c->mode != cudaStreamCaptureModeRelaxed && c->thread != self().number)
        return call.refuses(cudaErrorStreamCaptureWrongThread,
                            "the capture began in another thread");
    const bool joined = is_joined(*c);
    for (stream *one : c->streams) {
        one->capture = nullptr;
        one->tail.clear();
    }
    all.erase(std::find(all.begin(), all.end(), c.get()));
    if (c->invalid)
        return call.ends(cudaErrorStreamCaptureInvalidated);
    if (!joined)
        return call.refuses(cudaErrorStreamCaptureUnjoined,
                            "a stream was forked off and never joined");
    graph *g = new graph{std::move(c->nodes)};
    graphs.push_back(g);
    *out = reinterpret_cast<cudaGraph_t>(g);
    return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t handle, cudaStreamCaptureStatus *out)
{
    EMULATED_CALL(A_DEVICE);
    const stream *s = stream_of(handle);

    if (!s)
        return call.refuses(cudaErrorInvalidResourceHandle, "there is no such stream");
    *out = !s->capture           ? cudaStreamCaptureStatusNone
           : s->capture->invalid ? cudaStreamCaptureStatusInvalidated
                                 : cudaStreamCaptureStatusActive;
    return cudaSuccess;
}

cudaError_t cudaThreadExchangeStreamCaptureMode(cudaStreamCaptureMode *mode)
{
    EMULATED_CALL(NO_DEVICE);
    std::swap(*mode, self().capture_mode);
    return cudaSuccess;
}

/* ---- graphs ---- */

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *out, cudaGraph_t handle,
                                 unsigned long long)
{
    EMULATED_CALL(A_DEVICE);
    const graph *g = known(graphs, handle);

    if (!g)
        return call.refuses(cudaErrorInvalidValue, "there is no such graph");
    execs.push_back(new graph(*g));
    *out = reinterpret_cast<cudaGraphExec_t>(execs.back());
    return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t handle, cudaStream_t stream_handle)
{
    EMULATED_CALL(A_DEVICE);
    const graph *g = known(execs, handle);
    stream *s = stream_of(stream_handle);
    item i = {};

    if (!g || !s)
        return call.refuses(cudaErrorInvalidResourceHandle, "there is no such %s",
                            g ? "stream" : "graph");
    if (s->capture)
        return call.refuses(cudaErrorNotSupported, "not emulated while captured");
    auto r = std::make_shared<run>();
    r->nodes = g->nodes;
    r->done.resize(g->nodes.size());
    r->began.resize(g->nodes.size());
    r->start.resize(g->nodes.size());
    const int number = s->number;
    i.name = __func__;
    i.work = [=] { return run_some(*r, number); };
    return call.ends(push(s, std::move(i)));
}

cudaError_t cudaGraphGetNodes(cudaGraph_t handle, cudaGraphNode_t *nodes, size_t *n)
{
    EMULATED_CALL(A_DEVICE);
    const graph *g = known(graphs, handle);

    if (!g)
        return call.refuses(cudaErrorInvalidValue, "there is no such graph");
    if (nodes)
        return call.refuses(cudaErrorNotSupported, "only the count is emulated");
    *n = g->nodes.size();
    return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t handle)
{
    EMULATED_CALL(A_DEVICE);
    if (!forget(graphs, handle))
        return call.refuses(cudaErrorInvalidValue, "there is no such graph");
    return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t handle)
{
    EMULATED_CALL(A_DEVICE);
    if (!forget(execs, handle))
        return call.refuses(cudaErrorInvalidValue, "there is no such graph");
    return cudaSuccess;
}

} // extern "C"
