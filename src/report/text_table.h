#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace nachos::report {

/// Rows of text cells below a head, all of one length. The first column and the last `text_columns` hold text and are set
/// left, the others figures, set right.
struct TextTable {
    std::vector<std::string> head;
    std::vector<std::vector<std::string>> rows = {};
    std::size_t text_columns = 0;
};

/// Columns padded to their widest cell (UTF-8, each code point one column), a line a row.
std::string aligned(const TextTable& table);

}  // namespace nachos::report
