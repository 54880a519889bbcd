#include "exec/route.h"

#include "core/error.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace nachos::exec {

std::string own_address_towards(const std::string& host, int port) {
    addrinfo hints{}, *found = nullptr;
    hints.ai_socktype = SOCK_DGRAM;  // connecting sends nothing, but picks the way
    const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
    require(error == 0, ErrorKind::runtime, "the host '{}' is not known: {}", host, ::gai_strerror(error));
    std::string own;
    for (const addrinfo* at = found; at != nullptr && own.empty(); at = at->ai_next) {
        const int probe = ::socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);
        sockaddr_storage address{};
        socklen_t size = sizeof address;
        std::array<char, NI_MAXHOST> name{};
        if (probe >= 0 && ::connect(probe, at->ai_addr, at->ai_addrlen) == 0 &&
            ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) == 0 &&
            ::getnameinfo(reinterpret_cast<sockaddr*>(&address), size, name.data(), name.size(), nullptr, 0,
                          NI_NUMERICHOST) == 0)
            own = name.data();
        if (probe >= 0) ::close(probe);
    }
    ::freeaddrinfo(found);
    require(!own.empty(), ErrorKind::runtime, "there is no way to the host '{}': {}", host, std::strerror(errno));
    return own;
}

}  // namespace nachos::exec
