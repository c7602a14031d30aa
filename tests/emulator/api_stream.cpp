/* The runtime's functions on streams and events. */
#include "memory.h"
#include "state.h"

#include <algorithm>

using namespace emu;

static event *event_of(cudaEvent_t handle)
{
    for (event *one : the().events)
        if (one == reinterpret_cast<event *>(handle))
            return one;
    return nullptr;
}

/* What a waiting call may not do to a captured stream. */
static cudaError_t refuse_capturing(call &call, stream *s)
{
    capture_invalidate(s->capture.get());
    return call.refuses(cudaErrorStreamCaptureUnsupported,
                        "the stream is captured; the capture is invalid");
}

static cudaError_t create(call &call, cudaStream_t *out, unsigned flags, int priority)
{
    if (flags & ~static_cast<unsigned>(cudaStreamNonBlocking))
        return call.ends(cudaErrorInvalidValue);
    *out = reinterpret_cast<cudaStream_t>(create_stream(self().device, flags, priority));
    return cudaSuccess;
}

extern "C" {

cudaError_t cudaStreamCreate(cudaStream_t *out)
{
    EMULATED_CALL(A_DEVICE);
    return create(call, out, cudaStreamDefault, 0);
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *out, unsigned flags)
{
    EMULATED_CALL(A_DEVICE);
    return create(call, out, flags, 0);
}

cudaError_t cudaStreamCreateWithPriority(cudaStream_t *out, unsigned flags, int priority)
{
    EMULATED_CALL(A_DEVICE);
    return create(call, out, flags, priority);
}

cudaError_t cudaStreamGetDevice(cudaStream_t handle, int *index)
{
    EMULATED_CALL(A_DEVICE);
    const stream *s = stream_of(handle);

    if (!s)
        return call.refuses(cudaErrorInvalidResourceHandle, "there is no such stream");
    *index = s->device;
    return cudaSuccess;
}

/* What is queued still runs. */
cudaError_t cudaStreamDestroy(cudaStream_t handle)
{
    EMULATED_CALL(A_DEVICE);
    stream *s = handle ? stream_of(handle) : nullptr;

    if (!s || s == the().devices[s->device].null_stream)
        return call.refuses(cudaErrorInvalidResourceHandle, "there is no such stream");
    if (s->capture)
        return refuse_capturing(call, s);
    s->destroyed = true;
    item last = make_item(__func__, [] {}); /* whose end is the stream's */
    last.always = true;
    return call.ends(push(s, std::move(last)));
}

cudaError_t cudaStreamSynchronize(cudaStream_t handle)
{
    EMULATED_CALL(NO_CAPTURE);
    stream *s = stream_of(handle);

    if (!s)
        return call.refuses(cudaErrorInvalidResourceHandle, "there is no such stream");
    if (s->capture)
        return refuse_capturing(call, s);
    const int index = s->device;
    drain_stream(s);
    return call.ends(the().devices[index].sticky);
}

cudaError_t cudaStreamQuery(cudaStream_t handle)
{
    EMULATED_CALL(NO_CAPTURE);
    stream *s = stream_of(handle);

    if (!s)
        return call.refuses(cudaErrorInvalidResourceHandle, "there is no such stream");
    if (s->capture)
        return refuse_capturing(call, s);
    make_progress();
    const cudaError_t sticky = the().devices[s->device].sticky;
    if (sticky != cudaSuccess)
        return call.ends(sticky);
    return call.ends(s->queue.empty() ? cudaSuccess : cudaErrorNotReady);
}

cudaError_t cudaLaunchHostFunc(cudaStream_t handle, cudaHostFn_t host, void *data)
{
    EMULATED_CALL(A_DEVICE);
    stream *s = stream_of(handle);
    item i = make_item(__func__, [=] { host(data); });

    if (!s)
        return call.refuses(cudaErrorInvalidResourceHandle, "there is no such stream");
    i.unlocked = true;
    return call.ends(push(s, std::move(i)));
}

/* ---- events ---- */

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *out, unsigned flags)
{
    EMULATED_CALL(A_DEVICE);
    event *e = new event{self().device, flags, nullptr};

    the().events.push_back(e);
    *out = reinterpret_cast<cudaEvent_t>(e);
    return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t *out)
{
    EMULATED_CALL(A_DEVICE);
    event *e = new event{self().device, cudaEventDefault, nullptr};

    the().events.push_back(e);
    *out = reinterpret_cast<cudaEvent_t>(e);
    return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t handle)
{
    EMULATED_CALL(A_DEVICE);
    std::vector<event *> &all = the().events;
    event *e = event_of(handle);

    if (!e)
        return call.refuses(cudaErrorInvalidResourceHandle, "there is no such event");
    all.erase(std::find(all.begin(), all.end(), e));
    delete e; /* who waits for its last record has that */
    return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t handle, cudaStream_t stream_handle)
{
    EMULATED_CALL(A_DEVICE);
    event *e = event_of(handle);
    stream *s = stream_of(stream_handle);

    if (!e || !s)
        return call.refuses(cudaErrorInvalidResourceHandle, "there is no such %s",
                            e ? "stream" : "event");
    if (e->device != s->device)
        return call.refuses(cudaErrorInvalidResourceHandle,
                            "an event of device %d in a stream of device %d", e->device,
                            s->device);
    auto record = std::make_shared<mark>();
    record->in = s;
    if (s->capture) {
        if (s->capture->invalid)
            return call.ends(cudaErrorStreamCaptureInvalidated);
        record->captured = s->capture;
        record->after = s->tail;
        e->last = record;
        return cudaSuccess;
    }
    item i = make_item(__func__, [=] {
        record->reached = true;
        record->time_ms = now_ms();
    });
    i.always = true;
    const cudaError_t error = push(s, std::move(i));
    if (error == cudaSuccess)
        e->last = record;
    return call.ends(error);
}

/* The stream becomes a part of the capture that the event was recorded in. */
static cudaError_t join(call &call, stream *s, const mark &m)
{
    const std::vector<capture *> &all = the().captures;

    if (std::find(all.begin(), all.end(), m.captured.get()) == all.end())
        return call.refuses(cudaErrorCapturedEvent,
                            "the event was recorded in a capture that is over");
    if (m.captured->invalid)
        return call.ends(cudaErrorStreamCaptureInvalidated);
    if (s->capture && s->capture != m.captured) {
        capture_invalidate(s->capture.get());
        capture_invalidate(m.captured.get());
        return call.refuses(cudaErrorStreamCaptureMerge,
                            "the event was recorded in another capture");
    }
    if (!s->capture) {
        s->capture = m.captured;
        s->tail.clear();
        s->capture->streams.push_back(s);
    }
    for (size_t n : m.after)
        if (std::find(s->tail.begin(), s->tail.end(), n) == s->tail.end())
            s->tail.push_back(n);
    return cudaSuccess;
}

/* What was recorded until now, whatever is recorded later. */
cudaError_t cudaStreamWaitEvent(cudaStream_t stream_handle, cudaEvent_t handle, unsigned)
{
    EMULATED_CALL(A_DEVICE);
    event *e = event_of(handle);
    stream *s = stream_of(stream_handle);

    if (!e || !s)
        return call.refuses(cudaErrorInvalidResourceHandle, "there is no such %s",
                            e ? "stream" : "event");
    const std::shared_ptr<mark> record = e->last;
    if (!record)
        return cudaSuccess;
    if (record->captured)
        return join(call, s, *record);
    if (s->capture) {
        capture_invalidate(s->capture.get());
        return call.refuses(
            cudaErrorStreamCaptureIsolation,
            "a captured stream waits for an event outside of the capture");
    }
    item i = {};
    i.name = __func__;
    i.always = true;
    i.work = [=] { return record->reached ? DONE : WAITS; };
    return call.ends(push(s, std::move(i)));
}

static cudaError_t check_event(call &call, const event *e)
{
    if (!e)
        return call.refuses(cudaErrorInvalidResourceHandle, "there is no such event");
    if (e->last && e->last->captured) {
        capture_invalidate(e->last->captured.get());
        return call.refuses(cudaErrorCapturedEvent,
                            "the event was recorded in a capture");
    }
    return cudaSuccess;
}

cudaError_t cudaEventQuery(cudaEvent_t handle)
{
    EMULATED_CALL(NO_CAPTURE);
    event *e = event_of(handle);

    if (cudaError_t error = check_event(call, e))
        return error;
    const std::shared_ptr<mark> record = e->last;
    const int index = e->device;
    if (!record)
        return cudaSuccess;
    make_progress();
    if (the().devices[index].sticky != cudaSuccess)
        return call.ends(the().devices[index].sticky);
    return call.ends(record->reached ? cudaSuccess : cudaErrorNotReady);
}

cudaError_t cudaEventSynchronize(cudaEvent_t handle)
{
    EMULATED_CALL(NO_CAPTURE);
    event *e = event_of(handle);

    if (cudaError_t error = check_event(call, e))
        return error;
    const std::shared_ptr<mark> record = e->last;
    const int index = e->device;
    if (!record)
        return cudaSuccess;
    the().n_host_waits++;
    run_until([=] { return record->reached; }, record->in);
    return call.ends(the().devices[index].sticky);
}

cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t start, cudaEvent_t end)
{
    EMULATED_CALL(A_DEVICE);
    const event *of[2] = {event_of(start), event_of(end)};

    for (const event *e : of) {
        if (cudaError_t error = check_event(call, e))
            return error;
        if (!e->last || e->flags & cudaEventDisableTiming)
            return call.refuses(cudaErrorInvalidResourceHandle, "an event %s",
                                e->last ? "without timing" : "that was not recorded");
    }
    if (!of[0]->last->reached || !of[1]->last->reached)
        return call.ends(cudaErrorNotReady);
    *ms = static_cast<float>(of[1]->last->time_ms - of[0]->last->time_ms);
    return cudaSuccess;
}

} // extern "C"
