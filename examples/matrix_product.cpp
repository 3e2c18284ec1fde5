// A hand-written matrix product among recorded maps, beside the same product as a recorded kernel.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <vector>

#include <busfare/busfare.hpp>

namespace bf = busfare;

namespace {

// Rows of the result, which a part holds whole; the inner loop runs along rows, so compilers vectorise it.
constexpr auto product_on_cpu = [](const bf::native_part& part, std::span<const float> a,
                                   std::span<const float> b, int depth, std::span<float> c) noexcept {
  const std::size_t columns = part.shape[1], k = static_cast<std::size_t>(depth);
  constexpr std::size_t block = 64;
  std::fill(c.begin(), c.end(), 0.0f);
  for (std::size_t from = 0; from < k; from += block) {
    for (std::size_t i = 0; i < part.count / columns; ++i) {
      const float* const left = a.data() + (part.first / columns + i) * k;
      float* const sums = c.data() + i * columns;
      for (std::size_t l = from; l < std::min(k, from + block); ++l)
        for (std::size_t j = 0; j < columns; ++j) sums[j] += left[l] * b[l * columns + j];
    }
  }
};

// Tiles of 16 x 16 elements, whose rows and columns a group brings to local memory together.
constexpr const char* product_in_opencl = R"(
__kernel void matrix_product(__global const float* a, long a_size, __global const float* b, long b_size, int depth,
                             __global float* c, ulong first, ulong count, ulong rows, ulong columns, ulong unused) {
  __local float left[16][16], right[16][16];
  const int x = get_local_id(0), y = get_local_id(1);
  const ulong column = get_global_id(0), row = get_global_id(1);
  float sum = 0;
  for (int at = 0; at < depth; at += 16) {
    left[y][x] = row < rows && at + x < depth ? a[row * depth + at + x] : 0;
    right[y][x] = column < columns && at + y < depth ? b[(at + y) * columns + column] : 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int l = 0; l < 16; ++l) sum += left[y][l] * right[l][x];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (row < rows && column < columns) c[row * columns + column] = sum;
})";
constexpr const char* product_in_cuda = R"(
extern "C" __global__ void matrix_product(const float* a, long long a_size, const float* b, long long b_size,
                                          int depth, float* c, unsigned long long first, unsigned long long count,
                                          unsigned long long rows, unsigned long long columns,
                                          unsigned long long unused) {
  __shared__ float left[16][16], right[16][16];
  const int x = threadIdx.x, y = threadIdx.y;
  const unsigned long long column = blockIdx.x * 16ull + x, row = blockIdx.y * 16ull + y;
  float sum = 0;
  for (int at = 0; at < depth; at += 16) {
    left[y][x] = row < rows && at + x < depth ? a[row * depth + at + x] : 0;
    right[y][x] = column < columns && at + y < depth ? b[(at + y) * columns + column] : 0;
    __syncthreads();
    for (int l = 0; l < 16; ++l) sum += left[y][l] * right[l][x];
    __syncthreads();
  }
  if (row < rows && column < columns) c[row * columns + column] = sum;
})";

bf::native_source product_source() {
  bf::native_source s;
  s.name = "matrix_product";
  s.opencl = product_in_opencl;
  s.cuda = product_in_cuda;
  s.tile = s.group = {16, 16};
  s.cost = [](const bf::native_job& job) noexcept {
    const double elements = static_cast<double>(job.shape.count());
    return bf::native_cost{2 * elements * job.numbers[0],
                           4 * (elements + static_cast<double>(job.sizes[0] + job.sizes[1]))};
  };
  return s;
}

// The same as a recorded kernel: shorter, with the same bits on all devices, and it knows nothing of caches.
constexpr auto one_element = [](auto i, auto j, auto a, auto b, auto depth, auto columns) {
  return bf::fold(depth, 0.0f, [=](auto sum, auto l) { return sum + a[i * depth + l] * b[l * columns + j]; });
};

}  // namespace

int main(int count, char** arguments) {
  try {
    const auto how = bf::on(count > 1 ? arguments[1] : "auto");
    const std::size_t n = count > 2 ? std::strtoul(arguments[2], nullptr, 10) : 300;
    if (n == 0 || n > 16384) {
      std::cerr << "matrix_product [DEVICE [N]]: N is 1 to 16384\n";
      return EXIT_FAILURE;
    }
    std::vector<float> left(n * n), right(n * n);
    for (std::size_t i = 0; i < n * n; ++i) {
      left[i] = static_cast<float>(i * 7 % 13) - 6;  // small integers: every order of sums is exact
      right[i] = static_cast<float>(i * 5 % 11) - 5;
    }
    const auto a = bf::copy_of(left, bf::extents(n, n)), b = bf::copy_of(right, bf::extents(n, n));
    const bf::native_kernel matrix_product(bf::results<float>, product_on_cpu, product_source());

    for (int round = 0; round < 3; ++round) {  // the first one builds
      const auto by_hand =
          bf::call(how, matrix_product, a.extents(), bf::whole(a), bf::whole(b), static_cast<int>(n));
      const auto recorded = bf::generate(how, a.extents(), one_element, bf::whole(a), bf::whole(b),
                                         static_cast<std::int64_t>(n), static_cast<std::int64_t>(n));
      const bf::receipt first = bf::run(by_hand), second = bf::run(recorded);
      const auto apart = bf::map(
          how, [](auto x, auto y) { return bf::abs(x - y); }, by_hand, recorded);
      const float difference = bf::reduce(how, bf::maximum, apart).value();
      std::cout << first.plan.device << ": by hand " << first.measured.kernel * 1e3 << " ms, recorded "
                << second.measured.kernel * 1e3 << " ms, they differ by " << difference << "\n";
      if (difference != 0) return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
  } catch (const bf::error& e) {
    std::cerr << e.what() << "\n";
    return EXIT_FAILURE;
  }
}
