/* Captures: what is told to a stream becomes nodes of a graph, ordered by the stream and
 * by events. A stream joins by waiting for an event of the capture, and has to be joined.
 */
#include "state.h"

namespace emu
{
void capture_invalidate(capture *c)
{
    c->invalid = true;
}

/* A call that waits or allocates could meet what a capture has not run. Of all threads in
 * the global mode, of the capturing thread in its own. A negative `device`: stream 0 of
 * device -1 - `device` is used, which streams that keep its order would wait for. */
bool capture_forbids(const char *name, int device)
{
    bool forbidden = false;

    for (capture *c : the().captures) {
        const bool mine = c->thread == self().number;

        if (device < 0) {
            for (const stream *s : c->streams)
                forbidden |= s->blocking && s->device == -1 - device;
        } else if (self().capture_mode != cudaStreamCaptureModeRelaxed &&
                   ((c->mode == cudaStreamCaptureModeGlobal) ||
                    (c->mode == cudaStreamCaptureModeThreadLocal && mine))) {
            forbidden = true;
        }
        if (!forbidden)
            continue;
        tell("%s is not permitted while a stream is captured; the capture is invalid",
             name);
        capture_invalidate(c);
        return true;
    }
    return false;
}

cudaError_t capture_push(stream *s, item &&i)
{
    capture &c = *s->capture;

    if (c.invalid)
        return cudaErrorStreamCaptureInvalidated;
    c.nodes.push_back(node{std::move(i.name), std::move(i.work), s->device, i.always,
                           i.unlocked, s->tail});
    s->tail = {c.nodes.size() - 1};
    return cudaSuccess;
}
} // namespace emu
