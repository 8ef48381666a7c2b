// Catch2 v2 and v3 under one name.
#pragma once
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif

/// Leaves the rest of a test case out and says why: as skipped where Catch knows of such a thing (v3), otherwise as a
/// warning.
#if defined(SKIP)
#define LINEAMENT_SKIP(reason) SKIP(reason)
#else
#define LINEAMENT_SKIP(reason)     \
  do {                             \
    WARN("skipped: " << (reason)); \
    return;                        \
  } while (false)
#endif
