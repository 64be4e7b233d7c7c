#include "models/cost/table_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "models/base/error.h"

namespace headroom::models {

std::string decodeValues(const EncodedValues& encoded, Numbers& numbers) {
  numbers.clear();
  numbers.reserve(std::min(encoded.count, encoded.text.size()));
  const char* at = encoded.text.data();
  const char* const end = at + encoded.text.size();
  while (at != end) {
    std::int32_t value = 0;
    const auto [next, error] = std::from_chars(at, end, value);
    const bool number =
        error == std::errc() && (next == end || *next == ' ') && std::abs(value) <= 2 * kLargestTableValue;
    if (number && encoded.row > 0 && numbers.size() % encoded.row != 0) value += numbers.back();
    if (!number || std::abs(value) > kLargestTableValue) {
      return fmt::format("value {} is not a whole number within +-{}", numbers.size(), kLargestTableValue);
    }
    numbers.push_back(value);
    at = next == end ? end : next + 1;
  }
  if (numbers.size() == encoded.count) return "";
  return fmt::format("has {} values, the axes make {}", numbers.size(), encoded.count);
}

std::shared_ptr<const Numbers> TableValues::numbers() const {
  if (numbers_ != nullptr) return numbers_;
  auto decoded = std::make_shared<Numbers>();
  if (const std::string problem = decodeValues(encoded_, *decoded); !problem.empty()) {
    throw InputError({.file = source_->file, .line = 0, .path = ""},
                     fmt::format("the values at byte {}: {}", encoded_.text.data() - source_->text.data(), problem));
  }
  return decoded;
}

}  // namespace headroom::models
