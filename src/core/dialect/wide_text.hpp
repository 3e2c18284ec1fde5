// Vectors of OpenCL C: several neighbouring elements in one value.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/dialect/body.hpp"
#include "core/dialect/lanes.hpp"

namespace busfare::core {

/// "float8". Masks of 32 or 64 bits are "int8" and "long8": all bits of a lane are set, or none.
std::string wide_name(value_type t, unsigned lanes, const dialect_spec& d);
std::string wide_mask_name(int bits, unsigned lanes);
/// 32 or 64; of a mask 32, since that is what the scalar text takes.
int bits_of(value_type t) noexcept;

/// "bf_min_f32x8" for "bf_min_f32": the same function of vectors.
std::string wide_helper(std::string_view scalar, unsigned lanes);

/// The expressions of one program's varying nodes, under a plan. Refers to all it is given.
class wide_speller {
 public:
  /// `sloped`: consecutive values grow by a variable `slope`, not by one.
  wide_speller(const program& p, const dialect_spec& d, const body_names& names, const lane_plan& plan,
               unsigned lanes, bool sloped = false);

  [[nodiscard]] bool varies(std::uint32_t node) const { return plan_.of[node] == spread::varying; }
  [[nodiscard]] bool masked(std::uint32_t serial) const { return plan_.masked[serial] != 0; }
  [[nodiscard]] const lane_plan& plan() const { return plan_; }
  /// Type of a varying node's value.
  [[nodiscard]] std::string type_name(std::uint32_t node) const;
  [[nodiscard]] std::string wide_type(value_type t) const { return wide_name(t, lanes_, d_); }
  [[nodiscard]] std::string mask_name(int bits) const { return wide_mask_name(bits, lanes_); }
  [[nodiscard]] int mask_bits(std::uint32_t node) const { return mask_bits_[node]; }

  /// Any node's value as a vector of its type; a mask with lanes of so many bits.
  [[nodiscard]] std::string value(std::uint32_t node) const;
  [[nodiscard]] std::string mask(std::uint32_t node, int bits) const;
  /// The mask called `name` in lanes of another width.
  [[nodiscard]] std::string resized(const std::string& name, int had, int wanted) const;
  /// What a varying node that is neither loop nor state is computed by.
  [[nodiscard]] std::string expression(const program_node& n) const;
  /// A result as a vector of a stored type.
  [[nodiscard]] std::string stored(std::size_t result, type as) const;

 private:
  [[nodiscard]] std::string filled(const std::string& scalar, value_type t) const;
  [[nodiscard]] std::string as(const std::string& vector, const char* element) const;
  [[nodiscard]] std::string operation(const program_node& n) const;
  [[nodiscard]] std::string cast(const std::string& from, value_type had, value_type wanted) const;

  const program& p_;
  const dialect_spec& d_;
  const body_names& names_;
  const lane_plan& plan_;
  unsigned lanes_;
  bool sloped_;
  std::vector<int> mask_bits_;
};

/// A vector of a stored type as one of what computes.
std::string wide_widened(type stored, const std::string& vector, unsigned lanes, const dialect_spec& d);

/// The pack of elements that begins at `address`, as a vector of what computes.
std::string wide_loaded(type stored, const std::string& address, unsigned lanes, const dialect_spec& d);

/// The statement that writes a vector of the stored type to the elements from `address` on; `far`: past the
/// caches where it is a line of memory.
std::string wide_stored(type stored, const std::string& address, const std::string& value, unsigned lanes,
                        bool far = false);

/// The definition of a helper of vectors, by the name that `wide_helper` made of a scalar one's or that an
/// expression made. Empty where `name` is none of those.
std::string wide_definition(std::string_view name, const dialect_spec& d);

/// The same of "bf_large", whether so many bytes are more than the caches hold, "bf_ahead", and
/// "bf_streamed", which orders streaming stores before what comes after the kernel.
std::string far_definition(std::string_view name, const dialect_spec& d);

}  // namespace busfare::core
