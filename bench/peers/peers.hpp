// The others' side: lists of contests, one function per kind of device.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "contest.hpp"

namespace busfare::peers {

/// Against OpenMP, oneTBB and the parallel algorithms of the standard library on the cpu, with hand-written
/// loops (huge pages, streaming stores, several accumulators) as limits. `n`: elements of the streaming
/// contests.
std::vector<planned_contest> streaming_contests(std::uint64_t n);
/// One step of the heat equation on 4096 x 4096 cells against the same loop under OpenMP and oneTBB.
std::vector<planned_contest> heat_contests();
/// Mandelbrot, Black-Scholes and N-body against the same formulas as scalar loops under OpenMP.
std::vector<planned_contest> compute_contests(std::uint64_t n);
/// One small map, recorded and run each time.
std::vector<planned_contest> small_contests();
/// Half a millisecond of work after a pause, against one thread and against OpenMP and oneTBB.
std::vector<planned_contest> region_contests();

#if defined(BUSFARE_PEERS_OPENCL)
/// Against hand-written OpenCL programs, VexCL's shape of them and Boost.Compute, on every OpenCL device.
/// `skipped` gets a line for each that was left out, with the reason.
std::vector<planned_contest> opencl_contests(std::uint64_t n, std::vector<std::string>& skipped);
#endif

#if defined(BUSFARE_PEERS_CUDA)
/// Against CUB, raw kernels and raw copies on cuda:0. Empty where there is no GPU.
std::vector<planned_contest> cuda_contests(std::uint64_t n);
#endif

/// A loop of N-body built with errno-setting mathematics, as plain -O3 does.
void nbody_with_errno(const float* x, const float* y, const float* z, const float* mass, float* out, long n);
/// The same with -fno-math-errno.
void nbody_without_errno(const float* x, const float* y, const float* z, const float* mass, float* out,
                         long n);
/// The same in wide vectors by hand; `n` is a multiple of 32.
void nbody_by_hand(const float* x, const float* y, const float* z, const float* mass, float* out, long n);

}  // namespace busfare::peers
