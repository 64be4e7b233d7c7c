#include "sim/metrics/link_series.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <string_view>

#include "sim/metrics/table_files.h"

namespace headroom::sim {

const std::string& LinkSeries::columns() {
  static const std::string names = "begin_s,end_s,utilisation,link";
  return names;
}

std::string LinkSeries::csv() const {
  fmt::memory_buffer out;
  fmt::format_to(std::back_inserter(out), "{}\n", columns());
  for (const Link& link : links) {
    for (std::size_t i = 0; i < link.shares.size(); ++i) {
      if (link.shares[i] <= 0) continue;
      const double begin = static_cast<double>(i) * interval_s;
      fmt::format_to(std::back_inserter(out), "{},{},{:.4g},{}\n", begin, begin + interval_s, link.shares[i],
                     link.name);
    }
  }
  return fmt::to_string(out);
}

void LinkSeries::write(const std::filesystem::path& file) const {
  writeCompressed(file, csv());
}

LinkSeries readLinkSeries(const std::filesystem::path& file) {
  constexpr double kMostIntervals = 1e5;
  TableFile table(file, LinkSeries::columns(), "links");
  std::string_view line;
  LinkSeries series;
  while (table.next(line)) {
    double begin = 0, end = 0;
    float share = 0;
    const bool all = takeNumber(line, begin) && takeNumber(line, end) && takeNumber(line, share) && !line.empty();
    if (!all || !(end > begin) || !(begin >= 0)) table.fail("has a value that its column cannot have");
    if (series.interval_s <= 0) series.interval_s = end - begin;
    const double interval = std::round(begin / series.interval_s);
    if (!(interval < kMostIntervals)) table.fail("begins beyond the end of any run");
    if (series.links.empty() || series.links.back().name != line) series.links.push_back({std::string(line), {}});
    std::vector<float>& shares = series.links.back().shares;
    const auto at = static_cast<std::size_t>(interval);
    if (shares.size() <= at) shares.resize(at + 1);
    shares[at] = share;
  }
  return series;
}

}  // namespace headroom::sim
