#pragma once

#include "cli/program.h"

#include <httplib.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <mutex>
#include <thread>

namespace nachos::test {

using namespace std::chrono_literals;

/// Waits for something that another thread or program does.
template <class Condition>
bool soon(Condition condition, std::chrono::milliseconds patience = 30s) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
        if (std::chrono::steady_clock::now() >= until) return false;
        std::this_thread::sleep_for(5ms);
    }
    return true;
}

/// `nachos serve` of a folder on a free port, until destruction.
class Served {
  public:
    explicit Served(const std::filesystem::path& folder, std::vector<std::string> options = {})
        : program_("nachos", arguments(folder, std::move(options))) {
        soon([this] { return program_.out().ends_with('\n') || program_.ended(); });
        url_ = program_.out();
        if (!url_.empty()) url_.pop_back();
        const auto colon = url_.find(':', url_.rfind("//"));
        if (colon != std::string::npos) port_ = std::stoi(url_.substr(colon + 1));
    }
    ~Served() {
        if (running_) end(SIGTERM);
    }

    const std::string& url() const { return url_; }
    int port() const { return port_; }
    pid_t process() const { return program_.process(); }
    std::string host() const { return fmt::format("127.0.0.1:{}", port_); }
    httplib::Client client() const { return httplib::Client("127.0.0.1", port_); }

    httplib::Result get(const std::string& path, const httplib::Headers& headers = {}) const {
        return client().Get(path, headers);
    }

    /// Ends it by that signal.
    Outcome end(int signal) {
        running_ = false;
        ::kill(program_.process(), signal);
        return program_.wait();
    }

  private:
    static std::vector<std::string> arguments(const std::filesystem::path& folder, std::vector<std::string> options) {
        options.insert(options.begin(), {"serve", folder.string(), "--port", "0"});
        return options;
    }

    Running program_;
    std::string url_;
    int port_ = 0;
    bool running_ = true;
};

/// Listens to a server's events in a thread of its own, until destruction.
class Watcher {
  public:
    explicit Watcher(const Served& served, httplib::Headers headers = {})
        : thread_([this, port = served.port(), headers = std::move(headers)] {
              httplib::Client client("127.0.0.1", port);
              client.set_read_timeout(20);
              const auto result = client.Get(
                  "/events", headers,
                  [this](const httplib::Response& response) {
                      status_ = response.status;
                      return true;
                  },
                  [this](const char* data, std::size_t size) {
                      const std::scoped_lock lock(mutex_);
                      text_.append(data, size);
                      return !stop_;
                  });
              if (result) status_ = result->status;
              ended_ = true;
          }) {}
    ~Watcher() { stop_ = true; }  // the next sign of life, or the server's end, ends the thread

    int status() const { return status_; }
    bool ended() const { return ended_; }
    std::string text() const {
        const std::scoped_lock lock(mutex_);
        return text_;
    }
    int events() const {
        int count = 0;
        const std::string all = text();
        for (std::size_t at = 0; (at = all.find("event: study\n", at)) != std::string::npos; ++at) ++count;
        return count;
    }

  private:
    mutable std::mutex mutex_;
    std::string text_;
    std::atomic<int> status_ = 0;
    std::atomic<bool> stop_ = false;
    std::atomic<bool> ended_ = false;
    std::jthread thread_;
};

}  // namespace nachos::test
