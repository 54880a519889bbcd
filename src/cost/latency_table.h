#pragma once

#include "arch/net_desc.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace nachos::cost {

/// What a layer's time depends on: its kind and geometry. Weights, names and the exit it belongs to do not count; a bias is
/// always there once batch norm is folded.
struct LayerKey {
    arch::LayerKind kind = arch::LayerKind::conv;
    arch::Shape in;
    arch::Shape out;
    int kernel = 1;
    int stride = 1;
    int groups = 1;
    arch::Activation activation = arch::Activation::none;
};
bool operator<(const LayerKey& a, const LayerKey& b);

LayerKey key_of(const arch::Layer& layer);
/// "conv 16x14x14 to 32x14x14, kernel 1, stride 1, groups 1, relu"
std::string text_of(const LayerKey& key);

/// What a layer took, in microseconds, batch 1.
struct LayerLatency {
    double median_us = 0;
    double spread_us = 0;  ///< between the quartiles
    int samples = 0;
};

/// Where a table was measured. Latencies of another machine, thread count, data type or runtime say little.
struct Device {
    std::string cpu;
    int threads = 1;
    std::string data_type;
    std::string runtime_version;
};

/// How a table's predictions did on designs it was not made from, each exit of each counted.
struct LatencyCheck {
    int designs = 0;
    double median_error = 0;  ///< median of |predicted - measured| / measured
    double p90_error = 0;
    double spearman = 0;        ///< rank correlation over all exits
    double kendall = 0;         ///< likewise
    double spearman_whole = 0;  ///< rank correlation of whole networks alone, which is harder
};

/// Measured latencies of the layers of a search space on one device. It is for inputs of one shape and one number of
/// classes.
struct LatencyTable {
    Device device;
    std::string commit;  ///< of the program that measured
    std::string date;    ///< UTC, ISO 8601
    arch::Shape input;
    int classes = 0;
    double inference_us = 0;  ///< once an inference: bytes to input, bookkeeping
    double exit_us = 0;       ///< at each exit passed or taken: its confidence, asking the policy
    LatencyCheck check;
    std::map<LayerKey, LayerLatency> layers;
};

/// One entry an exit, the final one last: what an inference takes that leaves there. Executed accounting, as of MACs: the
/// backbone up to the exit and all heads passed. Throws Error(bad_data) if the table is for another input or number of
/// classes, or lacks a layer, naming it.
std::vector<double> latency_us(const arch::NetDesc& net, const LatencyTable& table);

std::string to_json(const LatencyTable& table);

/// Reads and checks a table from an untrusted text; `where` names it in errors. Throws Error(bad_data).
LatencyTable latency_table_from(std::string_view text, const std::string& where);

/// One sentence that says how `here` differs from the machine the table was measured on; empty if it does not.
std::string mismatch(const LatencyTable& table, const Device& here);

}  // namespace nachos::cost
