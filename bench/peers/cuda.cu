// Contests on cuda:0: CUB, raw kernels, raw copies and a raw launch, on the same data as ours.
#include <cub/device/device_reduce.cuh>
#include <cuda_runtime.h>
#include <memory>
#include <stdexcept>
#include <vector>

#include "ours.hpp"
#include "peers.hpp"

namespace busfare::peers {
namespace {

void check(cudaError_t code, const char* call) {
  if (code != cudaSuccess) throw std::runtime_error(std::string(call) + ": " + cudaGetErrorString(code));
}

using memory = std::shared_ptr<float>;

memory room(std::uint64_t n) {
  float* p = nullptr;
  check(cudaMalloc(&p, n * sizeof(float)), "cudaMalloc");
  return {p, [](float* each) { cudaFree(each); }};
}
memory moved(const data& from) {
  memory p = room(from->size());
  check(cudaMemcpy(p.get(), from->data(), from->size() * sizeof(float), cudaMemcpyHostToDevice),
        "cudaMemcpy");
  return p;
}
memory pinned(std::uint64_t n) {
  float* p = nullptr;
  check(cudaMallocHost(&p, n * sizeof(float)), "cudaMallocHost");
  return {p, [](float* each) { cudaFreeHost(each); }};
}
std::vector<double> values_of(const memory& p, std::uint64_t n) {
  std::vector<float> all(n);
  check(cudaMemcpy(all.data(), p.get(), n * sizeof(float), cudaMemcpyDeviceToHost), "cudaMemcpy");
  return sampled(all.data(), n);
}

__global__ void triad_kernel(float* a, const float* b, const float* c, float s, std::uint64_t n) {
  const std::uint64_t step = std::uint64_t{gridDim.x} * blockDim.x;
  for (std::uint64_t i = std::uint64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < n; i += step)
    a[i] = b[i] + s * c[i];
}
__global__ void chain_kernel(float* a, const float* x, std::uint64_t n) {
  const std::uint64_t step = std::uint64_t{gridDim.x} * blockDim.x;
  for (std::uint64_t i = std::uint64_t{blockIdx.x} * blockDim.x + threadIdx.x; i < n; i += step) {
    const float v = x[i] * 2.0f + 1.0f;
    a[i] = sqrtf(v * v + 0.25f) * 0.5f - 3.0f;
  }
}
__global__ void small_kernel(float* o, const float* a, const float* b, int n) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < n) o[i] = a[i] * 2.0f + b[i];
}

unsigned blocks() {
  int units = 0;
  check(cudaDeviceGetAttribute(&units, cudaDevAttrMultiProcessorCount, 0), "cudaDeviceGetAttribute");
  return static_cast<unsigned>(units) * 16;
}

// As many bytes moved as the contest moves, by the device's own copy: what a streaming kernel can reach at
// best.
contender copies(std::uint64_t bytes_read_and_written) {
  const std::uint64_t n = bytes_read_and_written / (2 * sizeof(float));
  const memory from = room(n), to = room(n);
  return {"device-to-device copy of as many bytes",
          [=] {
            check(cudaMemcpyAsync(to.get(), from.get(), n * sizeof(float), cudaMemcpyDeviceToDevice),
                  "cudaMemcpyAsync");
            check(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
          },
          [] { return std::vector<double>{}; }};
}

contest triad(std::uint64_t n) {
  const data b = numbers(n, 1, -1, 1), c = numbers(n, 2, -1, 1);
  const float s = 3.0f / 7.0f;
  contest k{"f32", n, our_triad("cuda:0", b, c, s), {}, copies(12 * n)};
  const memory a = room(n), db = moved(b), dc = moved(c);
  k.peers.push_back({"raw kernel",
                     [=, grid = blocks()] {
                       triad_kernel<<<grid, 256>>>(a.get(), db.get(), dc.get(), s, n);
                       check(cudaDeviceSynchronize(), "triad_kernel");
                     },
                     [=] { return values_of(a, n); }});
  return k;
}

contest chain(std::uint64_t n) {
  const data x = numbers(n, 9, 0, 1);
  contest k{"f32", n, our_chain("cuda:0", x), {}, copies(8 * n)};
  const memory a = room(n), dx = moved(x);
  k.peers.push_back({"raw kernel, hand-fused",
                     [=, grid = blocks()] {
                       chain_kernel<<<grid, 256>>>(a.get(), dx.get(), n);
                       check(cudaDeviceSynchronize(), "chain_kernel");
                     },
                     [=] { return values_of(a, n); }});
  return k;
}

contest sum(std::uint64_t n) {
  const data x = numbers(n, 6, 0, 1);
  contest k{"f32", n, our_sum("cuda:0", x), {}, {}};
  k.tolerance = 1e-3;
  const memory dx = moved(x), total = room(1);
  std::size_t bytes = 0;
  check(cub::DeviceReduce::Sum(nullptr, bytes, dx.get(), total.get(), n), "DeviceReduce::Sum");
  const memory scratch = room(bytes / sizeof(float) + 1);
  k.peers.push_back({"CUB DeviceReduce::Sum",
                     [=]() mutable {
                       check(cub::DeviceReduce::Sum(scratch.get(), bytes, dx.get(), total.get(), n),
                             "DeviceReduce::Sum");
                       check(cudaDeviceSynchronize(), "DeviceReduce::Sum");
                     },
                     [=] { return values_of(total, 1); }});
  return k;
}

contest small() {
  const std::uint64_t n = 1000;
  const data a = numbers(n, 10, -1, 1), b = numbers(n, 11, -1, 1);
  contest k{"f32", n, our_small_map("cuda:0", a, b), {}, {}};
  k.repeat = 200;
  const memory o = room(n), da = moved(a), db = moved(b);
  k.peers.push_back({"raw launch and synchronise",
                     [=] {
                       small_kernel<<<4, 256>>>(o.get(), da.get(), db.get(), static_cast<int>(n));
                       check(cudaStreamSynchronize(nullptr), "small_kernel");
                     },
                     [=] { return values_of(o, n); }});
  return k;
}

// Up and down again, as our upload of fresh pageable memory and download of the result are timed.
contest crossing(std::uint64_t n) {
  const data x = numbers(n, 12, -1, 1);
  contest k{"f32", n, our_crossing("cuda:0", x), {}, {}};
  const memory there = room(n), host = pinned(n), back = pinned(n);
  std::copy(x->begin(), x->end(), host.get());
  const auto plain = std::make_shared<std::vector<float>>(n);
  const auto both = [=](const float* from, float* to) {
    check(cudaMemcpyAsync(there.get(), from, n * sizeof(float), cudaMemcpyHostToDevice), "cudaMemcpyAsync");
    check(cudaMemcpyAsync(to, there.get(), n * sizeof(float), cudaMemcpyDeviceToHost), "cudaMemcpyAsync");
    check(cudaDeviceSynchronize(), "cudaDeviceSynchronize");
  };
  k.peers.push_back({"cudaMemcpyAsync, pinned", [=] { both(host.get(), back.get()); },
                     [=] { return sampled(back.get(), n); }});
  k.peers.push_back({"cudaMemcpyAsync, pageable", [=] { both(x->data(), plain->data()); },
                     [=] { return sampled(plain->data(), n); }});
  return k;
}

}  // namespace

std::vector<planned_contest> cuda_contests(std::uint64_t n) {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) return {};
  const std::string device = "cuda:0";
  return {{"triad", device, [n] { return triad(n); }},
          {"chain5", device, [n] { return chain(n); }},
          {"sum", device, [n] { return sum(n); }},
          {"upload, copy, download of pageable memory", device, [n] { return crossing(n / 4); }},
          {"map of 1000, recorded and run", device, small}};
}

}  // namespace busfare::peers
