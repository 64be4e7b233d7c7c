// Reads the long lists of numbers of a JSON line by itself: a generic parser makes a tree of them, which takes most of
// the time of reading a trace. Anything but a plain list of whole numbers is left to the generic parser.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace headroom::workloads {

class IdArrays {
 public:
  /// `line`, a JSON object, with `[]` in place of the members that are lists of whole numbers below 10^18; they are
  /// kept until the next call. The line itself if there are none, or if it is not what this reads with certainty.
  std::string_view cut(std::string_view line);
  /// What was cut out as the value of `key`; null if nothing was.
  const std::vector<std::uint64_t>* find(std::string_view key) const;

 private:
  struct Array {
    std::string key;
    std::vector<std::uint64_t> ids;
  };
  Array& next(std::string_view key);

  std::vector<Array> arrays_;  // the first count_ ones are of this line
  std::size_t count_ = 0;
  std::string rest_;
};

}  // namespace headroom::workloads
