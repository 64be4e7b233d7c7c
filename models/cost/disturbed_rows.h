// GEMMs that something else on the machine slowed down while they were timed: a call that takes 1.3 times as long as
// most calls of slightly fewer rows and as most of slightly more rows of the same weights. A kernel's own steps and
// slow ranges do not look so: they are as slow as one of the two sides.
#pragma once

#include <vector>

#include "models/cost/raw_tables.h"

namespace headroom::models {

/// Samples of one GEMM table (rows, n, k) without the disturbed ones. The first and the last number of rows of each
/// (n, k) are kept: they have one side.
std::vector<Sample> withoutDisturbedRows(std::vector<Sample> samples);

}  // namespace headroom::models
