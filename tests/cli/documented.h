#pragma once

#include "core/source_tree.h"

#include <filesystem>
#include <string>
#include <vector>

namespace nachos::test {

/// A command that a document tells the reader to type.
struct Documented {
    std::string where;               ///< file and line
    std::vector<std::string> words;  ///< program first; assignments before it, redirections and comments left out

    const std::string& program() const { return words.front(); }
    std::string text() const {
        std::string all;
        for (const std::string& word : words) all += (all.empty() ? "" : " ") + word;
        return all;
    }
};

/// As a shell cuts a line: quotes, comments; it ends at a pipe, a redirection or a list operator.
inline std::vector<std::string> shell_words(const std::string& line) {
    std::vector<std::string> words;
    std::string word;
    bool open = false;
    const auto close = [&] {
        if (open) words.push_back(word);
        word.clear();
        open = false;
    };
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (c == '\'' || c == '"') {
            const std::size_t end = std::min(line.find(c, i + 1), line.size());
            word += line.substr(i + 1, end - i - 1);
            i = end;
            open = true;
        } else if (c == ' ') {
            close();
        } else if (!open && (c == '#' || c == '|' || c == '>' || c == '<' || c == '&' || c == ';')) {
            break;
        } else {
            word += c;
            open = true;
        }
    }
    close();
    const auto assigns = [](const std::string& w) { return w == "time" || w.find('=') < w.find('/'); };
    while (!words.empty() && assigns(words.front())) words.erase(words.begin());
    return words;
}

/// Whether that is a program of ours, or what builds them.
inline bool is_ours(const std::string& program) {
    for (const char* prefix : {"build/", "scripts/", "deploy/"})
        if (program.starts_with(prefix) && program.size() > std::string(prefix).size()) return true;
    return program == "make" || program == "nachos" || program == "nachos-run" || program == "nachos-train";
}

/// Lines of code blocks (indented by four or in a fence), and code within lines that begins with a path to a program.
inline std::vector<Documented> documented_in(const std::string& file) {
    std::vector<Documented> found;
    const std::vector<std::string> lines = lines_of(file);
    bool fenced = false;
    const auto add = [&](const std::string& text, std::size_t line) {
        const std::vector<std::string> words = shell_words(text);
        if (!words.empty() && is_ours(words.front())) found.push_back({file + ":" + std::to_string(line + 1), words});
    };
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::size_t first = i;
        if (lines[i].starts_with("```")) fenced = !fenced;
        if (fenced || lines[i].starts_with("    ")) {
            std::string text = lines[i];
            while (text.ends_with('\\') && i + 1 < lines.size()) text = text.substr(0, text.size() - 1) + lines[++i];
            const std::size_t begin = text.find_first_not_of(' ');
            if (begin != std::string::npos) add(text.substr(begin), first);
            continue;
        }
        for (std::size_t at = 0; (at = lines[i].find('`', at)) != std::string::npos;) {
            const std::size_t end = lines[i].find('`', at + 1);
            if (end == std::string::npos) break;
            const std::string code = lines[i].substr(at + 1, end - at - 1);
            const std::string program = code.substr(0, code.find(' '));
            if (program.find('/') != std::string::npos && code.find(' ') != std::string::npos) add(code, i);
            at = end + 1;
        }
    }
    return found;
}

/// All of README.md and docs/.
inline std::vector<Documented> documented() {
    std::vector<Documented> found = documented_in("README.md");
    std::vector<std::string> files;
    const std::filesystem::path root = NACHOS_SOURCE_DIR;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "docs"))
        if (entry.path().extension() == ".md") files.push_back(entry.path().lexically_relative(root).string());
    std::sort(files.begin(), files.end());
    for (const std::string& file : files)
        for (Documented& command : documented_in(file)) found.push_back(std::move(command));
    return found;
}

}  // namespace nachos::test
