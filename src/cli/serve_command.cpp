#include "cli/commands.h"
#include "core/error.h"
#include "report/html.h"
#include "report/page.h"
#include "report/page_follower.h"
#include "serve/admission.h"
#include "serve/server.h"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <thread>

namespace nachos::cli {
namespace {

constexpr std::size_t kShortestToken = 16;

struct ServeArguments {
    std::string folder;
    serve::ServeOptions options;
};

/// It stands in a URL and in a cookie.
void check_token(const std::string& token) {
    const auto plain = [](unsigned char c) { return std::isalnum(c) != 0 || c == '-' || c == '_'; };
    require(token.size() >= kShortestToken && token.size() <= 128 && std::all_of(token.begin(), token.end(), plain),
            ErrorKind::usage, "--token has {} characters; allowed: {} to 128 letters, digits, '-' and '_'", token.size(),
            kShortestToken);
}

/// Serves until SIGINT or SIGTERM.
void run_until_told(serve::Server& server) {
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ends, nullptr);  // also in the threads that follow
    std::jthread listener([&server, main = ::pthread_self()] {
        server.run();
        ::pthread_kill(main, SIGTERM);  // should it end by itself, there is nothing to wait for
    });
    int signal = 0;
    sigwait(&ends, &signal);
    server.stop();
}

void serve_study(ServeArguments& arguments) {
    serve::ServeOptions& options = arguments.options;
    if (!options.token.empty()) check_token(options.token);
    const bool live = report::has_page();
    report::PageFollower page(arguments.folder);
    serve::LiveStudy study(arguments.folder, [&] {
        return live ? page.page_data() : report::html_report(report::read(study::Study::open_readonly(arguments.folder)));
    });
    if (options.token.empty() && !serve::is_loopback(options.host)) options.token = serve::random_token();
    serve::Server server(study, options, live ? report::page("null") : "");
    fmt::print("{}\n", server.url());
    std::fflush(stdout);
    fmt::print(stderr, "nachos: serving {}; Ctrl-C ends it, and never the search\n", arguments.folder);
    run_until_told(server);
}

}  // namespace

void add_serve_command(CLI::App& app) {
    CLI::App* command = app.add_subcommand("serve", "the report of a study as a page that follows a running search");
    auto arguments = std::make_shared<ServeArguments>();
    command->add_option("DIR", arguments->folder, "folder of the study")->required();
    command->add_option("--host", arguments->options.host, "address to listen on; any but this machine's own needs a token")
        ->option_text("ADDRESS [127.0.0.1]");
    command->add_option("--port", arguments->options.port, "port to listen on; 0 takes any free one")
        ->check(CLI::Range(0, 65535))
        ->option_text("PORT [8080]");
    command
        ->add_option("--token", arguments->options.token,
                     "what whoever looks must show; made and printed where one is needed and none is given")
        ->option_text("TOKEN");
    command->callback([arguments] { serve_study(*arguments); });
}

}  // namespace nachos::cli
