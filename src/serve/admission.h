#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nachos::serve {

/// Whether an address or name means this machine alone: "localhost", 127.0.0.0/8, ::1.
bool is_loopback(const std::string& host);

/// An address as it stands in a URL: IPv6 in brackets.
std::string url_host(const std::string& host);

/// Whether both are the same, in a time that does not tell where they differ.
bool same_secret(std::string_view given, std::string_view secret);

/// 128 random bits from the system as 32 hexadecimal digits. Throws Error(runtime).
std::string random_token();

/// What a request says of itself; empty = it does not say.
struct Visitor {
    std::string method;
    std::string host;                 ///< header Host
    std::string origin;               ///< header Origin
    std::string fetch_site;           ///< header Sec-Fetch-Site: browsers say whether another site asks
    std::string fetch_mode;           ///< header Sec-Fetch-Mode
    std::vector<std::string> tokens;  ///< from the address, the cookie and the header, where given
};

/// Why a request is refused: an HTTP status and a sentence.
struct Refusal {
    int status = 0;  ///< 0 = it is not
    std::string sentence;
};

/// Who may look at what is served. A page of another site that a browser shows could ask too, also under a name of its own
/// that it points at us (DNS rebinding): so a request must name us as we are called, and come from nobody else's page.
class Admission {
  public:
    /// `host` is the address listened on; `machine_names` is what else this machine is called; an empty token: none is asked
    /// for.
    Admission(const std::string& host, int port, const std::vector<std::string>& machine_names, std::string token);

    Refusal examine(const Visitor& visitor) const;

  private:
    bool is_ours(std::string host_and_port) const;

    std::vector<std::string> names_;  ///< in lower case, as in a URL
    bool any_address_ = false;        ///< listening on all: any numeric address may be one of ours
    int port_;
    std::string token_;
};

}  // namespace nachos::serve
