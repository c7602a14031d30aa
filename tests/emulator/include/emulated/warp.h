/* What the lanes of a warp do together. */
#ifndef LKS_TESTS_EMULATOR_WARP_H
#define LKS_TESTS_EMULATOR_WARP_H

namespace emu
{
template <class T> inline uint64_t to_word(T value)
{
    uint64_t word = 0;

    static_assert(sizeof value <= sizeof word, "a shuffle moves 8 bytes at most");
    memcpy(&word, &value, sizeof value);
    return word;
}
template <class T> inline T from_word(uint64_t word)
{
    T value;

    memcpy(&value, &word, sizeof value);
    return value;
}

/* The value of lane `source`, or the own one where that is outside of the lane's group.
 */
template <class T> T shuffle(unsigned mask, T value, int source, int width, site at)
{
    const uint64_t *all = meet(SHUFFLE, mask, to_word(value), at);
    const int first = lane_of_thread() & ~(width - 1);

    if (source < first || source >= first + width)
        return value;
    if (!(mask >> source & 1))
        fail(cudaErrorLaunchFailure,
             "%s:%d: a shuffle reads lane %d, which mask %#x lacks", at.file, at.line,
             source, mask);
    return from_word<T>(all[source]);
}
inline int group_of_lane(int width)
{
    return lane_of_thread() & ~(width - 1);
}
/* N: lanes and distances are int or unsigned, as a kernel has them. */
template <class T, class N>
T shuffle_from(unsigned mask, T v, N source, int width, site at)
{
    const int lane = static_cast<int>(source) & (width - 1);

    return shuffle(mask, v, group_of_lane(width) + lane, width, at);
}
template <class T, class N> T shuffle_down(unsigned mask, T v, N by, int width, site at)
{
    return shuffle(mask, v, lane_of_thread() + static_cast<int>(by), width, at);
}
template <class T, class N> T shuffle_up(unsigned mask, T v, N by, int width, site at)
{
    return shuffle(mask, v, lane_of_thread() - static_cast<int>(by), width, at);
}
/* Lanes of earlier groups may be read, those of later ones may not. */
template <class T, class N> T shuffle_xor(unsigned mask, T v, N by, int width, site at)
{
    const int source = lane_of_thread() ^ static_cast<int>(by);
    const bool earlier = source < group_of_lane(width);

    return shuffle(mask, v, source, earlier ? warpSize : width, at);
}
inline unsigned ballot(unsigned mask, bool vote, site at)
{
    const uint64_t *all = meet(VOTE, mask, vote, at);
    unsigned bits = 0;

    for (int i = 0; i < warpSize; i++)
        if (mask >> i & 1 && all[i])
            bits |= 1u << i;
    return bits;
}
template <class T, class F> T reduce(unsigned mask, T value, F combine, site at)
{
    const uint64_t *all = meet(REDUCTION, mask, to_word(value), at);
    bool first = true;

    for (int i = 0; i < warpSize; i++)
        if (mask >> i & 1) {
            const T of_lane = from_word<T>(all[i]);

            value = first ? of_lane : combine(value, of_lane);
            first = false;
        }
    return value;
}
template <class T> unsigned match_any(unsigned mask, T value, site at)
{
    const uint64_t *all = meet(REDUCTION, mask, to_word(value), at);
    unsigned bits = 0;

    for (int i = 0; i < warpSize; i++)
        if (mask >> i & 1 && all[i] == to_word(value))
            bits |= 1u << i;
    return bits;
}
inline int width_or_all(int width = warpSize)
{
    return width;
}
inline unsigned mask_or_all(unsigned mask = ~0u)
{
    return mask;
}
} // namespace emu

/* Macros, for the line they stand in. */
#define EMULATED_SHUFFLE(kind, mask, v, lane, ...)                                       \
    emu::shuffle_##kind(mask, v, lane, emu::width_or_all(__VA_ARGS__), EMULATED_HERE)
#define __shfl_sync(mask, v, lane, ...)                                                  \
    EMULATED_SHUFFLE(from, mask, v, lane, ##__VA_ARGS__)
#define __shfl_down_sync(mask, v, by, ...)                                               \
    EMULATED_SHUFFLE(down, mask, v, by, ##__VA_ARGS__)
#define __shfl_up_sync(mask, v, by, ...) EMULATED_SHUFFLE(up, mask, v, by, ##__VA_ARGS__)
#define __shfl_xor_sync(mask, v, by, ...)                                                \
    EMULATED_SHUFFLE(xor, mask, v, by, ##__VA_ARGS__)
#define __syncwarp(...)                                                                  \
    ((void)emu::meet(emu::SYNCWARP, emu::mask_or_all(__VA_ARGS__), 0, EMULATED_HERE))
#define __ballot_sync(mask, vote) emu::ballot(mask, (vote) != 0, EMULATED_HERE)
#define __any_sync(mask, vote)    ((int)(emu::ballot(mask, (vote) != 0, EMULATED_HERE) != 0))
#define __all_sync(mask, vote)    ((int)(emu::ballot(mask, (vote) == 0, EMULATED_HERE) == 0))
#define __match_any_sync(mask, v) emu::match_any(mask, v, EMULATED_HERE)
#define EMULATED_REDUCE(mask, v, result)                                                 \
    emu::reduce(                                                                         \
        mask, v, [](auto a, auto b) -> decltype(a) { return result; }, EMULATED_HERE)
#define __reduce_add_sync(mask, v) EMULATED_REDUCE(mask, v, a + b)
#define __reduce_min_sync(mask, v) EMULATED_REDUCE(mask, v, a < b ? a : b)
#define __reduce_max_sync(mask, v) EMULATED_REDUCE(mask, v, a > b ? a : b)
#define __reduce_and_sync(mask, v) EMULATED_REDUCE(mask, v, a &b)
#define __reduce_or_sync(mask, v)  EMULATED_REDUCE(mask, v, a | b)
#define __reduce_xor_sync(mask, v) EMULATED_REDUCE(mask, v, a ^ b)

/* All lanes of the warp that the block has; of lanes that diverged more than may meet. */
#define __activemask() emu::active_mask()
namespace emu
{
unsigned active_mask();
}

#endif
