#include "search/differentiable/learner.h"

#include "data/stratify.h"
#include "search/differentiable/choose.h"
#include "train/tensors.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace nachos::search {
namespace {

using torch::Tensor;

constexpr double kQuiet = 0.2;          // last share of the architecture steps: no noise, a falling rate
constexpr double kPenaltyAlone = 0.15;  // first share of them: multipliers wait until the penalty has done what it can
constexpr double kCountDecay = 0.95;    // of the counts behind the support matrix, a step
constexpr double kEntropy = 0.3;        // weight of the policy's entropy at first ...
constexpr double kEntropyUntil = 0.6;   // ... falling to 0 here: the penalty of the first steps must not decide genes
constexpr int kChoiceImages = 512;
constexpr int kTraceEntries = 20;
constexpr const char* kOptimizer = "policy optimizer.";
constexpr const char* kMultipliers = "multipliers.";

train::OptimizerOptions policy_optimizer(const DifferentiableOptions& options) {
    train::OptimizerOptions o;
    o.optimizer = "adamw";
    o.learning_rate = options.learning_rate;
    o.square_decay = 0.95;  // the first steps, far above the budgets, must not slow down all later ones
    o.weight_decay = 0;
    o.gradient_clip = 0.5;
    return o;
}

core::TensorFile without_prefix(const core::TensorFile& file, const std::string& prefix) {
    core::TensorFile part;
    for (const auto& [name, tensor] : file.tensors)
        if (name.starts_with(prefix)) part.tensors[name.substr(prefix.size())] = tensor;
    return part;
}

void add_tensor(core::TensorFile& file, const std::string& name, const Tensor& t) {
    const Tensor plain = t.contiguous();
    file.add_f32(name, plain.sizes().vec(), plain.data_ptr<float>());
}

Tensor read_tensor(const core::TensorFile& file, const std::string& name, const Tensor& like, const std::string& where) {
    std::vector<float> values = file.floats(name, like.sizes().vec(), where);
    return torch::from_blob(values.data(), like.sizes()).clone();
}

}  // namespace

LearnerImages divide(const data::Examples& train, int classes, double share, const core::Rng& rng) {
    const auto own = [&](int, std::size_t rows) {  // weights learn from at least one image of each class
        return std::vector<std::size_t>{rows < 2 ? 0 : std::min(data::share_of(rows, share), rows - 1)};
    };
    const auto piles = data::deal(train.labels, classes, own, rng.stream("architecture images"));
    return {.weights = data::select(train, piles[1]), .architectures = data::select(train, piles[0])};
}

struct Learner::ShardResult {
    ArchLoss loss;
    int bucket = 0;
};

Learner::Learner(const LearnerInput& input, const DifferentiableOptions& options)
    : input_(input),
      options_(options),
      relaxed_(input.space, input.bank),
      costs_(cost::cost_tables(input.space)),
      policy_(input.space, input.budgets.front(), input.budgets.back(), options, input.rng.stream("policy")),
      optimizer_(policy_.bank(), policy_optimizer(options)),
      multipliers_(input.budgets, options.rho),
      right_(torch::zeros({input.space.task().classes, input.space.sites()})),
      count_(torch::zeros({input.space.task().classes})) {}

arch::Genome Learner::sample(core::Rng& rng) const {
    if (progress_ < 0) return input_.space.sample(rng);
    const double budget = policy_.least() * std::pow(policy_.most() / policy_.least(), rng.uniform());
    return policy_.sample_genome(budget, {.temperature = 1, .noise = 1}, rng);
}

Gumbel Learner::gumbel() const {
    const double from = options_.temperature, to = options_.final_temperature;
    return {.temperature = from * std::pow(to / from, progress_), .noise = std::max(0.0, 1 - progress_ / (1 - kQuiet))};
}

void Learner::after_step(const train::LoopStep& step, train::Shards& shards) {
    const auto begin = static_cast<std::int64_t>(options_.warmup * static_cast<double>(step.count));
    if (step.index >= begin && (step.index - begin) % options_.every == 0) {
        progress_ = static_cast<double>(step.index - begin) / static_cast<double>(step.count - begin);
        learn(step, shards);
    }
    if (step.index + 1 == step.count) choose(shards);
}

void Learner::choose(train::Shards& shards) {
    const core::Rng rng = input_.rng.stream("choice");
    const data::Examples images = some_images(kChoiceImages, rng.stream("rows"));
    designs_ = choose_designs({.space = input_.space,
                               .bank = input_.bank,
                               .policy = policy_,
                               .budgets = input_.budgets,
                               .images = pixels_of(images),
                               .labels = labels_of(images),
                               .rng = rng.stream("samples")},
                              shards);
}

data::Examples Learner::some_images(int count, const core::Rng& rng) const {
    std::vector<int> rows(input_.images.size());
    std::iota(rows.begin(), rows.end(), 0);
    core::Rng(rng).shuffle(std::span<int>(rows));
    rows.resize(std::min(rows.size(), static_cast<std::size_t>(count)));
    return data::select(input_.images, rows);
}

Tensor Learner::pixels_of(const data::Examples& images) const {
    return train::to_input(images.pixels, static_cast<int>(images.size()), images.height, images.width, input_.normalisation,
                           input_.device);
}

Tensor Learner::labels_of(const data::Examples& images) const {
    return torch::tensor(images.labels, torch::kLong).to(input_.device);
}

void Learner::learn(const train::LoopStep& step, train::Shards& shards) {
    const core::Rng rng = input_.rng.stream("architecture step", static_cast<std::uint64_t>(step.index));
    const data::Examples images = some_images(std::max(options_.batch_size, shards.all), rng.stream("rows"));
    const auto xs = pixels_of(images).tensor_split(shards.all), ys = labels_of(images).tensor_split(shards.all);
    const double turn = rng.stream("budget").uniform();  // the shards' budgets are spread over the range
    std::vector<nn::WeightBank> replicas;
    for (int s = 0; s < shards.count; ++s) replicas.push_back(policy_.bank().replica());
    std::vector<ShardResult> results(replicas.size());
    shards.pool.run([&](int s) {
        const auto own = static_cast<std::size_t>(s);
        const int shard = shards.first + s;
        const double t = std::fmod((shard + 0.5) / shards.all + turn, 1.0);
        const double budget =
            options_.conditioned ? policy_.least() * std::pow(policy_.most() / policy_.least(), t) : policy_.most();
        results[own] = run_shard(replicas[own], xs[static_cast<std::size_t>(shard)], ys[static_cast<std::size_t>(shard)],
                                 budget, rng.stream("sample", static_cast<std::uint64_t>(shard)));
    });
    const double rate = options_.learning_rate * std::min(1.0, (1 - progress_) / kQuiet);
    optimizer_.step(rate, replicas, train::gradients_elsewhere(shards));
    take_in(results, shards);
}

Learner::ShardResult Learner::run_shard(const nn::WeightBank& weights, const Tensor& x, const Tensor& y, double budget,
                                        core::Rng rng) const {
    const ArchPolicy::Sample sample = policy_.sample(weights, budget, gumbel(), rng);
    const nn::Outputs outputs = relaxed_.run(x, sample.choices);
    const ArchLossContext context{
        .space = input_.space, .costs = costs_, .multipliers = multipliers_, .options = input_.loss, .support = support_};
    ShardResult result{.loss = arch_loss(context, sample, budget, outputs, y), .bucket = multipliers_.bucket(budget)};
    if (progress_ < kEntropyUntil)
        result.loss.loss =
            result.loss.loss - policy_.entropy(weights, budget) * (kEntropy * (1 - progress_ / kEntropyUntil));
    result.loss.loss.backward();
    result.loss.loss.reset();
    return result;
}

/// What the shards of all ranks say, in one sum: for each bucket g and how often, then error, then the support counts.
void Learner::take_in(const std::vector<ShardResult>& results, train::Shards& shards) {
    const auto buckets = static_cast<std::size_t>(multipliers_.size());
    const std::size_t counts = 2 * buckets + 1, classes = static_cast<std::size_t>(count_.numel());
    std::vector<float> sums(counts + static_cast<std::size_t>(right_.numel()) + classes, 0);
    const auto add_counts = [&](const Tensor& t, std::size_t at) {
        for (std::int64_t i = 0; t.defined() && i < t.numel(); ++i)
            sums[at + static_cast<std::size_t>(i)] += t.contiguous().data_ptr<float>()[i];
    };
    for (const ShardResult& result : results) {
        sums[2 * static_cast<std::size_t>(result.bucket)] += static_cast<float>(result.loss.constraint);
        sums[2 * static_cast<std::size_t>(result.bucket) + 1] += 1;
        sums[2 * buckets] += static_cast<float>(result.loss.error);
        add_counts(result.loss.right, counts);
        add_counts(result.loss.count, counts + static_cast<std::size_t>(right_.numel()));
    }
    if (shards.ranks != nullptr) shards.ranks->sum(sums);
    for (std::size_t b = 0; b < buckets; ++b) {
        if (sums[2 * b + 1] == 0) continue;
        if (progress_ >= kPenaltyAlone) multipliers_.update(static_cast<int>(b), sums[2 * b] / sums[2 * b + 1]);
        since_.constraint += sums[2 * b] / shards.all;
    }
    since_.error += sums[2 * buckets] / static_cast<float>(shards.all);
    ++since_steps_;
    if (input_.loss.support_weight > 0) {
        float* at = sums.data() + counts;
        right_ = right_ * kCountDecay + torch::from_blob(at, right_.sizes());
        count_ = count_ * kCountDecay + torch::from_blob(at + right_.numel(), count_.sizes());
        support_ = (right_ / count_.clamp_min(1e-6).unsqueeze(1)).clamp(0, 1);
    }
    if (progress_ * kTraceEntries < static_cast<double>(trace_.size())) return;
    double entropy = 0;  // of the range's ends and middle: no more work with more budgets
    for (const std::size_t b : {std::size_t{0}, buckets / 2, buckets - 1}) entropy += policy_.entropy(input_.budgets[b]);
    trace_.push_back({.progress = progress_,
                      .error = since_.error / since_steps_,
                      .constraint = since_.constraint / since_steps_,
                      .entropy = entropy / 3});
    since_ = {};
    since_steps_ = 0;
}

void Learner::save(core::TensorFile& file) const {
    policy_.save(file);
    core::TensorFile optimizer;
    optimizer_.save(optimizer);
    for (const auto& [name, tensor] : optimizer.tensors) file.tensors[kOptimizer + name] = tensor;
    add_tensor(file, "support.right", right_);
    add_tensor(file, "support.count", count_);
    multipliers_.save(file, kMultipliers);
    std::vector<float> values;
    for (const LearnerTrace& t : trace_)
        for (const double v : {t.progress, t.error, t.constraint, t.entropy}) values.push_back(static_cast<float>(v));
    if (!values.empty()) file.add_f32("trace", {static_cast<std::int64_t>(trace_.size()), 4}, values.data());
    const float state[4] = {static_cast<float>(progress_), static_cast<float>(since_.error),
                            static_cast<float>(since_.constraint), static_cast<float>(since_steps_)};
    file.add_f32("learner", {4}, state);
    save_designs(designs_, input_.space, file);
}

void Learner::load(const core::TensorFile& file, const std::string& where) {
    policy_.load(file, where);
    optimizer_.load(without_prefix(file, kOptimizer), where);
    right_ = read_tensor(file, "support.right", right_, where);
    count_ = read_tensor(file, "support.count", count_, where);
    if (count_.sum().item<float>() > 0) support_ = (right_ / count_.clamp_min(1e-6).unsqueeze(1)).clamp(0, 1);
    multipliers_.load(file, kMultipliers, where);
    trace_.clear();
    if (file.tensors.contains("trace")) {
        const std::vector<float> values = file.floats("trace", {-1, 4}, where);
        for (std::size_t i = 0; i + 3 < values.size(); i += 4)
            trace_.push_back({values[i], values[i + 1], values[i + 2], values[i + 3]});
    }
    const std::vector<float> state = file.floats("learner", {4}, where);
    progress_ = state[0];
    since_.error = state[1];
    since_.constraint = state[2];
    since_steps_ = static_cast<int>(state[3]);
    designs_ = load_designs(input_.space, input_.budgets, file, where);
}

}  // namespace nachos::search
