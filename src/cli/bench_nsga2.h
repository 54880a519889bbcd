#pragma once

#include <string>
#include <vector>

namespace nachos::cli {

struct Nsga2BenchOptions {
    int population = 100;
    int generations = 200;
    int seeds = 5;  ///< 1, 2, ...
};

/// NSGA-II on one problem of reals, by seed.
struct ContinuousFigures {
    std::string problem;
    std::vector<double> reference;
    std::vector<double> hypervolume;
    std::vector<double> seconds;
};

/// NSGA-II on one problem whose whole front is enumerated, by seed.
struct EnumeratedFigures {
    std::string problem;
    int front = 0;           ///< points of the front
    std::vector<int> found;  ///< of them
    int evaluations = 0;
};

struct Nsga2Bench {
    Nsga2BenchOptions options;
    std::vector<ContinuousFigures> continuous;
    std::vector<EnumeratedFigures> enumerated;
};
Nsga2Bench nsga2_figures(const Nsga2BenchOptions& options);

std::string nsga2_json(const Nsga2Bench& bench);
std::string nsga2_table(const Nsga2Bench& bench);

}  // namespace nachos::cli
