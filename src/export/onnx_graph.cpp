#include "export/onnx_graph.h"

#include <onnx/onnx_pb.h>

namespace nachos::exporting {
namespace {

int proto_type(OnnxType type) {
    switch (type) {
        case OnnxType::float32:
            return onnx::TensorProto::FLOAT;
        case OnnxType::uint8:
            return onnx::TensorProto::UINT8;
        case OnnxType::int64:
            return onnx::TensorProto::INT64;
    }
    return onnx::TensorProto::UNDEFINED;
}

void describe(onnx::ValueInfoProto& value, const std::string& name, OnnxType type, const OnnxDims& dims) {
    value.set_name(name);
    auto* tensor = value.mutable_type()->mutable_tensor_type();
    tensor->set_elem_type(proto_type(type));
    auto* shape = tensor->mutable_shape();
    for (const auto& dim : dims) {
        auto* d = shape->add_dim();
        if (const auto* size = std::get_if<std::int64_t>(&dim)) {
            d->set_dim_value(*size);
        } else {
            d->set_dim_param(std::get<std::string>(dim));
        }
    }
}

template <class T>
void constant(onnx::GraphProto& graph, const std::string& name, int type, const std::vector<std::int64_t>& dims,
              std::span<const T> values) {
    onnx::TensorProto& tensor = *graph.add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(type);
    for (const std::int64_t d : dims) tensor.add_dims(d);
    tensor.set_raw_data(std::string(reinterpret_cast<const char*>(values.data()), values.size_bytes()));
}

void set(onnx::AttributeProto& attribute, const std::string& name, const OnnxAttribute& value) {
    attribute.set_name(name);
    if (const auto* i = std::get_if<std::int64_t>(&value)) {
        attribute.set_type(onnx::AttributeProto::INT);
        attribute.set_i(*i);
    } else if (const auto* f = std::get_if<float>(&value)) {
        attribute.set_type(onnx::AttributeProto::FLOAT);
        attribute.set_f(*f);
    } else {
        attribute.set_type(onnx::AttributeProto::INTS);
        for (const std::int64_t n : std::get<std::vector<std::int64_t>>(value)) attribute.add_ints(n);
    }
}

}  // namespace

void OnnxGraph::input(const std::string& name, OnnxType type, const OnnxDims& dims) {
    describe(*graph_.add_input(), name, type, dims);
}

void OnnxGraph::output(const std::string& name, OnnxType type, const OnnxDims& dims) {
    describe(*graph_.add_output(), name, type, dims);
}

std::string OnnxGraph::floats(const std::string& name, const std::vector<std::int64_t>& dims,
                              std::span<const float> values) {
    constant(graph_, name, onnx::TensorProto::FLOAT, dims, values);
    return name;
}

std::string OnnxGraph::integers(const std::string& name, const std::vector<std::int64_t>& dims,
                                std::span<const std::int64_t> values) {
    constant(graph_, name, onnx::TensorProto::INT64, dims, values);
    return name;
}

std::string OnnxGraph::scalar(const std::string& name, float value) { return floats(name, {}, std::span(&value, 1)); }

std::string OnnxGraph::node(const std::string& op, const std::vector<std::string>& inputs, const std::string& output,
                            const OnnxAttributes& attributes) {
    onnx::NodeProto& node = *graph_.add_node();
    node.set_op_type(op);
    node.set_name(output);
    for (const std::string& in : inputs) node.add_input(in);
    node.add_output(output);
    for (const auto& [name, value] : attributes) set(*node.add_attribute(), name, value);
    return output;
}

OnnxGraph::Branches OnnxGraph::branch(const std::string& condition, const std::vector<std::string>& outputs,
                                      const std::string& name) {
    onnx::NodeProto& node = *graph_.add_node();
    node.set_op_type("If");
    node.set_name(name);
    node.add_input(condition);
    for (const std::string& out : outputs) node.add_output(out);
    const auto graph_attribute = [&](const std::string& which) -> onnx::GraphProto& {
        onnx::AttributeProto& attribute = *node.add_attribute();
        attribute.set_name(which);
        attribute.set_type(onnx::AttributeProto::GRAPH);
        attribute.mutable_g()->set_name(name + "." + which);
        return *attribute.mutable_g();
    };
    onnx::GraphProto& then_branch = graph_attribute("then_branch");
    return {then_branch, graph_attribute("else_branch")};
}

}  // namespace nachos::exporting
