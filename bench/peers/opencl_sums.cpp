// Reductions on an OpenCL device: a sum and a scalar product. Partial results are added up on the host, as
// all of these programs do.
#include "opencl_host.hpp"

namespace busfare::peers {
namespace {

// On a CPU an item reads a stretch with four accumulators of 16 lanes, which is as fast as reading goes; on a
// GPU a group adds up what its items read with the grid as stride. vex_: one accumulator an item, as VexCL
// generates it.
constexpr const char* text = R"(
#ifdef __CPU__
#define SUM(f)                                                                     \
  const size_t stretch = n / 16 / get_global_size(0);                              \
  const size_t from = get_global_id(0) * stretch, to = from + stretch;             \
  float16 s0 = 0, s1 = 0, s2 = 0, s3 = 0;                                          \
  for (size_t i = from; i < to; i += 4) {                                          \
    s0 += f(i); s1 += f(i + 1); s2 += f(i + 2); s3 += f(i + 3);                    \
  }                                                                                \
  const float16 s = (s0 + s1) + (s2 + s3);                                         \
  const float8 t = s.lo + s.hi;                                                    \
  const float4 u = t.lo + t.hi;                                                    \
  parts[get_global_id(0)] = (u.x + u.y) + (u.z + u.w)
#define VEX(f)                                                                     \
  const size_t stretch = (n + get_global_size(0) - 1) / get_global_size(0);        \
  const size_t from = get_global_id(0) * stretch, to = min((size_t)n, from + stretch); \
  float s = 0;                                                                     \
  for (size_t i = from; i < to; ++i) s += f(i);                                    \
  parts[get_group_id(0)] = s
#define TYPE float16
#else
#define VEX(f)                                                                     \
  local float of_item[256];                                                        \
  const size_t me = get_local_id(0);                                               \
  float s = 0;                                                                     \
  for (size_t i = get_global_id(0); i < n; i += get_global_size(0)) s += f(i);     \
  of_item[me] = s;                                                                 \
  for (size_t half_ = 128; half_ > 0; half_ /= 2) {                                \
    barrier(CLK_LOCAL_MEM_FENCE);                                                  \
    if (me < half_) of_item[me] += of_item[me + half_];                            \
  }                                                                                \
  if (me == 0) parts[get_group_id(0)] = of_item[0]
#define SUM(f) VEX(f)
#define TYPE float
#endif
#define ONE(i) x[i]
#define TWO(i) (x[i] * y[i])
kernel void total(global const TYPE* restrict x, global float* restrict parts, ulong n) { SUM(ONE); }
kernel void product(global const TYPE* restrict x, global const TYPE* restrict y, global float* restrict parts, ulong n) { SUM(TWO); }
kernel void vex_total(global float* x, global float* parts, ulong n) { VEX(ONE); }
kernel void vex_product(global float* x, global float* y, global float* parts, ulong n) { VEX(TWO); }
)";

// `groups` of them; n / 64 is a multiple of 64.
cl_work work(const cl_host& h, const char* name, std::size_t groups) {
  const std::size_t group = h.is_cpu() ? 1 : 256;
  return h.work(((h.is_cpu() ? "#define __CPU__\n" : "") + std::string(text)).c_str(), name, groups * group,
                group);
}
std::size_t groups_by_hand(const cl_host& h) { return h.is_cpu() ? 64 : std::size_t{8} * h.units(); }
std::size_t groups_of_vex(const cl_host& h) { return std::size_t{4} * h.units(); }

constexpr const char* vexcl = "VexCL's shape: one accumulator an item";
constexpr const char* by_hand = "read, four wide accumulators";

contest sum(const cl_host_ptr& h, std::uint64_t n) {
  const data x = numbers(n, 6, 0, 1);
  contest k{"f32", n, our_sum(h->device(), x), boost_sum(h, x), {}};
  k.tolerance = 1e-2;  // one chain of 2^24 additions loses that much
  const cl_buffer dx = h->moved(x), p1 = h->room(groups_of_vex(*h)), p2 = h->room(groups_by_hand(*h));
  const cl_work vex = work(*h, "vex_total", groups_of_vex(*h)), hand = work(*h, "total", groups_by_hand(*h));
  k.peers.push_back(h->adds(vexcl, with(vex, dx, p1, cl_ulong{n}), p1, groups_of_vex(*h)));
  k.limit = h->adds(by_hand, with(hand, dx, p2, cl_ulong{n}), p2, groups_by_hand(*h));
  return k;
}

contest dot(const cl_host_ptr& h, std::uint64_t n) {
  const data x = numbers(n, 7, 0, 1), y = numbers(n, 8, 0, 1);
  contest k{"f32", n, our_dot(h->device(), x, y), boost_dot(h, x, y), {}};
  k.tolerance = 5e-2;
  const cl_buffer dx = h->moved(x), dy = h->moved(y), p1 = h->room(groups_of_vex(*h)),
                  p2 = h->room(groups_by_hand(*h));
  const cl_work vex = work(*h, "vex_product", groups_of_vex(*h)),
                hand = work(*h, "product", groups_by_hand(*h));
  k.peers.push_back(h->adds(vexcl, with(vex, dx, dy, p1, cl_ulong{n}), p1, groups_of_vex(*h)));
  k.limit = h->adds(by_hand, with(hand, dx, dy, p2, cl_ulong{n}), p2, groups_by_hand(*h));
  return k;
}

}  // namespace

std::vector<opencl_contest> opencl_sums() { return {{"sum", sum}, {"dot", dot}}; }

}  // namespace busfare::peers
