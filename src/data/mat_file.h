#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace nachos::data {

/// A real array of class uint8, first index fastest.
struct MatArray {
    std::vector<std::size_t> dims;
    std::string bytes;
};

/// The array of that name in a MATLAB file of version 5 to 7, packed or not (MathWorks, "MAT-File Format": level 5). Other
/// arrays are passed over. Sizes are checked against what the file can hold before memory is taken. Throws Error(bad_data),
/// naming `where`: no such file or array, another class, truncated or corrupt.
MatArray read_mat_array(std::string_view file, const std::string& name, const std::string& where);

}  // namespace nachos::data
