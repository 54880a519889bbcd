#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

namespace nachos::cli {
namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr ? value : "";
}

}  // namespace

Terminal terminal_of(int descriptor) {
    Terminal terminal;
    terminal.interactive = ::isatty(descriptor) == 1;
    winsize size{};
    if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) terminal.width = size.ws_col;
    return terminal;
}

bool writes_utf8() {
    std::string locale = environment("LC_ALL");
    for (const char* name : {"LC_CTYPE", "LANG"})
        if (locale.empty()) locale = environment(name);
    std::transform(locale.begin(), locale.end(), locale.begin(), [](unsigned char c) { return std::tolower(c); });
    return locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
}

bool may_colour(const Terminal& terminal) {
    return terminal.interactive && environment("NO_COLOR").empty() && environment("TERM") != "dumb";
}

}  // namespace nachos::cli
