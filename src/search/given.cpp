#include "search/given.h"

#include "core/error.h"
#include "search/run.h"

#include <nlohmann/json.hpp>

#include <set>

namespace nachos::search {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMostGiven = 10'000;

Json parsed(std::string_view text, const std::string& where) {
    Json json = Json::parse(text, nullptr, false);
    require(!json.is_discarded(), ErrorKind::bad_data, "{}: is not JSON", where);
    return json;
}

/// The architectures' own objects.
std::vector<Json> objects_of(Json json, const std::string& where) {
    const bool front = json.is_object() && json.contains("designs");
    if (json.is_object() && !front) return {std::move(json)};
    const Json list = front ? std::move(json["designs"]) : std::move(json);
    require(list.is_array() && !list.empty() && list.size() <= kMostGiven, ErrorKind::bad_data,
            "{}: holds no architectures; one ARCH.json, a list of 1 to {}, or a pareto.json are allowed", where, kMostGiven);
    std::vector<Json> objects;
    for (const Json& item : list) {
        const bool design = front && item.is_object() && item.contains("arch");
        require(design || !front, ErrorKind::bad_data, "{}: a design has no 'arch'", where);
        objects.push_back(design ? item["arch"] : item);
    }
    return objects;
}

void require_within_limits(const SearchProblem& problem, const arch::ArchSpec& spec, std::size_t place) {
    const auto broken = study::violations(problem.limits, problem.costs(spec));
    if (broken.empty()) return;
    fail(ErrorKind::inadmissible, "architecture {} of search.given: {} is {:.0f}, at most {:.0f} is allowed", place,
         broken.front().limit, broken.front().got, broken.front().allowed);
}

}  // namespace

std::vector<arch::ArchSpec> architectures_from(std::string_view text, const std::string& where) {
    std::vector<arch::ArchSpec> specs;
    std::set<std::string> ids;
    for (const Json& object : objects_of(parsed(text, where), where)) {
        arch::ArchSpec spec = arch::spec_from_json(object.dump(), where);
        if (ids.insert(arch::arch_id(spec)).second) specs.push_back(std::move(spec));
    }
    return specs;
}

std::string architectures_text(const std::vector<arch::ArchSpec>& specs) {
    Json list = Json::array();
    for (const arch::ArchSpec& spec : specs) list.push_back(Json::parse(arch::to_json(spec)));
    return list.dump();
}

SearchResult given_search(const SearchProblem& problem, const SearchOptions& options, core::Rng rng,
                          const SearchObserver& observer) {
    const std::vector<arch::ArchSpec> specs = architectures_from(options.given, "search.given");
    for (std::size_t i = 0; i < specs.size(); ++i) {
        problem.space.encode(specs[i]);
        require_within_limits(problem, specs[i], i + 1);
    }
    SearchOptions own = options;
    own.evaluations = static_cast<int>(specs.size());
    own.patience = 0;  // they are evaluated all, whether they gain or not
    Run run(problem, own, observer);
    Proposals proposals(problem, rng.stream("proposals"));
    run.evaluate_in_order(proposals, specs, own.evaluations);
    return run.take();
}

}  // namespace nachos::search
