#include "fuzz.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>

namespace nachos::fuzz {
namespace {

namespace fs = std::filesystem;

struct Scratch {
    fs::path path;

    Scratch() {
        const fs::path memory = "/dev/shm";
        std::string name = ((fs::is_directory(memory) ? memory : fs::temp_directory_path()) / "nachos-fuzz-XXXXXX").string();
        require(::mkdtemp(name.data()) != nullptr, ErrorKind::runtime, "cannot make {}", name);
        path = name;
    }
    ~Scratch() {
        std::error_code ignored;
        fs::remove_all(path, ignored);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
};

}  // namespace

std::string take_line(std::string_view& rest) {
    const std::string line(rest.substr(0, rest.find('\n')));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    return line;
}

std::string_view take_part(std::string_view& rest) {
    const auto byte = [&](std::size_t i) { return i < rest.size() ? static_cast<std::uint8_t>(rest[i]) : 0; };
    const auto length = static_cast<std::size_t>(byte(0) + 256 * byte(1));
    rest.remove_prefix(std::min<std::size_t>(2, rest.size()));
    const std::string_view part = rest.substr(0, length);
    rest.remove_prefix(part.size());
    return part;
}

const fs::path& scratch_folder() {
    static const Scratch scratch;
    return scratch.path;
}

fs::path scratch_file(const std::string& name, std::string_view bytes) {
    const fs::path path = scratch_folder() / name;
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0 || ::write(file, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) ::abort();
    ::close(file);
    return path;
}

}  // namespace nachos::fuzz
