#pragma once

#include "core/options.h"

#include <functional>
#include <string>
#include <vector>

namespace nachos::cli {

/// Calls an option struct's describe().
using Describe = std::function<void(core::OptionVisitor&)>;

/// A configuration as the user gave it.
struct ConfigText {
    std::string toml;
    std::string where;                   ///< file name, for messages
    std::vector<std::string> overrides;  ///< "key=value", dotted keys; a value that is no TOML is taken as text
    bool other_groups = false;           ///< groups that are not described are somebody else's: not looked at
};

/// Fills the described options. Keys not given keep their value; overrides win over the file; "none" unsets an optional.
/// Throws Error(usage): a key that is not known (with the nearest one that is), a wrong type, a value out of range, and
/// where.
void read_options(const ConfigText& text, const Describe& describe);

/// Every key with its value as TOML, in the order of description: read_options gives exactly the same options back.
std::string options_to_toml(const Describe& describe);

/// JSON schema (draft 2020-12) of the described options; the values at hand are the defaults.
std::string options_schema(const Describe& describe, const std::string& title);

/// Every key with default, range and help as tables in Markdown, one a group; the values at hand are the defaults.
std::string options_reference(const Describe& describe);

}  // namespace nachos::cli
