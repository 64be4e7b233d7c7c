// How long the thread of the window goes without looking at its events: the CPU time it spends from one turn of its
// event loop to the next, in which no key or click is heard. CPU time, since on a busy machine the wall clock counts
// the work of others. What it would miss is a wait for a lock or a disk: the program does none in this thread but for
// reading and writing a scenario.
#pragma once

#include <QAbstractEventDispatcher>
#include <QObject>
#include <algorithm>
#include <ctime>

namespace headroom::gui {

/// CPU time of the calling thread.
inline double threadMs() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_nsec) / 1e6;
}

class TurnWatch {
 public:
  TurnWatch() {
    connection_ = QObject::connect(QAbstractEventDispatcher::instance(), &QAbstractEventDispatcher::awake, [this] {
      longest_ = std::max(longest_, threadMs() - last_);
      last_ = threadMs();
      ++turns_;
    });
  }
  ~TurnWatch() { QObject::disconnect(connection_); }
  TurnWatch(const TurnWatch&) = delete;
  TurnWatch& operator=(const TurnWatch&) = delete;

  /// Forgets what was.
  void restart() {
    longest_ = 0;
    turns_ = 0;
    last_ = threadMs();
  }
  double longestMs() const { return std::max(longest_, threadMs() - last_); }
  int turns() const { return turns_; }

 private:
  QMetaObject::Connection connection_;
  double last_ = threadMs(), longest_ = 0;
  int turns_ = 0;
};

}  // namespace headroom::gui
