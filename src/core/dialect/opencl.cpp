// OpenCL C 1.2, as CPUs and as GPUs like it.
#include <string>

#include <busfare/error.hpp>

#include "core/dialect/dialect.hpp"

namespace busfare::core {

namespace {

constexpr dialect_spec opencl(std::string_view name, bool item_per_block) {
  return {
      .name = name,
      .head = "#pragma OPENCL FP_CONTRACT OFF\n",
      .fast_head = "#pragma OPENCL FP_CONTRACT ON\n",
      .f64_head = "#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n",
      .values = {"float", "double", "int", "uint", "long", "ulong", "int"},
      .unsigned_values = {"", "", "uint", "uint", "ulong", "ulong", "uint"},
      .stored = {"float", "double", "int", "uint", "long", "ulong", "uchar", "char", "ushort", "short",
                 "ushort"},
      .function = "static ",
      .kernel = "__kernel void ",
      .global = "__global ",
      .restrict_pointer = " restrict",
      .i64_suffix = "L",
      .u64_suffix = "UL",
      .i32_of_f32 = "as_int",
      .f32_of_i32 = "as_float",
      .i64_of_f64 = "as_long",
      .f64_of_i64 = "as_double",
      .map_begin =
          "  const ulong e = get_global_id(0);\n"
          "  if (e >= count) return;\n"
          "  const ulong i = first + e;\n",
      .map_end = "",
      .lane = "get_local_id(0)",
      .group = "get_group_id(0)",
      .shared = "__local ",
      .barrier = "barrier(CLK_LOCAL_MEM_FENCE);",
      .group_size = "__attribute__((reqd_work_group_size($L, 1, 1))) ",
      .item_per_block = item_per_block,
      .wide_maps = false,
  };
}

}  // namespace

constinit const dialect_spec opencl_cpu_dialect = opencl("opencl-cpu", true);
constinit const dialect_spec opencl_gpu_dialect = opencl("opencl-gpu", false);

const dialect_spec& dialect_named(std::string_view name) {
  for (const dialect_spec* d : {&opencl_cpu_dialect, &opencl_gpu_dialect, &cuda_dialect})
    if (d->name == name) return *d;
  throw error(error_class::internal, "no code is generated in a dialect named " + std::string(name));
}

}  // namespace busfare::core
