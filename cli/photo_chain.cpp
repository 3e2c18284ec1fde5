// Three planes instead of rows of rgb triples: neighbours are one element away, so that packs load them in
// one piece and the border repeats a pixel, not the value of another colour.
#include "photo_chain.hpp"

#include <algorithm>
#include <tuple>
#include <vector>

#include <busfare/algorithm.hpp>
#include <busfare/window.hpp>

namespace busfare::cli {
namespace {

constexpr std::int64_t reach = 6;         // pixels that the blur looks to each side
constexpr std::int64_t most_thumb = 320;  // pixels of the thumbnail's longer side

// 256 times the luminance of ITU-R BT.601, which fits u16: the blur then keeps what u8 would round away.
constexpr auto luminance = [](auto red, auto green, auto blue) {
  return busfare::cast<std::uint16_t>(77 * red + 150 * green + 29 * blue);
};

// A Gaussian of sigma 2 pixels along one axis; `at(k)` is the element k places away.
constexpr auto gaussian = [](const auto& at) {
  return 0.199678f * at(0) + 0.176213f * (at(-1) + at(1)) + 0.121109f * (at(-2) + at(2)) +
         0.064825f * (at(-3) + at(3)) + 0.027023f * (at(-4) + at(4)) + 0.008773f * (at(-5) + at(5)) +
         0.002218f * (at(-reach) + at(reach));
};
constexpr auto blur_across = [](auto u) {
  return busfare::cast<std::uint16_t>(gaussian([&](std::int64_t k) { return u(0, k); }) + 0.5f);
};
constexpr auto blur_down = [](auto u) {
  return gaussian([&](std::int64_t k) { return u(k, 0); }) * (1.0f / 256.0f);
};

// Large steps get less of it, which keeps halos small.
constexpr auto sharpen = [](auto bright, auto blurred) {
  const auto y = bright * (1.0f / 256.0f), detail = 0.6f * (y - blurred);
  return y + detail / (1.0f + busfare::abs(detail) * (1.0f / 12.0f));
};

// An S through (0, 0), (1/2, 1/2) and (1, 1) with slope 1.15 in the middle.
constexpr auto tone = [](auto bright) {
  const auto x = busfare::clamp(bright * (1.0f / 255.0f), 0.0f, 1.0f);
  return 255.0f * (x + 0.3f * x * (1.0f - x) * (2.0f * x - 1.0f));
};

// All colours move by as much as the luminance did: a curve for each of them would change hues.
constexpr auto recolour = [](auto colour, auto before, auto after) {
  return busfare::cast_sat<std::uint8_t>(colour + (after - before * (1.0f / 256.0f)) + 0.5f);
};

// The mean of the pixels that a pixel of the thumbnail covers. sizes: rows and columns of the picture, of the
// thumbnail.
constexpr auto shrink = [](auto row, auto column, auto red, auto green, auto blue, auto sizes) {
  const auto rows = sizes[0], columns = sizes[1], small_rows = sizes[2], small_columns = sizes[3];
  const auto top = row * rows / small_rows;
  const auto left = column * columns / small_columns;
  const auto height = (row + std::int64_t{1}) * rows / small_rows - top;
  const auto width = (column + std::int64_t{1}) * columns / small_columns - left;
  const auto sums = busfare::fold(
      height, busfare::state(std::int32_t{0}, std::int32_t{0}, std::int32_t{0}),
      [=](auto r, auto g, auto b, auto y) {
        return busfare::fold(width, busfare::state(r, g, b), [=](auto r2, auto g2, auto b2, auto x) {
          const auto at = busfare::cast<std::int32_t>((top + y) * columns + left + x);
          return busfare::state(r2 + red[at], g2 + green[at], b2 + blue[at]);
        });
      });
  const auto count = busfare::cast<std::int32_t>(height * width);
  const auto mean = [&](const auto& sum) { return busfare::cast<std::uint8_t>((sum + count / 2) / count); };
  return std::make_tuple(mean(std::get<0>(sums)), mean(std::get<1>(sums)), mean(std::get<2>(sums)));
};

constexpr auto interleave = [](auto row, auto column, auto red, auto green, auto blue, auto width) {
  const auto at = row * width + column / std::int64_t{3};
  const auto colour = column % std::int64_t{3};
  return busfare::cast<std::uint8_t>(busfare::select(
      colour == std::int64_t{0}, red[at], busfare::select(colour == std::int64_t{1}, green[at], blue[at])));
};

}  // namespace

edited_photo record_edit(const std::string& device, const picture& p) {
  const options how = on(device);
  const std::int64_t rows = p.height, columns = p.width, longest = std::max(rows, columns);
  const std::int64_t least = std::min(longest, most_thumb);
  const std::int64_t small_rows = std::max(std::int64_t{1}, (rows * least + longest / 2) / longest);
  const std::int64_t small_columns = std::max(std::int64_t{1}, (columns * least + longest / 2) / longest);
  const extents all{static_cast<std::size_t>(rows), static_cast<std::size_t>(columns)};
  const extents small{static_cast<std::size_t>(small_rows), static_cast<std::size_t>(small_columns)};
  const extents small_rgb{static_cast<std::size_t>(small_rows), static_cast<std::size_t>(3 * small_columns)};

  const auto red = adopt(p.red, all), green = adopt(p.green, all), blue = adopt(p.blue, all);
  const auto bright = map(how, luminance, red, green, blue);
  const auto across = map(how, blur_across, window(bright, {std::int64_t{0}, reach}));
  const auto blurred = map(how, blur_down, window(across, {reach, std::int64_t{0}}));
  const auto toned = map(how, tone, map(how, sharpen, bright, blurred));
  edited_photo e{map(how, recolour, red, bright, toned),
                 map(how, recolour, green, bright, toned),
                 map(how, recolour, blue, bright, toned),
                 {}};
  const auto sizes = copy_of(std::vector<std::int64_t>{rows, columns, small_rows, small_columns});
  const auto [small_red, small_green, small_blue] =
      generate(how, small, shrink, whole(e.red), whole(e.green), whole(e.blue), whole(sizes));
  e.thumbnail = generate(how, small_rgb, interleave, whole(small_red), whole(small_green), whole(small_blue),
                         small_columns);
  return e;
}

}  // namespace busfare::cli
