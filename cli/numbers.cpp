#include "cli/numbers.h"

#include <fmt/format.h>

#include <cmath>

namespace headroom::cli {

std::string countText(std::int64_t value) {
  const std::string digits = std::to_string(value);
  const std::size_t sign = value < 0 ? 1 : 0;
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > sign && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string countOf(std::int64_t value, const std::string& noun) {
  const std::string text = countText(value) + " ";
  if (value == 1) return text + noun;
  if (noun.ends_with("leaf")) return text + noun.substr(0, noun.size() - 1) + "ves";
  return text + noun + (noun.ends_with("ch") ? "es" : "s");
}

std::string numberText(double value) {
  if (!std::isfinite(value)) return fmt::format("{}", value);
  const double size = std::abs(value);
  if (size >= 999.5) return size < 1e15 ? countText(std::llround(value)) : fmt::format("{:.3g}", value);
  if (size >= 99.95) return fmt::format("{:.0f}", value);
  if (size >= 9.995) return fmt::format("{:.1f}", value);
  if (size >= 0.9995) return fmt::format("{:.2f}", value);
  if (size >= 1e-4) return fmt::format("{:.3g}", value);
  return size == 0 ? "0" : fmt::format("{:.2e}", value);
}

std::string shareText(double share) {
  if (share >= 0.9995 && share < 1) {
    // Rounding up would hide that something is missing.
    return share >= 0.99999 ? "> 99.99 %" : fmt::format("{:.3f} %", std::floor(share * 1e5) / 1e3);
  }
  return numberText(share * 100) + " %";
}

std::string durationText(double seconds) {
  if (seconds < 1e-3) return numberText(seconds * 1e6) + " us";
  if (seconds < 1) return numberText(seconds * 1e3) + " ms";
  if (seconds < 60) return numberText(seconds) + " s";
  const auto whole = std::llround(seconds);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  if (whole < 48 * 3600) return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
  return fmt::format("{} d {:02} h", whole / 86400, whole / 3600 % 24);
}

std::string bytesText(Bytes bytes) {
  const double value = bytes.value();
  if (value >= 1e12) return numberText(value / 1e12) + " TB";
  if (value >= 1e9) return numberText(value / 1e9) + " GB";
  if (value >= 1e6) return numberText(value / 1e6) + " MB";
  return numberText(value / 1e3) + " kB";
}

}  // namespace headroom::cli
