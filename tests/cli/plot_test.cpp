#include "cli/program.h"
#include "study/some_study.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <sys/ioctl.h>

#include <regex>

// The front that `nachos pareto` draws: on a terminal and in a pipe.

namespace nachos::cli {
namespace {

using test::Outcome;
using test::run_program;

/// What a program writes to a terminal of so many columns.
std::string on_terminal(const std::vector<std::string>& arguments, unsigned short columns) {
    int master = -1;
    winsize size{.ws_row = 50, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    const pid_t child = ::forkpty(&master, nullptr, nullptr, &size);
    if (child == 0) {
        const std::string path = (std::filesystem::path(NACHOS_BUILD_DIR) / "nachos").string();
        std::vector<char*> argv{const_cast<char*>(path.c_str())};
        for (const std::string& a : arguments) argv.push_back(const_cast<char*>(a.c_str()));
        argv.push_back(nullptr);
        ::execv(path.c_str(), argv.data());
        ::_exit(127);
    }
    std::string text;
    char buffer[4096];
    for (ssize_t count; (count = ::read(master, buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(count));
    ::close(master);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0) << text;
    return std::regex_replace(text, std::regex("\r\n"), "\n");
}

std::size_t columns_of(const std::string& line) {
    const std::string bare = std::regex_replace(line, std::regex("\x1b\\[[0-9;]*m"), "");
    return static_cast<std::size_t>(
        std::count_if(bare.begin(), bare.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string plot_of(const std::string& text) { return text.substr(0, text.find("\n\n")); }

class Plot : public testing::Test {
  protected:
    void SetUp() override {
        study::test::make_study(folder_, 30);
        ::unsetenv("NO_COLOR");
        ::unsetenv("LC_ALL");
        ::unsetenv("LC_CTYPE");
        ::setenv("TERM", "xterm", 1);
        ::setenv("LANG", "C.UTF-8", 1);
    }

    std::string pareto(std::vector<std::string> options = {}) const {
        options.insert(options.begin(), {"pareto", folder_});
        const Outcome outcome = run_program("nachos", options);
        EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
        return outcome.out;
    }

    const test::TempFolder temp_;
    const std::string folder_ = (temp_ / "study").string();
};

TEST_F(Plot, StandsAboveTheTableWithAxesLimitsAndFront) {
    const std::string text = pareto();
    const std::string plot = plot_of(text);
    EXPECT_TRUE(plot.starts_with("accuracy\n")) << plot;
    for (const char* part :
         {"average MACs (log scale)", "● admissible front", "evaluated", "┊ at most 1 M", "╌ at least 70 %", "┤", "┬", "└"})
        EXPECT_NE(plot.find(part), std::string::npos) << part;
    EXPECT_EQ(text.find('\x1b'), std::string::npos);  // a pipe is no terminal
    EXPECT_EQ(text.substr(plot.size() + 2), pareto({"--no-plot"}));
}

TEST_F(Plot, PlainAsciiWhereTheLocaleIsNotUtf8) {
    for (const char* locale : {"C", "POSIX", "en_US.ISO-8859-1"}) {
        ::setenv("LC_ALL", locale, 1);
        const std::string plot = plot_of(pareto());
        EXPECT_TRUE(std::all_of(plot.begin(), plot.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
            << plot;
        EXPECT_NE(plot.find("o admissible front   . evaluated   : at most 1 M"), std::string::npos) << plot;
    }
    ::setenv("LC_ALL", "", 1);  // as if it were not set
    EXPECT_NE(plot_of(pareto()).find("●"), std::string::npos);
}

TEST_F(Plot, OnlyTablesHaveOne) {
    EXPECT_TRUE(pareto({"--format", "json"}).starts_with("{"));
    EXPECT_TRUE(pareto({"--format", "csv"}).starts_with("id,"));
    EXPECT_TRUE(pareto({"--no-plot"}).starts_with("design"));
}

TEST_F(Plot, TakesTheWidthOfTheTerminalAndColoursIt) {
    for (const unsigned short columns : {60, 100}) {
        const std::string text = on_terminal({"pareto", folder_}, columns);
        const std::string plot = plot_of(text);
        EXPECT_NE(plot.find("\x1b[1;32m●\x1b[0m"), std::string::npos) << plot;
        std::size_t widest = 0;
        std::istringstream lines(plot.substr(0, plot.rfind('\n')));  // the last line explains the signs
        for (std::string line; std::getline(lines, line);) widest = std::max(widest, columns_of(line));
        EXPECT_EQ(widest, columns);
    }
    EXPECT_TRUE(on_terminal({"pareto", folder_}, 30).starts_with("design"));  // too narrow for one
}

TEST_F(Plot, NoColourWhereItIsNotWanted) {
    ::setenv("NO_COLOR", "1", 1);
    EXPECT_EQ(on_terminal({"pareto", folder_}, 80).find('\x1b'), std::string::npos);
    ::unsetenv("NO_COLOR");
    ::setenv("TERM", "dumb", 1);
    EXPECT_EQ(on_terminal({"pareto", folder_}, 80).find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace nachos::cli
