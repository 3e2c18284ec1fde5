// Runs one kernel from two units over the CPU and prints the bits; the same on every flag and link order.
#include <cstdio>

#include "kernel.hpp"

std::string second_unit();

int main() {
  std::printf("first %s\nsecond %s\n", consumer::bits_of_curve(consumer::inputs()).c_str(),
              second_unit().c_str());
}
