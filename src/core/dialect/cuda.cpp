// CUDA C, for NVRTC with --fmad=false --prec-div=true --prec-sqrt=true --ftz=false; where a text is fast the
// first three are turned round.
#include "core/dialect/dialect.hpp"

namespace busfare::core {

constinit const dialect_spec cuda_dialect = {
    .name = "cuda",
    .head = "",
    .fast_head = "",
    .f64_head = "",
    .values = {"float", "double", "int", "unsigned int", "long long", "unsigned long long", "int"},
    .unsigned_values = {"", "", "unsigned int", "unsigned int", "unsigned long long", "unsigned long long",
                        "unsigned int"},
    .stored = {"float", "double", "int", "unsigned int", "long long", "unsigned long long", "unsigned char",
               "signed char", "unsigned short", "short", "unsigned short"},
    .function = "static __device__ __forceinline__ ",
    .kernel = "extern \"C\" __global__ void ",
    .global = "",
    .restrict_pointer = " __restrict__",
    .i64_suffix = "LL",
    .u64_suffix = "ULL",
    .i32_of_f32 = "__float_as_int",
    .f32_of_i32 = "__int_as_float",
    .i64_of_f64 = "__double_as_longlong",
    .f64_of_i64 = "__longlong_as_double",
    .map_begin =
        "  const unsigned long long step = gridDim.x * (unsigned long long)blockDim.x;\n"
        "  for (unsigned long long e = blockIdx.x * (unsigned long long)blockDim.x + threadIdx.x; "
        "e < count; e += step) {\n"
        "    const unsigned long long i = first + e;\n",
    .map_end = "  }\n",
    .lane = "threadIdx.x",
    .group = "blockIdx.x",
    .shared = "__shared__ ",
    .barrier = "__syncthreads();",
    .group_size = "__launch_bounds__($L) ",
    .item_per_block = false,
    .wide_maps = true,
};

}  // namespace busfare::core
