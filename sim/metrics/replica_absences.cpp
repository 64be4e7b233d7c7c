#include "sim/metrics/replica_absences.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <tuple>

#include "sim/metrics/table_files.h"

namespace headroom::sim {
namespace {

constexpr const char* kNames[kAbsences] = {"starting", "loading-weights", "draining", "down"};

}  // namespace

const char* nameOf(Absence absence) {
  return kNames[static_cast<std::size_t>(absence)];
}

void ReplicaAbsences::add(std::uint32_t replica, Absence what, Ticks begin, Ticks end) {
  if (end > begin && spans_.size() < kMost) spans_.push_back({replica, what, begin, end});
}

void ReplicaAbsences::change(std::uint32_t replica, std::optional<Absence> what, Ticks at) {
  if (const auto before = open_.find(replica); before != open_.end()) {
    add(replica, before->second.what, before->second.begin, at);
    open_.erase(before);
  }
  if (what) open_[replica] = {*what, at};
}

void ReplicaAbsences::finish(Ticks at) {
  for (const auto& [replica, open] : open_) add(replica, open.what, open.begin, at);
  open_.clear();
}

const std::string& ReplicaAbsences::columns() {
  static const std::string names = "replica,begin_s,end_s,state";
  return names;
}

std::string ReplicaAbsences::csv() const {
  std::vector<Span> sorted = spans_;
  std::sort(sorted.begin(), sorted.end(), [](const Span& a, const Span& b) {
    return std::tie(a.replica, a.begin, a.end) < std::tie(b.replica, b.begin, b.end);
  });
  fmt::memory_buffer out;
  fmt::format_to(std::back_inserter(out), "{}\n", columns());
  for (const Span& span : sorted) {
    fmt::format_to(std::back_inserter(out), "{},{:.6f},{:.6f},{}\n", span.replica, toSeconds(span.begin).value(),
                   toSeconds(span.end).value(), nameOf(span.what));
  }
  return fmt::to_string(out);
}

void ReplicaAbsences::write(const std::filesystem::path& file) const {
  writeCompressed(file, csv());
}

std::vector<std::vector<AbsenceSpan>> readReplicaAbsences(const std::filesystem::path& file) {
  TableFile table(file, ReplicaAbsences::columns(), "absences");
  std::string_view line;
  std::vector<std::vector<AbsenceSpan>> spans;
  while (table.next(line)) {
    std::uint32_t replica = 0;
    AbsenceSpan span;
    const bool all = takeNumber(line, replica) && takeNumber(line, span.begin_s) && takeNumber(line, span.end_s);
    const auto* name = std::find(std::begin(kNames), std::end(kNames), line);
    if (!all || name == std::end(kNames) || replica > 1'000'000) table.fail("has a value that its column cannot have");
    span.what = static_cast<Absence>(name - std::begin(kNames));
    if (replica >= spans.size()) spans.resize(replica + 1);
    if (!spans[replica].empty() && span.begin_s < spans[replica].back().begin_s) {
      table.fail("begins before the absence above it");
    }
    spans[replica].push_back(span);
  }
  return spans;
}

}  // namespace headroom::sim
