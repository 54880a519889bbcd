#include "train/trainer.h"

#include "core/error.h"
#include "core/files.h"
#include "core/stats.h"
#include "cost/cost.h"
#include "nn/network.h"
#include "train/class_loss.h"
#include "train/losses.h"
#include "train/optimizer.h"
#include "train/support_set.h"
#include "train/tensors.h"
#include "train/threads.h"

#include <algorithm>
#include <barrier>
#include <cassert>
#include <cmath>
#include <exception>
#include <functional>
#include <memory>
#include <numeric>
#include <thread>

namespace nachos::train {
namespace {

using torch::Tensor;

/// Adds one shard's gradients to a replica of the bank; returns the loss to report. `rng` is the same for all shards of a
/// step.
using StepFn = std::function<double(const nn::WeightBank& bank, const Tensor& x, const Tensor& y, core::Rng rng)>;

/// Called before each epoch; returns the examples it learns from, at most input.examples. They stay until the next call.
using EpochFn = std::function<const data::Examples&(int epoch)>;

/// Threads that each run one shard of every step, single-threaded inside: cutting the batch costs one meeting a step, where
/// cutting every layer costs hundreds.
class ShardPool {
  public:
    /// Of `all` shards of a batch, `shards` are run here; one that is a whole batch may use all cores.
    ShardPool(int shards, int all) : done_(shards), start_(shards) {
        for (int i = 1; i < shards; ++i) threads_.emplace_back([this, i] { work(i); });
        if (all > 1) set_own_threads(1);
    }

    ~ShardPool() {
        job_ = nullptr;
        if (!threads_.empty()) start_.arrive_and_wait();
        for (std::thread& t : threads_) t.join();
        set_own_threads(threads_before_);
    }

    ShardPool(const ShardPool&) = delete;
    ShardPool& operator=(const ShardPool&) = delete;

    /// Calls job(0), ..., job(shards - 1), each on its own thread, and waits for all. Rethrows the first shard's exception.
    void run(const std::function<void(int)>& job) {
        job_ = &job;
        errors_.assign(threads_.size() + 1, nullptr);
        start_.arrive_and_wait();
        guarded(0);
        done_.arrive_and_wait();
        for (const std::exception_ptr& e : errors_) {
            if (e) std::rethrow_exception(e);
        }
    }

  private:
    void work(int shard) {
        set_own_threads(1);
        for (;;) {
            start_.arrive_and_wait();
            if (job_ == nullptr) return;
            guarded(shard);
            done_.arrive_and_wait();
        }
    }

    void guarded(int shard) {
        try {
            (*job_)(shard);
        } catch (...) {
            errors_[static_cast<std::size_t>(shard)] = std::current_exception();
        }
    }

    std::barrier<> done_, start_;
    const std::function<void(int)>* job_ = nullptr;
    std::vector<std::exception_ptr> errors_;
    std::vector<std::thread> threads_;
    int threads_before_ = at::get_num_threads();
};

class Checkpoint {
  public:
    Checkpoint(nn::WeightBank& bank, Optimizer& optimizer, const std::filesystem::path& path, exec::Ranks* ranks)
        : bank_(bank), optimizer_(optimizer), path_(path), ranks_(ranks) {}

    /// By the first rank alone.
    void save(int epochs_done) const {
        if (path_.empty() || (ranks_ != nullptr && !ranks_->first())) return;
        core::TensorFile file;
        bank_.save(file, "weights.");
        optimizer_.save(file);
        file.metadata["epochs_done"] = std::to_string(epochs_done);
        core::write_tensors(path_, file);
    }

    /// The epochs done, on all ranks the same.
    int load() const {
        const int epochs = read();
        if (ranks_ == nullptr) return epochs;
        const std::string first = ranks_->broadcast(std::to_string(epochs));
        require(first == std::to_string(epochs), ErrorKind::runtime,
                "rank {} finds {} epochs in {}, rank 0 finds {}; all ranks need the same folder", ranks_->rank(), epochs,
                path_.string(), first);
        return epochs;
    }

  private:
    int read() const {
        if (path_.empty() || !std::filesystem::exists(path_)) return 0;
        const core::TensorFile file = core::read_tensors(path_);
        bank_.load(file, "weights.", path_.string());
        optimizer_.load(file, path_.string());
        const std::string& text = file.text("epochs_done", path_.string());
        require(!text.empty() && text.size() < 7 && text.find_first_not_of("0123456789") == std::string::npos,
                ErrorKind::bad_data, "{}: epochs_done is '{}', a number is needed", path_.string(), text);
        return std::stoi(text);
    }

    nn::WeightBank& bank_;
    Optimizer& optimizer_;
    const std::filesystem::path& path_;
    exec::Ranks* ranks_;
};

/// Batches of one epoch after the other, whose examples may change between epochs.
class Batches {
  public:
    Batches(const OptimizerOptions& options, const TrainingInput& input)
        : input_(input),
          options_{.batch_size = std::min<int>(options.batch_size, static_cast<int>(input.examples.size())),
                   .shuffle = true,
                   .drop_last = true,
                   .augment = input.augment,
                   .threads = 1,
                   .seed = input.rng.stream("loader").seed()} {
        open(input.examples);
        steps_per_epoch_ = loader_->batches_per_epoch();
    }

    int batch_size() const { return options_.batch_size; }
    /// Of an epoch over all examples, which the learning rate goes by.
    std::int64_t steps_per_epoch() const { return steps_per_epoch_; }

    void start_epoch(int epoch, const data::Examples& examples) {
        if (&examples != &input_.examples || &examples != examples_) open(examples);  // others change between epochs
        loader_->start_epoch(epoch);
    }
    bool next(data::Batch& batch) { return loader_->next(batch); }

    Tensor input_of(const data::Batch& batch) const {
        return to_input(batch.pixels, batch.size, input_.examples.height, input_.examples.width, input_.normalisation,
                        input_.device);
    }

  private:
    void open(const data::Examples& examples) {
        loader_ = std::make_unique<data::Loader>(examples, options_);
        examples_ = &examples;
    }

    const TrainingInput& input_;
    data::LoaderOptions options_;
    std::unique_ptr<data::Loader> loader_;
    const data::Examples* examples_ = nullptr;
    std::int64_t steps_per_epoch_ = 0;
};

/// Which shards of a batch this process has.
struct OwnShards {
    int first = 0;
    int count = 1;

    static OwnShards of(int shards, const exec::Ranks* ranks) {
        if (ranks == nullptr) return {0, shards};
        require(shards % ranks->size() == 0, ErrorKind::usage,
                "shards is {}, which {} ranks cannot share out evenly; set supernet.shards to a multiple of {}", shards,
                ranks->size(), ranks->size());
        const int count = shards / ranks->size();
        return {ranks->rank() * count, count};
    }
};

/// Mean over all shards of what the own ones give.
double mean_loss(const std::vector<double>& own, int shards, exec::Ranks* ranks) {
    if (ranks == nullptr) return core::mean(own);
    auto sum = static_cast<float>(std::accumulate(own.begin(), own.end(), 0.0));
    ranks->sum({&sum, 1});
    return sum / shards;
}

void train(nn::WeightBank& bank, const OptimizerOptions& options, const TrainingInput& input, const StepFn& step,
           const EpochFn& begin_epoch) {
    Batches batches(options, input);
    const int shards = std::min(options.shards, batches.batch_size());
    const OwnShards own = OwnShards::of(shards, input.ranks);
    GradientSum elsewhere{.replicas = shards - own.count};
    if (input.ranks != nullptr) elsewhere.add = [&](std::span<float> values) { input.ranks->sum(values); };
    Optimizer optimizer(bank, options);
    const Checkpoint checkpoint(bank, optimizer, input.checkpoint, input.ranks);
    const int begin = checkpoint.load();
    const std::int64_t steps = batches.steps_per_epoch();
    std::vector<nn::WeightBank> replicas;
    for (int i = 0; i < own.count; ++i) replicas.push_back(bank.replica());
    ShardPool pool(own.count, shards);
    double average = 0;
    std::int64_t last_reported = begin * steps;
    const auto report = [&](std::int64_t done) {
        last_reported = done;
        if (input.progress) input.progress({input.phase, done, steps * options.epochs, fmt::format("loss {:.3f}", average)});
    };
    for (int epoch = begin; epoch < options.epochs; ++epoch) {
        batches.start_epoch(epoch, begin_epoch(epoch));
        data::Batch images;
        for (std::int64_t i = 0; batches.next(images); ++i) {
            const std::int64_t at = epoch * steps + i;
            const auto xs = batches.input_of(images).tensor_split(shards),
                       ys = torch::tensor(images.labels, torch::kLong).to(input.device).tensor_split(shards);
            std::vector<double> losses(replicas.size());
            pool.run([&](int s) {
                const auto replica = static_cast<std::size_t>(s), shard = static_cast<std::size_t>(own.first + s);
                losses[replica] =
                    step(replicas[replica], xs[shard], ys[shard], input.rng.stream("step", static_cast<std::uint64_t>(at)));
            });
            const double loss = mean_loss(losses, shards, input.ranks);
            require(std::isfinite(loss), ErrorKind::runtime,
                    "{} diverged in epoch {}: the loss is not finite; lower its learning_rate", input.phase, epoch + 1);
            optimizer.step(learning_rate_at(options, at, steps), replicas, elsewhere);
            average = i == 0 ? loss : 0.98 * average + 0.02 * loss;
            report(at + 1);
        }
        if (!images.labels.empty() && last_reported < (epoch + 1) * steps) report((epoch + 1) * steps);  // a shorter epoch
        checkpoint.save(epoch + 1);
        bool stop = input.should_stop && input.should_stop();
        if (input.ranks != nullptr) stop = input.ranks->any(stop);
        require(epoch + 1 == options.epochs || !stop, ErrorKind::stopped,
                "stopped after epoch {} of {} of {}; the same command goes on from there", epoch + 1, options.epochs,
                input.phase);
    }
}

Tensor soft_targets(const nn::Outputs& outputs) { return torch::softmax(outputs.logits.back().detach(), 1); }

/// Loss of a network whose early exits are taught by its own final one, which itself learns from labels alone.
Tensor self_taught_loss(const nn::Outputs& outputs, const Tensor& labels, const LossOptions& options,
                        const LossContext& context) {
    if (options.classification != "independent" || outputs.logits.size() == 1 || options.distillation == 0) {
        return total_loss(outputs, labels, options, {}, context);
    }
    LossOptions untaught = options;
    untaught.distillation = 0;
    const Tensor from_labels = class_losses(outputs.logits.back(), labels, untaught, {}).mean();
    nn::Outputs early = outputs;
    early.logits.pop_back();
    const Tensor taught = classification_loss(early, labels, options, soft_targets(outputs));
    return (from_labels + taught) * options.class_weight + exit_loss(outputs, labels, options, context);
}

LossContext context_of(const arch::NetDesc& net, const TrainingInput& input) {
    LossContext context{.cost = {}, .max_avg_macs = input.max_avg_macs, .support = {}};
    if (input.loss.cost_weight == 0 || !input.max_avg_macs) return context;
    for (const std::int64_t macs : cost::costs_of(net).executed_macs) context.cost.push_back(static_cast<double>(macs));
    return context;
}

}  // namespace

void train_supernet(nn::WeightBank& bank, const arch::SearchSpace& space, const SupernetOptions& options,
                    const TrainingInput& input) {
    const arch::NetDesc largest = space.build(space.with_all_exits(space.largest()));
    const arch::NetDesc smallest = space.build(space.smallest());
    const LossContext of_largest = context_of(largest, input), of_smallest = context_of(smallest, input);
    const auto step = [&](const nn::WeightBank& weights, const Tensor& x, const Tensor& y, core::Rng rng) {
        const nn::Outputs most = nn::run(largest, weights, x);
        const Tensor loss = self_taught_loss(most, y, input.loss, of_largest);
        loss.backward();
        const Tensor teacher = soft_targets(most);
        total_loss(nn::run(smallest, weights, x), y, input.loss, teacher, of_smallest).backward();
        for (int i = 0; i < options.random_subnets; ++i) {
            const arch::NetDesc net = space.build(space.decode(space.sample(rng)));
            total_loss(nn::run(net, weights, x), y, input.loss, teacher, context_of(net, input)).backward();
        }
        return loss.item<double>();
    };
    train(bank, options.optimizer, input, step, [&](int) -> const data::Examples& { return input.examples; });
}

void train_network(nn::WeightBank& bank, const arch::NetDesc& net, const OptimizerOptions& options,
                   const TrainingInput& input) {
    SupportSet support(net, bank, options.epochs, input);
    LossContext context = context_of(net, input);
    const auto differentiate = input.freeze_backbone ? nn::Differentiate::early_exits : nn::Differentiate::everything;
    const auto step = [&](const nn::WeightBank& weights, const Tensor& x, const Tensor& y, core::Rng) {
        const Tensor loss = self_taught_loss(nn::run(net, weights, x, differentiate), y, input.loss, context);
        loss.backward();
        return loss.item<double>();
    };
    train(bank, options, input, step, [&](int epoch) -> const data::Examples& {
        support.begin_epoch(epoch);
        context.support = support.matrix();
        return support.rest();
    });
}

void train_by_schedule(nn::WeightBank& bank, const arch::NetDesc& net, const arch::NetDesc& backbone,
                       const FinalOptions& options, const TrainingInput& input) {
    if (options.schedule == "joint" || net.exit_count() == 1) return train_network(bank, net, options.optimizer, input);
    assert(options.optimizer.epochs > 1);
    OptimizerOptions first = options.optimizer, second = options.optimizer;
    first.epochs = std::clamp(static_cast<int>(std::lround(options.backbone_share * second.epochs)), 1, second.epochs - 1);
    second.epochs -= first.epochs;
    const auto steps_before = [&](int epochs) {  // both stages report as one
        return [&input, epochs, all = options.optimizer.epochs](const core::Progress& p, int own) {
            const std::int64_t an_epoch = p.total / own;
            if (input.progress) input.progress({input.phase, epochs * an_epoch + p.done, all * an_epoch, p.note});
        };
    };
    TrainingInput stage = input;
    stage.phase = input.phase + " backbone";
    stage.progress = [report = steps_before(0), &first](const core::Progress& p) { report(p, first.epochs); };
    if (!input.checkpoint.empty()) stage.checkpoint.replace_extension(".backbone.safetensors");
    train_network(bank, backbone, first, stage);
    stage.rng = input.rng.stream("exits");
    stage.phase = input.phase + " exits";
    stage.progress = [report = steps_before(first.epochs), &second](const core::Progress& p) { report(p, second.epochs); };
    stage.checkpoint = input.checkpoint;
    stage.freeze_backbone = options.freeze_backbone;
    train_network(bank, net, second, stage);
}

}  // namespace nachos::train
