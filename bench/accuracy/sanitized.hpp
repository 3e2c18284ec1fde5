// Whether this build has sanitizers, which leave out what they can say nothing new about.
#pragma once

namespace busfare::accuracy {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

}  // namespace busfare::accuracy
