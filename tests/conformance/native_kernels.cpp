// Hand-written kernels among recorded ones: every device gets its own form and the same arguments.
#include <algorithm>
#include <string>

#include "conformance/largest.hpp"
#include "support/hard_values.hpp"
#include "support/trial.hpp"

namespace conformance {
namespace {

using part = bf::native_part;

constexpr auto moved_bytes = [](const bf::native_job& job) noexcept {
  return bf::native_cost{static_cast<double>(job.shape.count()),
                         16.0 * static_cast<double>(job.shape.count())};
};

// Two arrays, two numbers and two results of different types; one work item per element.
const bf::native_kernel split(
    bf::results<std::int32_t, std::uint8_t>,
    [](const part&, std::span<const std::int32_t> x, std::span<const std::int16_t> y, std::int32_t by,
       std::uint64_t bit, std::span<std::int32_t> product, std::span<std::uint8_t> odd) noexcept {
      for (std::size_t i = 0; i < product.size(); ++i) {
        product[i] =
            static_cast<std::int32_t>(static_cast<std::uint32_t>(x[i]) * static_cast<std::uint32_t>(by) +
                                      static_cast<std::uint32_t>(y[i]));
        odd[i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(product[i]) >> bit & 1);
      }
    },
    {.name = "split",
     .opencl = R"(
__kernel void split(__global const int* x, __global const short* y, int by, ulong bit, __global int* product,
                    __global uchar* odd, ulong first, ulong count, ulong n0, ulong n1, ulong n2) {
  const ulong i = get_global_id(0);
  if (i >= count) return;
  product[i] = (int)((uint)x[i] * (uint)by + (uint)y[i]);
  odd[i] = (uchar)((ulong)(long)product[i] >> bit & 1);
})",
     .cuda = R"(
extern "C" __global__ void split(const int* x, const short* y, int by, unsigned long long bit, int* product,
                                 unsigned char* odd, unsigned long long first, unsigned long long count,
                                 unsigned long long n0, unsigned long long n1, unsigned long long n2) {
  const unsigned long long step = (unsigned long long)gridDim.x * blockDim.x;
  for (unsigned long long i = (unsigned long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += step) {
    product[i] = (int)((unsigned)x[i] * (unsigned)by + (unsigned)y[i]);
    odd[i] = (unsigned char)((unsigned long long)(long long)product[i] >> bit & 1);
  }
})",
     .cost = moved_bytes});

struct plus_one {
  auto operator()(auto x) const { return x + 1; }
};
struct as_i32 {
  auto operator()(auto x) const { return bf::cast<std::int32_t>(x); }
};

BUSFARE_CASE(native_kernels_among_maps) {
  for (const std::size_t n : {1, 5, 255, 1025, 70001}) {
    if (n > largest()) continue;
    const auto x = bf::copy_of(busfare_test::random_values<std::int32_t>(seed() + n, n));
    const auto y = bf::copy_of(busfare_test::random_values<std::int16_t>(seed() + n + 1, n));
    const auto before = bf::map(t.how, plus_one{}, x);
    const auto [product, odd] = bf::call(t.how, split, before.extents(), before, y, -7, std::uint64_t{3});
    const auto after = bf::map(t.how, plus_one{}, product);
    const auto count = bf::sum(t.how, bf::map(t.how, as_i32{}, odd));
    std::vector<std::int32_t> want_after;
    std::vector<std::uint8_t> want_odd;
    std::int32_t want_count = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const auto from = static_cast<std::uint32_t>(x.host()[i]) + 1u;
      const auto made = static_cast<std::int32_t>(from * static_cast<std::uint32_t>(-7) +
                                                  static_cast<std::uint32_t>(y.host()[i]));
      want_after.push_back(static_cast<std::int32_t>(static_cast<std::uint32_t>(made) + 1u));
      want_odd.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(std::int64_t{made}) >> 3 & 1));
      want_count += want_odd.back();
    }
    const bf::receipt r = bf::run(after, count);
    const auto names_it = [](const bf::plan_step& s) { return s.what == "split"; };
    t.check("one step of its own", std::count_if(r.plan.steps.begin(), r.plan.steps.end(), names_it) == 1 &&
                                       r.plan.steps.size() >= 3);
    t.same("after", after, want_after);
    t.same("odd", odd, want_odd);
    t.same("count", count, std::vector<std::int32_t>{want_count});
  }
}

// A product of matrices by tiles in local memory, of sizes that no tile divides: groups of two dimensions,
// whole arrays of other sizes than the result, barriers.
constexpr auto product_cost = [](const bf::native_job& job) noexcept {
  const double m = static_cast<double>(job.shape[0]), n = static_cast<double>(job.shape[1]);
  return bf::native_cost{2 * m * n * job.numbers[0],
                         4 * (m * n + static_cast<double>(job.sizes[0] + job.sizes[1]))};
};
const bf::native_kernel product_of(bf::results<std::int32_t>,
                                   [](const part& p, std::span<const std::int32_t> a,
                                      std::span<const std::int32_t> b, std::int32_t k,
                                      std::span<std::int32_t> c) noexcept {
                                     for (std::size_t i = 0; i < c.size(); ++i) {
                                       const std::size_t row = (p.first + i) / p.shape[1],
                                                         column = (p.first + i) % p.shape[1];
                                       std::int32_t sum = 0;
                                       for (std::size_t j = 0; j < static_cast<std::size_t>(k); ++j)
                                         sum += a[row * static_cast<std::size_t>(k) + j] *
                                                b[j * p.shape[1] + column];
                                       c[i] = sum;
                                     }
                                   },
                                   {.name = "product_of",
                                    .opencl = R"(
__kernel void product_of(__global const int* a, long a_size, __global const int* b, long b_size, int k,
                         __global int* c, ulong first, ulong count, ulong rows, ulong columns, ulong n2) {
  __local int left[8][8], right[8][8];
  const size_t x = get_local_id(0), y = get_local_id(1);
  const size_t column = get_group_id(0) * 8 + x, row = get_group_id(1) * 8 + y;
  int sum = 0;
  for (int at = 0; at < k; at += 8) {
    left[y][x] = row < rows && at + x < k ? a[row * k + at + x] : 0;
    right[y][x] = column < columns && at + y < k ? b[(at + y) * columns + column] : 0;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int j = 0; j < 8; ++j) sum += left[y][j] * right[j][x];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (row < rows && column < columns) c[row * columns + column] = sum;
})",
                                    .cuda = R"(
extern "C" __global__ void product_of(const int* a, long long a_size, const int* b, long long b_size, int k,
                                      int* c, unsigned long long first, unsigned long long count,
                                      unsigned long long rows, unsigned long long columns,
                                      unsigned long long n2) {
  __shared__ int left[8][8], right[8][8];
  const unsigned x = threadIdx.x, y = threadIdx.y;
  const unsigned long long column = blockIdx.x * 8ull + x, row = blockIdx.y * 8ull + y;
  int sum = 0;
  for (int at = 0; at < k; at += 8) {
    left[y][x] = row < rows && at + (int)x < k ? a[row * k + at + x] : 0;
    right[y][x] = column < columns && at + (int)y < k ? b[(at + y) * columns + column] : 0;
    __syncthreads();
    for (int j = 0; j < 8; ++j) sum += left[y][j] * right[j][x];
    __syncthreads();
  }
  if (row < rows && column < columns) c[row * columns + column] = sum;
})",
                                    .tile = {8, 8},
                                    .group = {8, 8},
                                    .cost = product_cost});

BUSFARE_CASE(native_kernels_by_tiles) {
  struct sizes {
    std::size_t m, n, k;
  };
  for (const auto& [m, n, k] : {sizes{1, 1, 1}, {8, 16, 8}, {13, 21, 5}, {40, 3, 17}, {3, 5, 0}}) {
    std::vector<std::int32_t> a(m * k), b(k * n), want(m * n);
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<std::int32_t>(i * 7 % 23) - 11;
    for (std::size_t i = 0; i < b.size(); ++i) b[i] = static_cast<std::int32_t>(i * 5 % 19) + 1;
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t j = 0; j < n; ++j)
        for (std::size_t l = 0; l < k; ++l) want[i * n + j] += a[i * k + l] * b[l * n + j];
    if (k == 0 && m * n == 0) continue;
    const auto c = bf::call(t.how, product_of, bf::extents{m, n}, bf::whole(bf::copy_of(a)),
                            bf::whole(bf::copy_of(b)), static_cast<int>(k));
    t.same(std::to_string(m) + " x " + std::to_string(n) + " x " + std::to_string(k), c, want);
  }
}

// One result from all of an array: a call of rank 0, one group that works together; the same array twice.
const bf::native_kernel all_of(bf::results<std::uint64_t>,
                               [](const part&, std::span<const std::uint32_t> x,
                                  std::span<const std::uint32_t> y, std::span<std::uint64_t> sum) noexcept {
                                 sum[0] = 0;
                                 for (std::size_t i = 0; i < x.size(); ++i)
                                   sum[0] += std::uint64_t{x[i]} * y[i];
                               },
                               {.name = "all_of",
                                .opencl = R"(
__kernel void all_of(__global const uint* x, long x_size, __global const uint* y, long y_size,
                     __global ulong* sum, ulong first, ulong count, ulong n0, ulong n1, ulong n2) {
  __local ulong part[64];
  const size_t me = get_local_id(0);
  ulong mine = 0;
  for (long i = (long)me; i < x_size; i += 64) mine += (ulong)x[i] * y[i];
  part[me] = mine;
  for (size_t h = 32; h != 0; h /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (me < h) part[me] += part[me + h];
  }
  if (me == 0) sum[0] = part[0];
})",
                                .cuda = R"(
extern "C" __global__ void all_of(const unsigned* x, long long x_size, const unsigned* y, long long y_size,
                                  unsigned long long* sum, unsigned long long first, unsigned long long count,
                                  unsigned long long n0, unsigned long long n1, unsigned long long n2) {
  __shared__ unsigned long long part[64];
  const unsigned me = threadIdx.x;
  unsigned long long mine = 0;
  for (long long i = me; i < x_size; i += 64) mine += (unsigned long long)x[i] * y[i];
  part[me] = mine;
  for (unsigned h = 32; h != 0; h /= 2) {
    __syncthreads();
    if (me < h) part[me] += part[me + h];
  }
  if (me == 0) sum[0] = part[0];
})",
                                .tile = bf::extents(1),
                                .group = bf::extents(64),
                                .cost = [](const bf::native_job& job) noexcept {
                                  return bf::native_cost{2.0 * static_cast<double>(job.sizes[0]),
                                                         8.0 * static_cast<double>(job.sizes[0])};
                                }});

BUSFARE_CASE(native_kernels_of_one_value) {
  for (const std::size_t n : {1, 63, 64, 1000, 50001}) {
    if (n > largest()) continue;
    const auto values = busfare_test::random_values<std::uint32_t>(seed() + n, n);
    const auto x = bf::copy_of(values);
    std::uint64_t want = 0;
    for (const std::uint32_t v : values) want += std::uint64_t{v} * v;
    const auto sum = bf::call(t.how, all_of, bf::extents(), bf::whole(x), bf::whole(x));
    // One value broadcasts into what follows.
    const auto next = bf::map(
        t.how, [](auto v, auto s) { return s - v; }, x, sum);
    std::vector<std::uint64_t> want_next;
    for (const std::uint32_t v : values) want_next.push_back(want - v);
    t.same("sum", sum, std::vector<std::uint64_t>{want});
    t.same("next", next, want_next);
  }
}

// Three axes, a tile that is no power of two, more elements than work items of a tile.
const bf::native_kernel places(bf::results<std::int64_t>,
                               [](const part& p, std::span<std::int64_t> r) noexcept {
                                 for (std::size_t i = 0; i < r.size(); ++i) {
                                   const std::uint64_t at = p.first + i;
                                   r[i] = static_cast<std::int64_t>(at % p.shape[2] +
                                                                    1000 * (at / p.shape[2] % p.shape[1]) +
                                                                    1000000 * (at / p.shape[2] / p.shape[1]));
                                 }
                               },
                               {.name = "places",
                                .opencl = R"(
__kernel void places(__global long* r, ulong first, ulong count, ulong n0, ulong n1, ulong n2) {
  for (ulong k = 0; k < 3; ++k) {
    const ulong x = get_group_id(0) * 6 + get_local_id(0) + 2 * k, y = get_global_id(1), z = get_global_id(2);
    if (x < n2 && y < n1 && z < n0) r[(z * n1 + y) * n2 + x] = (long)(x + 1000 * y + 1000000 * z);
  }
})",
                                .cuda = R"(
extern "C" __global__ void places(long long* r, unsigned long long first, unsigned long long count,
                                  unsigned long long n0, unsigned long long n1, unsigned long long n2) {
  for (unsigned k = 0; k < 3; ++k) {
    const unsigned long long x = blockIdx.x * 6ull + threadIdx.x + 2 * k, y = blockIdx.y * 5ull + threadIdx.y,
                             z = blockIdx.z * 2ull + threadIdx.z;
    if (x < n2 && y < n1 && z < n0) r[(z * n1 + y) * n2 + x] = (long long)(x + 1000 * y + 1000000 * z);
  }
})",
                                .tile = {2, 5, 6},
                                .group = {2, 5, 2},
                                .cost = moved_bytes});

BUSFARE_CASE(native_kernels_of_three_axes) {
  for (const bf::extents& e :
       {bf::extents{1, 1, 1}, bf::extents{2, 5, 6}, bf::extents{3, 11, 25}, bf::extents{9, 1, 7}}) {
    std::vector<std::int64_t> want;
    for (std::size_t z = 0; z < e[0]; ++z)
      for (std::size_t y = 0; y < e[1]; ++y)
        for (std::size_t x = 0; x < e[2]; ++x)
          want.push_back(static_cast<std::int64_t>(x + 1000 * y + 1000000 * z));
    t.same("places", bf::call(t.how, places, e), want);
  }
}

}  // namespace
}  // namespace conformance
