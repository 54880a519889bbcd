#include "cli/train_candidates.h"

#include "core/error.h"
#include "core/files.h"
#include "exec/ranks/ranks.h"

#include <algorithm>

namespace nachos::cli {
namespace {

constexpr const char* kEnd = "end";  // instead of questions: the search is over

}  // namespace

CandidateWorkers::CandidateWorkers(const study::Study& study, const nn::WeightBank& bank, const Job& job)
    : study_(study), job_(job), digest_(cli::weights_digest(bank)) {}

void CandidateWorkers::evaluate(std::span<const arch::ArchSpec> specs, const study::Fidelity& fidelity, ScoredOn part,
                                const OnEvaluation& on_evaluation) {
    std::vector<CandidateQuestion> questions;
    std::vector<std::string> texts;
    for (const arch::ArchSpec& spec : specs) {
        questions.push_back({spec, fidelity, part});
        texts.push_back(to_text(questions.back()));
    }
    std::size_t evaluated = 0;
    const auto on_answer = [&](std::size_t i, const exec::Answer& answer) {
        auto evaluation = evaluation_from(answer, questions[i]);
        if (!evaluation) return;
        ++evaluated;
        on_evaluation(i, std::move(*evaluation), !answer.lost.empty());
    };
    if (job_.ranks != nullptr) {
        ask_ranks(texts, on_answer);
    } else {
        ask(texts, on_answer);
    }
    if (evaluated < specs.size()) stop_here();
}

void CandidateWorkers::ask(std::span<const std::string> questions, const exec::WorkerPool::OnAnswer& on_answer) {
    if (questions.empty()) return;
    if (!pool_) {
        const std::string program = (core::program_folder() / "nachos-train").string();
        pool_ = std::make_unique<exec::WorkerPool>(
            exec::WorkerOptions{.command = {program, "worker", std::filesystem::absolute(study_.folder()).string(), digest_},
                                .workers = job_.workers});
    }
    pool_->ask(questions, on_answer, job_.should_stop);
}

/// As many at once as there are workers, so that what a lost rank costs is little.
void CandidateWorkers::ask_ranks(std::span<const std::string> questions, const exec::WorkerPool::OnAnswer& on_answer) {
    const std::size_t ranks = static_cast<std::size_t>(job_.ranks->size());
    const std::size_t at_once = ranks * static_cast<std::size_t>(job_.workers);
    for (std::size_t begin = 0; begin < questions.size(); begin += at_once) {
        const auto some = questions.subspan(begin, std::min(at_once, questions.size() - begin));
        job_.ranks->broadcast(to_text(std::vector<std::string>(some.begin(), some.end())));
        std::vector<std::vector<std::optional<exec::Answer>>> answers;
        for (const std::string& text : job_.ranks->gather(own_answers(some))) answers.push_back(answers_from(text));
        for (std::size_t i = 0; i < some.size(); ++i)
            if (const auto& answer = answers[i % ranks].at(i / ranks)) on_answer(begin + i, *answer);
        if (job_.should_stop && job_.should_stop()) return;
    }
}

std::string CandidateWorkers::own_answers(std::span<const std::string> questions) {
    std::vector<std::string> own;
    for (auto i = static_cast<std::size_t>(job_.ranks->rank()); i < questions.size(); i += job_.ranks->size())
        own.push_back(questions[i]);
    std::vector<std::optional<exec::Answer>> answers(own.size());
    ask(own, [&](std::size_t i, const exec::Answer& answer) { answers[i] = answer; });
    return to_text(answers);
}

void CandidateWorkers::follow() {
    for (;;) {
        const std::string text = job_.ranks->broadcast({});
        if (text == kEnd) return;
        job_.ranks->gather(own_answers(questions_from(text)));
    }
}

void end_followers(exec::Ranks& ranks) { ranks.broadcast(kEnd); }

std::string table_file(const arch::ArchSpec& spec, const study::Fidelity& fidelity) {
    std::string name = "tables/" + arch::arch_id(spec);
    if (fidelity.trains()) {
        name += "." + study::text_of(fidelity);
        std::replace(name.begin(), name.end(), ':', '-');
    }
    return name + ".safetensors";
}

std::vector<std::filesystem::path> candidate_checkpoints(const study::Study& study, const arch::ArchSpec& spec,
                                                         const study::Fidelity& fidelity) {
    const std::string name = std::filesystem::path(table_file(spec, fidelity)).stem().string();
    return {study.path_of("checkpoints/candidate-" + name + ".safetensors"),
            study.path_of("checkpoints/candidate-" + name + ".backbone.safetensors")};
}

}  // namespace nachos::cli
