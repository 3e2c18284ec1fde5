// One step of the heat equation on a plate, five points a cell, on the cpu. Edges repeat.
#include <algorithm>
#include <tbb/blocked_range.h>
#include <tbb/parallel_for.h>

#include "loops.hpp"
#include "ours.hpp"
#include "peers.hpp"

namespace busfare::peers {
namespace {

constexpr long rows = 4096, columns = 4096;
constexpr float rate = 0.2f;

// The three rows that one row of results is made of.
struct neighbours {
  const float *above, *here, *below;
};
neighbours around(const float* u, long row) {
  return {u + std::max(row - 1, 0L) * columns, u + row * columns, u + std::min(row + 1, rows - 1) * columns};
}
float cell(const neighbours& n, long left, long column, long right) {
  const float here = n.here[column];
  return here + rate * (n.above[column] + n.below[column] + n.here[left] + n.here[right] - 4.0f * here);
}

void one_row(const float* u, float* out, long row) {
  const neighbours n = around(u, row);
  float* to = out + row * columns;
  to[0] = cell(n, 0, 0, 1);
#pragma omp simd
  for (long c = 1; c < columns - 1; ++c) to[c] = cell(n, c - 1, c, c + 1);
  to[columns - 1] = cell(n, columns - 2, columns - 1, columns - 1);
}

// `out` is aligned to its vectors, 16 cells each; those at the ends of a row are made cell by cell.
void one_row_streamed(const float* u, float* out, long row) {
  const neighbours n = around(u, row);
  float* to = out + row * columns;
  const auto at_end = [&](long from) {
    wide v;
    for (long k = 0; k < 16; ++k) {
      const long c = from + k;
      v[k] = cell(n, std::max(c - 1, 0L), c, std::min(c + 1, columns - 1));
    }
    stream_store(to + from, v);
  };
  at_end(0);
  for (long c = 16; c < columns - 16; c += 16) {
    const wide here = load(n.here + c);
    stream_store(to + c, here + rate * (load(n.above + c) + load(n.below + c) + load(n.here + c - 1) +
                                        load(n.here + c + 1) - 4.0f * here));
  }
  at_end(columns - 16);
}

contest heat() {
  const auto n = static_cast<std::uint64_t>(rows * columns);
  const data u = numbers(n, 40, 0, 100);
  contest k{"f32", n, our_heat("cpu", u, rows, columns, rate), {}, {}};
  const shared o1 = room(n), o2 = room(n);
  k.peers.push_back(writes("OpenMP", o1, [=] {
#pragma omp parallel for schedule(static)
    for (long row = 0; row < rows; ++row) one_row(u->data(), o1->data(), row);
  }));
  k.peers.push_back(writes("oneTBB parallel_for", o2, [=] {
    tbb::parallel_for(tbb::blocked_range<long>(0, rows), [&](const tbb::blocked_range<long>& some) {
      for (long row = some.begin(); row < some.end(); ++row) one_row(u->data(), o2->data(), row);
    });
  }));
  const auto h = huge(u.get(), n);
  k.limit = streamed_limit(n, [=](float* out) {
#pragma omp parallel for schedule(static)
    for (long row = 0; row < rows; ++row) one_row_streamed(h.get(), out, row);
    __builtin_ia32_sfence();
  });
  return k;
}

}  // namespace

std::vector<planned_contest> heat_contests() { return {{"heat step", "cpu", heat}}; }

}  // namespace busfare::peers
