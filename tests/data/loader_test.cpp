#include "data/loader.h"

#include "core/expect_error.h"
#include "data/augment.h"
#include "data/prefetch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>

namespace nachos::data {
namespace {

using test::expect_error;
using Bytes = std::vector<std::uint8_t>;

/// Random images of 6 x 5 x 3.
Examples images(int count) {
    Examples e{6, 5, 3, {}, {}};
    core::Rng rng(9);
    for (int i = 0; i < count; ++i) {
        for (int p = 0; p < 90; ++p) e.pixels.push_back(static_cast<std::uint8_t>(rng.below(256)));
        e.labels.push_back(i % 4);
    }
    return e;
}

std::vector<Batch> epoch_of(Loader& loader, int epoch) {
    std::vector<Batch> batches;
    loader.start_epoch(epoch);
    for (Batch b; loader.next(b);) batches.push_back(b);
    return batches;
}

std::vector<int> rows_of(const std::vector<Batch>& batches) {
    std::vector<int> rows;
    for (const auto& b : batches) rows.insert(rows.end(), b.rows.begin(), b.rows.end());
    return rows;
}

Bytes pixels_of(const std::vector<Batch>& batches) {
    Bytes pixels;
    for (const auto& b : batches) pixels.insert(pixels.end(), b.pixels.begin(), b.pixels.end());
    return pixels;
}

const AugmentOptions kAll{.pad_crop = 2, .flip = true, .cutout = 3};

TEST(Loader, BatchesDoNotDependOnThreads) {
    const Examples e = images(103);
    Loader one(e, {.batch_size = 8, .augment = kAll, .threads = 1, .seed = 3});
    const auto expected = epoch_of(one, 5);
    for (int threads : {2, 4}) {
        Loader many(e, {.batch_size = 8, .augment = kAll, .threads = threads, .seed = 3});
        const auto batches = epoch_of(many, 5);
        EXPECT_EQ(rows_of(batches), rows_of(expected)) << threads;
        EXPECT_EQ(pixels_of(batches), pixels_of(expected)) << threads;
    }
}

TEST(Loader, AnImageIsAugmentedAlikeWhateverItsPlaceInTheOrder) {
    const Examples e = images(20);
    Loader shuffled(e, {.batch_size = 20, .augment = kAll, .seed = 3});
    Loader in_order(e, {.batch_size = 20, .shuffle = false, .augment = kAll, .seed = 3});
    const Batch a = epoch_of(shuffled, 1)[0], b = epoch_of(in_order, 1)[0];
    ASSERT_NE(a.rows, b.rows);
    for (std::size_t i = 0; i < 20; ++i) {
        EXPECT_TRUE(
            std::equal(a.pixels.begin() + i * 90, a.pixels.begin() + (i + 1) * 90, b.pixels.begin() + a.rows[i] * 90));
    }
}

TEST(Loader, EveryRowOnceWithItsLabel) {
    const Examples e = images(50);
    Loader loader(e, {.batch_size = 16, .drop_last = false});
    const auto batches = epoch_of(loader, 0);
    ASSERT_EQ(batches.size(), 4u);
    EXPECT_EQ(batches.back().size, 2);
    auto rows = rows_of(batches);
    for (const auto& b : batches) {
        for (int i = 0; i < b.size; ++i) EXPECT_EQ(b.labels[i], e.labels[b.rows[i]]);
    }
    std::sort(rows.begin(), rows.end());
    for (int i = 0; i < 50; ++i) EXPECT_EQ(rows[i], i);
}

TEST(Loader, WithoutShuffleOrAugmentationHandsOutTheImages) {
    const Examples e = images(10);
    Loader loader(e, {.batch_size = 4, .shuffle = false, .drop_last = false});
    EXPECT_EQ(pixels_of(epoch_of(loader, 7)), e.pixels);
}

TEST(Loader, EpochsDifferAndRepeat) {
    const Examples e = images(40);
    Loader loader(e, {.batch_size = 8, .augment = kAll, .threads = 2});
    const auto first = epoch_of(loader, 0);
    EXPECT_NE(rows_of(epoch_of(loader, 1)), rows_of(first));
    EXPECT_EQ(pixels_of(epoch_of(loader, 0)), pixels_of(first));
    Loader other(e, {.batch_size = 8, .augment = kAll, .seed = 1});
    EXPECT_NE(rows_of(epoch_of(other, 0)), rows_of(first));
}

TEST(Loader, DropsALastBatchThatIsNotFullUnlessItIsTheOnlyOne) {
    const Examples e = images(10);
    EXPECT_EQ(Loader(e, {.batch_size = 4}).batches_per_epoch(), 2);
    EXPECT_EQ(Loader(e, {.batch_size = 5, .drop_last = false}).batches_per_epoch(), 2);
    Loader large(e, {.batch_size = 64});
    EXPECT_EQ(large.batches_per_epoch(), 1);
    EXPECT_EQ(epoch_of(large, 0)[0].size, 10);
}

TEST(Loader, MayBeDroppedOrRestartedWhilePrefetching) {
    const Examples e = images(200);
    for (int taken = 0; taken < 4; ++taken) {
        Loader loader(e, {.batch_size = 2, .augment = kAll, .threads = 4});
        Batch batch;
        EXPECT_FALSE(loader.next(batch)) << "no epoch was started";
        loader.start_epoch(0);
        for (int i = 0; i < taken; ++i) EXPECT_TRUE(loader.next(batch));
        loader.start_epoch(1);
        EXPECT_TRUE(loader.next(batch));
    }
}

TEST(Loader, RefusesBadOptions) {
    const Examples e = images(4), none{6, 5, 3, {}, {}};
    expect_error(ErrorKind::bad_data, {"no images"}, [&] { Loader(none, {}); });
    expect_error(ErrorKind::usage, {"batch_size is 0"}, [&] { Loader(e, {.batch_size = 0}); });
    expect_error(ErrorKind::usage, {"threads is 0"}, [&] { Loader(e, {.threads = 0}); });
    expect_error(ErrorKind::usage, {"augment.pad_crop is 33", "0 to 32"}, [&] { Loader(e, {.augment = {.pad_crop = 33}}); });
    expect_error(ErrorKind::usage, {"augment.cutout is -1", "0 to 64"}, [&] { Loader(e, {.augment = {.cutout = -1}}); });
}

TEST(Prefetcher, HandsOutInOrderAndMakesEachOnce) {
    std::vector<std::atomic<int>> made(100);
    Prefetcher<int> items({.count = 100, .threads = 4, .ahead = 5}, [&](int i) {
        ++made[i];
        return i * i;
    });
    for (int i = 0; i < 100; ++i) EXPECT_EQ(items.next(), i * i);
    EXPECT_EQ(items.next(), std::nullopt);
    for (const auto& n : made) EXPECT_EQ(n, 1);
}

TEST(Prefetcher, AnExceptionReachesNextInItsPlace) {
    Prefetcher<int> items({.count = 4, .threads = 2, .ahead = 3}, [](int i) {
        if (i == 2) throw std::runtime_error("item 2");
        return i;
    });
    EXPECT_EQ(items.next(), 0);
    EXPECT_EQ(items.next(), 1);
    EXPECT_THROW(items.next(), std::runtime_error);
    EXPECT_EQ(items.next(), 3);
}

TEST(Prefetcher, MakesNoMoreThanAskedAhead) {
    std::atomic<int> made = 0;
    {
        Prefetcher<int> items({.count = 100, .threads = 3, .ahead = 4}, [&](int i) {
            ++made;
            return i;
        });
        items.next();
    }
    EXPECT_GE(made, 1);
    EXPECT_LE(made, 5);
}

/// What one option does to the image 1 2 3 / 4 5 6 / 7 8 9, whose mean is 5, over many draws.
std::vector<Bytes> results(const AugmentOptions& options) {
    const Examples e{3, 3, 1, {1, 2, 3, 4, 5, 6, 7, 8, 9}, {0}};
    const Augmenter augmenter(e, options);
    std::vector<Bytes> seen;
    core::Rng rng(1);
    for (int i = 0; i < 400; ++i) {
        Bytes out(9);
        augmenter.apply(0, rng, out.data());
        if (std::find(seen.begin(), seen.end(), out) == seen.end()) seen.push_back(out);
    }
    return seen;
}

bool holds(const std::vector<Bytes>& all, const Bytes& one) { return std::find(all.begin(), all.end(), one) != all.end(); }

TEST(Augment, FlipGivesTheImageAndItsMirror) {
    const auto seen = results({.pad_crop = 0, .flip = true, .cutout = 0});
    EXPECT_EQ(seen.size(), 2u);
    EXPECT_TRUE(holds(seen, {1, 2, 3, 4, 5, 6, 7, 8, 9}));
    EXPECT_TRUE(holds(seen, {3, 2, 1, 6, 5, 4, 9, 8, 7}));
}

TEST(Augment, PadCropShiftsAndFillsWithTheMean) {
    const auto seen = results({.pad_crop = 1, .flip = false, .cutout = 0});
    EXPECT_EQ(seen.size(), 9u);
    EXPECT_TRUE(holds(seen, {1, 2, 3, 4, 5, 6, 7, 8, 9}));
    EXPECT_TRUE(holds(seen, {5, 5, 5, 5, 1, 2, 5, 4, 5}));
    EXPECT_TRUE(holds(seen, {5, 6, 5, 8, 9, 5, 5, 5, 5}));
}

TEST(Augment, PaddingWiderThanTheImage) {
    const auto seen = results({.pad_crop = 5, .flip = false, .cutout = 0});
    EXPECT_TRUE(holds(seen, Bytes(9, 5)));
}

TEST(Augment, CutoutIsCentredOnAnyPixelAndClipped) {
    const auto seen = results({.pad_crop = 0, .flip = false, .cutout = 3});
    EXPECT_EQ(seen.size(), 9u);
    EXPECT_TRUE(holds(seen, Bytes(9, 5)));
    EXPECT_TRUE(holds(seen, {5, 5, 3, 5, 5, 6, 7, 8, 9}));
}

}  // namespace
}  // namespace nachos::data
