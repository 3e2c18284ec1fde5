// N-body by plain -O3: a square root may set errno.
#define BUSFARE_NBODY nbody_with_errno
#include "nbody_loop.inc"
