#include "workloads/servegen_clients.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#include "models/base/error.h"
#include "models/base/files.h"
#include "workloads/line_trace.h"

namespace headroom::workloads {
namespace {

using std::filesystem::path;

constexpr Seconds kDefaultWindow{600};
constexpr double kMostRequests = 1e9;  // believed of a window

[[noreturn]] void fail(const path& file, int line, const std::string& message, const std::string& hint = {}) {
  throw InputError({.file = file.string(), .line = line, .path = ""}, message, hint);
}

class WindowReader {
 public:
  explicit WindowReader(const path& file) : file_(file), lines_(file) {
    columns_.readHeader("start,rate,cv,pattern,shape,scale");
  }

  std::vector<ClientWindow> read() {
    std::vector<double> rates;
    for (std::string_view line; lines_.next(line);) {
      if (line.empty()) continue;
      if (!columns_.split(line)) refuse("a window is start,rate,cv,pattern,shape,scale");
      const double start = number(0), rate = number(1);
      if (Seconds(start) >= kLongestRun) refuse("a window beyond 100 days");
      ClientWindow window{.begin = toTicks(Seconds(start))};
      if (!windows_.empty() && window.begin <= windows_.back().begin)
        refuse("a window that is not after the one above it");
      if (rate > 0) readGaps(window);
      windows_.push_back(window);
      rates.push_back(rate);
    }
    finish(rates);
    return std::move(windows_);
  }

 private:
  [[noreturn]] void refuse(const std::string& message) const { fail(file_, lines_.lineNumber(), message); }

  double number(std::size_t column) const {
    const auto value = parseNumber(columns_.field(column));
    if (!value || *value < 0) {
      refuse(fmt::format("{}: \"{}\" is not a number of 0 or more", columns_.list()[column], columns_.field(column)));
    }
    return *value;
  }

  void readGaps(ClientWindow& window) const {
    const std::string_view pattern = columns_.field(3);
    if (pattern != "Gamma" && pattern != "Weibull") {
      refuse(fmt::format("pattern: \"{}\" is neither Gamma nor Weibull", pattern));
    }
    window.gaps = pattern == "Gamma" ? ClientWindow::Gaps::gamma : ClientWindow::Gaps::weibull;
    window.shape = number(4);
    if (!(window.shape > 0)) refuse("shape: must be above 0");
  }

  void finish(const std::vector<double>& rates) {
    for (std::size_t i = 0; i < windows_.size(); ++i) {
      const Ticks length = i + 1 < windows_.size() ? windows_[i + 1].begin - windows_[i].begin
                           : i > 0                 ? windows_[i - 1].end - windows_[i - 1].begin
                                                   : toTicks(kDefaultWindow);
      windows_[i].end = windows_[i].begin + length;
      const double requests = rates[i] * toSeconds(length).value();
      if (requests > kMostRequests) {
        fail(file_, 0,
             fmt::format("{:g} requests in the window at {:g} s", requests, toSeconds(windows_[i].begin).value()));
      }
      constexpr double kRounding = 1e-6;  // the rates are counts over the length, in decimals
      windows_[i].requests = static_cast<std::int64_t>(std::ceil(requests - kRounding));
    }
    std::erase_if(windows_, [](const ClientWindow& window) { return window.requests < 1; });
  }

  path file_;
  LineReader lines_;
  CsvColumns columns_;
  std::vector<ClientWindow> windows_;
};

/// N of chunk-N-trace.csv.
std::optional<std::uint64_t> clientNumber(const std::string& name) {
  constexpr std::string_view kBegin = "chunk-", kEnd = "-trace.csv";
  if (!name.starts_with(kBegin) || !name.ends_with(kEnd)) return std::nullopt;
  std::uint64_t number = 0;
  const char* end = name.data() + name.size() - kEnd.size();
  const auto result = std::from_chars(name.data() + kBegin.size(), end, number);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return number;
}

std::set<std::uint64_t> clientNumbers(const path& folder) {
  std::set<std::uint64_t> numbers;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (const auto number = clientNumber(entry.path().filename().string())) numbers.insert(*number);
  }
  if (error)
    fail(folder, 0, "not a folder that can be read",
         "a ServeGen folder, unpacked: chunk-N-trace.csv and chunk-N-dataset.json");
  if (numbers.empty())
    fail(folder, 0, "no chunk-N-trace.csv in this folder", "such as ServeGen's data/language/m-small");
  return numbers;
}

}  // namespace

ServeGenClients loadServeGenClients(const path& folder) {
  ServeGenClients loaded;
  std::int64_t left_out = 0, requests_left_out = 0, requests = 0;
  for (const std::uint64_t number : clientNumbers(folder)) {
    ServeGenClient client{.number = number,
                          .windows = WindowReader(folder / fmt::format("chunk-{}-trace.csv", number)).read(),
                          .lengths = {}};
    if (client.windows.empty()) continue;
    const path dataset = folder / fmt::format("chunk-{}-dataset.json", number);
    if (std::filesystem::exists(dataset)) client.lengths = readClientLengths(dataset);
    std::int64_t own = 0;
    for (const ClientWindow& window : client.windows) own += window.requests;
    requests += own;
    if (client.lengths.empty()) {
      ++left_out;
      requests_left_out += own;
    } else {
      loaded.clients.push_back(std::move(client));
    }
  }
  if (loaded.clients.empty())
    fail(folder, 0, "no client has both requests and lengths", "chunk-N-dataset.json stands beside chunk-N-trace.csv");
  if (left_out > 0) {
    loaded.warnings.push_back(fmt::format(
        "{}: {} clients without lengths (chunk-N-dataset.json) are left out, {:.1f} % of the requests", folder.string(),
        left_out, 100.0 * static_cast<double>(requests_left_out) / static_cast<double>(requests)));
  }
  return loaded;
}

}  // namespace headroom::workloads
