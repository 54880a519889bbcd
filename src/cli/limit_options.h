#pragma once

#include "study/evaluation.h"

#include <CLI/CLI.hpp>

#include <map>
#include <string>

namespace nachos::cli {

/// One option a limit, "--max-avg-macs X" and so on, as study::Limits describes them; "none" takes a limit away.
class LimitOptions {
  public:
    /// Adds them to the command; this object must live until it is parsed.
    explicit LimitOptions(CLI::App& command);

    /// `limits` with those given on the command line in their place. Throws Error(usage) as a configuration does.
    study::Limits applied_to(study::Limits limits) const;

  private:
    std::map<std::string, std::string> given_;  ///< by key; empty = not given
};

}  // namespace nachos::cli
