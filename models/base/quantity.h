// A number with a physical dimension. Arithmetic that makes no sense does not compile:
//   Seconds t = kv_bytes / link_rate;   // ok
//   Seconds t = kv_bytes * link_rate;   // error: Bytes^2/s is not Seconds
// Values are held in base units: seconds, bytes, floating-point operations, joules, US dollars.
#pragma once

#include <compare>
#include <type_traits>

namespace headroom {

template <int Time, int Data, int Work, int Energy, int Money>
class Quantity {
 public:
  constexpr Quantity() = default;
  constexpr explicit Quantity(double base) : value_(base) {}
  /// In base units. For I/O, measured inner loops and the SimGrid boundary only.
  constexpr double value() const { return value_; }

  friend constexpr auto operator<=>(Quantity, Quantity) = default;
  friend constexpr Quantity operator+(Quantity a, Quantity b) { return Quantity(a.value_ + b.value_); }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return Quantity(a.value_ - b.value_); }
  friend constexpr Quantity operator-(Quantity a) { return Quantity(-a.value_); }
  friend constexpr Quantity operator*(Quantity a, double k) { return Quantity(a.value_ * k); }
  friend constexpr Quantity operator*(double k, Quantity a) { return Quantity(k * a.value_); }
  friend constexpr Quantity operator/(Quantity a, double k) { return Quantity(a.value_ / k); }
  constexpr Quantity& operator+=(Quantity b) {
    value_ += b.value_;
    return *this;
  }
  constexpr Quantity& operator-=(Quantity b) {
    value_ -= b.value_;
    return *this;
  }

 private:
  double value_ = 0;
};

using Scalar = Quantity<0, 0, 0, 0, 0>;

template <int... A, int... B>
constexpr auto operator*(Quantity<A...> a, Quantity<B...> b) {
  using R = Quantity<(A + B)...>;
  if constexpr (std::is_same_v<R, Scalar>) {
    return a.value() * b.value();
  } else {
    return R(a.value() * b.value());
  }
}

template <int... A, int... B>
constexpr auto operator/(Quantity<A...> a, Quantity<B...> b) {
  using R = Quantity<(A - B)...>;
  if constexpr (std::is_same_v<R, Scalar>) {
    return a.value() / b.value();
  } else {
    return R(a.value() / b.value());
  }
}

template <int... A>
constexpr auto operator/(double k, Quantity<A...> a) {
  return Quantity<(-A)...>(k / a.value());
}

using Seconds = Quantity<1, 0, 0, 0, 0>;
using PerSecond = Quantity<-1, 0, 0, 0, 0>;
using Bytes = Quantity<0, 1, 0, 0, 0>;
using BytesPerSecond = Quantity<-1, 1, 0, 0, 0>;
using Flops = Quantity<0, 0, 1, 0, 0>;
using FlopsPerSecond = Quantity<-1, 0, 1, 0, 0>;
using Joules = Quantity<0, 0, 0, 1, 0>;
using Watts = Quantity<-1, 0, 0, 1, 0>;
using Dollars = Quantity<0, 0, 0, 0, 1>;
using DollarsPerSecond = Quantity<-1, 0, 0, 0, 1>;
using DollarsPerByte = Quantity<0, -1, 0, 0, 1>;

namespace literals {
constexpr Seconds operator""_s(long double v) {
  return Seconds(static_cast<double>(v));
}
constexpr Seconds operator""_ms(long double v) {
  return Seconds(static_cast<double>(v) * 1e-3);
}
constexpr Seconds operator""_us(long double v) {
  return Seconds(static_cast<double>(v) * 1e-6);
}
constexpr Bytes operator""_GB(long double v) {
  return Bytes(static_cast<double>(v) * 1e9);
}
constexpr Bytes operator""_MiB(long double v) {
  return Bytes(static_cast<double>(v) * 1048576.0);
}
constexpr Bytes operator""_GiB(long double v) {
  return Bytes(static_cast<double>(v) * 1073741824.0);
}
constexpr BytesPerSecond operator""_GBps(long double v) {
  return BytesPerSecond(static_cast<double>(v) * 1e9);
}
constexpr FlopsPerSecond operator""_TFLOPS(long double v) {
  return FlopsPerSecond(static_cast<double>(v) * 1e12);
}
}  // namespace literals

}  // namespace headroom
