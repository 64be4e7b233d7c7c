#include "sim/metrics/request_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <optional>

#include "models/base/byte_source.h"
#include "models/base/error.h"

namespace headroom::sim {
namespace {

constexpr std::size_t kPiece = 1 << 20;  // bytes unpacked at once

/// The cells of one line from left to right.
class Cells {
 public:
  Cells(const char* begin, const char* end) : at_(begin), end_(end) {}

  bool atEnd() const { return at_ == end_; }
  /// False: the line has no more cells. `cell` stays as written, quotes included.
  bool next(std::string_view& cell) {
    if (done_) return false;
    const char* begin = at_;
    if (at_ != end_ && *at_ == '"') {
      for (++at_; at_ != end_ && *at_ != '"'; ++at_) {
        if (at_ + 2 < end_ && at_[1] == '"' && at_[2] == '"') at_ += 2;
      }
    }
    while (at_ != end_ && *at_ != ',') ++at_;
    cell = std::string_view(begin, static_cast<std::size_t>(at_ - begin));
    done_ = at_ == end_;
    if (!done_) ++at_;
    return true;
  }

 private:
  const char* at_;
  const char* end_;
  bool done_ = false;
};

std::string unquoted(std::string_view cell) {
  if (cell.size() < 2 || cell.front() != '"') return std::string(cell);
  std::string text;
  for (std::size_t i = 1; i + 1 < cell.size(); ++i) {
    text += cell[i];
    if (cell[i] == '"') ++i;  // doubled
  }
  return text;
}

/// "12.000345" with exactly `digits` behind the point, in units of the last digit.
std::optional<std::int64_t> numberIn(std::string_view cell, std::size_t digits) {
  const bool negative = !cell.empty() && cell.front() == '-';
  if (negative) cell.remove_prefix(1);
  if (cell.size() > 18 + (digits > 0 ? 1 : 0)) return std::nullopt;
  const std::size_t point = digits > 0 ? cell.size() - digits - 1 : cell.size();
  if (cell.size() < digits + (digits > 0 ? 2 : 1)) return std::nullopt;
  std::int64_t value = 0;
  for (std::size_t i = 0; i < cell.size(); ++i) {
    if (i == point) {
      if (cell[i] != '.') return std::nullopt;
      continue;
    }
    const auto digit = static_cast<unsigned>(cell[i] - '0');
    if (digit > 9) return std::nullopt;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}

/// Texts by number, in order of appearance. Rows mostly repeat the last one.
class Interned {
 public:
  std::uint32_t operator()(std::string_view text) {
    if (!texts_.empty() && texts_[last_] == text) return last_;
    const auto found = numbers_.find(text);
    if (found != numbers_.end()) return last_ = found->second;
    last_ = static_cast<std::uint32_t>(texts_.size());
    texts_.emplace_back(text);
    numbers_.emplace(texts_.back(), last_);
    return last_;
  }
  const std::vector<std::string>& texts() const { return texts_; }

 private:
  std::vector<std::string> texts_;
  std::map<std::string, std::uint32_t, std::less<>> numbers_;
  std::uint32_t last_ = 0;
};

enum class Field {
  skipped,
  id,
  deployment,
  request_class,
  tenant,
  arrival,
  replica,
  prefill_replica,
  status,
  count,
  time,
  part
};

struct Column {
  Field field = Field::skipped;
  std::string name;
  std::vector<std::int32_t>* counts = nullptr;
  std::vector<std::int64_t>* times = nullptr;
  bool required = true;
};

class Reader {
 public:
  Reader(const std::filesystem::path& file, const std::function<bool()>& stop)
      : file_(file.string()), source_(openBytes(file)), stop_(stop) {
    statuses_("completed");
    tenants_("");
  }

  RequestColumns read() {
    std::vector<char> buffer(kPiece);
    std::size_t held = 0;  // of a line that is not complete
    for (;;) {
      if (held == buffer.size()) buffer.resize(2 * buffer.size());
      const std::size_t got = piece(buffer.data() + held, buffer.size() - held);
      if (got == 0) break;
      const char* begin = buffer.data();
      const char* end = begin + held + got;
      while (const void* found = std::memchr(begin, '\n', static_cast<std::size_t>(end - begin))) {
        const char* line_end = static_cast<const char*>(found);
        line(begin, line_end);
        begin = line_end + 1;
      }
      held = static_cast<std::size_t>(end - begin);
      std::memmove(buffer.data(), begin, held);
      if (stop_ && stop_()) break;
    }
    if (held > 0 && !(stop_ && stop_())) fail("ends in the middle of a line");
    if (line_ == 0) notATable();
    out_.statuses = statuses_.texts();
    return std::move(out_);
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw InputError({.file = file_, .line = line_, .path = ""}, what);
  }
  [[noreturn]] void notATable() const {
    throw InputError({.file = file_, .line = 1, .path = ""}, "is not a request table of this version",
                     "run the scenario again with --out");
  }

  std::size_t piece(char* bytes, std::size_t size) {
    try {
      return source_->read(bytes, size);
    } catch (const std::runtime_error& error) {
      throw InputError({.file = file_, .line = line_, .path = ""}, std::string("is damaged: ") + error.what());
    }
  }

  void line(const char* begin, const char* end) {
    ++line_;
    line_ == 1 ? header(begin, end) : row(begin, end);
  }

  void header(const char* begin, const char* end) {
    const std::map<std::string_view, Column> known = knownColumns();
    Cells cells(begin, end);
    std::size_t parts = 0, required = 0;
    for (std::string_view cell; cells.next(cell);) {
      const auto found = known.find(cell);
      columns_.push_back(found == known.end() ? Column{} : found->second);
      columns_.back().name = cell;
      if (found != known.end() && found->second.required) ++required;
      if (cell.starts_with("part_") && cell.ends_with("_ms")) {
        columns_.back().field = Field::part;
        out_.parts.push_back({std::string(cell.substr(5, cell.size() - 8)), {}});
        ++parts;
      }
    }
    const auto wanted = static_cast<std::size_t>(
        std::count_if(known.begin(), known.end(), [](const auto& entry) { return entry.second.required; }));
    if (required != wanted || parts == 0) notATable();
    std::size_t part = 0;
    for (Column& column : columns_) {
      if (column.field == Field::part) column.times = &out_.parts[part++].time;
    }
  }

  std::map<std::string_view, Column> knownColumns() {
    const auto count = [](std::vector<std::int32_t>& to) {
      return Column{.field = Field::count, .name = {}, .counts = &to};
    };
    const auto time = [](std::vector<std::int64_t>& to) {
      return Column{.field = Field::time, .name = {}, .times = &to};
    };
    const auto plain = [](Field field, bool required = true) {
      Column column;
      column.field = field;
      column.required = required;
      return column;
    };
    return {{"request_id", plain(Field::id)},
            {"deployment", plain(Field::deployment)},
            {"class", plain(Field::request_class)},
            {"tenant", plain(Field::tenant, false)},
            {"arrival_s", plain(Field::arrival)},
            {"replica", plain(Field::replica)},
            {"prefill_replica", plain(Field::prefill_replica, false)},
            {"status", plain(Field::status)},
            {"prompt_tokens", count(out_.prompt_tokens)},
            {"output_tokens", count(out_.output_tokens)},
            {"cached_tokens", count(out_.cached_tokens)},
            {"preemptions", count(out_.preemptions)},
            {"ttft_ms", time(out_.ttft)},
            {"e2e_ms", time(out_.e2e)}};
  }

  void row(const char* begin, const char* end) {
    Cells cells(begin, end);
    std::string_view cell;
    for (const Column& column : columns_) {
      if (!cells.next(cell)) fail("has fewer columns than the header");
      add(column, cell);
    }
    if (!cells.atEnd()) fail("has more columns than the header");
    addOrigin();
    const std::size_t rows = out_.arrival.size();
    if (rows > 1 && out_.arrival[rows - 1] < out_.arrival[rows - 2]) fail("arrives before the request above it");
  }

  void add(const Column& column, std::string_view cell) {
    switch (column.field) {
      case Field::skipped:
        break;
      case Field::id:
        out_.id.push_back(static_cast<std::uint64_t>(number(cell, 0)));
        break;
      case Field::deployment:
        origin_key_[0] = numberOf(deployments_, cell);
        break;
      case Field::request_class:
        origin_key_[1] = numberOf(classes_, cell);
        break;
      case Field::tenant:
        origin_key_[2] = numberOf(tenants_, cell);
        break;
      case Field::arrival:
        out_.arrival.push_back(number(cell, 9));
        break;
      case Field::replica:
        out_.replica.push_back(replicaIn(cell));
        break;
      case Field::prefill_replica:
        out_.prefill_replica.push_back(replicaIn(cell));
        break;
      case Field::status:
        if (statuses_(cell) > UINT8_MAX) fail("is the 257th status");
        out_.status.push_back(static_cast<std::uint8_t>(statuses_(cell)));
        break;
      case Field::count:
        column.counts->push_back(cell.empty() ? 0 : count(cell));
        break;
      case Field::time:
      case Field::part:
        column.times->push_back(cell.empty() ? 0 : number(cell, 6));
        break;
    }
  }

  static std::uint32_t numberOf(Interned& texts, std::string_view cell) {
    return cell.starts_with('"') ? texts(unquoted(cell)) : texts(cell);
  }

  void addOrigin() {
    if (!out_.origin.empty() && origin_key_ == last_origin_) {
      out_.origin.push_back(out_.origin.back());
      return;
    }
    last_origin_ = origin_key_;
    const auto [found, added] = origins_.emplace(origin_key_, static_cast<std::uint16_t>(out_.origins.size()));
    if (added) {
      if (out_.origins.size() > UINT16_MAX) fail("names more than 65536 tenants");
      const auto& [deployment, request_class, tenant] = origin_key_;
      out_.origins.push_back(
          {deployments_.texts()[deployment], classes_.texts()[request_class], tenants_.texts()[tenant]});
    }
    out_.origin.push_back(found->second);
  }

  std::int64_t number(std::string_view cell, std::size_t digits) const {
    const auto value = numberIn(cell, digits);
    if (!value) fail(fmt::format("\"{}\" is not a number with {} digits behind the point", cell, digits));
    return *value;
  }
  std::uint32_t replicaIn(std::string_view cell) const {
    return cell.empty() ? UINT32_MAX : static_cast<std::uint32_t>(count(cell));
  }
  std::int32_t count(std::string_view cell) const {
    const auto value = numberIn(cell, 0);
    if (!value || *value < 0 || *value > INT32_MAX) fail(fmt::format("\"{}\" is not a count", cell));
    return static_cast<std::int32_t>(*value);
  }

  std::string file_;
  std::unique_ptr<ByteSource> source_;
  const std::function<bool()>& stop_;
  RequestColumns out_;
  std::vector<Column> columns_;
  Interned statuses_, deployments_, classes_, tenants_;
  std::array<std::uint32_t, 3> origin_key_{}, last_origin_{};  // deployment, class, tenant
  std::map<std::array<std::uint32_t, 3>, std::uint16_t> origins_;
  int line_ = 0;
};

}  // namespace

bool RequestColumns::movesKv() const {
  return std::any_of(prefill_replica.begin(), prefill_replica.end(),
                     [](std::uint32_t other) { return other != UINT32_MAX; });
}

const PartColumn* RequestColumns::part(std::string_view name) const {
  const auto found = std::find_if(parts.begin(), parts.end(), [&](const PartColumn& p) { return p.name == name; });
  return found == parts.end() ? nullptr : &*found;
}

RequestColumns readRequestColumns(const std::filesystem::path& file, const std::function<bool()>& stop) {
  return Reader(file, stop).read();
}

}  // namespace headroom::sim
