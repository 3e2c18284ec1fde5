// The units that hold the rows' kernels: each appends its share to the list.
#pragma once

#include <vector>

#include "accuracy/accuracy.hpp"

namespace busfare::accuracy {

void add_f32_1(std::vector<row>& list);
void add_f32_2(std::vector<row>& list);
void add_f32_3(std::vector<row>& list);
void add_f64_1(std::vector<row>& list);
void add_f64_2(std::vector<row>& list);
void add_f64_3(std::vector<row>& list);
void add_i32(std::vector<row>& list);
void add_i64(std::vector<row>& list);
void add_u32(std::vector<row>& list);
void add_u64(std::vector<row>& list);

}  // namespace busfare::accuracy
