// Streaming contests on an OpenCL device: triad, saxpy and a chain of five maps; inputs and results stay
// there
// ("resident"), or begin and end on the host ("end to end").
#include "opencl_host.hpp"

namespace busfare::peers {
namespace {

// One item an element: drivers of CPUs make a loop of a group and vectors of the loop. vex_: one loop over a
// stretch an item, as VexCL generates it for CPUs, or a loop with the whole grid as its stride for GPUs.
constexpr const char* text = R"(
#define ITEM const size_t i = get_global_id(0)
#ifdef __CPU__
#define FOR_EACH                                                             \
  const size_t stretch = (n + get_global_size(0) - 1) / get_global_size(0);  \
  const size_t from = get_global_id(0) * stretch, to = min((size_t)n, from + stretch); \
  for (size_t i = from; i < to; ++i)
#else
#define FOR_EACH for (size_t i = get_global_id(0); i < n; i += get_global_size(0))
#endif
#define IN global const float* restrict
#define OUT global float* restrict
kernel void triad(OUT a, IN b, IN c, float s) { ITEM; a[i] = b[i] + s * c[i]; }
kernel void saxpy(OUT a, IN x, IN y, float s) { ITEM; a[i] = s * x[i] + y[i]; }
float last(float v) { return sqrt(v * v + 0.25f) * 0.5f - 3.0f; }
kernel void chain(OUT a, IN x) { ITEM; a[i] = last(x[i] * 2.0f + 1.0f); }
kernel void vex_triad(global float* a, global float* b, global float* c, float s, ulong n) { FOR_EACH a[i] = b[i] + s * c[i]; }
kernel void vex_saxpy(global float* a, global float* x, global float* y, float s, ulong n) { FOR_EACH a[i] = s * x[i] + y[i]; }
kernel void vex_chain(global float* a, global float* x, ulong n) { FOR_EACH a[i] = last(x[i] * 2.0f + 1.0f); }
)";

std::string text_for(const cl_host& h) { return (h.is_cpu() ? "#define __CPU__\n" : "") + std::string(text); }

cl_work per_element(const cl_host& h, const char* name, std::uint64_t n) {
  return h.work(text_for(h).c_str(), name, n, h.is_cpu() ? 1024 : 256);
}
cl_work vex(const cl_host& h, const char* name) {
  return h.is_cpu() ? h.work(text_for(h).c_str(), name, std::size_t{4} * h.units(), 1)
                    : h.work(text_for(h).c_str(), name, std::size_t{1024} * h.units(), 256);
}

constexpr const char* vexcl = "VexCL's shape: one fused loop";
constexpr const char* by_hand = "hand-written OpenCL";

contest triad(const cl_host_ptr& h, std::uint64_t n) {
  const data b = numbers(n, 1, -1, 1), c = numbers(n, 2, -1, 1);
  const float s = 3.0f / 7.0f;
  contest k{"f32", n, our_triad(h->device(), b, c, s), boost_triad(h, b, c, s), {}};
  const cl_buffer a1 = h->room(n), a2 = h->room(n), db = h->moved(b), dc = h->moved(c);
  k.peers.push_back(h->writes(vexcl, with(vex(*h, "vex_triad"), a1, db, dc, s, cl_ulong{n}), a1, n));
  k.limit = h->writes(by_hand, with(per_element(*h, "triad", n), a2, db, dc, s), a2, n);
  return k;
}

contest saxpy(const cl_host_ptr& h, std::uint64_t n) {
  const data x = numbers(n, 4, -1, 1), y = numbers(n, 5, -1, 1);
  const float s = 0.75f;
  contest k{"f32", n, our_saxpy(h->device(), x, y, s), boost_saxpy(h, x, y, s), {}};
  const cl_buffer a1 = h->room(n), a2 = h->room(n), dx = h->moved(x), dy = h->moved(y);
  k.peers.push_back(h->writes(vexcl, with(vex(*h, "vex_saxpy"), a1, dx, dy, s, cl_ulong{n}), a1, n));
  k.limit = h->writes(by_hand, with(per_element(*h, "saxpy", n), a2, dx, dy, s), a2, n);
  return k;
}

contest chain(const cl_host_ptr& h, std::uint64_t n) {
  const data x = numbers(n, 9, 0, 1);
  contest k{"f32", n, our_chain(h->device(), x), {}, {}};
  const cl_buffer a1 = h->room(n), a2 = h->room(n), dx = h->moved(x);
  k.peers.push_back(h->writes(vexcl, with(vex(*h, "vex_chain"), a1, dx, cl_ulong{n}), a1, n));
  k.limit = h->writes(by_hand, with(per_element(*h, "chain", n), a2, dx), a2, n);
  return k;
}

// Up, launched, down, with the program and the buffers of the device made before.
contender copied(const cl_host_ptr& h, const cl_work& w, std::vector<data> in, std::vector<cl_buffer> there,
                 cl_buffer out) {
  const std::uint64_t n = in.front()->size();
  const auto result = std::make_shared<std::vector<float>>(n);
  return {"hand-written, write and read",
          [=] {
            for (std::size_t k = 0; k < in.size(); ++k)
              check(clEnqueueWriteBuffer(h->queue(), there[k].get(), CL_FALSE, 0, n * sizeof(float),
                                         in[k]->data(), 0, nullptr, nullptr),
                    "clEnqueueWriteBuffer");
            h->enqueue(w);
            check(clEnqueueReadBuffer(h->queue(), out.get(), CL_TRUE, 0, n * sizeof(float), result->data(), 0,
                                      nullptr, nullptr),
                  "clEnqueueReadBuffer");
          },
          [=] { return sampled(result->data(), n); }};
}

// Buffers over the host's memory, made for each run, and a map of the result: no copy where the memory is
// shared. `set` gives the work its buffers, the result first.
template <class Set> contender mapped(const cl_host_ptr& h, const cl_work& w, std::vector<data> in, Set set) {
  const std::uint64_t n = in.front()->size();
  const auto result = std::make_shared<std::vector<float>>(n);
  return {"hand-written, host memory, mapped",
          [=] {
            std::vector<cl_buffer> over{h->over(result->data(), n)};
            for (const data& each : in) over.push_back(h->over(each->data(), n));
            set(w, over);
            h->enqueue(w);
            cl_int code = CL_SUCCESS;
            void* at = clEnqueueMapBuffer(h->queue(), over[0].get(), CL_TRUE, CL_MAP_READ, 0,
                                          n * sizeof(float), 0, nullptr, nullptr, &code);
            check(code, "clEnqueueMapBuffer");
            check(clEnqueueUnmapMemObject(h->queue(), over[0].get(), at, 0, nullptr, nullptr),
                  "clEnqueueUnmapMemObject");
            check(clFinish(h->queue()), "clFinish");
          },
          [=] { return sampled(result->data(), n); }};
}

// The better of the two for the kind of device is the limit.
void crosses(const cl_host& h, contest& k, contender by_copies, contender by_maps) {
  k.peers.push_back(h.is_cpu() ? std::move(by_copies) : std::move(by_maps));
  k.limit = h.is_cpu() ? std::move(by_maps) : std::move(by_copies);
}

contest triad_end_to_end(const cl_host_ptr& h, std::uint64_t n) {
  const data b = numbers(n, 1, -1, 1), c = numbers(n, 2, -1, 1);
  const float s = 3.0f / 7.0f;
  contest k{"f32", n, our_triad_end_to_end(h->device(), b, c, s), {}, {}};
  const cl_buffer a = h->room(n), db = h->room(n), dc = h->room(n);
  crosses(*h, k, copied(h, with(per_element(*h, "triad", n), a, db, dc, s), {b, c}, {db, dc}, a),
          mapped(h, per_element(*h, "triad", n), {b, c},
                 [s](const cl_work& w, const std::vector<cl_buffer>& m) { with(w, m[0], m[1], m[2], s); }));
  return k;
}

contest chain_end_to_end(const cl_host_ptr& h, std::uint64_t n) {
  const data x = numbers(n, 9, 0, 1);
  contest k{"f32", n, our_chain_end_to_end(h->device(), x), {}, {}};
  const cl_buffer a = h->room(n), dx = h->room(n);
  crosses(*h, k, copied(h, with(per_element(*h, "chain", n), a, dx), {x}, {dx}, a),
          mapped(h, per_element(*h, "chain", n), {x},
                 [](const cl_work& w, const std::vector<cl_buffer>& m) { with(w, m[0], m[1]); }));
  return k;
}

}  // namespace

std::vector<opencl_contest> opencl_streaming() {
  return {{"triad", triad},
          {"saxpy", saxpy},
          {"chain5", chain},
          {"triad, end to end", triad_end_to_end},
          {"chain5, end to end", chain_end_to_end}};
}

}  // namespace busfare::peers
