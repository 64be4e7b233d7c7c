// A result for people: what ran, whether its numbers mean anything (the regime), latencies, throughput, cost, and where
// the kernel times come from. Everything in it is in the result's JSON too.
#pragma once

#include <string>

#include "sim/result.h"
#include "sim/scenario.h"

namespace headroom::cli {

std::string resultTable(const sim::Scenario& scenario, const sim::Result& result);
/// One plain sentence about the load.
std::string regimeSentence(const sim::Result& result);
/// "61.2 % measured, 38.8 % interpolated"
std::string tierText(const std::array<double, models::kTiers>& share);

}  // namespace headroom::cli
