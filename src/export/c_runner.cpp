#include "export/c_runner.h"

#include "core/files.h"
#include "exec/run_program.h"
#include "export/answer_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace nachos::exporting {
namespace {

namespace fs = std::filesystem;

std::string upper(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
    return text;
}

std::string compiler() {
    const char* chosen = std::getenv("CC");
    return chosen != nullptr && *chosen != '\0' ? chosen : "cc";
}

}  // namespace

void require_c_compiler() { exec::run_program({.command = {compiler(), "--version"}}); }

std::string c_driver(const std::string& name) {
    return fmt::format(R"(#include "{name}.h"

#include <stdio.h>
#include <string.h>

int main(void)
{{
    static uint8_t image[{N}_HEIGHT * {N}_WIDTH * {N}_CHANNELS];
    while (fread(image, sizeof image, 1, stdin) == 1) {{
        static int32_t left[{N}_POINTS][2];
        struct {name}_result r, again;
        int e, p;
        for (p = 0; p < {N}_POINTS; ++p) left[p][0] = -1;
        {name}_begin(image);
        for (e = 0; e < {N}_EXITS; ++e) {{
            fwrite({name}_advance(), sizeof(float), {N}_CLASSES, stdout);
            for (p = 0; p < {N}_POINTS; ++p) {{
                if (left[p][0] >= 0 || !{name}_leaves(p, &r)) continue;
                left[p][0] = r.exit;
                left[p][1] = r.label;
            }}
        }}
        fwrite(left, sizeof left, 1, stdout);
        for (p = 0; p < {N}_POINTS; ++p) {{
            if ({name}_classify(image, p, &again) != 0 || again.exit != left[p][0] || again.label != left[p][1]) {{
                fprintf(stderr, "{name}_classify differs from {name}_advance and {name}_leaves\n");
                return 1;
            }}
        }}
    }}
    return ferror(stdin) || fflush(stdout) != 0;
}}
)",
                       fmt::arg("name", name), fmt::arg("N", upper(name)));
}

Answers c_answers(const fs::path& folder, const std::string& name, const model::Model& model,
                  std::span<const std::uint8_t> pixels) {
    const ScratchFolder scratch;
    core::write_file_atomic(scratch / "driver.c", c_driver(name));
    exec::run_program({.command = {compiler(), "-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O2", "-I",
                                   folder.string(), (folder / (name + ".c")).string(), (scratch / "driver.c").string(), "-o",
                                   (scratch / "driver").string(), "-lm"}});
    write_images(scratch / "images", pixels);
    exec::run_program(
        {.command = {(scratch / "driver").string()}, .input = scratch / "images", .output = scratch / "answers"});
    return read_answers(scratch / "answers", model, pixels);
}

}  // namespace nachos::exporting
