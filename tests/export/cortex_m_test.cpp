#include "core/files.h"
#include "core/temp_folder.h"
#include "exec/run_program.h"
#include "export/c_writer.h"
#include "export/forms.h"
#include "export/verify.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

// The generated C, cross-compiled, on an emulated Cortex-M4 without an operating system.

namespace nachos::exporting {
namespace {

constexpr int kImages = 6;

bool found(const std::string& program) { return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0; }

std::string images_as_c(std::span<const std::uint8_t> pixels) {
    std::string text = fmt::format("#include <stdint.h>\nconst uint8_t images[{}] = {{", pixels.size());
    for (const std::uint8_t v : pixels) text += fmt::format("{},", v);
    return text + "};\n";
}

class CortexM : public testing::TestWithParam<bool> {};

TEST_P(CortexM, LeavesAtTheExitsThatTheRuntimeTakes) {
    if (!found("arm-none-eabi-gcc") || !found("qemu-system-arm")) GTEST_SKIP() << "skipped: no cross-compiler or emulator";
    arch::SpaceOptions options;
    options.stem_stride = {2};
    const arch::SearchSpace space = arch::make_space(options, {28, 1, 10});
    const model::Model trained =
        test::random_model(space, space.with_all_exits(space.smallest()), policy::Measure::max_prob, 5);
    const model::Model model = GetParam() ? test::in_int8(trained) : trained;
    core::Rng rng(6);
    const auto pixels = test::random_images(model.net, kImages, rng);
    const CFiles c = c_files(model, "net");
    const test::TempFolder folder;
    const auto path = [&](const std::string& name) { return (folder / name).string(); };
    core::write_file_atomic(path("net.c"), c.source);
    core::write_file_atomic(path("net.h"), c.header);
    core::write_file_atomic(path("images.c"), images_as_c(pixels));
    core::write_file_atomic(path("main.c"), R"(#include "net.h"
extern const uint8_t images[];
void say(const char *text);
void say_number(uint32_t n);
int main(void)
{
    const uint8_t *image = images;
    int i, p;
    for (i = 0; i < 6; ++i, image += NET_HEIGHT * NET_WIDTH * NET_CHANNELS) {
        for (p = 0; p < NET_POINTS; ++p) {
            struct net_result r;
            net_classify(image, p, &r);
            say_number((uint32_t)r.exit);
            say(" ");
            say_number((uint32_t)r.label);
            say("\n");
        }
    }
    return 0;
}
)");
    const std::string here = std::string(NACHOS_SOURCE_DIR) + "/tests/export/cortex_m/";
    exec::run_program({.command = {"arm-none-eabi-gcc",
                                   "-mcpu=cortex-m4",
                                   "-mthumb",
                                   "-mfloat-abi=hard",
                                   "-mfpu=fpv4-sp-d16",
                                   "-O2",
                                   "-std=c99",
                                   "-Wall",
                                   "-Wextra",
                                   "-Werror",
                                   "-nostartfiles",
                                   "-T",
                                   here + "link.ld",
                                   "-I",
                                   folder.path().string(),
                                   path("net.c"),
                                   path("images.c"),
                                   path("main.c"),
                                   here + "start.c",
                                   "-o",
                                   path("net.elf"),
                                   "-lm"}});
    exec::run_program({.command = {"timeout", "120", "qemu-system-arm", "-M", "mps2-an386", "-nographic", "-monitor", "none",
                                   "-serial", "none", "-semihosting-config", "enable=on,target=native,chardev=out",
                                   "-chardev", "file,id=out,path=" + path("said"), "-kernel", path("net.elf")}});
    const Answers reference = reference_answers(model, pixels);
    std::istringstream said(core::read_file(path("said")));
    for (std::size_t i = 0; i < reference.exits.size(); ++i) {
        int exit = -1, label = -1;
        said >> exit >> label;
        EXPECT_EQ(exit, reference.exits[i]) << i;
        EXPECT_EQ(label, reference.labels[i]) << i;
    }
    // The arena is what was said; all else that takes memory, the C library's own included, is small.
    exec::run_program(
        {.command = {"arm-none-eabi-nm", "--print-size", "--radix=d", path("net.elf")}, .output = path("symbols")});
    std::istringstream symbols(core::read_file(path("symbols")));
    std::int64_t arena = 0, ram = 0;
    for (std::string line; std::getline(symbols, line);) {
        std::istringstream words(line);
        std::int64_t address = 0, size = 0;
        std::string type, name;
        if (!(words >> address >> size >> type >> name) || (type != "b" && type != "B" && type != "d" && type != "D"))
            continue;
        ram += size;
        if (name == "arena" || name == "sums" || name == "heads") arena += size;
    }
    EXPECT_EQ(arena, c.arena_bytes);
    EXPECT_LT(ram, c.arena_bytes + 2048);
}

INSTANTIATE_TEST_SUITE_P(Forms, CortexM, testing::Bool(), [](const auto& info) { return info.param ? "int8" : "float32"; });

}  // namespace
}  // namespace nachos::exporting
