#include "workloads/id_arrays.h"

namespace headroom::workloads {
namespace {

constexpr std::size_t kMostDigits = 18;

bool isBlank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

std::size_t skipBlanks(std::string_view line, std::size_t at) {
  while (at < line.size() && isBlank(line[at])) ++at;
  return at;
}

/// The place behind the list that begins at `at`, or npos if it is not one of whole numbers.
std::size_t readList(std::string_view line, std::size_t at, std::vector<std::uint64_t>& ids) {
  for (++at;; ++at) {
    at = skipBlanks(line, at);
    const std::size_t begin = at;
    std::uint64_t value = 0;
    for (; at < line.size() && isDigit(line[at]); ++at) value = 10 * value + static_cast<std::uint64_t>(line[at] - '0');
    const std::size_t digits = at - begin;
    if (digits == 0 || digits > kMostDigits || (digits > 1 && line[begin] == '0')) return std::string_view::npos;
    ids.push_back(value);
    at = skipBlanks(line, at);
    if (at == line.size()) return std::string_view::npos;
    if (line[at] == ']') return at + 1;
    if (line[at] != ',') return std::string_view::npos;
  }
}

}  // namespace

IdArrays::Array& IdArrays::next(std::string_view key) {
  if (count_ == arrays_.size()) arrays_.emplace_back();
  Array& array = arrays_[count_++];
  array.key = key;
  array.ids.clear();
  return array;
}

const std::vector<std::uint64_t>* IdArrays::find(std::string_view key) const {
  for (std::size_t i = 0; i < count_; ++i) {
    if (arrays_[i].key == key) return &arrays_[i].ids;
  }
  return nullptr;
}

std::string_view IdArrays::cut(std::string_view line) {
  count_ = 0;
  rest_.clear();
  const auto giveUp = [&] {
    count_ = 0;
    return line;
  };
  int depth = 0;
  std::size_t kept = 0;   // up to where the line is in rest_
  std::string_view last;  // the string read last
  for (std::size_t at = 0; at < line.size();) {
    const char c = line[at++];
    if (c == '"') {
      const std::size_t begin = at;
      for (; at < line.size() && line[at] != '"'; ++at) {
        if (line[at] == '\\') return giveUp();
      }
      if (at == line.size()) return giveUp();
      last = line.substr(begin, at++ - begin);
      if (depth == 1 && find(last) != nullptr) return giveUp();  // a key that comes twice
    } else if (c == '{') {
      ++depth;
    } else if (c == '}') {
      --depth;
    } else if (c == ':' && depth == 1) {
      const std::size_t value = skipBlanks(line, at);
      if (value == line.size() || line[value] != '[') continue;
      const std::size_t end = readList(line, value, next(last).ids);
      if (end == std::string_view::npos) return giveUp();
      rest_ += line.substr(kept, value - kept);
      rest_ += "[]";
      kept = at = end;
    }
  }
  if (count_ == 0) return line;
  rest_ += line.substr(kept);
  return rest_;
}

}  // namespace headroom::workloads
