/* Small functions that every compiler of a device takes, C, C++ and CUDA, and inlines. */
#ifndef LKS_BASE_INLINE_H
#define LKS_BASE_INLINE_H

#if defined(__CUDACC__)
#define LKS_INLINE static __host__ __device__ __forceinline__
#else
#define LKS_INLINE static inline __attribute__((always_inline, unused))
#endif

#endif
