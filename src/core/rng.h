#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace nachos::core {

/// Deterministic random numbers: xoshiro256** (Blackman and Vigna 2018, arXiv 1805.01407), seeded through splitmix64.
/// Integers, reals and shuffles are our own code, because std::*_distribution differs between libraries.
class Rng {
  public:
    explicit Rng(std::uint64_t seed);

    /// An independent stream, the same for the same seed, name and index whatever was drawn before.
    Rng stream(std::string_view name, std::uint64_t index = 0) const;

    std::uint64_t next();
    /// Uniform in [0, n), without modulo bias (Lemire 2019, arXiv 1805.10941). n must be at least 1.
    std::uint64_t below(std::uint64_t n);
    /// Uniform integer in [low, high].
    int between(int low, int high);
    /// Uniform in [0, 1), 53 bits.
    double uniform();
    /// Standard normal, by Marsaglia's polar method.
    double normal();
    bool chance(double probability) { return uniform() < probability; }

    /// Fisher-Yates.
    template <class T>
    void shuffle(std::span<T> items) {
        for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
    }

    std::uint64_t seed() const { return seed_; }

  private:
    std::uint64_t seed_;
    std::uint64_t state_[4];
};

}  // namespace nachos::core
