#include "train/teacher.h"

#include "train/tensors.h"

#include <vector>

namespace nachos::train {
namespace {

constexpr int kRecalibrationImages = 4096, kRecalibrationBatch = 128;
constexpr std::int64_t kAtOnce = 16;  // maps of so many images stay in a core's cache: a fifth faster than 64

}  // namespace

Teacher::Teacher(const arch::NetDesc& folded, const TeacherOptions& options, torch::Device device, torch::ScalarType maps)
    : net_(folded, device, maps), share_(options.share), temperature_(options.temperature) {}

Taught Teacher::of(const torch::Tensor& x) const {
    std::vector<torch::Tensor> logits;
    for (const torch::Tensor& few : x.split(x.is_cpu() ? kAtOnce : x.size(0))) logits.push_back(net_.run(few).logits.back());
    torch::NoGradGuard no_grad;
    return {.probabilities =
                torch::softmax(torch::cat(logits) / temperature_, 1),  // a copy, beside which gradients may be taken
            .share = share_,
            .temperature = temperature_};
}

arch::NetDesc teacher_network(const TeacherOptions& options, const arch::TaskShape& task) {
    arch::SpaceOptions space;
    space.name = "resnet8";
    space.stem_width = {options.width};
    space.depth.assign(3, {options.depth});
    space.width = {{options.width}, {2 * options.width}, {4 * options.width}};
    const arch::SearchSpace one = arch::make_space(space, task);
    return one.build(one.smallest());
}

Teacher train_teacher(const TeacherOptions& options, const arch::TaskShape& task, const TrainingInput& input) {
    const arch::NetDesc net = teacher_network(options, task);
    nn::WeightBank bank(nn::weighted_layers(net), input.rng.stream("weights"), input.device);
    TrainingInput own = input;
    own.loss = {.label_smoothing = 0};
    train_network(bank, net, options.optimizer, own);
    auto images = prepare_sample(input.examples, kRecalibrationImages, input.normalisation, kRecalibrationBatch,
                                 input.device, input.rng.stream("recalibration"));
    for (torch::Tensor& batch : images.batches) batch = batch.to(input.maps);
    return {nn::to_desc(net, bank, nn::recalibrate(net, bank, images.batches)), options, input.device, input.maps};
}

}  // namespace nachos::train
