#pragma once

#include "model/model_file.h"
#include "runtime/memory_plan.h"

#include <memory>
#include <string>
#include <vector>

namespace nachos::exporting {

/// How layers become C: the part of a C form that knows what numbers are made of.
class CLayers {
  public:
    virtual ~CLayers() = default;

    /// The statement that runs a layer; its constants and kernels are remembered.
    virtual std::string call(std::size_t layer) = 0;
    /// Declarations of the memory that layers work in.
    virtual std::string memory() const = 0;
    /// The statement that takes in a pixel, from *image of channel c.
    virtual std::string take_pixel() const = 0;
    /// The type of a map's values.
    virtual const char* type() const = 0;
    /// Behind stage `exit`: statements that set `outputs`, logits and gate as floats.
    virtual std::string set_outputs(int exit) const = 0;
    /// Static memory, in bytes.
    virtual std::int64_t memory_bytes() const = 0;

    const std::string& constants() const { return constants_; }
    /// In the order of first use; each stands on those before it.
    const std::vector<std::string>& kernels() const { return kernels_; }
    std::int64_t flash_bytes() const { return flash_bytes_; }
    /// The place of a tensor in the arena.
    std::string at(int tensor) const;

  protected:
    explicit CLayers(const model::Model& model);

    void use(const std::string& kernel);
    /// `static const TYPE NAME[count] = {list}`, `bytes` of flash.
    void add_constants(const std::string& type, const std::string& name, std::size_t count, const std::string& list,
                       std::size_t bytes);
    void add_comment(const std::string& text);

    const model::Model& model_;
    const arch::NetDesc& net_;
    runtime::MemoryPlan plan_;  ///< in values

  private:
    std::string constants_;
    std::vector<std::string> kernels_;
    std::int64_t flash_bytes_ = 0;
};

std::unique_ptr<CLayers> float_layers(const model::Model& model);
/// `model` has a quantization.
std::unique_ptr<CLayers> int8_layers(const model::Model& model);

}  // namespace nachos::exporting
