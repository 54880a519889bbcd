#include "cli/candidate_messages.h"

#include "core/error.h"
#include "study/evaluation_json.h"

#include <nlohmann/json.hpp>

namespace nachos::cli {
namespace {

using nlohmann::json;

constexpr const char* kWhere = "a worker's answer";
constexpr const char* kStopped = "stopped";
constexpr const char* kFailed = "failed";

/// A library's message may hold bytes that are no text.
std::string text_of(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace

std::string to_text(const CandidateQuestion& q) {
    return text_of({{"arch", arch::to_json(q.arch)},
                    {"fidelity", study::text_of(q.fidelity)},
                    {"held_out", q.part == ScoredOn::calibration}});
}

CandidateQuestion question_from(const std::string& text) {
    const json q = json::parse(text);
    return {arch::spec_from_json(q.at("arch").get<std::string>(), "a worker's question"),
            study::fidelities_from(q.at("fidelity").get<std::string>()).front(),
            q.at("held_out").get<bool>() ? ScoredOn::calibration : ScoredOn::validation};
}

std::string to_text(const study::Evaluation& e) {
    return text_of({{"error", e.error},
                    {"costs", study::to_json(e.costs)},
                    {"curve", study::to_json(e.curve)},
                    {"table_file", e.table_file},
                    {"seconds", e.seconds}});
}

std::string stopped_text() { return kStopped; }

std::string failed_text(const std::string& sentence) { return text_of({{kFailed, sentence}}); }

std::optional<study::Evaluation> evaluation_from(const exec::Answer& answer, const CandidateQuestion& question) {
    if (answer.text == kStopped) return std::nullopt;
    study::Evaluation e;
    e.arch = question.arch;
    e.fidelity = study::text_of(question.fidelity);
    e.error = answer.lost;
    if (!answer.lost.empty()) return e;
    const json a = json::parse(answer.text);
    if (a.contains(kFailed)) fail(ErrorKind::runtime, "{}", a.at(kFailed).get<std::string>());
    e.error = a.at("error").get<std::string>();
    e.costs = study::costs_from_json(a.at("costs").get<std::string>(), kWhere);
    e.curve = study::curve_from_json(a.at("curve").get<std::string>(), kWhere);
    e.table_file = a.at("table_file").get<std::string>();
    e.seconds = a.at("seconds").get<double>();
    return e;
}

std::string to_text(const std::vector<std::string>& questions) { return text_of(questions); }

std::vector<std::string> questions_from(const std::string& text) {
    return json::parse(text).get<std::vector<std::string>>();
}

std::string to_text(const std::vector<std::optional<exec::Answer>>& answers) {
    json all = json::array();
    for (const auto& a : answers) all.push_back(a ? json{{"text", a->text}, {"lost", a->lost}} : json());
    return text_of(all);
}

std::vector<std::optional<exec::Answer>> answers_from(const std::string& text) {
    std::vector<std::optional<exec::Answer>> answers;
    for (const json& a : json::parse(text)) {
        answers.emplace_back();
        if (!a.is_null()) answers.back() = {a.at("text").get<std::string>(), a.at("lost").get<std::string>()};
    }
    return answers;
}

}  // namespace nachos::cli
