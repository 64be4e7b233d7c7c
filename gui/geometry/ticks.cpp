#include "gui/geometry/ticks.h"

#include <QLocale>
#include <algorithm>
#include <array>
#include <cmath>

namespace headroom::gui {
namespace {

std::vector<double> multiples(double begin, double end, double step) {
  std::vector<double> ticks;
  const double first = std::ceil(begin / step - 1e-9);
  for (double k = first; k * step <= end + step * 1e-9 && ticks.size() < 1000; ++k) ticks.push_back(k * step);
  return ticks;
}

double roundStep(double least) {
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double digit : {1.0, 2.0, 5.0, 10.0}) {
    if (digit * power >= least * (1 - 1e-9)) return digit * power;
  }
  return 10 * power;
}

QString withDecimals(double value, int decimals) {
  return QLocale::c().toString(value, 'f', decimals);
}

}  // namespace

std::vector<double> linearTicks(double begin, double end, int most) {
  if (!(end > begin) || most < 1) return {};
  return multiples(begin, end, roundStep((end - begin) / most));
}

std::vector<double> timeTicks(double begin_s, double end_s, int most) {
  if (!(end_s > begin_s) || most < 1) return {};
  const double least = (end_s - begin_s) / most;
  if (least <= 10) return linearTicks(begin_s, end_s, most);
  constexpr std::array kSteps{15.0,   30.0,   60.0,   120.0,   300.0,   600.0,   1200.0,
                              1800.0, 3600.0, 7200.0, 10800.0, 21600.0, 43200.0, 86400.0};
  for (const double step : kSteps) {
    if (step >= least) return multiples(begin_s, end_s, step);
  }
  return multiples(begin_s, end_s, 86400 * roundStep(least / 86400));
}

std::vector<double> logTicks(double begin, double end, int most) {
  if (!(begin > 0) || !(end > begin)) return {};
  std::vector<double> fine, coarse;
  for (int power = static_cast<int>(std::floor(std::log10(begin))); std::pow(10, power) <= end; ++power) {
    for (const int digit : {1, 2, 5}) {
      const double at = digit * std::pow(10, power);
      if (at < begin * (1 - 1e-9) || at > end * (1 + 1e-9)) continue;
      fine.push_back(at);
      if (digit == 1) coarse.push_back(at);
    }
  }
  return static_cast<int>(fine.size()) <= most || coarse.empty() ? fine : coarse;
}

QString timeText(double s, double step_s) {
  if (step_s < 1) {
    const int decimals = std::clamp(static_cast<int>(std::ceil(-std::log10(step_s) - 1e-9)), 1, 6);
    return withDecimals(s, decimals) + QStringLiteral(" s");
  }
  if (std::abs(s) < 600 && step_s < 60) return withDecimals(s, 0) + QStringLiteral(" s");
  const auto whole = static_cast<std::int64_t>(std::llround(s));
  const auto two = [](std::int64_t n) { return QStringLiteral("%1").arg(n, 2, 10, QLatin1Char('0')); };
  const std::int64_t hours = whole / 3600, minutes = whole / 60 % 60, seconds = whole % 60;
  if (hours == 0) return QStringLiteral("%1:%2").arg(minutes).arg(two(seconds));
  const QString short_form = QStringLiteral("%1:%2").arg(hours).arg(two(minutes));
  return step_s >= 60 ? short_form + QStringLiteral(" h") : short_form + QLatin1Char(':') + two(seconds);
}

QString figureText(double value) {
  if (!std::isfinite(value)) return QStringLiteral("–");
  if (value == 0) return QStringLiteral("0");
  const int digits = static_cast<int>(std::floor(std::log10(std::abs(value))));
  return withDecimals(value, std::clamp(2 - digits, 0, 6));
}

QString latencyText(double ms) {
  if (!std::isfinite(ms)) return QStringLiteral("–");
  if (std::abs(ms) < 1000) return figureText(ms) + QStringLiteral(" ms");
  if (std::abs(ms) < 120e3) return figureText(ms / 1e3) + QStringLiteral(" s");
  if (std::abs(ms) < 7200e3) return figureText(ms / 60e3) + QStringLiteral(" min");
  return figureText(ms / 3600e3) + QStringLiteral(" h");
}

QString percentText(double share) {
  if (!std::isfinite(share)) return QStringLiteral("–");
  double percent = share * 100;
  if (share < 1) percent = std::min(percent, 99.99);  // rounding must not promise all
  const int decimals = percent >= 99.95 && share < 1       ? 2
                       : percent >= 99.995 || percent == 0 ? 0
                       : percent < 9.95                    ? 2
                                                           : 1;
  return withDecimals(percent, decimals) + QStringLiteral(" %");
}

QString countText(std::int64_t count) {
  return QLocale(QLocale::English).toString(static_cast<qlonglong>(count));
}

}  // namespace headroom::gui
