#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace onnx {
class GraphProto;
}

namespace nachos::exporting {

enum class OnnxType { float32, uint8, int64 };

/// A dimension: a size, or a name for one that is known only when it runs.
using OnnxDims = std::vector<std::variant<std::int64_t, std::string>>;

using OnnxAttribute = std::variant<std::int64_t, float, std::vector<std::int64_t>>;
using OnnxAttributes = std::vector<std::pair<std::string, OnnxAttribute>>;

/// Adds to a graph, one value at a time. Values are named once in a model, subgraphs included.
class OnnxGraph {
  public:
    explicit OnnxGraph(onnx::GraphProto& graph) : graph_(graph) {}

    void input(const std::string& name, OnnxType type, const OnnxDims& dims);
    void output(const std::string& name, OnnxType type, const OnnxDims& dims);
    /// A constant; returns its name.
    std::string floats(const std::string& name, const std::vector<std::int64_t>& dims, std::span<const float> values);
    std::string integers(const std::string& name, const std::vector<std::int64_t>& dims,
                         std::span<const std::int64_t> values);
    std::string scalar(const std::string& name, float value);
    /// A node with one output, which it is named after; returns that name.
    std::string node(const std::string& op, const std::vector<std::string>& inputs, const std::string& output,
                     const OnnxAttributes& attributes = {});
    /// An If with several outputs; the branches' graphs, to be filled.
    struct Branches {
        onnx::GraphProto& then_branch;
        onnx::GraphProto& else_branch;
    };
    Branches branch(const std::string& condition, const std::vector<std::string>& outputs, const std::string& name);

  private:
    onnx::GraphProto& graph_;
};

}  // namespace nachos::exporting
