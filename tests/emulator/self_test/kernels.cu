#include "kernels.h"

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_pipeline.h>
#include <cuda_runtime.h>

extern __shared__ __align__(16) unsigned char dynamic_shared[];

template <class... Params, class... Args>
static cudaError_t launch(void (*kernel)(Params...), dim3 grid, dim3 block,
                          size_t n_bytes, cudaStream_t stream, Args... args)
{
    cudaLaunchConfig_t config = {};

    config.gridDim = grid;
    config.blockDim = block;
    config.dynamicSmemBytes = n_bytes;
    config.stream = stream;
    return cudaLaunchKernelEx(&config, kernel, args...);
}

static __device__ __forceinline__ float sum_of_warp(float v)
{
    for (int by = warpSize / 2; by > 0; by /= 2)
        v += __shfl_down_sync(0xffffffffu, v, by);
    return v;
}

static __global__ void __launch_bounds__(256)
    sum_kernel(const float *__restrict__ x, size_t n, float *out)
{
    __shared__ float of_warp[8];
    float *of_thread = reinterpret_cast<float *>(dynamic_shared);
    const unsigned t = threadIdx.x;
    float v = 0;

    for (size_t i = blockIdx.x * blockDim.x + t; i < n; i += gridDim.x * blockDim.x)
        v += x[i];
    of_thread[t] = v;
    __syncthreads();
    v = sum_of_warp(of_thread[blockDim.x - 1 - t]);
    if (t % 32 == 0)
        of_warp[t / 32] = v;
    __syncthreads();
    if (t < 32) {
        v = sum_of_warp(t < blockDim.x / 32 ? of_warp[t] : 0.0f);
        if (t == 0)
            atomicAdd(out, v);
    }
}

static __global__ void add_kernel(size_t n, const float *x, float *y)
{
    for (size_t i = blockIdx.x * blockDim.x + threadIdx.x; i < n;
         i += gridDim.x * blockDim.x)
        y[i] += x[i];
}

static __global__ void add4_kernel(size_t n, const float4 *x, float4 *y)
{
    for (size_t i = blockIdx.x * blockDim.x + threadIdx.x; i < n;
         i += gridDim.x * blockDim.x) {
        const float4 a = __ldg(&x[i]), b = y[i];

        y[i] = make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w);
    }
}

static __global__ void fill_kernel(size_t n, float value, float *x)
{
    const size_t i = blockIdx.x * blockDim.x + threadIdx.x;

    if (i < n)
        x[i] = value;
}

enum { TILE = 16 };

static __device__ void bring(float *to, const float *from, bool inside)
{
    __pipeline_memcpy_async(to, from, sizeof *to, inside ? 0 : sizeof *to);
}

static __global__ void __launch_bounds__(TILE *TILE)
    product_kernel(int m, int n, int k, const float *a, const float *b, float *c)
{
    __shared__ float ta[2][TILE][TILE], tb[2][TILE][TILE];
    const int x = static_cast<int>(threadIdx.x), y = static_cast<int>(threadIdx.y);
    const int row = static_cast<int>(blockIdx.y) * TILE + y;
    const int column = static_cast<int>(blockIdx.x) * TILE + x;
    const int n_tiles = (k + TILE - 1) / TILE;
    float sum = 0;

    const auto fetch = [&](int tile) {
        const int ka = tile * TILE + x, kb = tile * TILE + y;
        const bool in_a = row < m && ka < k, in_b = column < n && kb < k;

        if (tile < n_tiles) {
            bring(&ta[tile % 2][y][x], in_a ? &a[row * k + ka] : a, in_a);
            bring(&tb[tile % 2][y][x], in_b ? &b[kb * n + column] : b, in_b);
        }
        __pipeline_commit();
    };

    fetch(0);
    for (int tile = 0; tile < n_tiles; tile++) {
        fetch(tile + 1);
        __pipeline_wait_prior(1);
        __syncthreads();
        for (int i = 0; i < TILE; i++)
            sum = fmaf(ta[tile % 2][y][i], tb[tile % 2][i][x], sum);
        __syncthreads();
    }
    if (row < m && column < n)
        c[row * n + column] = sum;
}

template <class T>
static __global__ void scale_kernel(size_t n, const T *x, float by, T *y)
{
    const size_t i = blockIdx.x * blockDim.x + threadIdx.x;

    if (i < n)
        y[i] = T(static_cast<float>(x[i]) * by);
}

static __global__ void warp_kernel(int *out)
{
    const int lane = static_cast<int>(threadIdx.x);
    const unsigned all = 0xffffffffu, odd = 0xaaaaaaaau;

    out[lane] = __shfl_sync(all, lane * 10, 5);
    out[32 + lane] = __shfl_up_sync(all, lane, 1);
    out[64 + lane] = __shfl_down_sync(all, lane, 2, 8);
    out[96 + lane] = __shfl_xor_sync(all, lane, 16);
    out[128 + lane] = static_cast<int>(__ballot_sync(all, lane < 3));
    out[160 + lane] = __any_sync(all, lane == 31) + 2 * __all_sync(all, lane < 31);
    out[192 + lane] = __reduce_add_sync(all, lane);
    out[224 + lane] =
        static_cast<int>(__reduce_max_sync(all, static_cast<unsigned>(lane)));
    out[256 + lane] = 0;
    if (lane % 2)
        out[256 + lane] = __shfl_sync(odd, lane, 3);
    __syncwarp();
    out[288 + lane] = static_cast<int>(__match_any_sync(all, lane / 16));
}

static __global__ void atomics_kernel(int *out)
{
    const int t = static_cast<int>(threadIdx.x);

    atomicMax(&out[0], t * 7 % 100);
    atomicMin(&out[1], -t);
    atomicCAS(&out[2], 0, 42);
    atomicExch(&out[3], 7);
    const int n_even = __syncthreads_count(t % 2 == 0);
    const int any = __syncthreads_or(t == 99), all = __syncthreads_and(t < 99);
    if (t == 0) {
        out[4] = n_even;
        out[5] = any;
        out[6] = all;
    }
}

static __global__ void dynamic_kernel(int *x, size_t n_bytes)
{
    dynamic_shared[n_bytes - 1] = 77;
    *x = dynamic_shared[n_bytes - 1];
}

static __global__ void order_kernel(unsigned *counter, unsigned *out)
{
    out[atomicAdd(counter, 1u)] = blockIdx.x;
}

static __global__ void empty_kernel()
{
}

cudaError_t run_sum(const float *x, size_t n, float *out, cudaStream_t stream)
{
    return launch(sum_kernel, dim3(5), dim3(256), 256 * sizeof(float), stream, x, n, out);
}

cudaError_t run_add(size_t n, const float *x, float *y, cudaStream_t stream)
{
    return launch(add_kernel, dim3(4), dim3(256), 0, stream, n, x, y);
}

cudaError_t run_add4(size_t n, const float *x, float *y, cudaStream_t stream)
{
    return launch(add4_kernel, dim3(4), dim3(256), 0, stream, n / 4,
                  reinterpret_cast<const float4 *>(x), reinterpret_cast<float4 *>(y));
}

cudaError_t run_fill(size_t n, float value, float *x, cudaStream_t stream)
{
    return launch(fill_kernel, dim3(static_cast<unsigned>((n + 255) / 256)), dim3(256), 0,
                  stream, n, value, x);
}

cudaError_t run_product(int m, int n, int k, const float *a, const float *b, float *c,
                        cudaStream_t stream)
{
    const dim3 grid(static_cast<unsigned>((n + TILE - 1) / TILE),
                    static_cast<unsigned>((m + TILE - 1) / TILE));

    return launch(product_kernel, grid, dim3(TILE, TILE), 0, stream, m, n, k, a, b, c);
}

cudaError_t run_scale(size_t n, const void *x, float by, void *y, bool is_half,
                      cudaStream_t stream)
{
    const dim3 grid(static_cast<unsigned>((n + 63) / 64));

    if (is_half)
        return launch(scale_kernel<__half>, grid, dim3(64), 0, stream, n,
                      static_cast<const __half *>(x), by, static_cast<__half *>(y));
    return launch(scale_kernel<__nv_bfloat16>, grid, dim3(64), 0, stream, n,
                  static_cast<const __nv_bfloat16 *>(x), by,
                  static_cast<__nv_bfloat16 *>(y));
}

cudaError_t run_warp(int *out, cudaStream_t stream)
{
    return launch(warp_kernel, dim3(1), dim3(32), 0, stream, out);
}

cudaError_t run_atomics(int *out, cudaStream_t stream)
{
    return launch(atomics_kernel, dim3(1), dim3(100), 0, stream, out);
}

cudaError_t run_dynamic(int *x, size_t n_bytes, bool raise_limit, cudaStream_t stream)
{
    if (raise_limit) {
        const cudaError_t error = cudaFuncSetAttribute(
            dynamic_kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
            static_cast<int>(n_bytes));
        if (error != cudaSuccess)
            return error;
    }
    return launch(dynamic_kernel, dim3(1), dim3(1), n_bytes, stream, x, n_bytes);
}

cudaError_t run_order(unsigned *counter, unsigned *out, unsigned n_blocks,
                      cudaStream_t stream)
{
    return launch(order_kernel, dim3(n_blocks), dim3(1), 0, stream, counter, out);
}

cudaError_t run_empty(unsigned grid_x, unsigned grid_y, unsigned block_x,
                      unsigned block_z, cudaStream_t stream)
{
    return launch(empty_kernel, dim3(grid_x, grid_y), dim3(block_x, 1, block_z), 0,
                  stream);
}

void store_from_the_host(float *x)
{
    x[3] = 1;
}
