#include "serve/admission.h"

#include "core/error.h"

#include <arpa/inet.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>

namespace nachos::serve {
namespace {

bool is_ipv4(const std::string& host) {
    in_addr address{};
    return ::inet_pton(AF_INET, host.c_str(), &address) == 1;
}

bool is_ipv6(const std::string& host) {
    in6_addr address{};
    return ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

bool is_any_address(const std::string& host) { return host == "0.0.0.0" || host == "::"; }

/// As a URL writes it: "[::1]" or "10.0.0.1".
bool is_numeric(const std::string& host) {
    if (host.starts_with('[') && host.ends_with(']')) return is_ipv6(host.substr(1, host.size() - 2));
    return is_ipv4(host);
}

}  // namespace

bool is_loopback(const std::string& host) {
    if (lower(host) == "localhost") return true;
    in_addr v4{};
    if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
    in6_addr v6{};
    return ::inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

std::string url_host(const std::string& host) { return is_ipv6(host) ? "[" + host + "]" : host; }

bool same_secret(std::string_view given, std::string_view secret) {
    std::size_t differences = given.size() ^ secret.size();
    for (std::size_t i = 0; i < given.size(); ++i) {
        const char expected = secret.empty() ? '\0' : secret[i % secret.size()];
        differences |= static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(expected);
    }
    return differences == 0;
}

std::string random_token() {
    std::array<std::uint8_t, 16> bytes{};
    require(::getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()), ErrorKind::runtime,
            "the system gives no random numbers for a token");
    std::string token;
    for (const std::uint8_t byte : bytes) token += fmt::format("{:02x}", byte);
    return token;
}

Admission::Admission(const std::string& host, int port, const std::vector<std::string>& machine_names, std::string token)
    : names_{lower(url_host(host))}, any_address_(is_any_address(host)), port_(port), token_(std::move(token)) {
    if (is_loopback(host) || any_address_) names_.insert(names_.end(), {"localhost", "127.0.0.1", "[::1]"});
    if (is_loopback(host)) return;
    for (const std::string& name : machine_names) names_.push_back(lower(name));
}

bool Admission::is_ours(std::string given) const {
    given = lower(std::move(given));
    const std::string port = fmt::format(":{}", port_);
    if (given.ends_with(port))
        given.resize(given.size() - port.size());
    else if (port_ != 80)
        return false;
    return std::find(names_.begin(), names_.end(), given) != names_.end() || (any_address_ && is_numeric(given));
}

Refusal Admission::examine(const Visitor& v) const {
    if (v.method != "GET" && v.method != "HEAD") return {405, fmt::format("{} is not served; allowed: GET, HEAD", v.method)};
    if (!is_ours(v.host))
        return {403, fmt::format("this server is not called '{}'; open the address that nachos serve has printed", v.host)};
    if (!v.origin.empty() && lower(v.origin) != "http://" + lower(v.host))
        return {403, fmt::format("pages of {} may not read this one", v.origin)};
    const bool own = v.fetch_site.empty() || v.fetch_site == "same-origin" || v.fetch_site == "none";
    if (!own && v.fetch_mode != "navigate") return {403, "pages of other sites may not read this one"};
    const auto fits = [this](const std::string& token) { return same_secret(token, token_); };
    if (!token_.empty() && std::none_of(v.tokens.begin(), v.tokens.end(), fits))
        return {401, "a token is needed; open the address that nachos serve has printed, token included"};
    return {};
}

}  // namespace nachos::serve
