// exp, log, the normal quantile, ln Gamma and cos in plain IEEE arithmetic. The C library picks FMA variants by
// processor, whose last bit differs; these do not. Relative error below 2e-15.
#pragma once

namespace headroom::workloads {

/// e^x; 0 below -745, infinity above 709.78.
double portableExp(double x);
/// Natural logarithm of x > 0.
double portableLog(double x);
/// x with P(N(0,1) <= x) = p, 0 < p < 1. Wichura, algorithm AS 241 (1988).
double normalQuantile(double p);

/// ln Gamma(x) for x >= 1: Stirling's series beyond 10.
double portableLogGamma(double x);
/// cos(2 pi turn) for 0 <= turn <= 1.
double portableCosTurn(double turn);

}  // namespace headroom::workloads
