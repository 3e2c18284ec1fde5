// The whole face of the library.
#pragma once

#include <busfare/algorithm.hpp>
#include <busfare/any_array.hpp>
#include <busfare/array.hpp>
#include <busfare/error.hpp>
#include <busfare/job.hpp>
#include <busfare/lease.hpp>
#include <busfare/native.hpp>
#include <busfare/native_kernel.hpp>
#include <busfare/plan.hpp>
#include <busfare/receipt.hpp>
#include <busfare/runtime.hpp>
#include <busfare/slice.hpp>
#include <busfare/value/random.hpp>
#include <busfare/window.hpp>
