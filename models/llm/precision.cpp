#include "models/llm/precision.h"

#include <algorithm>
#include <iterator>

#include "models/base/error.h"

namespace headroom::models {
namespace {

struct Format {
  Precision precision;
  const char* name;
  double bytes;
};

constexpr Format kFormats[] = {
    {Precision::bf16, "bf16", 2.0},
    {Precision::fp8, "fp8", 1.0},
    {Precision::fp8_block, "fp8-block", 1.0 + 4.0 / (128.0 * 128.0)},
    {Precision::nvfp4, "nvfp4", 0.5 + 1.0 / 16.0},
    {Precision::mxfp4, "mxfp4", 0.5 + 1.0 / 32.0},
    {Precision::int4, "int4", 0.5 + 2.0 / 128.0},
};

const Format& formatOf(Precision precision) {
  const auto found = std::find_if(std::begin(kFormats), std::end(kFormats),
                                  [&](const Format& format) { return format.precision == precision; });
  CHECK(found != std::end(kFormats), "a precision without a row in the table");
  return *found;
}

}  // namespace

const std::vector<std::string>& precisionNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Format& format : kFormats) all.emplace_back(format.name);
    return all;
  }();
  return names;
}

std::optional<Precision> precisionFromName(const std::string& name) {
  for (const Format& format : kFormats) {
    if (name == format.name) return format.precision;
  }
  return std::nullopt;
}

std::string nameOf(Precision precision) {
  return formatOf(precision).name;
}

Bytes bytesPerElement(Precision precision) {
  return Bytes(formatOf(precision).bytes);
}

}  // namespace headroom::models
