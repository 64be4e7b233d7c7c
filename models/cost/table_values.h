// The numbers of one table of a profile: a list, or the text they stand as in a file, decoded for each reader that
// asks. Most tables are never asked: a model has one shape of experts, a profile hundreds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace headroom::models {

using Numbers = std::vector<std::int32_t>;

/// What a profile file holds: whole numbers within +-kLargestTableValue, separated by blanks.
struct EncodedValues {
  std::string_view text = {};
  std::size_t count = 0;  ///< numbers that the axes make
  std::size_t row = 0;    ///< all but the first of each row are differences to the one before; 0: none is
};
inline constexpr std::int32_t kLargestTableValue = 20000;  // e^20: no kernel is that far from its speed of light

/// What is wrong with the text ("has 3 values, the axes make 4"), or "".
std::string decodeValues(const EncodedValues& encoded, Numbers& numbers);

/// The text of a profile and its name, kept for as long as a table needs them.
struct ProfileText {
  std::string text;
  std::string file;
};

class TableValues {
 public:
  TableValues() : TableValues(Numbers()) {}
  TableValues(std::initializer_list<std::int32_t> numbers) : TableValues(Numbers(numbers)) {}
  TableValues(Numbers numbers)
      : numbers_(std::make_shared<const Numbers>(std::move(numbers))), encoded_{.count = numbers_->size()} {}
  /// `encoded.text` points into `source`.
  TableValues(const EncodedValues& encoded, std::shared_ptr<const ProfileText> source)
      : source_(std::move(source)), encoded_(encoded) {}

  std::size_t size() const { return encoded_.count; }
  /// Decoded on each call, where they stand as text. Throws InputError with the file if the text is broken.
  std::shared_ptr<const Numbers> numbers() const;
  bool operator==(const TableValues& other) const { return *numbers() == *other.numbers(); }

 private:
  std::shared_ptr<const Numbers> numbers_;  ///< null: still text
  std::shared_ptr<const ProfileText> source_;
  EncodedValues encoded_;
};

}  // namespace headroom::models
