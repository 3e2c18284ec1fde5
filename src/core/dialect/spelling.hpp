// What math::fast changes in generated text, and what it must not.
#pragma once

#include <initializer_list>
#include <string_view>

#include "core/dialect/dialect.hpp"
#include "core/dialect/emit.hpp"

namespace busfare::core {

/// Whether the text of these programs (null: none) may be compiled with contraction and approximate division.
/// Not where a definition stays in it: its bound holds for its operations as they are written, and a compiler
/// cannot be told to be exact in one function of a text only. Nor where there are no floats.
bool may_relax(spelling how, std::initializer_list<const program*> programs);

/// The dialect as such a text is written in it.
dialect_spec spelled_dialect(std::string_view dialect, spelling how, bool relaxed);

/// Whether a program computes with floats, so that math::fast means anything to it.
bool computes_floats(const program& p) noexcept;

}  // namespace busfare::core
