#include "serve/server.h"

#include "core/error.h"
#include "core/json_reader.h"
#include "serve/admission.h"

#include <fmt/format.h>
#include <httplib.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <semaphore>

namespace nachos::serve {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kThreads = 24;
constexpr int kWatchers = 16;  // of /events, each of which keeps a thread
constexpr std::ptrdiff_t kWaiting = 32;
constexpr auto kWatchEvery = 200ms;
constexpr auto kSignOfLife = 15s;
constexpr int kPatienceSeconds = 2;  // with a connection that says nothing
constexpr std::size_t kLargestRequest = 4096;

constexpr const char* kHtml = "text/html; charset=utf-8";
constexpr const char* kText = "text/plain; charset=utf-8";
constexpr const char* kJson = "application/json";

/// One file that works by itself: its own scripts and styles, no others, nothing from elsewhere, in nobody's frame.
constexpr const char* kContentPolicy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// httplib's pool takes connections without end; here the listener waits once too many do.
class BoundedPool : public httplib::ThreadPool {
  public:
    BoundedPool() : ThreadPool(kThreads) {}
    void enqueue(std::function<void()> answer) override {
        places_.acquire();
        ThreadPool::enqueue([this, answer = std::move(answer)] {
            answer();
            places_.release();
        });
    }

  private:
    std::counting_semaphore<> places_{static_cast<std::ptrdiff_t>(kThreads) + kWaiting};
};

/// As it is: httplib would compress a text that it holds itself, which takes longer than making it did.
void send(const std::shared_ptr<const std::string>& text, const char* type, httplib::Response& response) {
    response.set_content_provider(text->size(), type,
                                  [text](std::size_t offset, std::size_t length, httplib::DataSink& sink) {
                                      return sink.write(text->data() + offset, std::min(length, text->size() - offset));
                                  });
}

std::string machine_name() {
    char name[256] = {};
    return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

/// "a=1; b=2": the value of one.
std::string cookie(const std::string& header, const std::string& name) {
    for (std::size_t at = 0; at < header.size();) {
        const std::size_t end = std::min(header.find(';', at), header.size());
        const std::string pair = header.substr(at, end - at);
        const std::size_t begin = std::min(pair.find_first_not_of(' '), pair.size());
        if (pair.compare(begin, name.size() + 1, name + "=") == 0) return pair.substr(begin + name.size() + 1);
        at = end + 1;
    }
    return "";
}

/// Tries the address once more, for httplib does not say why it failed.
std::string why_not(const std::string& host, int port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    addrinfo* found = nullptr;
    const int unknown = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
    if (unknown != 0) return ::gai_strerror(unknown);
    const int socket = ::socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC, 0);
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    const int failed = ::bind(socket, found->ai_addr, found->ai_addrlen) == 0 ? 0 : errno;
    ::close(socket);
    ::freeaddrinfo(found);
    if (failed == EADDRINUSE || failed == 0)
        return "another program, perhaps another nachos serve, has that port; choose one with --port (0 takes any free one)";
    return std::strerror(failed);
}

}  // namespace

struct Server::State {
    LiveStudy& study;
    ServeOptions options;
    std::shared_ptr<const std::string> page;  ///< empty: the study's text is one
    int port = 0;
    std::unique_ptr<Admission> admission = {};
    httplib::Server http = {};
    std::atomic<bool> entered = false, ended = false;  ///< run()
    std::atomic<bool> stopping = false;
    std::atomic<int> watchers = 0;

    void listen();
    void set_limits();
    std::string cookie_name() const { return fmt::format("nachos-{}", port); }
    Visitor visitor(const httplib::Request& request) const;
    bool refuse(const httplib::Request& request, httplib::Response& response) const;
    void routes();
    void enter(const httplib::Request& request, httplib::Response& response);
    void send_study(bool as_page, httplib::Response& response);
    void events(const httplib::Request& request, httplib::Response& response);
    bool send_events(std::string& told, httplib::DataSink& sink);
};

void Server::State::listen() {
    // By default httplib shares a port with whoever asks, and two servers answer in turns.
    http.set_socket_options([](int socket) {
        const int yes = 1;
        ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    port = options.port;
    if (port == 0) port = http.bind_to_any_port(options.host);
    const bool bound = options.port == 0 ? port > 0 : http.bind_to_port(options.host, port);
    require(bound, ErrorKind::usage, "cannot serve on port {} of {}: {}", options.port, options.host,
            why_not(options.host, options.port));
}

void Server::State::set_limits() {
    http.new_task_queue = [] { return new BoundedPool; };  // httplib takes it over
    http.set_keep_alive_max_count(1);
    http.set_keep_alive_timeout(kPatienceSeconds);
    http.set_read_timeout(kPatienceSeconds);
    http.set_write_timeout(kPatienceSeconds);
    http.set_payload_max_length(kLargestRequest);
    http.set_default_headers({{"Content-Security-Policy", kContentPolicy},
                              {"X-Content-Type-Options", "nosniff"},
                              {"X-Frame-Options", "DENY"},
                              {"Cross-Origin-Resource-Policy", "same-origin"},
                              {"Cross-Origin-Opener-Policy", "same-origin"},
                              {"Referrer-Policy", "no-referrer"},
                              {"Cache-Control", "no-store"}});
}

Visitor Server::State::visitor(const httplib::Request& request) const {
    Visitor v{request.method,
              request.get_header_value("Host"),
              request.get_header_value("Origin"),
              request.get_header_value("Sec-Fetch-Site"),
              request.get_header_value("Sec-Fetch-Mode"),
              {request.get_param_value("token"), cookie(request.get_header_value("Cookie"), cookie_name())}};
    constexpr std::string_view kBearer = "Bearer ";
    const std::string authorization = request.get_header_value("Authorization");
    if (authorization.starts_with(kBearer)) v.tokens.push_back(authorization.substr(kBearer.size()));
    return v;
}

bool Server::State::refuse(const httplib::Request& request, httplib::Response& response) const {
    const Visitor who = visitor(request);
    Refusal refusal = admission->examine(who);
    if (request.get_header_value_count("Host") > 1) refusal = {400, "a request names one host"};
    if (refusal.status == 0) return false;
    response.status = refusal.status;
    if (refusal.status == 405) response.set_header("Allow", "GET, HEAD");
    if (refusal.status == 401) response.set_header("WWW-Authenticate", "Bearer");
    response.set_content(refusal.sentence + "\n", kText);
    return true;
}

void Server::State::enter(const httplib::Request& request, httplib::Response& response) {
    if (request.has_param("token") && !options.token.empty()) {  // out of the address bar, into a cookie
        response.set_header("Set-Cookie",
                            fmt::format("{}={}; Path=/; HttpOnly; SameSite=Strict", cookie_name(), options.token));
        return response.set_redirect("/", 303);
    }
    if (!page->empty()) return send(page, kHtml, response);
    response.set_header("Refresh", "5");
    send_study(true, response);
}

void Server::State::send_study(bool as_page, httplib::Response& response) {
    const auto answer = study.answer();
    // A page stays as it was when the study could be read last; a script is told, and keeps what it has.
    if (answer->error.empty() || (as_page && !answer->text.empty()))
        return send({answer, &answer->text}, as_page ? kHtml : kJson, response);
    response.status = 503;
    if (as_page) return response.set_content(answer->error + "\n", kText);
    response.set_content(core::to_text({{"error", answer->error}}) + "\n", kJson);
}

/// Waits for news, tells it. False: the watcher is gone, or the server stops.
bool Server::State::send_events(std::string& told, httplib::DataSink& sink) {
    const auto until = std::chrono::steady_clock::now() + kSignOfLife;
    while (!stopping && sink.is_writable()) {
        const std::string now = study.state();
        if (now != told) {
            told = now;
            const std::string event = fmt::format("event: study\nid: {}\ndata: {{\"state\": \"{}\"}}\n\n", now, now);
            return sink.write(event.data(), event.size());
        }
        if (std::chrono::steady_clock::now() >= until) {
            constexpr std::string_view kComment = ": still here\n\n";
            return sink.write(kComment.data(), kComment.size());
        }
        std::this_thread::sleep_for(kWatchEvery);
    }
    return false;
}

void Server::State::events(const httplib::Request& request, httplib::Response& response) {
    if (++watchers > kWatchers) {
        --watchers;
        response.status = 503;
        response.set_content(fmt::format("{} watch already, no more can\n", kWatchers), kText);
        return;
    }
    auto told = std::make_shared<std::string>(request.get_header_value("Last-Event-ID"));
    response.set_chunked_content_provider(
        "text/event-stream", [this, told](std::size_t, httplib::DataSink& sink) { return send_events(*told, sink); },
        [this](bool) { --watchers; });
}

void Server::State::routes() {
    using httplib::Request;
    using httplib::Response;
    using Answered = httplib::Server::HandlerResponse;
    http.set_pre_routing_handler([this](const Request& request, Response& response) {
        return refuse(request, response) ? Answered::Handled : Answered::Unhandled;
    });
    http.Get("/", [this](const Request& request, Response& response) { enter(request, response); });
    if (!page->empty()) http.Get("/study.json", [this](const Request&, Response& response) { send_study(false, response); });
    http.Get("/events", [this](const Request& request, Response& response) { events(request, response); });
    http.set_error_handler([](const Request&, Response& response) {
        if (!response.body.empty()) return;
        response.set_content(response.status == 404 ? "there is nothing of that name\n" : "refused\n", kText);
    });
}

Server::Server(LiveStudy& study, const ServeOptions& options, std::string page)
    : state_(new State{study, options, std::make_shared<const std::string>(std::move(page))}) {
    state_->set_limits();
    state_->listen();
    state_->admission = std::make_unique<Admission>(options.host, state_->port, std::vector{machine_name()}, options.token);
    state_->routes();
}

Server::~Server() = default;

std::string Server::url() const {
    std::string host = state_->options.host;
    if (host == "0.0.0.0" || host == "::") host = machine_name();
    std::string url = fmt::format("http://{}:{}/", url_host(host), state_->port);
    if (!state_->options.token.empty()) url += "?token=" + state_->options.token;
    return url;
}

void Server::run() {
    state_->entered = true;
    if (!state_->stopping) state_->http.listen_after_bind();
    state_->ended = true;
}

void Server::stop() {
    state_->stopping = true;
    while (state_->entered && !state_->ended && !state_->http.is_running())  // just now beginning: not heard before
        std::this_thread::sleep_for(1ms);
    state_->http.stop();
}

}  // namespace nachos::serve
