#include "train/loop.h"

#include "core/error.h"
#include "core/stats.h"
#include "train/optimizer.h"
#include "train/tensors.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

namespace nachos::train {
namespace {

using torch::Tensor;

class Checkpoint {
  public:
    struct Content {
        nn::WeightBank& bank;
        Optimizer& optimizer;
        Companion* companion;  ///< may be none
    };

    Checkpoint(const Content& content, const std::filesystem::path& path, exec::Ranks* ranks)
        : content_(content), path_(path), ranks_(ranks) {}

    /// By the first rank alone.
    void save(int epochs_done) const {
        if (path_.empty() || (ranks_ != nullptr && !ranks_->first())) return;
        core::TensorFile file;
        content_.bank.save(file, "weights.");
        content_.optimizer.save(file);
        if (content_.companion != nullptr) content_.companion->save(file);
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
        content_.bank.load(file, "weights.", path_.string());
        content_.optimizer.load(file, path_.string());
        if (content_.companion != nullptr) content_.companion->load(file, path_.string());
        const std::string& text = file.text("epochs_done", path_.string());
        require(!text.empty() && text.size() < 7 && text.find_first_not_of("0123456789") == std::string::npos,
                ErrorKind::bad_data, "{}: epochs_done is '{}', a number is needed", path_.string(), text);
        return std::stoi(text);
    }

    Content content_;
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
                        input_.device)
            .to(input_.maps);
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

/// Which shards of a batch this process has: the first, and how many.
std::pair<int, int> own_shards(int shards, const exec::Ranks* ranks) {
    if (ranks == nullptr) return {0, shards};
    require(shards % ranks->size() == 0, ErrorKind::usage,
            "shards is {}, which {} ranks cannot share out evenly; set supernet.shards to a multiple of {}", shards,
            ranks->size(), ranks->size());
    const int count = shards / ranks->size();
    return {ranks->rank() * count, count};
}

/// Mean over all shards of what the own ones give.
double mean_loss(const std::vector<double>& own, int shards, exec::Ranks* ranks) {
    if (ranks == nullptr) return core::mean(own);
    auto sum = static_cast<float>(std::accumulate(own.begin(), own.end(), 0.0));
    ranks->sum({&sum, 1});
    return sum / shards;
}

}  // namespace

GradientSum gradients_elsewhere(const Shards& shards) {
    GradientSum elsewhere{.replicas = shards.all - shards.count};
    if (shards.ranks != nullptr) elsewhere.add = [ranks = shards.ranks](std::span<float> v) { ranks->sum(v); };
    return elsewhere;
}

void run_loop(nn::WeightBank& bank, const OptimizerOptions& options, const TrainingInput& input, const StepFn& step,
              const EpochFn& begin_epoch, Companion* companion) {
    Batches batches(options, input);
    const int shards = std::min(options.shards, batches.batch_size());
    const auto [first, count] = own_shards(shards, input.ranks);
    Optimizer optimizer(bank, options, input.phase);
    const Checkpoint checkpoint({bank, optimizer, companion}, input.checkpoint, input.ranks);
    const int begin = checkpoint.load();
    const std::int64_t steps = batches.steps_per_epoch();
    std::vector<nn::WeightBank> replicas;
    for (int i = 0; i < count; ++i) replicas.push_back(bank.replica());
    ShardPool pool(count, shards);
    Shards own{.all = shards, .first = first, .count = count, .pool = pool, .ranks = input.ranks};
    const GradientSum elsewhere = gradients_elsewhere(own);
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
            if (companion != nullptr) companion->after_step({at, steps * options.epochs}, own);
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

}  // namespace nachos::train
