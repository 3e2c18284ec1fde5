// Contests of arithmetic on an OpenCL device, and the heat step. Kernels of CPUs compute eight elements an
// item in a vector type, which is the shape that drivers of CPUs make good code of; those of GPUs one.
#include "opencl_host.hpp"

namespace busfare::peers {
namespace {

constexpr const char* text = R"(
#ifdef __CPU__
#define REAL float8
#define LANES 8
#define LOAD(p) vload8(get_global_id(0), p)
#define STORE(v, p) vstore8(v, get_global_id(0), p)
#define ALL_DONE(m) (!any(m))
#define STEP(m) select((float8)0.0f, (float8)1.0f, m)
#define KEEP(m, a, b) select(b, a, m)
#define COLUMNS (float8)(0, 1, 2, 3, 4, 5, 6, 7)
#else
#define REAL float
#define LANES 1
#define LOAD(p) (p)[get_global_id(0)]
#define STORE(v, p) (p)[get_global_id(0)] = v
#define ALL_DONE(m) (!(m))
#define STEP(m) ((m) ? 1.0f : 0.0f)
#define KEEP(m, a, b) ((m) ? (a) : (b))
#define COLUMNS 0.0f
#endif
#define IN global const float* restrict
#define OUT global float* restrict

// Sixteen rows an item on a CPU, whose inner loop becomes vectors; a cell an item on a GPU.
#define CELL(l, c, r) (here[c] + rate * (above[c] + below[c] + here[l] + here[r] - 4.0f * here[c]))
void heat_row(OUT out, IN above, IN here, IN below, int columns, float rate) {
  out[0] = CELL(0, 0, 1);
  for (int c = 1; c < columns - 1; ++c) out[c] = CELL(c - 1, c, c + 1);
  out[columns - 1] = CELL(columns - 2, columns - 1, columns - 1);
}
kernel void heat(OUT out, IN u, int rows, int columns, float rate) {
#ifdef __CPU__
  for (int row = get_global_id(0) * 16, end = row + 16; row < end; ++row) {
    IN here = u + (size_t)row * columns;
    heat_row(out + (size_t)row * columns, row > 0 ? here - columns : here, here,
             row + 1 < rows ? here + columns : here, columns, rate);
  }
#else
  const int row = get_global_id(0) / columns, c = get_global_id(0) % columns;
  IN here = u + (size_t)row * columns;
  IN above = row > 0 ? here - columns : here;
  IN below = row + 1 < rows ? here + columns : here;
  out[get_global_id(0)] = CELL(max(c - 1, 0), c, min(c + 1, columns - 1));
#endif
}
kernel void copy(OUT out, IN u) { const size_t i = get_global_id(0); out[i] = u[i]; }

kernel void nbody(OUT out, IN x, IN y, IN z, IN mass, int n) {
  const REAL px = LOAD(x), py = LOAD(y), pz = LOAD(z);
  REAL ax = 0, ay = 0, az = 0;
  for (int j = 0; j < n; ++j) {
    const REAL dx = x[j] - px, dy = y[j] - py, dz = z[j] - pz;
    const REAL inverse = 1.0f / sqrt(dx * dx + dy * dy + dz * dz + 1e-3f);
    const REAL pull = mass[j] * inverse * inverse * inverse;
    ax += dx * pull; ay += dy * pull; az += dz * pull;
  }
  STORE(ax + ay + az, out);
}

REAL cdf(REAL x) { return 0.5f * erfc(-x * 0.70710678f); }
kernel void black_scholes(OUT out, IN spot, IN strike, IN years) {
  const REAL s = LOAD(spot), k = LOAD(strike), t = LOAD(years), root = sqrt(t);
  const REAL d1 = (log(s / k) + 0.06f * t) / (0.2f * root), d2 = d1 - 0.2f * root;
  STORE(s * cdf(d1) - k * exp(-0.05f * t) * cdf(d2), out);
}
float cdf1(float x) { return 0.5f * erfc(-x * 0.70710678f); }
kernel void black_scholes_1(OUT out, IN spot, IN strike, IN years) {
  const size_t i = get_global_id(0);
  const float s = spot[i], k = strike[i], t = years[i], root = sqrt(t);
  const float d1 = (log(s / k) + 0.06f * t) / (0.2f * root), d2 = d1 - 0.2f * root;
  out[i] = s * cdf1(d1) - k * exp(-0.05f * t) * cdf1(d2);
}

kernel void mandelbrot(OUT out, int rows, int columns) {
  const size_t first = get_global_id(0) * LANES;
  const int row = first / columns, column = first % columns;
  const REAL cx = (column + COLUMNS + 0.5f) / columns * 3.0f - 2.25f;
  const REAL cy = (row + 0.5f) / rows * 2.5f - 1.25f;
  REAL x = 0, y = 0, steps = 0;
  for (int i = 0; i < 256; ++i) {
    const REAL xx = x * x, yy = y * y;
    const bool_t inside = isless(xx + yy, (REAL)4.0f);
    if (ALL_DONE(inside)) break;
    y = KEEP(inside, 2.0f * x * y + cy, y);
    x = KEEP(inside, xx - yy + cx, x);
    steps += STEP(inside);
  }
  STORE(steps, out);
}
)";

constexpr const char* by_hand = "hand-written OpenCL";

// A kernel over n elements, as many an item as the kind of device wants.
cl_work over(const cl_host& h, const char* name, std::uint64_t n, std::size_t group_on_cpu) {
  const std::string all =
      std::string(h.is_cpu() ? "#define __CPU__\n#define bool_t int8\n" : "#define bool_t int\n") + text;
  return h.is_cpu() ? h.work(all.c_str(), name, n / 8, group_on_cpu) : h.work(all.c_str(), name, n, 256);
}

contest heat(const cl_host_ptr& h, std::uint64_t) {
  const cl_int rows = 4096, columns = 4096;
  const auto n = std::uint64_t{4096} * 4096;
  const float rate = 0.2f;
  const data u = numbers(n, 40, 0, 100);
  contest k{"f32", n, our_heat(h->device(), u, 4096, 4096, rate), {}, {}};
  const cl_buffer a1 = h->room(n), a2 = h->room(n), du = h->moved(u);
  cl_work step = over(*h, "heat", n, 1), copy = over(*h, "copy", n, 1024);
  if (h->is_cpu()) step.items = 4096 / 16;
  copy.items = n;
  k.peers.push_back(h->writes(by_hand, with(step, a1, du, rows, columns, rate), a1, n));
  k.limit = h->writes("copy of as many cells", with(copy, a2, du), a2, n);
  k.limit.result = [] { return std::vector<double>{}; };
  return k;
}

contest nbody(const cl_host_ptr& h, std::uint64_t) {
  const std::uint64_t n = 16384;
  const data x = numbers(n, 30, -1, 1), y = numbers(n, 31, -1, 1), z = numbers(n, 32, -1, 1),
             mass = numbers(n, 33, 0.5f, 1.5f);
  contest k{"f32", n, our_nbody(h->device(), x, y, z, mass), {}, {}, 5e-2};
  k.flops = 20.0 * static_cast<double>(n) * static_cast<double>(n);
  const cl_buffer out = h->room(n);
  k.limit = h->writes(by_hand,
                      with(over(*h, "nbody", n, 1), out, h->moved(x), h->moved(y), h->moved(z),
                           h->moved(mass), static_cast<cl_int>(n)),
                      out, n);
  return k;
}

contest black_scholes(const cl_host_ptr& h, std::uint64_t all) {
  const std::uint64_t n = all / 16 / 4096 * 4096 + 4096;
  const data spot = numbers(n, 20, 90, 110), strike = numbers(n, 21, 90, 110),
             years = numbers(n, 22, 0.5f, 2);
  contest k{"f32", n, our_black_scholes(h->device(), spot, strike, years), {}, {}, 1e-3};
  const cl_buffer a1 = h->room(n), a2 = h->room(n), ds = h->moved(spot), dk = h->moved(strike),
                  dt = h->moved(years);
  cl_work scalar = over(*h, "black_scholes_1", n, 256);
  scalar.items = n;
  if (h->is_cpu())
    k.peers.push_back(h->writes("hand-written, one an item", with(scalar, a1, ds, dk, dt), a1, n));
  k.limit = h->writes(by_hand, with(over(*h, "black_scholes", n, 64), a2, ds, dk, dt), a2, n);
  return k;
}

contest mandelbrot(const cl_host_ptr& h, std::uint64_t) {
  const cl_int rows = 768, columns = 1024;
  const std::uint64_t n = 768 * 1024;
  contest k{"f32", n, our_mandelbrot(h->device(), 768, 1024), {}, {}};
  k.strays = 0.02;  // the driver may contract products, which moves pixels at the edge
  const cl_buffer out = h->room(n);
  k.limit = h->writes(by_hand, with(over(*h, "mandelbrot", n, 16), out, rows, columns), out, n);
  return k;
}

}  // namespace

std::vector<opencl_contest> opencl_compute() {
  return {{"heat step", heat},
          {"nbody", nbody},
          {"black_scholes", black_scholes},
          {"mandelbrot, 256 steps", mandelbrot}};
}

}  // namespace busfare::peers
