// expect: (storable|constraint|requirement)
// An array of long double.
#include <busfare/busfare.hpp>
namespace bf = busfare;

bf::array<long double> misuse();
