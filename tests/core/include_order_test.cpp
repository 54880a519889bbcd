#include "core/source_tree.h"

#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace nachos {
namespace {

using test::lines_of;
using test::sources;

struct Folder {
    std::set<std::string> may_use;  ///< transitive, itself included
    std::string torch;              ///< the table's words
};

/// The table of src/README.md. A folder may use only what stands above it, so one pass closes the relation.
std::map<std::string, Folder> folders() {
    static const std::regex row(R"(\| `([a-z/]+)/` \|[^|]*\| ([a-z/, ]*)\| (.*) \|)");
    std::map<std::string, Folder> table;
    for (const std::string& line : lines_of("src/README.md")) {
        std::smatch match;
        if (!std::regex_match(line, match, row)) continue;
        Folder folder{{match[1]}, match[3]};
        std::istringstream used(std::regex_replace(match[2].str(), std::regex(","), " "));
        for (std::string name; used >> name;) {
            EXPECT_TRUE(table.contains(name)) << match[1] << " uses " << name << ", which does not stand above it";
            folder.may_use.merge(std::set<std::string>(table[name].may_use));
        }
        table[match[1]] = std::move(folder);
    }
    return table;
}

/// The folder of a source or an include: the longest row of the table that its path begins with.
std::string folder_of(const std::map<std::string, Folder>& table, const std::filesystem::path& path) {
    for (auto at = path.parent_path(); !at.empty(); at = at.parent_path())
        if (table.contains(at.string())) return at.string();
    return {};
}

std::vector<std::string> includes_of(const std::filesystem::path& source) {
    static const std::regex include(R"(\s*#\s*include\s*([<"][^>"]+[>"]).*)");
    std::vector<std::string> found;
    for (const std::string& line : lines_of("src" / source)) {
        std::smatch match;
        if (std::regex_match(line, match, include)) found.push_back(match[1]);
    }
    return found;
}

bool may_include_torch(const Folder& folder, const std::filesystem::path& source) {
    static const std::regex training_program(R"((main_train|train_[a-z_]+)\.(cpp|h))");
    if (folder.torch == "yes") return true;
    return folder.torch != "no" && std::regex_match(source.filename().string(), training_program);
}

TEST(IncludeOrder, TheTableNamesEveryFolder) {
    const auto table = folders();
    EXPECT_TRUE(table.contains("core") && table.contains("cli"));
    for (const auto& source : sources())
        EXPECT_NE(folder_of(table, source), "") << source << " is in no folder of src/README.md";
}

TEST(IncludeOrder, FoldersIncludeOnlyWhatTheTableAllows) {
    const auto table = folders();
    for (const auto& source : sources()) {
        const std::string from = folder_of(table, source);
        for (const std::string& include : includes_of(source)) {
            const std::filesystem::path path = include.substr(1, include.size() - 2);
            const std::string to = folder_of(table, path);
            if (include.front() == '<' || to.empty()) continue;
            EXPECT_TRUE(table.at(from).may_use.contains(to)) << source << " includes " << include;
        }
    }
}

TEST(IncludeOrder, TorchStopsWhereTheTableSays) {
    static const std::regex torch(R"([<"](torch|ATen|c10|caffe2)/.*)");
    const auto table = folders();
    for (const auto& source : sources()) {
        if (may_include_torch(table.at(folder_of(table, source)), source)) continue;
        for (const std::string& include : includes_of(source))
            EXPECT_FALSE(std::regex_match(include, torch)) << source << " includes " << include;
    }
}

}  // namespace
}  // namespace nachos
