#include "cli/train_shared_supernet.h"

#include "core/error.h"
#include "core/safetensors.h"
#include "study/config_diff.h"

namespace nachos::cli {
namespace {

namespace fs = std::filesystem;

/// The configuration as far as a supernet's weights depend on it, and what is learnt beside them if `with_learner`.
std::string supernet_text(SearchConfig config, bool with_learner) {
    if (!with_learner) {
        config.differentiable = {};
        config.policy = {};
        if (config.loss.cost_weight == 0) config.limits = {};
    }
    config.supernet.from.clear();
    config.data.path.clear();  // the images themselves are compared
    config.threads_per_evaluation = SearchConfig().threads_per_evaluation;
    config.latency = {};
    config.evaluate = {};
    config.search = {};
    config.final = {};
    config.teacher = {};
    return to_toml(config);
}

void require_trained_alike(const Session& session, const study::Study& other) {
    const SearchConfig& ours = session.config;
    const SearchConfig theirs = study_config(other);
    const std::string from = other.folder().string();
    require(!learns(ours) || learns(theirs), ErrorKind::usage,
            "search.engine = '{}' learns architectures with its supernet, but that of supernet.from = '{}' was trained "
            "without (search.engine = '{}' there); allowed: engines that learn none, or no supernet.from",
            ours.search.engine, from, theirs.search.engine);
    const auto difference =
        study::first_difference(supernet_text(theirs, learns(ours)), supernet_text(ours, learns(ours)), {});
    if (difference)
        fail(ErrorKind::usage,
             "the supernet of supernet.from = '{}' was trained otherwise: {} is {} there, {} here; set it alike, or leave "
             "supernet.from out",
             from, difference->key, difference->stored, difference->given);
    require(other.facts().split_digest == session.parts.digest, ErrorKind::usage,
            "the supernet of supernet.from = '{}' learnt from other images than this study has for that; the same data.path "
            "is needed, or no supernet.from",
            from);
}

}  // namespace

void require_supernet(const Session& session) {
    const std::string& from = session.config.supernet.from;
    require(inherits(session.config) || learns(session.config), ErrorKind::usage,
            "supernet.from = '{}', but no network of this study begins with a supernet's weights; leave it out, or set "
            "evaluate.fidelity or final.from_supernet",
            from);
    require_trained_alike(session, study::Study::open_readonly(from));
    const fs::path checkpoint = fs::path(from) / kSupernetFile;
    const int epochs = session.config.supernet.optimizer.epochs;
    const auto unfinished = [&](const std::string& has) {
        fail(ErrorKind::usage,
             "the supernet of supernet.from = '{}' is not trained to its end: {}; the search there has to "
             "reach its first evaluation",
             from, has);
    };
    if (!fs::exists(checkpoint)) unfinished("there is no " + std::string(kSupernetFile));
    const std::string done = core::read_tensors(checkpoint).text("epochs_done", checkpoint.string());
    if (done != std::to_string(epochs)) unfinished(done + " epochs of " + std::to_string(epochs));
}

void copy_supernet(const fs::path& from, const study::Study& study) {
    const fs::path source = from / kSupernetFile, to = study.path_of(kSupernetFile);
    if (fs::exists(to) || !fs::exists(source)) return;
    const fs::path temporary = core::temporary_for(to);
    fs::copy_file(source, temporary, fs::copy_options::overwrite_existing);
    core::replace_file(temporary, to);
}

}  // namespace nachos::cli
