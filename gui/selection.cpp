#include "gui/selection.h"

#include <utility>

namespace headroom::gui {

void Selection::choose(Chosen next) {
  if (next == now_) return;
  before_.push_back(std::exchange(now_, std::move(next)));
  emit changed();
}

void Selection::selectTime(std::optional<TimeRange> range) {
  Chosen next = now_;
  if (range && range->end < range->begin) std::swap(range->begin, range->end);
  next.time = range;
  choose(std::move(next));
}

void Selection::adjustTime(TimeRange range) {
  if (range.end < range.begin) std::swap(range.begin, range.end);
  if (now_.time == range) return;
  now_.time = range;
  adjusting_ = true;
  emit changed();
  adjusting_ = false;
}

void Selection::selectReplica(std::optional<int> replica) {
  Chosen next = now_;
  next.replica = replica;
  choose(std::move(next));
}

void Selection::selectLink(const QString& link) {
  Chosen next = now_;
  next.link = link;
  choose(std::move(next));
}

void Selection::selectRequest(std::optional<std::uint64_t> request) {
  Chosen next = now_;
  next.request = request;
  choose(std::move(next));
}

void Selection::setPercentile(double percentile) {
  if (percentile == now_.percentile) return;
  now_.percentile = percentile;
  for (Chosen& step : before_) step.percentile = percentile;
  emit changed();
}

bool Selection::back() {
  if (before_.empty()) return false;
  now_ = std::move(before_.back());
  before_.pop_back();
  emit changed();
  return true;
}

void Selection::clear() {
  before_.clear();
  const bool was_empty = now_.empty();
  now_ = Chosen{.time = {}, .replica = {}, .link = {}, .request = {}, .percentile = now_.percentile};
  if (!was_empty) emit changed();
}

void Selection::setCursor(std::optional<double> time) {
  if (time == cursor_) return;
  cursor_ = time;
  emit cursorMoved();
}

}  // namespace headroom::gui
