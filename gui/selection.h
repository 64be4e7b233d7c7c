// What the user has picked out, shared by all views: selecting a burst filters every one of them. A stack: each choice
// is pushed, Esc takes the last one back.
#pragma once

#include <QObject>
#include <QString>
#include <cstdint>
#include <optional>
#include <vector>

namespace headroom::gui {

/// Seconds of simulated time, begin <= end.
struct TimeRange {
  double begin = 0, end = 0;
  bool contains(double t) const { return t >= begin && t < end; }
  bool operator==(const TimeRange&) const = default;
};

struct Chosen {
  std::optional<TimeRange> time;
  std::optional<int> replica;            ///< index over all replicas of the run
  QString link;                          ///< its name; empty: none
  std::optional<std::uint64_t> request;  ///< id
  double percentile = 99;                ///< that tiles and inspector speak of
  bool operator==(const Chosen&) const = default;
  /// Is nothing filtered? (The percentile is a setting, not a filter.)
  bool empty() const { return !time && !replica && link.isEmpty() && !request; }
};

class Selection final : public QObject {
  Q_OBJECT
 public:
  using QObject::QObject;

  const Chosen& now() const { return now_; }

  // Each pushes what was, unless nothing changes.
  void selectTime(std::optional<TimeRange> range);
  /// Moves the edges of the selected time without a step of its own: while it is dragged.
  void adjustTime(TimeRange range);
  /// Within changed(): is it one of many small ones? What is dear to follow may wait for the last.
  bool adjusting() const { return adjusting_; }
  void selectReplica(std::optional<int> replica);
  void selectLink(const QString& link);
  void selectRequest(std::optional<std::uint64_t> request);
  void setPercentile(double percentile);

  /// One step back; false if nothing is chosen.
  bool back();
  /// Forgets everything but the percentile, e.g. when another run is shown.
  void clear();

  /// The moment under the pointer, in seconds; none: the pointer is elsewhere. Not part of the stack.
  std::optional<double> cursor() const { return cursor_; }
  void setCursor(std::optional<double> time);

 signals:
  void changed();
  void cursorMoved();

 private:
  void choose(Chosen next);
  Chosen now_;
  std::vector<Chosen> before_;
  std::optional<double> cursor_;
  bool adjusting_ = false;
};

}  // namespace headroom::gui
