// expect: (storable|constraint|requirement)
// An array of char, whose sign is the platform's business.
#include <busfare/busfare.hpp>
namespace bf = busfare;

bf::array<char> misuse();
