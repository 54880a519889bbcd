#pragma once

#include "cli/train_session.h"

#include <filesystem>

namespace nachos::cli {

/// Whether a study of this configuration can begin with the supernet that supernet.from names. Throws Error(usage): it was
/// trained otherwise (naming the first key that differs), on other images or not to its end; or nothing would use it.
void require_supernet(const Session& session);

/// Begins `study` with what the study in `from` has of its supernet, which is not needed afterwards; nothing if `study` has
/// one already.
void copy_supernet(const std::filesystem::path& from, const study::Study& study);

}  // namespace nachos::cli
