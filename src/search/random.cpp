#include "search/random.h"

#include "search/run.h"

namespace nachos::search {

SearchResult random_search(const SearchProblem& problem, const SearchOptions& options, core::Rng rng,
                           const SearchObserver& observer) {
    Run run(problem, options, observer);
    Proposals proposals(problem, rng.stream("proposals"));
    run.initial_design(proposals, options.evaluations);
    return run.take();
}

}  // namespace nachos::search
