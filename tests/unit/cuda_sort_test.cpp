// The library that nvcc builds loads without a driver, and without a GPU it refuses in words.
#include <gtest/gtest.h>

#if __has_include(<cuda.h>)
#include "cuda/platform.hpp"
#include "cuda/sort.hpp"

namespace {

using namespace busfare;

TEST(cuda_sort, loads_and_refuses_without_a_gpu) {
  if (!cuda::sorting_problem().empty()) GTEST_SKIP() << cuda::sorting_problem();
  const cuda::wall w("cuda:0");
  for (const type stored_only : {type::u8, type::i8, type::u16, type::i16, type::f16}) {
    try {
      cuda::sort_scratch_bytes(w, stored_only, 100);
      ADD_FAILURE() << name_of(stored_only);
    } catch (const error& e) {
      EXPECT_EQ(e.kind(), error_class::invalid_argument) << e.what();
    }
  }
  if (cuda::find_devices().devices.empty()) {
    for (const type t : {type::f32, type::f64, type::i32, type::u32, type::i64, type::u64}) {
      try {
        cuda::sort_scratch_bytes(w, t, 1000);
        ADD_FAILURE() << name_of(t);
      } catch (const error& e) {
        EXPECT_EQ(e.kind(), error_class::unavailable) << e.what();
        EXPECT_FALSE(e.where().hint.empty());
        EXPECT_NE(e.where().native_code, 0);
      }
    }
    EXPECT_FALSE(w.is_lost());
  }
  EXPECT_THROW(cuda::sort_keys(w, type::f32, 0, 0, 10, 0, 0, nullptr), error);
}

TEST(cuda_sort, a_missing_library_says_where_it_was_looked_for) {
  if (cuda::sorting_problem().empty()) GTEST_SKIP() << "it is here";
  EXPECT_NE(cuda::sorting_problem().find("busfare_cuda_thrust.so"), std::string::npos);
  try {
    cuda::sort_scratch_bytes(cuda::wall("cuda:0"), type::f32, 10);
    FAIL();
  } catch (const error& e) {
    EXPECT_EQ(e.kind(), error_class::unavailable);
    EXPECT_FALSE(e.where().hint.empty());
  }
}

}  // namespace
#endif
