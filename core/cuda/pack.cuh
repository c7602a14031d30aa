/* Inside the CUDA device: N neighbouring elements moved at once where they can be. */
#ifndef LKS_CUDA_PACK_CUH
#define LKS_CUDA_PACK_CUH

#include "cuda/launch.cuh"

namespace tile
{
template <int N, class T> static __device__ void read_pack(const T *from, T (&to)[N])
{
    const lks_cuda_pack<T, N> all = *(const lks_cuda_pack<T, N> *)from;

#pragma unroll
    for (int i = 0; i < N; i++)
        to[i] = all.items[i];
}

template <int N, class T> static __device__ void write_pack(T *to, const T (&from)[N])
{
    lks_cuda_pack<T, N> all;

#pragma unroll
    for (int i = 0; i < N; i++)
        all.items[i] = from[i];
    *(lks_cuda_pack<T, N> *)to = all;
}

/* Whether N elements, `room` of which are there, are a pack. */
template <int N, class T>
static __device__ bool is_pack(const T *at, int64_t step, int room)
{
    return step == 1 && room >= N && (uintptr_t)at % sizeof(lks_cuda_pack<T, N>) == 0;
}

/* What of N elements is not there is 0. */
template <int N, class T>
static __device__ void read(const T *from, int64_t step, int room, T (&to)[N])
{
    if (is_pack<N>(from, step, room))
        return read_pack(from, to);
#pragma unroll
    for (int i = 0; i < N; i++)
        to[i] = i < room ? from[i * step] : 0;
}

template <int N, class T>
static __device__ void write(T *to, int64_t step, int room, const T (&from)[N])
{
    if (is_pack<N>(to, step, room))
        return write_pack(to, from);
#pragma unroll
    for (int i = 0; i < N; i++)
        if (i < room)
            to[i * step] = from[i];
}
} // namespace tile

#endif
