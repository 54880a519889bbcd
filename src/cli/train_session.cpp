#include "cli/train_session.h"

#include "cli/latency_file.h"
#include "cli/machine.h"
#include "cli/notes.h"
#include "core/error.h"
#include "core/hash.h"
#include "cost/cost.h"
#include "cost/space_layers.h"
#include "report/number_text.h"
#include "search/differentiable/learner.h"
#include "search/engine.h"
#include "train/evaluate.h"
#include "train/teacher.h"

#include <algorithm>

namespace nachos::cli {
namespace {

arch::TaskShape task_of(const data::Parts& parts) {
    const data::Examples& e = parts.train.examples();
    require(e.height == e.width, ErrorKind::usage,
            "images of '{}' are {} x {} pixels, square ones are needed; set data.resolution to resize them", parts.name,
            e.width, e.height);
    return {e.height, e.channels, static_cast<int>(parts.class_names.size())};
}

torch::Device device_named(const std::string& name) {
    const bool cuda = torch::cuda::is_available();
    require(name != "cuda" || cuda, ErrorKind::usage,
            "device is 'cuda', but libtorch sees no CUDA device; allowed here: auto, cpu");
    return cuda && name != "cpu" ? torch::kCUDA : torch::kCPU;
}

torch::ScalarType maps_of(const std::string& precision, torch::Device device) {
    require(
        precision != "bfloat16" || device.is_cpu(), ErrorKind::usage,
        "precision is 'bfloat16', which is for training on a CPU, but networks are trained on CUDA; allowed there: auto, "
        "float32");
    const bool narrow = precision == "bfloat16" || (precision == "auto" && device.is_cpu() && computes_in_bfloat16());
    return narrow ? torch::kBFloat16 : torch::kFloat;
}

/// Budgets begin where the smallest architecture's first exit ends: an average below its whole cost is what exits are for.
double least_budget(const Session& session) {
    const study::ArchCosts costs = session.costs_of(session.space.with_all_exits(session.space.smallest()));
    return std::min(session.axes.min_cost, study::exit_costs(costs, session.axes.unit).front());
}

data::Parts load_parts(const SearchConfig& config) { return data::split(data::load(config.data), config.data, config.seed); }

std::optional<cost::LatencyTable> load_latencies(const LatencyOptions& options) {
    if (options.table.empty()) return {};
    cost::LatencyTable table = read_latency_table(options.table);
    const std::string digest = digest_of(table);
    require(options.digest.empty() || digest == options.digest, ErrorKind::usage,
            "latency.table = '{}' holds another table than latency.digest says: {} instead of {}", options.table, digest,
            options.digest);
    return table;
}

void require_whole(const cost::LatencyTable& table, const arch::SearchSpace& space, const std::string& path) {
    const arch::NetDesc net = space.build(space.smallest());
    if (net.input != table.input || net.classes != table.classes) cost::latency_us(net, table);  // says what differs
    const std::vector<cost::LayerKey> missing = cost::missing_layers(space, table);
    require(missing.empty(), ErrorKind::usage,
            "latency.table = '{}' lacks {} layers that the space '{}' can need, e.g. {}; measure with this configuration: "
            "nachos-run lut CONFIG.toml --out {}",
            path, missing.size(), space.name(), missing.empty() ? "" : cost::text_of(missing.front()), path);
}

/// The space; a table must know every layer that it may need.
arch::SearchSpace space_of(const SearchConfig& config, const data::Parts& parts,
                           const std::optional<cost::LatencyTable>& latency) {
    arch::SearchSpace space = arch::make_space(config.space, task_of(parts));
    if (latency) require_whole(*latency, space, config.latency.table);
    return space;
}

}  // namespace

Session::Session(SearchConfig given)
    : config(std::move(given)),
      latency(load_latencies(config.latency)),
      parts(load_parts(config)),
      normalisation(data::normalisation_of(parts.train)),
      space(space_of(config, parts, latency)),
      axes(search::axes_of(
          space, config.limits, [this](const arch::ArchSpec& s) { return costs_of(s); },
          study::cost_unit_from(config.search.cost, "search.cost"))),
      budgets(search::budget_grid({.min_cost = least_budget(*this), .max_cost = axes.max_cost}, config.policy.budgets)),
      device(device_named(config.device)),
      maps(maps_of(config.precision, device)),
      rng(config.seed) {}

study::ArchCosts Session::costs_of(const arch::NetDesc& net) const {
    return train::costs_of(net, latency ? &*latency : nullptr);
}

study::Facts Session::facts() const {
    study::Facts facts;
    facts.data = parts.name;
    facts.class_names = parts.class_names;
    facts.train_images = static_cast<int>(parts.train.examples().size());
    facts.validation_images = static_cast<int>(parts.validation.examples().size());
    facts.calibration_images = static_cast<int>(parts.calibration.examples().size());
    facts.test_images = parts.test.size();
    facts.split_digest = parts.digest;
    facts.measure = config.policy.measure;
    facts.fidelity = config.evaluate.fidelity;
    facts.notes = notes_of(config);
    if (config.final.teacher) {
        const arch::NetDesc net = train::teacher_network(config.teacher, space.task());
        facts.notes.push_back(fmt::format(
            "trained designs, and what they are compared with, learnt from a teacher as well as from labels: a "
            "network of {} MACs and {} parameters that learnt from the same images for {} epochs",
            report::count_text(static_cast<double>(cost::costs_of(net).worst_macs())),
            report::count_text(static_cast<double>(cost::costs_of(net).params)), config.teacher.optimizer.epochs));
    }
    if (maps == torch::kBFloat16)
        facts.notes.emplace_back("networks learnt with maps in bfloat16 (precision), weights and sums in float32");
    if (latency)
        facts.notes.push_back(
            fmt::format("latencies are by a table measured on {}, {} thread{}, {}, batch 1; its median error was {:.1f} %",
                        latency->device.cpu, latency->device.threads, latency->device.threads == 1 ? "" : "s",
                        latency->device.data_type, 100 * latency->check.median_error));
    facts.limits = config.limits;
    facts.cost = config.search.cost;
    facts.min_cost = axes.min_cost;
    facts.max_cost = axes.max_cost;
    facts.max_error = axes.max_error;
    return facts;
}

nn::WeightBank Session::fresh_bank() const { return {space.weight_layers(), rng.stream("supernet weights"), device}; }

void stop_here() { fail(ErrorKind::stopped, "stopped after a checkpoint; the same command goes on from there"); }

std::string weights_digest(const nn::WeightBank& bank) {
    std::string all;
    nn::for_each_tensor(bank, [&](const std::string& name, const torch::Tensor& t) {
        const torch::Tensor plain = t.detach().cpu().contiguous();
        const std::span<const float> values(plain.data_ptr<float>(), static_cast<std::size_t>(plain.numel()));
        all += name + core::hash_hex(core::bytes_of(values));
    });
    return core::hash_hex(all);
}

bool learns(const SearchConfig& config) { return search::engine_named(config.search.engine).learns; }

void ensure_supernet(const Session& session, const study::Study& study, nn::WeightBank& bank, const Job& job) {
    if (!inherits(session.config) && !learns(session.config)) return;
    const SearchConfig& config = session.config;
    const data::Examples& train = session.parts.train.examples();
    const auto train_on = [&](const data::Examples& examples, train::CoLearner* learner) {
        train::train_supernet(bank, session.space, config.supernet,
                              {.examples = examples,
                               .normalisation = session.normalisation,
                               .augment = config.augment,
                               .loss = config.loss,
                               .max_avg_macs = config.limits.max_avg_macs,
                               .rng = session.rng.stream("supernet"),
                               .device = session.device,
                               .maps = session.maps,
                               .checkpoint = study.path_of(kSupernetFile),
                               .progress = job.progress,
                               .should_stop = job.should_stop,
                               .phase = "supernet",
                               .ranks = job.ranks},
                              learner);
    };
    if (!learns(config)) return train_on(train, nullptr);
    const auto images = search::divide(train, session.space.task().classes, config.differentiable.share, session.rng);
    search::Learner learner({.space = session.space,
                             .bank = bank,
                             .images = images.architectures,
                             .normalisation = session.normalisation,
                             .loss = config.loss,
                             .budgets = session.budgets,
                             .rng = session.rng.stream("differentiable"),
                             .device = session.device},
                            config.differentiable);
    train_on(images.weights, &learner);
}

search::Decoded learnt_designs(const Session& session, const study::Study& study) {
    const int samples = 4 * session.config.search.evaluations;  // some repeat themselves
    return search::decode(session.space, session.budgets, session.config.differentiable, study.path_of(kSupernetFile),
                          samples, session.rng.stream("differentiable"));
}

}  // namespace nachos::cli
