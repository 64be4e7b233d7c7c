// List prices of renting an accelerator on demand: datasets/prices.yaml (schema headroom.prices/1).
// One dated price per accelerator, an instance's price divided by its accelerators; taxes, discounts, commitments and
// regional differences are left out. An accelerator without a price is absent, never 0.
#pragma once

#include <map>
#include <string>

#include "models/base/document.h"
#include "models/base/quantity.h"

namespace headroom::models {

struct Price {
  DollarsPerSecond price;  ///< of one accelerator, host included
  std::string source;      ///< source key of datasets/SOURCES.md
  std::string date;        ///< when it was listed, YYYY-MM
  bool operator==(const Price&) const = default;
};

/// Throws InputError on a price that is not positive, a wrong date, an unknown key.
std::map<std::string, Price> readPrices(const Value& value);
/// The shipped prices by catalogue name.
std::map<std::string, Price> listPrices();

}  // namespace headroom::models
