#include "runtime/classifier.h"
#include "runtime/random_model.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>

// Counts what the whole program asks of malloc. The sanitizers bring a malloc of their own.
#ifndef __SANITIZE_ADDRESS__

namespace {

std::atomic<std::int64_t> allocations{0};

}  // namespace

extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_realloc(void* old, std::size_t size);
void* __libc_calloc(std::size_t n, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) {
    ++allocations;
    return __libc_malloc(size);
}
void* realloc(void* old, std::size_t size) {
    ++allocations;
    return __libc_realloc(old, size);
}
void* calloc(std::size_t n, std::size_t size) {
    ++allocations;
    return __libc_calloc(n, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
    ++allocations;
    return __libc_memalign(alignment, size);
}
int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
    ++allocations;
    *out = __libc_memalign(alignment, size);
    return *out == nullptr ? 12 : 0;
}
}

namespace nachos::runtime {
namespace {

void expect_none(const char* space_name, int batch) {
    arch::SpaceOptions options;
    options.name = space_name;
    const arch::SearchSpace space = arch::make_space(options, {32, 3, 10});
    const model::Model model =
        test::random_model(space, space.with_all_exits(space.smallest()), policy::Measure::max_prob, 5);
    core::Rng rng(6);
    const int images = 12 * batch;
    const auto pixels = test::random_images(model.net, images, rng);
    const std::size_t size = pixels.size() / 12;
    Classifier classifier(model, batch);
    std::vector<Inference> results(static_cast<std::size_t>(batch));
    for (const model::ThresholdSet& set : model.threshold_sets) {  // switched between two inferences
        const auto run = [&](std::size_t i) {
            classifier.run_batch(set.on_calibration.thresholds, std::span(pixels).subspan(i * size, size), results);
        };
        const std::int64_t before = allocations;
        for (std::size_t i = 0; i < 12; ++i) run(i);
        EXPECT_EQ(allocations - before, 0) << space_name << ", batches of " << batch;
    }
}

TEST(Classifier, AllocatesNothingPerInference) {
    expect_none("mbv3-small", 1);
    expect_none("ofa-mbv3", 1);
    expect_none("resnet8", 1);
}

}  // namespace
}  // namespace nachos::runtime

#endif
