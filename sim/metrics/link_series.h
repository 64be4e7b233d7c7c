// How full the links of a run were over time: shares of their bandwidth in intervals of one length. Of the busiest
// kMost links; the others carried less, or nothing.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace headroom::sim {

struct LinkSeries {
  static constexpr std::size_t kMost = 4096;
  struct Link {
    std::string name;
    std::vector<float> shares;  ///< in each interval from 0 on; shorter than the run: nothing went any more
  };
  double interval_s = 0;
  std::vector<Link> links;  ///< busiest first

  bool empty() const { return links.empty(); }
  /// CSV: `columns()`, then a line for each interval in which something went, by link and time.
  std::string csv() const;
  /// csv() compressed. Throws InputError if the file cannot be written.
  void write(const std::filesystem::path& file) const;
  static const std::string& columns();
};

/// What `write` wrote. Throws InputError with file and line if it is no such file.
LinkSeries readLinkSeries(const std::filesystem::path& file);

}  // namespace headroom::sim
