// What distinguishes one kernel language from another.
#pragma once

#include <string_view>

#include <busfare/program.hpp>

namespace busfare::core {

/// Spellings only; everything that has a meaning is written once, in helpers.cpp and the emitters.
struct dialect_spec {
  std::string_view name;
  const char* head;                ///< first lines of every source
  const char* fast_head;           ///< the same where contraction is allowed
  const char* f64_head;            ///< added where f64 is used
  const char* values[7];           ///< C name of each value type
  const char* unsigned_values[7];  ///< of the integers
  const char* stored[11];          ///< C name of each stored type; f16 is held by 16 bits
  const char* function;            ///< before a helper function
  const char* kernel;              ///< before the entry
  const char* global;              ///< before a pointer's type
  const char* restrict_pointer;    ///< after the star of a table that nothing writes
  const char* i64_suffix;
  const char* u64_suffix;
  const char* i32_of_f32;  ///< functions that keep the bits
  const char* f32_of_i32;
  const char* i64_of_f64;
  const char* f64_of_i64;
  const char* map_begin;  ///< from the entry's brace to the statements; defines i, the element's index
  const char* map_end;
  const char* lane;  ///< folds by groups: index of the item in its group, of the group
  const char* group;
  const char* shared;  ///< before an array that a group shares
  const char* barrier;
  const char* group_size;  ///< attribute that fixes the group's size; "$L" is the lanes
  bool item_per_block;     ///< folds: one work item does a block of the tree, without a group
  bool wide_maps;          ///< maps: a work item may compute neighbours, moved by one access
  bool natives = false;    ///< floats are spelled by the table's column `fast` where it has a word
};

extern const dialect_spec opencl_cpu_dialect, opencl_gpu_dialect, cuda_dialect;

/// "opencl-cpu", "opencl-gpu" or "cuda". Throws internal for other names.
const dialect_spec& dialect_named(std::string_view name);

}  // namespace busfare::core
