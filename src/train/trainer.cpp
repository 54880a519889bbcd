#include "train/trainer.h"

#include "core/error.h"
#include "core/files.h"
#include "core/stats.h"
#include "nn/network.h"
#include "train/losses.h"
#include "train/optimizer.h"
#include "train/tensors.h"
#include "train/threads.h"

#include <barrier>
#include <cmath>
#include <exception>
#include <functional>
#include <thread>

namespace nachos::train {
namespace {

using torch::Tensor;

/// Adds one shard's gradients to a replica of the bank; returns the loss to report. `rng` is the same for all shards of a
/// step.
using StepFn = std::function<double(const nn::WeightBank& bank, const Tensor& x, const Tensor& y, core::Rng rng)>;

/// Threads that each run one shard of every step, single-threaded inside: cutting the batch costs one meeting a step, where
/// cutting every layer costs hundreds.
class ShardPool {
  public:
    explicit ShardPool(int shards) : done_(shards), start_(shards) {
        for (int i = 1; i < shards; ++i) threads_.emplace_back([this, i] { work(i); });
        if (shards > 1) set_own_threads(1);
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

struct Checkpoint {
    nn::WeightBank& bank;
    Optimizer& optimizer;
    const std::filesystem::path& path;

    void save(int epochs_done) const {
        if (path.empty()) return;
        core::TensorFile file;
        bank.save(file, "weights.");
        optimizer.save(file);
        file.metadata["epochs_done"] = std::to_string(epochs_done);
        core::write_tensors(path, file);
    }

    int load() const {
        if (path.empty() || !std::filesystem::exists(path)) return 0;
        const core::TensorFile file = core::read_tensors(path);
        bank.load(file, "weights.", path.string());
        optimizer.load(file, path.string());
        const std::string& text = file.text("epochs_done", path.string());
        require(!text.empty() && text.size() < 7 && text.find_first_not_of("0123456789") == std::string::npos,
                ErrorKind::bad_data, "{}: epochs_done is '{}', a number is needed", path.string(), text);
        return std::stoi(text);
    }
};

void train(nn::WeightBank& bank, const OptimizerOptions& options, const TrainingInput& input, const StepFn& step) {
    Optimizer optimizer(bank, options);
    const Checkpoint checkpoint{bank, optimizer, input.checkpoint};
    const int begin = checkpoint.load();
    const int batch = std::min<int>(options.batch_size, static_cast<int>(input.examples.size()));
    data::Loader loader(input.examples, {.batch_size = batch,
                                         .shuffle = true,
                                         .drop_last = true,
                                         .augment = input.augment,
                                         .threads = 1,
                                         .seed = input.rng.stream("loader").seed()});
    const std::int64_t steps = loader.batches_per_epoch();
    const int shards = std::min(options.shards, batch);
    std::vector<nn::WeightBank> replicas;
    for (int i = 0; i < shards; ++i) replicas.push_back(bank.replica());
    ShardPool pool(shards);
    for (int epoch = begin; epoch < options.epochs; ++epoch) {
        loader.start_epoch(epoch);
        data::Batch images;
        double average = 0;
        for (std::int64_t i = 0; loader.next(images); ++i) {
            const std::int64_t at = epoch * steps + i;
            const Tensor x = to_input(images.pixels, images.size, input.examples.height, input.examples.width,
                                      input.normalisation, input.device);
            const Tensor y = torch::tensor(images.labels, torch::kLong).to(input.device);
            const auto xs = x.tensor_split(shards), ys = y.tensor_split(shards);
            std::vector<double> losses(static_cast<std::size_t>(shards));
            pool.run([&](int s) {
                const auto shard = static_cast<std::size_t>(s);
                losses[shard] =
                    step(replicas[shard], xs[shard], ys[shard], input.rng.stream("step", static_cast<std::uint64_t>(at)));
            });
            const double loss = core::mean(losses);
            require(std::isfinite(loss), ErrorKind::runtime,
                    "{} diverged in epoch {}: the loss is not finite; lower its learning_rate", input.phase, epoch + 1);
            optimizer.step(learning_rate_at(options, at, steps), replicas);
            average = i == 0 ? loss : 0.98 * average + 0.02 * loss;
            if (input.progress)
                input.progress({input.phase, at + 1, steps * options.epochs, fmt::format("loss {:.3f}", average)});
        }
        checkpoint.save(epoch + 1);
        require(epoch + 1 == options.epochs || !input.should_stop || !input.should_stop(), ErrorKind::stopped,
                "stopped after epoch {} of {} of {}; the same command goes on from there", epoch + 1, options.epochs,
                input.phase);
    }
}

Tensor soft_targets(const nn::Outputs& outputs) { return torch::softmax(outputs.logits.back().detach(), 1); }

/// Loss of a network whose early exits are taught by its own final one, which itself learns from labels alone.
Tensor self_taught_loss(const nn::Outputs& outputs, const Tensor& labels, const LossOptions& options) {
    if (options.classification != "independent" || outputs.logits.size() == 1 || options.distillation == 0) {
        return total_loss(outputs, labels, options);
    }
    LossOptions untaught = options;
    untaught.distillation = 0;
    const Tensor from_labels = class_losses(outputs.logits.back(), labels, untaught, {}).mean();
    nn::Outputs early = outputs;
    early.logits.pop_back();
    const Tensor taught = classification_loss(early, labels, options, soft_targets(outputs));
    return (from_labels + taught) * options.class_weight + gate_loss(outputs, labels) * options.gate_weight;
}

}  // namespace

void train_supernet(nn::WeightBank& bank, const arch::SearchSpace& space, const SupernetOptions& options,
                    const TrainingInput& input) {
    const arch::NetDesc largest = space.build(space.with_all_exits(space.largest()));
    const arch::NetDesc smallest = space.build(space.smallest());
    train(bank, options.optimizer, input,
          [&](const nn::WeightBank& weights, const Tensor& x, const Tensor& y, core::Rng rng) {
              const nn::Outputs most = nn::run(largest, weights, x);
              const Tensor loss = self_taught_loss(most, y, input.loss);
              loss.backward();
              const Tensor teacher = soft_targets(most);
              total_loss(nn::run(smallest, weights, x), y, input.loss, teacher).backward();
              for (int i = 0; i < options.random_subnets; ++i) {
                  const arch::NetDesc net = space.build(space.decode(space.sample(rng)));
                  total_loss(nn::run(net, weights, x), y, input.loss, teacher).backward();
              }
              return loss.item<double>();
          });
}

void train_network(nn::WeightBank& bank, const arch::NetDesc& net, const OptimizerOptions& options,
                   const TrainingInput& input) {
    train(bank, options, input, [&](const nn::WeightBank& weights, const Tensor& x, const Tensor& y, core::Rng) {
        const Tensor loss = self_taught_loss(nn::run(net, weights, x), y, input.loss);
        loss.backward();
        return loss.item<double>();
    });
}

}  // namespace nachos::train
