// Aligned columns of text.
#pragma once

#include <string>
#include <vector>

namespace headroom::cli {

class TextTable {
 public:
  /// `alignment`: 'l' or 'r' per column.
  explicit TextTable(std::string alignment) : alignment_(std::move(alignment)) {}
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  /// Two spaces between columns, no spaces at the end of a line.
  std::string text() const;

 private:
  std::string alignment_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace headroom::cli
