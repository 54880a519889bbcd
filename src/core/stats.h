#pragma once

#include <span>

namespace nachos::core {

/// Arithmetic mean; 0 for no values.
double mean(std::span<const double> values);

/// Sample standard deviation (n - 1); 0 for fewer than two values.
double standard_deviation(std::span<const double> values);

/// The q-quantile, q in [0, 1], linear between order statistics (Hyndman and Fan's type 7). O(n log n). Throws on no values.
double quantile(std::span<const double> values, double q);

inline double median(std::span<const double> values) { return quantile(values, 0.5); }

/// The p-quantile of the standard normal, p in (0, 1), by bisection to the last bit.
double normal_quantile(double p);

/// Wilson score interval of a proportion at confidence 95 % (Wilson 1927).
struct Interval {
    double low = 0;
    double high = 1;
};
Interval wilson95(double proportion, double n);

}  // namespace nachos::core
