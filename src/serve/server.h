#pragma once

#include "serve/live_study.h"

#include <memory>
#include <string>

namespace nachos::serve {

struct ServeOptions {
    std::string host = "127.0.0.1";  ///< address listened on
    int port = 8080;                 ///< 0 = any free one
    std::string token = {};          ///< to be shown by whoever looks; empty = none is asked for
};

/// The live page of a study over HTTP, read-only:
///   /            the page
///   /study.json  the study
///   /events      server-sent events: "study" when there is something new, a comment every 15 s
/// A token is taken as ?token=, then kept in a cookie, or as "Authorization: Bearer". Connections are answered one request
/// each, by a fixed number of threads; what does not fit waits.
class Server {
  public:
    /// Listens. `page` is HTML that fetches study.json and listens to events. Without one the study's text is itself a page,
    /// which is loaded again every five seconds; then there is no study.json. Throws Error(usage) if the address or port
    /// cannot be had, and why.
    Server(LiveStudy& study, const ServeOptions& options, std::string page);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// The address of the page, token included.
    std::string url() const;
    /// Answers until `stop`, which may be called from another thread.
    void run();
    void stop();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace nachos::serve
