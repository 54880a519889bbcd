#include "exec/lines.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace nachos::exec {

constexpr std::size_t kLongest = std::size_t{256} << 20;

bool send_line(int socket, std::string line) {
    std::replace(line.begin(), line.end(), '\n', ' ');
    line += '\n';
    for (std::string_view rest = line; !rest.empty();) {
        const ssize_t sent = ::send(socket, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

bool Lines::receive(int socket) {
    std::array<char, 1 << 16> some;
    for (;;) {
        const ssize_t got = ::recv(socket, some.data(), some.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0 || bytes_.size() > kLongest) return false;
        bytes_.append(some.data(), static_cast<std::size_t>(got));
        return true;
    }
}

std::optional<std::string> Lines::next() {
    const std::size_t end = bytes_.find('\n', searched_);
    if (end == std::string::npos) {
        searched_ = bytes_.size();
        return std::nullopt;
    }
    std::string line = bytes_.substr(0, end);
    bytes_.erase(0, end + 1);
    searched_ = 0;
    return line;
}

}  // namespace nachos::exec
