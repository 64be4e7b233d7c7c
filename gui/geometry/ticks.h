// Where the lines of an axis stand and what is written at them: times, latencies, shares and counts in the units a
// person would choose.
#pragma once

#include <QString>
#include <cstdint>
#include <vector>

namespace headroom::gui {

/// Multiples of 1, 2 or 5 x 10^n (of seconds: also 15 s, 30 s, 1 min, ... 6 h) in [begin, end], at most `most`.
std::vector<double> linearTicks(double begin, double end, int most);
std::vector<double> timeTicks(double begin_s, double end_s, int most);
/// 1, 2, 5 x 10^n in [begin, end], or powers of ten alone, whichever is at most `most`.
std::vector<double> logTicks(double begin, double end, int most);

/// "132.4 s", "12:05", "3:20:00": as long as neighbouring ticks need to differ.
QString timeText(double s, double step_s);
/// "0.25 ms", "412 ms", "4.64 s", "2.1 min": three digits.
QString latencyText(double ms);
QString percentText(double share);      ///< "99.3 %"; never 100 % for less than all
QString countText(std::int64_t count);  ///< "17,659"
/// Three digits: "0.0163", "41.8", "7,071".
QString figureText(double value);

}  // namespace headroom::gui
