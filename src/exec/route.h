#pragma once

#include <string>

namespace nachos::exec {

/// The address by which this machine reaches a host: the one that others of the job can reach it by. Throws Error(runtime)
/// if the host is not known or there is no way to it.
std::string own_address_towards(const std::string& host, int port);

}  // namespace nachos::exec
