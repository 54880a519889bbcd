#include "cli/commands.h"
#include "cli/config.h"
#include "cli/documented.h"
#include "cli/grey_image.h"
#include "cli/served.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <map>
#include <regex>
#include <set>

// What the documents say is held against the programs. Every command in them falls into one of these classes:
//   known          the program's own parser takes it (all commands of nachos and nachos-run), the job is in the Makefile,
//   the
//                  script or benchmark is in the tree: test EveryCommandIsKnown, no command is exempt;
//   configuration  of commands that train for minutes to days: the configuration they name is checked by `config check`,
//                  with the overrides they set, on made-up data in place of what is not here;
//   run            what is quick is run, as it stands or on a tiny study in place of the reader's; the exit code must be 0.
// Left at "known" are make's jobs, scripts, benchmarks, deploy/, commands whose file nobody here can stand in for (DIR,
// ARCHIVE.jsonl), and the verification of ONNX where there is no ONNX Runtime.

namespace nachos::cli {
namespace {

namespace fs = std::filesystem;
using test::Documented;
using test::documented;
using test::Outcome;
using test::run_program;

bool begins(const std::vector<std::string>& words, std::initializer_list<const char*> head) {
    return words.size() >= head.size() && std::equal(head.begin(), head.end(), words.begin());
}

bool is_program(const Documented& command, const std::string& name) {
    return command.program() == name || command.program() == "build/" + name;
}

/// Parses, and runs nothing.
class Parser : public CLI::App {
  public:
    explicit Parser(const std::string& name) : App("", name) {}
    void pre_callback() override { throw CLI::Success(); }  // behind all checks, before the command
};

/// What the program's own parser says of a command; empty = it takes it.
std::string parse_fault(const std::string& program, std::vector<std::string> arguments) {
    Parser app(program);
    char name[] = "nachos";
    char* argv[] = {name, nullptr};
    if (program == "nachos") add_nachos_commands(app, 1, argv);
    if (program == "nachos-run") add_run_commands(app);
    app.set_version_flag("--version", "");
    app.set_help_all_flag("--help-all", "");
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
    try {
        app.parse(std::move(arguments));
    } catch (const CLI::Success&) {
    } catch (const CLI::ParseError& error) {
        return std::string(error.get_name()) + ": " + error.what();
    }
    return "";
}

bool in_makefile(const std::string& pattern) {
    const std::regex wanted(pattern);
    const auto lines = test::lines_of("Makefile");
    return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) { return std::regex_search(line, wanted); });
}

/// A job, or a variable that is set.
std::string make_fault(const std::vector<std::string>& words) {
    for (std::size_t i = 1; i < words.size(); ++i) {
        const auto equals = words[i].find('=');
        const std::string name = words[i].substr(0, equals);
        const bool known = in_makefile(equals == std::string::npos ? "^" + name + ":.*## " : "Variables:.*\\b" + name + "=");
        if (!known) return "make knows no " + name;
    }
    return "";
}

std::string tree_fault(const std::string& program) {
    const fs::path root = NACHOS_SOURCE_DIR;
    if (program.starts_with("build/bench_")) {
        const std::string name = program.substr(std::string("build/bench_").size());
        return fs::exists(root / "bench" / ("bench_" + name + ".cpp")) ? "" : "there is no benchmark bench_" + name;
    }
    return fs::exists(root / program) ? "" : "there is no " + program;
}

std::string fault(const Documented& command) {
    const std::vector<std::string> arguments(command.words.begin() + 1, command.words.end());
    for (const char* program : {"nachos", "nachos-run"})
        if (is_program(command, program)) return parse_fault(program, arguments);
    if (command.program() == "make") return make_fault(command.words);
    return tree_fault(command.program());
}

TEST(Documents, EveryCommandIsKnown) {
    const auto commands = documented();
    EXPECT_GT(commands.size(), 40U);
    for (const Documented& command : commands) EXPECT_EQ(fault(command), "") << command.where << ": " << command.text();
}

TEST(Documents, TheCheckSeesMistakes) {
    const auto check = [](const std::string& line) { return fault({"", test::shell_words(line)}); };
    EXPECT_EQ(check("build/nachos pareto DIR --max-avg-macs 3"), "");
    EXPECT_NE(check("build/nachos pareto DIR --max-avg-mac 3"), "");
    EXPECT_NE(check("build/nachos paretto DIR"), "");
    EXPECT_NE(check("build/nachos pareto"), "");
    EXPECT_NE(check("build/nachos config"), "");
    EXPECT_NE(check("nachos-run eval MODEL"), "");
    EXPECT_EQ(check("make test"), "");
    EXPECT_NE(check("make tset"), "");
    EXPECT_NE(check("make build NO_SUCH=1"), "");
    EXPECT_NE(check("scripts/no-such"), "");
    EXPECT_NE(check("build/bench_no_such"), "");
    EXPECT_EQ(test::shell_words("A=1 time nachos x 'a b' \"c\" # d"), (std::vector<std::string>{"nachos", "x", "a b", "c"}));
}

/// The commands that do something, each as it is typed.
void each_command(CLI::App& app, const std::string& path, const std::function<void(CLI::App&, const std::string&)>& look) {
    const auto below = app.get_subcommands([](CLI::App*) { return true; });
    if (below.empty()) look(app, path);
    for (CLI::App* command : below) each_command(*command, path + " " + command->get_name(), look);
}

TEST(Documents, EveryHelpHasAnExampleThatParsesAndSaysWhatEachOptionIs) {
    CLI::App app("", "nachos");
    char name[] = "nachos";
    char* argv[] = {name, nullptr};
    add_nachos_commands(app, 1, argv);
    int commands = 0;
    each_command(app, "nachos", [&](CLI::App& command, const std::string& path) {
        ++commands;
        EXPECT_NE(command.get_description(), "") << path;
        for (const CLI::Option* option : command.get_options())
            EXPECT_NE(option->get_description(), "") << path << " " << option->get_name();
        const std::string example = command.get_footer();
        ASSERT_TRUE(example.starts_with("Example: " + path)) << path << ": " << example;
        EXPECT_EQ(fault({"", test::shell_words(example.substr(9))}), "") << example;
        std::vector<std::string> help = test::shell_words(path + " --help");
        help.erase(help.begin());
        EXPECT_NE(run_program("nachos", help).out.find(example), std::string::npos) << path;
    });
    EXPECT_GE(commands, 19);
    EXPECT_NE(run_program("nachos", {"--help"}).out.find("75 stopped after a checkpoint"), std::string::npos);
}

TEST(Documents, TheReferenceOfTheConfigurationIsUpToDate) {
    const std::string file = std::string(NACHOS_SOURCE_DIR) + "/docs/configuration-reference.md";
    EXPECT_EQ(core::read_file(file), run_program("nachos", {"config", "reference"}).out)
        << "write it anew: build/nachos config reference > docs/configuration-reference.md";
}

TEST(Documents, FilesThatAreNamedAreThere) {
    const std::regex link(R"(\]\(([^)#:]+)(#[^)]*)?\))"),
        source(R"(`((src|tests|scripts|configs|examples|deploy|docs|cmake|web)/[A-Za-z0-9_./-]+)`)"),
        short_source(R"(`([a-z]+(/[a-z]+)?/[a-z0-9_]+\.(h|cpp))`)");
    const fs::path root = NACHOS_SOURCE_DIR;
    std::vector<fs::path> files{root / "README.md", root / "THIRD_PARTY.md"};
    for (const auto& entry : fs::recursive_directory_iterator(root / "docs"))
        if (entry.path().extension() == ".md") files.push_back(entry.path());
    for (const fs::path& file : files) {
        const std::string text = core::read_file(file);
        const auto each = [&](const std::regex& pattern, const auto& look) {
            for (std::sregex_iterator m(text.begin(), text.end(), pattern), end; m != end; ++m) look((*m)[1].str());
        };
        each(link,
             [&](const std::string& path) { EXPECT_TRUE(fs::exists(file.parent_path() / path)) << file << ": " << path; });
        each(source, [&](const std::string& path) {
            const bool example = path.find("NAME") != std::string::npos || path.find("my_") != std::string::npos;
            EXPECT_TRUE(example || fs::exists(root / path)) << file << ": " << path;
        });
        if (file.filename() == "paper.md")
            each(short_source,
                 [&](const std::string& path) { EXPECT_TRUE(fs::exists(root / "src" / path)) << file << ": " << path; });
    }
}

TEST(Documents, EveryLibraryOfThePackageListHasItsLicenceTold) {
    const std::string notices = core::read_file(std::string(NACHOS_SOURCE_DIR) + "/THIRD_PARTY.md");
    const std::set<std::string> tools{"libclang-rt-14-dev", "libgtest-dev", "libbenchmark-dev", "libnewlib-arm-none-eabi"};
    for (const std::string& line : test::lines_of("scripts/packages.txt")) {
        const std::string package = line.substr(0, line.find_first_of(" #"));
        const bool library = package.ends_with("-dev") || package.starts_with("nlohmann");
        if (library && !tools.contains(package)) {
            EXPECT_NE(notices.find("`" + package + "`"), std::string::npos) << package;
        }
    }
}

/// The reader's data, as far as they are not here.
std::string made_up(const std::string& value) {
    return value == "my-images" || value == "fashion-mnist" || value.starts_with("cifar-10") ? "synthetic:300" : value;
}

TEST(Documents, ConfigurationsOfCommandsThatTrainAreFine) {
    int checked = 0;
    for (const Documented& command : documented()) {
        if (!is_program(command, "nachos")) continue;
        const auto& words = command.words;
        const bool trains = begins({words.begin() + 1, words.end()}, {"search"}) ||
                            begins({words.begin() + 1, words.end()}, {"ablate"}) ||
                            begins({words.begin() + 1, words.end()}, {"bench", "engines"});
        if (!trains) continue;
        std::vector<std::string> arguments{"config", "check"};
        for (const std::string& word : words) {
            const auto equals = word.find('=');
            if (word.ends_with(".toml")) arguments.push_back((fs::path(NACHOS_SOURCE_DIR) / word).string());
            if (equals != std::string::npos && !word.starts_with("-"))
                arguments.push_back(word.substr(0, equals + 1) + made_up(word.substr(equals + 1)));
        }
        if (arguments.size() == 2 || arguments[2].ends_with("CONFIG.toml")) continue;  // a configuration of the reader's
        const Outcome outcome = run_program("nachos", arguments);
        EXPECT_EQ(outcome.exit_code, 0) << command.where << ": " << command.text() << "\n" << outcome.err;
        ++checked;
    }
    EXPECT_GE(checked, 5);
}

/// Commands that are run on a tiny study. All tests look at the same one.
class DocumentedSlow : public testing::Test {
  protected:
    void SetUp() override {
        if (!test::built("nachos-train")) GTEST_SKIP() << "skipped: built without libtorch";
        fs::current_path(temp_.path());  // what a command writes goes there
        const Outcome search = run_program("nachos", {"search", test::kTinyConfig, "--out", study_, "--progress", "off",
                                                      "search.evaluations=16", "search.initial=8", "supernet.epochs=2",
                                                      "final.top=2", "final.epochs=2", "limits.min_accuracy=none"});
        ASSERT_EQ(search.exit_code, 0) << search.err;
        for (const auto& entry : fs::directory_iterator(study_ + "/models"))
            if (entry.path().filename().string().find('-') == std::string::npos) model_ = entry.path().string();
        ASSERT_FALSE(model_.empty());
        for (const char* split : {"train", "test"})
            for (const char* image : {"cat/1.png", "cat/2.png", "cat/3.png", "dog/1.png", "dog/2.png", "dog/3.png"})
                test::write_grey(temp_ / "images" / split / image, 100);
        core::write_file_atomic(temp_ / "small.json", small_json());
        std::string table = "label,pred_1,conf_1,pred_2,conf_2\n";
        for (int i = 0; i < 100; ++i) table += i % 3 == 0 ? "1,0,0.4,1,0.9\n" : "1,1,0.8,1,0.9\n";
        core::write_file_atomic(temp_ / "table.csv", table);
        core::write_file_atomic(temp_ / "costs.json", R"({"unit": "macs", "executed": [100000, 300000]})");
    }

    void TearDown() override { fs::current_path(NACHOS_SOURCE_DIR); }

    /// The architecture that docs/spaces.md spells out.
    static std::string small_json() {
        std::string text;
        for (const std::string& line : test::lines_of("docs/spaces.md")) {
            if (text.empty() && !line.starts_with("    {\"space\"")) continue;
            if (!line.starts_with("    ")) break;
            text += line;
        }
        return text;
    }

    /// The reader's files, as we have them; the study's data are those of configs/tiny.toml.
    std::string ours(const std::string& word, bool is_data) const {
        if (is_data && (word == "my-images" || word == "fashion-mnist")) return "synthetic:300";
        const std::map<std::string, std::string> files{{"my-images", (temp_ / "images").string()},
                                                       {"DATA", (temp_ / "images").string()},
                                                       {"small.json", (temp_ / "small.json").string()},
                                                       {"photo.jpg", (temp_ / "images/test/cat/1.png").string()},
                                                       {"other.png", (temp_ / "images/test/dog/1.png").string()},
                                                       {"IMAGE.png", (temp_ / "images/test/cat/2.png").string()},
                                                       {"TABLE.csv", (temp_ / "table.csv").string()},
                                                       {"COSTS.json", (temp_ / "costs.json").string()},
                                                       {"export/", (temp_ / "export").string()},
                                                       {"runs/quickstart", study_},
                                                       {"runs/my-images", study_}};
        if (const auto file = files.find(word); file != files.end()) return file->second;
        if (word.ends_with("MODEL.safetensors")) return model_;
        return fs::exists(fs::path(NACHOS_SOURCE_DIR) / word) && word.ends_with(".toml")
                   ? (fs::path(NACHOS_SOURCE_DIR) / word).string()
                   : word;
    }

    std::vector<std::string> arguments(const Documented& command) const {
        std::vector<std::string> all;
        for (std::size_t i = 1; i < command.words.size(); ++i)
            all.push_back(ours(command.words[i], command.words[i - 1] == "--data"));
        return all;
    }

    const test::TempFolder temp_;
    const std::string study_ = (temp_ / "study").string();
    std::string model_;
};

/// Trains, or wants what is not here.
bool is_left_out(const std::vector<std::string>& arguments) {
    if (arguments.empty()) return true;
    for (const char* trains : {"search", "final", "ablate"})
        if (arguments.front() == trains) return true;
    if (begins(arguments, {"bench", "engines"})) return true;
    for (const std::string& word : arguments)  // placeholders of the reader's that nothing here stands for
        if (word == "DIR" || word == "OUT" || word == "FOLDER" || word == "CONFIG.toml" || word == "LIMITS" ||
            word == "ARCHIVE.jsonl")
            return true;
    return false;
}

TEST_F(DocumentedSlow, EveryQuickCommandWorksOnATinyStudy) {
    std::set<std::string> run;
    for (const Documented& command : documented()) {
        const std::string program = is_program(command, "nachos")       ? "nachos"
                                    : is_program(command, "nachos-run") ? "nachos-run"
                                                                        : "";
        const std::vector<std::string> words = arguments(command);
        if (program.empty() || is_left_out(words)) continue;
        SCOPED_TRACE(command.where + ": " + command.text());
        if (words.front() == "serve") {
            test::Served served(study_, {words.begin() + 2, words.end()});
            EXPECT_NE(served.port(), 0);
            EXPECT_EQ(served.end(SIGINT).exit_code, 0);
        } else {
            if (words.front() == "verify" && !std::getenv("NACHOS_ONNXRUNTIME") && fs::exists(temp_ / "export"))
                for (const auto& entry : fs::directory_iterator(temp_ / "export"))
                    if (entry.path().extension() == ".onnx") fs::remove_all(temp_ / "export");
            if (words.front() == "verify" && !fs::exists(temp_ / "export"))
                run_program("nachos", {"export", model_, "--to", "c", "--out", (temp_ / "export").string()});
            const Outcome outcome = run_program(program, words);
            EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
            EXPECT_NE(outcome.out, "");
        }
        run.insert(program + " " + words.front());
    }
    for (const char* expected :
         {"nachos pareto", "nachos report", "nachos serve", "nachos export", "nachos verify", "nachos config", "nachos data",
          "nachos tune", "nachos profile", "nachos-run eval", "nachos-run bench"})
        EXPECT_TRUE(run.contains(expected)) << expected << " is in no document";
}

}  // namespace
}  // namespace nachos::cli
