#include "workloads/portable_math.h"

#include <array>
#include <cmath>
#include <limits>

namespace headroom::workloads {
namespace {

// ln 2 as a sum whose first part has trailing zeros, so that k * kLn2High is exact.
constexpr double kLn2High = 6.93147180369123816490e-01;
constexpr double kLn2Low = 1.90821492927058770002e-10;

template <std::size_t N>
double horner(const std::array<double, N>& coefficients, double x) {
  double sum = coefficients[N - 1];
  for (std::size_t i = N - 1; i-- > 0;) sum = sum * x + coefficients[i];
  return sum;
}

// AS 241, PPND16: coefficients of numerators and denominators in the centre, the tail and the far tail.
constexpr std::array kCentreTop{3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3,
                                1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                                3.3430575583588128105e+4, 2.5090809287301226727e+3};
constexpr std::array kCentreBottom{1.0,
                                   4.2313330701600911252e+1,
                                   6.8718700749205790830e+2,
                                   5.3941960214247511077e+3,
                                   2.1213794301586595867e+4,
                                   3.9307895800092710610e+4,
                                   2.8729085735721942674e+4,
                                   5.2264952788528545610e+3};
constexpr std::array kTailTop{1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                              3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                              2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr std::array kTailBottom{1.0,
                                 2.05319162663775882187e0,
                                 1.67638483018380384940e0,
                                 6.89767334985100004550e-1,
                                 1.48103976427480074590e-1,
                                 1.51986665636164571966e-2,
                                 5.47593808499534494600e-4,
                                 1.05075007164441684324e-9};
constexpr std::array kFarTop{6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                             2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                             2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr std::array kFarBottom{1.0,
                                5.99832206555887937690e-1,
                                1.36929880922735805310e-1,
                                1.48753612908506148525e-2,
                                7.86869131145613259100e-4,
                                1.84631831751005468180e-5,
                                1.42151175831644588870e-7,
                                2.04426310338993978564e-15};

}  // namespace

double portableExp(double x) {
  if (x > 709.78) return std::numeric_limits<double>::infinity();
  if (x < -745) return 0;
  const double k = std::floor(x * 1.44269504088896338700e+00 + 0.5);
  const double r = (x - k * kLn2High) - k * kLn2Low;
  double sum = 1.0;  // Taylor series; |r| <= ln 2 / 2, so the 14th term is below 1e-17
  for (int n = 14; n >= 1; --n) sum = 1.0 + sum * r / n;
  return std::ldexp(sum, static_cast<int>(k));
}

double portableLog(double x) {
  int exponent = 0;
  double m = std::frexp(x, &exponent);
  if (m < 0.70710678118654752440) {
    m *= 2;
    --exponent;
  }
  // ln m = 2 artanh s with s = (m - 1) / (m + 1), |s| <= 0.172: twelve terms.
  const double s = (m - 1) / (m + 1);
  const double s2 = s * s;
  double sum = 0;
  for (int n = 23; n >= 3; n -= 2) sum = (sum + 1.0 / n) * s2;
  return exponent * kLn2High + (2 * s + (2 * s * sum + exponent * kLn2Low));
}

double normalQuantile(double p) {
  const double q = p - 0.5;
  if (std::abs(q) <= 0.425) {
    const double r = 0.180625 - q * q;
    return q * horner(kCentreTop, r) / horner(kCentreBottom, r);
  }
  const double r = std::sqrt(-portableLog(q < 0 ? p : 1 - p));
  const double x = r <= 5 ? horner(kTailTop, r - 1.6) / horner(kTailBottom, r - 1.6)
                          : horner(kFarTop, r - 5) / horner(kFarBottom, r - 5);
  return q < 0 ? -x : x;
}

double portableLogGamma(double x) {
  double shift = 1;
  for (; x < 10; ++x) shift *= x;
  const double y = 1 / (x * x);
  const double series = (1.0 / 12 - y * (1.0 / 360 - y * (1.0 / 1260 - y * (1.0 / 1680 - y / 1188)))) / x;
  constexpr double kHalfLogOf2Pi = 0.91893853320467274178;
  return (x - 0.5) * portableLog(x) - x + kHalfLogOf2Pi + series - portableLog(shift);
}

double portableCosTurn(double turn) {
  if (turn > 0.5) turn = 1 - turn;
  if (turn > 0.25) return -portableCosTurn(0.5 - turn);
  constexpr double kTwoPi = 6.28318530717958647693;
  const double square = kTwoPi * turn * kTwoPi * turn;
  double term = 1, sum = 1;
  for (int n = 1; n <= 12; ++n) {
    term *= -square / ((2 * n - 1) * (2 * n));
    sum += term;
  }
  return sum;
}

}  // namespace headroom::workloads
