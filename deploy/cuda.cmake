# How core/cuda is built: sets LKS_CUDA_LANGUAGE (empty: not at all) and the target lks_cuda_runtime, which has
# CUDA's headers and runtime.
#   AUTO      nvcc where it is found, else not at all
#   ON        nvcc, or an error
#   EMULATED  the same files by the C++ compiler, for tests/emulator, which runs them on the CPU; needs CUDA's headers
set(LKS_CUDA_LANGUAGE)
if(LKS_CUDA STREQUAL AUTO AND (LKS_SANITIZE OR LKS_LIBRARY_ONLY))
  return() # neither knows what to do with a GPU
endif()

if(LKS_CUDA STREQUAL EMULATED)
  find_path(LKS_CUDA_INCLUDE cuda_runtime.h PATHS /usr/local/cuda/include ENV CUDA_HOME PATH_SUFFIXES include)
  if(NOT LKS_CUDA_INCLUDE)
    message(FATAL_ERROR "LKS_CUDA=EMULATED needs the headers of the CUDA Toolkit: set LKS_CUDA_INCLUDE to their folder")
  endif()
  enable_language(CXX)
  set(LKS_CUDA_LANGUAGE CXX)
  add_library(lks_cuda_runtime INTERFACE)
  add_subdirectory(tests/emulator)
  target_link_libraries(lks_cuda_runtime INTERFACE lks_cuda_emulated lks_emulator)
elseif(LKS_CUDA MATCHES "^(AUTO|ON)$")
  include(CheckLanguage)
  check_language(CUDA)
  if(NOT CMAKE_CUDA_COMPILER)
    if(LKS_CUDA STREQUAL ON)
      message(FATAL_ERROR "LKS_CUDA=ON, but nvcc is not found: deploy/install_packages --cuda installs it, or set CMAKE_CUDA_COMPILER")
    endif()
    return()
  endif()
  if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES) # machine code for what CUDA 13 knows, and what comes compiles the last
    set(CMAKE_CUDA_ARCHITECTURES 75-real 80-real 86-real 89-real 90-real 100-real 120)
  endif()
  enable_language(CUDA)
  find_package(CUDAToolkit REQUIRED)
  set(LKS_CUDA_LANGUAGE CUDA)
  add_library(lks_cuda_runtime INTERFACE)
  target_link_libraries(lks_cuda_runtime INTERFACE CUDA::cudart_static)
elseif(NOT LKS_CUDA MATCHES "^(OFF|0|NO|FALSE)$")
  message(FATAL_ERROR "LKS_CUDA is \"${LKS_CUDA}\": it can be AUTO, ON, EMULATED or OFF")
endif()
