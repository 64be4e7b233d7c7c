// Requests of ServeGen clients: every client by itself draws the arrivals of a window and their lengths, and the
// streams are merged by time. A window of n requests has n arrivals between n + 1 gaps, drawn from the client's
// distribution and scaled to fill the window, so that its count is the recorded one whatever the burstiness. One
// uniform number draws all lengths of a request (ServeGen's construct.py): long prompts have long answers.
// Leaves out: conversations; the same text in two prompts.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "workloads/lengths.h"
#include "workloads/portable_math.h"
#include "workloads/rng.h"
#include "workloads/servegen_clients.h"
#include "workloads/trace_formats.h"

namespace headroom::workloads {
namespace {

/// The requests of one client.
class ClientRequests {
 public:
  ClientRequests(ServeGenClient client, const TraceOptions& options)
      : client_(std::move(client)),
        gaps_(options.seed, "arrivals/" + options.name + "/client", client_.number),
        shares_(options.seed, "lengths/" + options.name + "/client", client_.number) {}

  /// Time of the next request; nothing after the last window.
  std::optional<Ticks> arrival() {
    while (at_ == times_.size()) {
      if (window_ == client_.windows.size()) return std::nullopt;
      drawTimes(client_.windows[window_++]);
    }
    return times_[at_];
  }

  /// Draws the lengths of that request and goes on to the next. They may be 0.
  void take(TraceRow& row) {
    row.arrival = times_[at_++];
    const ClientLengths& lengths = lengthsAt(row.arrival);
    const double share = shares_.uniformOpen();
    std::int64_t prompt = 0;
    for (const auto& [items, tokens] : lengths.prompt) {
      if (!tokens.empty()) prompt += std::int64_t{items.empty() ? 1 : items.at(share)} * tokens.at(share);
    }
    row.prompt_tokens = static_cast<std::int32_t>(std::min<std::int64_t>(prompt, kLongestLength));
    row.output_tokens = lengths.output.at(share);
  }

 private:
  double drawGap(const ClientWindow& window) {
    if (window.gaps == ClientWindow::Gaps::gamma) return gaps_.gamma(window.shape);
    return portableExp(portableLog(gaps_.exponential()) / window.shape);
  }

  void drawTimes(const ClientWindow& window) {
    std::vector<double> elapsed;
    double sum = 0;
    for (std::int64_t i = 0; i < window.requests; ++i) elapsed.push_back(sum += drawGap(window));
    sum += drawGap(window);
    // Gaps so uneven that they leave the range of numbers: all but one are nothing beside it.
    const bool uneven = !(sum > 0) || !std::isfinite(sum);
    const double burst = uneven ? gaps_.uniform() : 0;
    const auto length = static_cast<double>(window.end - window.begin);
    times_.clear();
    at_ = 0;
    for (const double time : elapsed) {
      times_.push_back(window.begin + static_cast<Ticks>(length * (uneven ? burst : time / sum)));
    }
  }

  /// Those of the window at hand, or of the nearest before it that has any, else of the first.
  const ClientLengths& lengthsAt(Ticks time) {
    while (lengths_ + 1 < client_.lengths.size() && client_.lengths[lengths_ + 1].begin <= time) ++lengths_;
    return client_.lengths[lengths_];
  }

  ServeGenClient client_;
  Rng gaps_, shares_;
  std::vector<Ticks> times_;  // of the window before window_
  std::size_t at_ = 0, window_ = 0, lengths_ = 0;
};

class ServeGenTrace : public TraceReader {
 public:
  ServeGenTrace(ServeGenClients loaded, const TraceOptions& options) : warnings_(std::move(loaded.warnings)) {
    for (ServeGenClient& client : loaded.clients) {
      clients_.emplace_back(std::move(client), options);
      queue(clients_.size() - 1);
    }
  }

  bool next(TraceRow& row) override {
    if (waiting_.empty()) return false;
    const std::size_t client = waiting_.top().second;
    waiting_.pop();
    row = TraceRow{};
    clients_[client].take(row);
    if (row.prompt_tokens < 1 || row.output_tokens < 1) {
      ++without_tokens_;
      row.prompt_tokens = std::max(row.prompt_tokens, 1);
      row.output_tokens = std::max(row.output_tokens, 1);
    }
    queue(client);
    return true;
  }

  std::vector<std::string> warnings() const override {
    std::vector<std::string> all = warnings_;
    if (without_tokens_ > 0) {
      all.push_back(fmt::format("{} requests with 0 tokens of prompt or output count as 1 token", without_tokens_));
    }
    return all;
  }

 private:
  using Arrival = std::pair<Ticks, std::size_t>;  // ties go to the lower client

  void queue(std::size_t client) {
    if (const auto arrival = clients_[client].arrival()) waiting_.emplace(*arrival, client);
  }

  std::vector<ClientRequests> clients_;
  std::priority_queue<Arrival, std::vector<Arrival>, std::greater<>> waiting_;
  std::vector<std::string> warnings_;
  std::int64_t without_tokens_ = 0;
};

}  // namespace

std::unique_ptr<TraceReader> openServeGenTrace(const std::filesystem::path& folder, const TraceOptions& options) {
  return std::make_unique<ServeGenTrace>(loadServeGenClients(folder), options);
}

}  // namespace headroom::workloads
