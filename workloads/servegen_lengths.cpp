#include "workloads/servegen_lengths.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "models/base/error.h"
#include "models/base/files.h"
#include "workloads/lengths.h"
#include "workloads/line_trace.h"

namespace headroom::workloads {
namespace {

using nlohmann::json;

class LengthReader {
 public:
  explicit LengthReader(const std::filesystem::path& file) : file_(file) {}

  std::vector<ClientLengths> read() {
    const json root = json::parse(readFile(file_), nullptr, false);
    if (!root.is_object()) refuse("not a JSON object of windows");
    std::map<Ticks, ClientLengths> windows;
    for (const auto& [start, fields] : root.items()) {
      const auto seconds = parseNumber(start);
      where_ = "/" + start;
      if (!seconds || *seconds < 0 || Seconds(*seconds) > kLongestRun) refuse("not the start of a window in seconds");
      if (!fields.is_object()) refuse("not an object of fields");
      ClientLengths lengths = readFields(fields);
      lengths.begin = toTicks(Seconds(*seconds));
      const bool empty = lengths.output.empty() || std::all_of(lengths.prompt.begin(), lengths.prompt.end(),
                                                               [](const auto& part) { return part.second.empty(); });
      if (!empty) windows.emplace(lengths.begin, std::move(lengths));
    }
    std::vector<ClientLengths> list;
    for (auto& [begin, lengths] : windows) list.push_back(std::move(lengths));
    return list;
  }

 private:
  [[noreturn]] void refuse(const std::string& message, const std::string& hint = {}) const {
    throw InputError({.file = file_.string(), .line = 0, .path = where_}, message, hint);
  }

  ClientLengths readFields(const json& fields) const {
    ClientLengths lengths;
    for (const char* text : {"input_tokens", "text_tokens"}) {
      if (fields.contains(text)) lengths.prompt.emplace_back(StepCdf(), cdf(fields, text));
    }
    if (lengths.prompt.size() != 1) refuse("one of input_tokens and text_tokens must be there");
    for (const std::string kind : {"image", "audio", "video"}) {
      if (!fields.contains(kind + "_tokens")) continue;
      lengths.prompt.emplace_back(cdf(fields, kind + "_count"), cdf(fields, kind + "_tokens"));
    }
    lengths.output = cdf(fields, "output_tokens");
    return lengths;
  }

  /// A field "{120: 0.25, 121: 0.75}".
  StepCdf cdf(const json& fields, const std::string& name) const {
    const auto found = fields.find(name);
    if (found == fields.end() || !found->is_string())
      refuse(fmt::format("no \"{}\"", name), "shares as text, \"{120: 1.0}\"");
    std::string_view text = found->get_ref<const std::string&>();
    if (text.size() < 2 || text.front() != '{' || text.back() != '}') refuse(name + ": not \"{tokens: share, ...}\"");
    text = text.substr(1, text.size() - 2);
    std::vector<std::pair<std::int32_t, double>> shares;
    while (!text.empty()) {
      const std::size_t end = std::min(text.find(','), text.size());
      const std::string_view entry = text.substr(0, end);
      const std::size_t colon = std::min(entry.find(':'), entry.size());
      const auto value = parseNumber(entry.substr(0, colon));
      const auto share = parseNumber(entry.substr(std::min(colon + 1, entry.size())));
      if (!value || !share || *share < 0 || *value < 0 || *value > kLongestLength || *value != std::floor(*value)) {
        refuse(fmt::format("{}: \"{}\" is not tokens: share", name, entry));
      }
      if (*share > 0) shares.emplace_back(static_cast<std::int32_t>(*value), *share);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return StepCdf(std::move(shares));
  }

  std::filesystem::path file_;
  std::string where_;
};

}  // namespace

StepCdf::StepCdf(std::vector<std::pair<std::int32_t, double>> shares) {
  std::sort(shares.begin(), shares.end());
  double all = 0, sum = 0;
  for (const auto& [value, share] : shares) all += share;
  for (const auto& [value, share] : shares) steps_.emplace_back((sum += share) / all, value);
}

std::int32_t StepCdf::at(double share) const {
  const auto step =
      std::lower_bound(steps_.begin(), steps_.end(), share, [](const auto& s, double x) { return s.first < x; });
  return step == steps_.end() ? steps_.back().second : step->second;
}

std::vector<ClientLengths> readClientLengths(const std::filesystem::path& file) {
  return LengthReader(file).read();
}

}  // namespace headroom::workloads
