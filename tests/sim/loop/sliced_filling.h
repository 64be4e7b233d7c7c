// Rates of flows in slices by the textbook, all from zero: the oracle of the sliced shares. Guarantees and caps are
// shares of links here.
#pragma once

#include <cmath>
#include <vector>

#include "sim/loop/sliced_shares.h"
#include "tests/sim/loop/progressive_filling.h"

namespace headroom::sim {

struct SlicedFlow {
  FluidFlow flow;
  std::uint32_t slice = 0;
};

/// Rates if the slice had the network that it is promised, and nobody else were there.
inline std::vector<double> promisedRates(const std::vector<SlicedFlow>& flows, const std::vector<SliceShare>& slices,
                                         const std::vector<double>& capacity, std::uint32_t slice) {
  std::vector<FluidFlow> all;
  std::vector<bool> active;
  for (const SlicedFlow& m : flows) {
    all.push_back(m.flow);
    active.push_back(slice > 0 && m.slice == slice && slices[slice - 1].guarantee.share > 0);
  }
  std::vector<double> promised;
  for (const double c : capacity) promised.push_back(slice == 0 ? 0 : slices[slice - 1].guarantee.share * c);
  return maxMin(all, active, promised);
}

/// All rates: each slice alone, then what is left, with caps as links.
inline std::vector<double> slicedRates(const std::vector<SlicedFlow>& flows, const std::vector<SliceShare>& slices,
                                       const std::vector<double>& capacity) {
  std::vector<double> first(flows.size(), 0);
  for (std::uint32_t s = 1; s <= slices.size(); ++s) {
    const std::vector<double> own = promisedRates(flows, slices, capacity, s);
    for (std::size_t i = 0; i < own.size(); ++i) first[i] += own[i];
  }
  std::vector<double> left = capacity;
  for (const SliceShare& slice : slices) {
    for (const double c : capacity) left.push_back(slice.cap ? slice.cap->share * c : 1e18);
  }
  std::vector<FluidFlow> all;
  for (std::size_t i = 0; i < flows.size(); ++i) {
    const SlicedFlow& m = flows[i];
    FluidFlow flow = m.flow;
    for (const std::size_t l : m.flow.path) {
      left[l] -= first[i];
      if (m.slice == 0) continue;
      flow.path.push_back(m.slice * capacity.size() + l);
      left[flow.path.back()] -= first[i];
    }
    if (m.slice > 0) flow.weight = slices[m.slice - 1].weight;
    flow.limit -= first[i];
    if (std::isfinite(flow.limit) && flow.limit < 1e-9 * m.flow.limit) flow.limit = 0;
    all.push_back(flow);
  }
  for (std::size_t l = 0; l < left.size(); ++l) {
    if (left[l] < 1e-9 * capacity[l % capacity.size()]) left[l] = 0;
  }
  std::vector<double> rates = maxMin(all, std::vector<bool>(all.size(), true), left);
  for (std::size_t f = 0; f < rates.size(); ++f) rates[f] += first[f];
  return rates;
}

}  // namespace headroom::sim
