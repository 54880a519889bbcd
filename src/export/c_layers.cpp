#include "export/c_layers.h"

#include "export/c_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace nachos::exporting {

CLayers::CLayers(const model::Model& model)
    : model_(model), net_(model.net), plan_(runtime::plan_memory(runtime::lifetimes_of(net_))) {}

std::string CLayers::at(int tensor) const {
    return fmt::format("arena + {}", plan_.offsets[static_cast<std::size_t>(tensor)]);
}

void CLayers::use(const std::string& kernel) {
    if (std::find(kernels_.begin(), kernels_.end(), kernel) == kernels_.end()) kernels_.push_back(kernel);
}

void CLayers::add_constants(const std::string& type, const std::string& name, std::size_t count, const std::string& list,
                            std::size_t bytes) {
    flash_bytes_ += static_cast<std::int64_t>(bytes);
    constants_ += fmt::format("static const {} {}[{}] = {{{}\n}};\n", type, name, count, list);
}

void CLayers::add_comment(const std::string& text) { constants_ += fmt::format("/* {} */\n", harmless(text)); }

}  // namespace nachos::exporting
