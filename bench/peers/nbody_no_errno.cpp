// N-body by -O3 -fno-math-errno.
#define BUSFARE_NBODY nbody_without_errno
#include "nbody_loop.inc"
