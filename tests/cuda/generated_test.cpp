// Generated maps on the fake driver where packs do not fit: ragged ends, and starts that no pack is aligned
// to.
#include <cstring>
#include <random>

#include "support/fake_gpu.hpp"
#include "support/kernel_compilers.hpp"

namespace {

using namespace busfare_tests;

class generated_map : public fake_gpu {
 protected:
  // x + y on elements [first, first + count) of arrays whose other elements must stay.
  template <class T>
  void add(std::uint64_t first, std::uint64_t count, device& d, queue& q, backend::executable& kernel,
           std::mt19937_64& random) {
    const std::size_t n = first + count + 5, bytes = n * sizeof(T);
    std::vector<T> x(n), y(n), out(n, T{7});
    for (std::size_t i = 0; i < n; ++i) {
      x[i] = static_cast<T>(random() % 100);
      y[i] = static_cast<T>(random() % 100);
    }
    argument a[3];
    const std::vector<T>* const from[] = {&x, &y, &out};
    for (int k = 0; k < 3; ++k) {
      a[k].memory = d.allocate(bytes, memory_kind::device);
      q.copy(a[k].memory, pageable(from[k]->data(), bytes), bytes);
    }
    launch how;
    how.arguments = a;
    how.first = first;
    how.count = count;
    how.shape[0] = n;
    q.run(kernel, how);
    q.copy(pageable(out.data(), bytes), a[2].memory, bytes);
    finish(q);
    for (std::size_t i = 0; i < n; ++i) {
      const T right = i < first || i >= first + count ? T{7} : static_cast<T>(x[i] + y[i]);
      ASSERT_EQ(out[i], right) << i << " of " << count << " from " << first;
    }
    for (const argument& each : a) d.release(each.memory);
  }

  template <class T> void add_everywhere(type t, unsigned width) {
    const std::uint64_t seed = std::random_device{}();
    SCOPED_TRACE(std::string(name_of(t)) + " seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    const auto d = open();
    const auto q = d->open(engine::compute);
    const core::generated text = core::emit_map(*sum_of(t), "cuda");
    EXPECT_EQ(text.width, width);
    const parameter parameters[] = {
        {parameter_kind::element, t}, {parameter_kind::element, t}, {parameter_kind::result, t}};
    build_request r;
    r.parameters = parameters;
    r.source = text.source;
    r.entry = text.entry;
    r.width = text.width;
    const auto kernel = d->build(r);
    for (const std::uint64_t first : {0u, 1u, 2u, 4u, 4099u})
      for (const std::uint64_t count : {1u, 2u, 3u, 4u, 5u, 255u, 256u, 4097u})
        add<T>(first, count, *d, *q, *kernel, random);
  }
};

TEST_F(generated_map, packs_of_four_keep_ends_and_neighbours) { add_everywhere<float>(type::f32, 4); }
TEST_F(generated_map, packs_of_two_keep_ends_and_neighbours) { add_everywhere<double>(type::f64, 2); }
TEST_F(generated_map, narrow_packs_keep_ends_and_neighbours) { add_everywhere<std::uint8_t>(type::u8, 4); }
#if BUSFARE_HAS_F16
TEST_F(generated_map, packs_of_halves_keep_ends_and_neighbours) { add_everywhere<_Float16>(type::f16, 4); }
#endif

}  // namespace
