#include "cli/served.h"
#include "report/page.h"
#include "report/page_data.h"
#include "study/some_study.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <nlohmann/json.hpp>

// The real program over HTTP, on this machine's own address.

namespace nachos::cli {
namespace {

using namespace std::chrono_literals;
using study::Study;
using study::test::kConfig;
using study::test::make_study;
using study::test::some_evaluations;
using test::Outcome;
using test::run_program;
using test::Served;
using test::soon;
using test::Watcher;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

class Serve : public testing::Test {
  protected:
    const test::TempFolder temp_;
    const fs::path folder_ = temp_ / "study";

    /// What is said where serving is refused.
    std::string refused(int exit_code, std::vector<std::string> options = {}) const {
        options.insert(options.begin(), {"serve", folder_.string()});
        const Outcome outcome = run_program("nachos", options);
        EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
        EXPECT_EQ(outcome.out, "");
        return outcome.sentence();
    }
};

/// A build without npm serves the plain page, which holds the study itself, and no study.json.
bool live() { return report::has_page(); }

/// How many architectures the page shows.
std::string evaluated(const Served& served) {
    const auto answer = served.get(live() ? "/study.json" : "/");
    if (!answer) return "no answer";
    if (answer->status != 200) return answer->body;
    if (live()) return std::to_string(nlohmann::json::parse(answer->body).at("designs").size());
    const auto what = answer->body.find("</b><span>architectures evaluated");
    if (what == std::string::npos) return answer->body;
    const auto figure = answer->body.rfind("<b>", what) + 3;
    return answer->body.substr(figure, what - figure);
}

/// Where the study is told as text, or why not.
const char* study_path() { return live() ? "/study.json" : "/"; }

TEST_F(Serve, ThePageItsDataAndWhatItMayDo) {
    make_study(folder_, 12);
    const Served served(folder_);
    EXPECT_EQ(served.url(), fmt::format("http://127.0.0.1:{}/", served.port()));
    const auto page = served.get("/");
    ASSERT_TRUE(page);
    EXPECT_EQ(page->status, 200);
    EXPECT_EQ(page->get_header_value("Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ(page->get_header_value("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(page->get_header_value("Cache-Control"), "no-store");
    EXPECT_EQ(page->get_header_value("X-Frame-Options"), "DENY");
    EXPECT_EQ(page->get_header_value("Access-Control-Allow-Origin"), "");
    EXPECT_TRUE(page->get_header_value("Content-Security-Policy").starts_with("default-src 'none'; "));
    EXPECT_EQ(evaluated(served), "12");

    const auto data = served.client().Get("/study.json", {{"Accept-Encoding", "gzip, br"}});
    ASSERT_TRUE(data);
    EXPECT_EQ(data->status, live() ? 200 : 404);
    EXPECT_EQ(data->get_header_value("Content-Encoding"), "");
    if (live()) {
        EXPECT_EQ(data->get_header_value("Content-Type"), "application/json");
        EXPECT_EQ(data->body, report::page_data(Study::open_readonly(folder_)));
        EXPECT_EQ(page->body, report::page("null"));
    }

    const auto head = served.client().Head("/");
    ASSERT_TRUE(head);
    EXPECT_EQ(head->status, 200);
    EXPECT_EQ(head->body, "");
    EXPECT_EQ(head->get_header_value("Content-Length"), std::to_string(page->body.size()));
    for (const char* path : {"/study.db", "/../study.db", "/config.toml", "//", "/index.html", "/events/", "/study.json/x"})
        EXPECT_EQ(served.get(path)->status, 404) << path;
}

TEST_F(Serve, OtherHostsOriginsAndMethodsAreRefused) {
    make_study(folder_, 2);
    const Served served(folder_);
    for (const char* path : {"/", "/study.json", "/events", "/nothing"}) {
        EXPECT_EQ(served.get(path, {{"Host", "evil.example"}})->status, 403) << path;
        EXPECT_EQ(served.get(path, {{"Host", fmt::format("evil.example:{}", served.port())}})->status, 403) << path;
        EXPECT_EQ(served.get(path, {{"Host", "127.0.0.1:1"}})->status, 403) << path;
        EXPECT_EQ(served.get(path, {{"Origin", "http://evil.example"}})->status, 403) << path;
        EXPECT_EQ(served.get(path, {{"Origin", "null"}})->status, 403) << path;
        EXPECT_EQ(served.get(path, {{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Mode", "no-cors"}})->status, 403) << path;
        for (const auto& answer :
             {served.client().Post(path, "x", "text/plain"), served.client().Put(path, "x", "text/plain"),
              served.client().Delete(path), served.client().Options(path)}) {
            ASSERT_TRUE(answer);
            EXPECT_EQ(answer->status, 405) << path;
            EXPECT_EQ(answer->get_header_value("Allow"), "GET, HEAD");
        }
    }
    EXPECT_EQ(served.get("/", {{"Host", fmt::format("localhost:{}", served.port())}})->status, 200);
    EXPECT_EQ(served.get("/", {{"Origin", "http://" + served.host()}, {"Host", served.host()}})->status, 200);
    const auto refused = served.get("/", {{"Host", "<script>alert(1)</script>"}});
    EXPECT_EQ(refused->get_header_value("Content-Type"), "text/plain; charset=utf-8");
    EXPECT_EQ(refused->get_header_value("X-Content-Type-Options"), "nosniff");
}

TEST_F(Serve, ATokenOpensEverythingByAddressCookieOrHeader) {
    make_study(folder_, 2);
    const std::string token = "0123456789-abcdef_";
    const Served served(folder_, {"--token", token});
    EXPECT_TRUE(served.url().ends_with("/?token=" + token)) << served.url();
    for (const char* path : {"/", "/study.json", "/events", "/nothing"}) {
        const auto answer = served.get(path);
        EXPECT_EQ(answer->status, 401) << path;
        EXPECT_EQ(answer->body.find(token), std::string::npos);
        EXPECT_EQ(served.get(path, {{"Authorization", "Bearer " + token + "0"}})->status, 401) << path;
        EXPECT_EQ(served.get(std::string(path) + "?token=0123456789-abcdef-")->status, 401) << path;
    }
    EXPECT_EQ(served.get("/study.json?token=" + token)->status, live() ? 200 : 404);
    EXPECT_EQ(served.get("/", {{"Authorization", "Bearer " + token}})->status, 200);

    const auto entry = served.get("/?token=" + token);
    EXPECT_EQ(entry->status, 303);
    EXPECT_EQ(entry->get_header_value("Location"), "/");
    const std::string cookie = entry->get_header_value("Set-Cookie");
    EXPECT_EQ(cookie, fmt::format("nachos-{}={}; Path=/; HttpOnly; SameSite=Strict", served.port(), token));
    const std::string pair = cookie.substr(0, cookie.find(';'));
    EXPECT_EQ(served.get("/", {{"Cookie", "a=b; " + pair}})->status, 200);
    EXPECT_EQ(served.get("/", {{"Cookie", "a=b; x" + pair}})->status, 401);
}

TEST_F(Serve, AnyOtherAddressGetsATokenOfItsOwn) {
    make_study(folder_, 2);
    const Served served(folder_, {"--host", "0.0.0.0"});
    const auto at = served.url().find("/?token=");
    ASSERT_NE(at, std::string::npos) << served.url();
    EXPECT_EQ(served.url().size() - at, 8U + 32U);
    EXPECT_EQ(served.get("/")->status, 401);
    EXPECT_EQ(served.get("/" + served.url().substr(at + 1))->status, 303);
}

TEST_F(Serve, ANewEvaluationShowsWithinTwoSeconds) {
    Study study = Study::create_or_resume(folder_, kConfig);
    study.put_facts(study::realistic_facts());
    const auto all = some_evaluations(12);
    study.append("k0", all[0]);
    const Served served(folder_);
    const Watcher watcher(served);
    ASSERT_TRUE(soon([&] { return watcher.events() >= 1 && evaluated(served) == "1"; }));
    for (std::size_t i = 1; i < all.size(); ++i) {
        const int told = watcher.events();
        const auto start = Clock::now();
        study.append(fmt::format("k{}", i), all[i]);
        ASSERT_TRUE(soon([&] { return watcher.events() > told; }));
        ASSERT_TRUE(soon([&] { return evaluated(served) == std::to_string(i + 1); }));
        EXPECT_LT(Clock::now() - start, 2s) << "evaluation " << i;
        std::this_thread::sleep_for(std::chrono::milliseconds(37 * i));  // at any phase of the copying and looking
    }
}

TEST_F(Serve, AlsoInAStudyOfAThousand) {
    if (!live()) GTEST_SKIP() << "the plain page is made anew each time";
    constexpr int kMany = 1000;
    const auto all = some_evaluations(kMany + 6);
    std::vector<std::string> keys;
    for (int i = 0; i < kMany; ++i) keys.push_back(fmt::format("k{}", i));
    Study study = Study::create_or_resume(folder_, kConfig);
    study.put_facts(study::realistic_facts());
    study.append(keys, std::span(all).first(kMany));
    study.publish();  // rests many times as long as that took
    const Served served(folder_);
    ASSERT_EQ(evaluated(served), std::to_string(kMany));
    for (std::size_t i = kMany; i < all.size(); ++i) {
        const auto start = Clock::now();
        study.append(fmt::format("k{}", i), all[i]);
        ASSERT_TRUE(soon([&] { return evaluated(served) == std::to_string(i + 1); }));
        EXPECT_LT(Clock::now() - start, 2s) << "evaluation " << i;
    }
}

TEST_F(Serve, AWatcherThatKnowsTheStateIsNotToldAgain) {
    make_study(folder_, 2);
    const Served served(folder_);
    std::string id;
    {
        const Watcher watcher(served);
        ASSERT_TRUE(soon([&] { return watcher.events() == 1; }));
        const std::string text = watcher.text();
        id = text.substr(text.find("id: ") + 4, text.find("\ndata:") - text.find("id: ") - 4);
        EXPECT_EQ(text, fmt::format("event: study\nid: {}\ndata: {{\"state\": \"{}\"}}\n\n", id, id));
        EXPECT_EQ(watcher.status(), 200);
        served.client().Get("/");
        std::this_thread::sleep_for(500ms);
        EXPECT_EQ(watcher.events(), 1);
        const Watcher back(served, {{"Last-Event-ID", id}});
        std::this_thread::sleep_for(500ms);
        EXPECT_EQ(back.events(), 0);
        ::kill(served.process(), SIGTERM);
    }
}

TEST_F(Serve, AStudyThatHasNotBegunToMeasureIsWaitedFor) {
    Study study = Study::create_or_resume(folder_, kConfig);
    study.publish();
    const Served served(folder_);
    const auto answer = served.get(study_path());
    EXPECT_EQ(answer->status, 503);
    const std::string sentence =
        fmt::format("the study in {} stopped before its data was read; run the search again", folder_.string());
    if (live())
        EXPECT_EQ(nlohmann::json::parse(answer->body).at("error"), sentence);
    else
        EXPECT_EQ(answer->body, sentence + "\n");
    EXPECT_EQ(served.get("/")->get_header_value("Refresh"), live() ? "" : "5");
    study.put_facts(study::realistic_facts());
    EXPECT_TRUE(soon([&] { return served.get(study_path())->status == 200; }));
    EXPECT_EQ(evaluated(served), "0");
}

TEST_F(Serve, AStudyOfFailuresAndOddNames) {
    {
        Study study = Study::create_or_resume(folder_, kConfig);
        auto facts = study::realistic_facts();
        facts.data = "</script><script>alert(1)</script>";
        facts.class_names = {"<img src=x onerror=alert(1)>", "a\"b"};
        study.put_facts(facts);
        auto failed = some_evaluations(3);
        for (auto& e : failed) {
            e.error = "loss <b>nan</b>";
            e.curve.clear();
        }
        study::test::append(study, failed);
    }
    const Served served(folder_);
    const auto answer = served.get(study_path());
    EXPECT_EQ(answer->status, 200);
    if (live()) {  // text that only ever becomes text: the type says that it is no page
        EXPECT_EQ(answer->get_header_value("Content-Type"), "application/json");
        EXPECT_EQ(answer->get_header_value("X-Content-Type-Options"), "nosniff");
        EXPECT_EQ(nlohmann::json::parse(answer->body).at("facts").at("data"), "</script><script>alert(1)</script>");
    } else {
        EXPECT_EQ(answer->body.find("<script>alert"), std::string::npos);
        EXPECT_EQ(answer->body.find("<img src=x"), std::string::npos);
    }
}

TEST_F(Serve, AnOlderStudyWithoutACopyIsReadInPlaceAndFollowed) {
    make_study(folder_, 3);
    fs::remove(folder_ / "snapshot.db");
    const Served served(folder_);
    EXPECT_EQ(evaluated(served), "3");
    Study study = Study::resume(folder_);
    study.append("new", some_evaluations(4)[3]);
    EXPECT_TRUE(soon([&] { return evaluated(served) == "4"; }));
}

TEST_F(Serve, ACopyThatIsDamagedWhileServedLeavesTheLastPage) {
    make_study(folder_, 3);
    const Served served(folder_);
    EXPECT_EQ(evaluated(served), "3");
    const auto told = [&](const std::string& sentence) {
        return soon([&] { return served.get("/study.json")->body.find(sentence) != std::string::npos; });
    };
    study::test::cut(folder_ / "snapshot.db", 0.5);
    if (live()) EXPECT_TRUE(told("is damaged or no database"));
    std::this_thread::sleep_for(live() ? 0s : 2s);
    EXPECT_EQ(served.get("/")->status, 200);
    if (!live()) EXPECT_EQ(evaluated(served), "3");
    fs::remove_all(folder_);
    if (live()) EXPECT_TRUE(told("there is no study in"));
    EXPECT_EQ(served.get("/")->status, 200);
    make_study(folder_, 5);
    EXPECT_TRUE(soon([&] { return evaluated(served) == "5"; }));
}

TEST_F(Serve, WhatIsNoStudyIsRefused) {
    const std::string sentence = fmt::format("there is no study in {} (it has no study.db)\n", folder_.string());
    EXPECT_EQ(refused(2), sentence);
    fs::create_directory(folder_);
    EXPECT_EQ(refused(2), sentence);
    make_study(folder_, 1);
    study::test::execute(folder_ / "snapshot.db", "PRAGMA user_version = 1");
    EXPECT_NE(refused(4).find("schema version 1"), std::string::npos);
    study::test::cut(folder_ / "snapshot.db", 0.5);
    EXPECT_NE(refused(4).find("is damaged"), std::string::npos);
}

TEST_F(Serve, OnePortServesOneStudy) {
    make_study(folder_, 1);
    const Served served(folder_);
    EXPECT_EQ(
        refused(2, {"--port", std::to_string(served.port())}),
        fmt::format("cannot serve on port {} of 127.0.0.1: another program, perhaps another nachos serve, has that port; "
                    "choose one with --port (0 takes any free one)\n",
                    served.port()));
    EXPECT_EQ(served.get("/")->status, 200);
}

TEST_F(Serve, OptionsThatCannotBe) {
    make_study(folder_, 1);
    EXPECT_NE(refused(2, {"--port", "65536"}).find("65536"), std::string::npos);
    EXPECT_NE(refused(2, {"--port", "web"}).find("web"), std::string::npos);
    EXPECT_EQ(refused(2, {"--token", "short"}),
              "--token has 5 characters; allowed: 16 to 128 letters, digits, '-' and '_'\n");
    EXPECT_NE(refused(2, {"--token", "0123456789abcdef;Path"}), "");
    EXPECT_TRUE(refused(2, {"--host", "no.such.host.invalid", "--port", "0"})
                    .starts_with("cannot serve on port 0 of no.such.host.invalid: "));
    EXPECT_TRUE(refused(2, {"--host", "192.0.2.1", "--port", "0"}).ends_with(": Cannot assign requested address\n"));
}

TEST_F(Serve, ASignalEndsItWithWatchersAndSilentConnections) {
    make_study(folder_, 1);
    for (const int signal : {SIGINT, SIGTERM}) {
        Served served(folder_);
        const Watcher watcher(served);
        ASSERT_TRUE(soon([&] { return watcher.events() == 1; }));
        const int silent = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{.sin_family = AF_INET,
                            .sin_port = htons(static_cast<std::uint16_t>(served.port())),
                            .sin_addr = {htonl(INADDR_LOOPBACK)},
                            .sin_zero = {}};
        ASSERT_EQ(::connect(silent, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        const auto start = Clock::now();
        const Outcome outcome = served.end(signal);
        EXPECT_EQ(outcome.exit_code, 0);
        EXPECT_LT(Clock::now() - start, 8s);
        EXPECT_EQ(outcome.err, fmt::format("nachos: serving {}; Ctrl-C ends it, and never the search\n", folder_.string()));
        EXPECT_TRUE(soon([&] { return watcher.ended(); }));
        ::close(silent);
    }
}

TEST_F(Serve, WatchersAreSoManyAndThePageIsStillServed) {
    make_study(folder_, 1);
    Served served(folder_);
    std::vector<std::unique_ptr<Watcher>> watchers;
    for (int i = 0; i < 16; ++i) watchers.push_back(std::make_unique<Watcher>(served));
    ASSERT_TRUE(
        soon([&] { return std::all_of(watchers.begin(), watchers.end(), [](const auto& w) { return w->events() == 1; }); }));
    EXPECT_EQ(served.get("/events")->status, 503);
    EXPECT_EQ(served.get("/")->status, 200);
    EXPECT_EQ(served.end(SIGTERM).exit_code, 0);
}

TEST_F(Serve, WatchersThatLeaveMakeRoom) {
    make_study(folder_, 1);
    const Served served(folder_);
    const auto look_in = [&] {  // leaves at the first event
        int status = 0;
        served.client().Get(
            "/events",
            [&](const httplib::Response& response) {
                status = response.status;
                return true;
            },
            [](const char*, std::size_t) { return false; });
        return status;
    };
    for (int i = 0; i < 20; ++i) EXPECT_EQ(served.client().Head("/events")->status, 200);
    for (int i = 0; i < 40; ++i) ASSERT_TRUE(soon([&] { return look_in() == 200; }, 5s)) << i;
}

TEST_F(Serve, ASecondWriterMayComeAndGoWhileItIsServed) {
    make_study(folder_, 1);
    const Served served(folder_);
    const Watcher watcher(served);
    ASSERT_TRUE(soon([&] { return watcher.events() == 1; }));
    for (int i = 0; i < 3; ++i) Study::resume(folder_).append(fmt::format("again{}", i), some_evaluations(i + 2).back());
    EXPECT_TRUE(soon([&] { return evaluated(served) == "4"; }));
    for (const auto& entry : fs::directory_iterator(fmt::format("/proc/{}/fd", served.process()))) {
        std::error_code gone;
        const std::string open = fs::read_symlink(entry.path(), gone).string();
        EXPECT_EQ(open.find("study.db"), std::string::npos) << open;  // neither the database nor its log or lock
        EXPECT_EQ(open.find("study.lock"), std::string::npos) << open;
    }
}

}  // namespace
}  // namespace nachos::cli
