#include "study/evaluation_row.h"

#include "core/error.h"
#include "core/hash.h"
#include "core/parallel.h"
#include "policy/policy_json.h"
#include "study/evaluation_json.h"
#include "study/folder.h"

#include <algorithm>
#include <span>
#include <thread>

namespace nachos::study {
namespace {

constexpr std::size_t kRowsAtOnce = 256;
constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15;  // 2^64 over the golden ratio

std::uint64_t digest_of(const RowView& row) {
    const std::string_view seconds = core::bytes_of(std::span(&row.seconds, 1));
    std::uint64_t digest = 0;
    for (const std::string_view text : {row.arch, row.fidelity, row.error, row.costs, row.curve, row.table_file, seconds})
        digest = kOdd * digest + core::hash64(text);
    return digest;
}

}  // namespace

EvaluationRow row_of(const Evaluation& e) {
    return {0, arch::to_json(e.arch), e.fidelity, e.error, to_json(e.costs), to_json(e.curve), e.table_file, e.seconds};
}

EvaluationRow copy_of(const RowView& r) {
    return {r.id,
            std::string(r.arch),
            std::string(r.fidelity),
            std::string(r.error),
            std::string(r.costs),
            std::string(r.curve),
            std::string(r.table_file),
            r.seconds};
}

RowView view_of(const EvaluationRow& r) {
    return {r.id, r.arch, r.fidelity, r.error, r.costs, r.curve, r.table_file, r.seconds};
}

void check_exits(const arch::ArchSpec& arch, const ArchCosts& costs, const std::string& where) {
    const auto exits = static_cast<std::size_t>(arch.placed_exits()) + 1;
    require(costs.executed_macs.size() == exits, ErrorKind::bad_data, "{}: has costs of {} exits, its architecture has {}",
            where, costs.executed_macs.size(), exits);
}

Evaluation evaluation_of(EvaluationRow row, const std::string& where, const std::filesystem::path& folder) {
    Evaluation e;
    e.arch = arch::spec_from_json(row.arch, where);
    e.fidelity = std::move(row.fidelity);
    e.error = std::move(row.error);
    e.costs = costs_from_json(row.costs, where);
    e.curve = curve_from_json(row.curve, where);
    e.table_file = std::move(row.table_file);
    require(e.ok() || e.curve.empty(), ErrorKind::bad_data, "{}: has failed and yet a curve of {} points", where,
            e.curve.size());
    if (e.ok()) check_exits(e.arch, e.costs, where);
    for (const auto& point : e.curve) policy::check(point.point, e.arch.placed_exits() + 1, where);
    if (!e.table_file.empty()) path_inside(folder, e.table_file);
    e.seconds = row.seconds;
    return e;
}

void RowSet::add(const RowView& row, std::string where) {
    Row added{digest_of(row), {}, std::move(where)};
    const auto known = known_.find(row.id);
    if (known == known_.end() || known->second != added.digest) added.texts = copy_of(row);
    rows_.insert_or_assign(rows_.end(), row.id, std::move(added));
}

std::vector<StoredEvaluation> RowSet::read(const std::filesystem::path& folder) && {
    std::vector<StoredEvaluation> all;
    std::vector<std::pair<Row*, std::optional<Evaluation>*>> unread;
    all.reserve(rows_.size());  // its elements are pointed at
    for (auto& [id, row] : rows_) {
        all.push_back({id, row.digest, {}});
        if (row.texts) unread.emplace_back(&row, &all.back().evaluation);
    }
    const auto decode = [&](int chunk) {
        const std::size_t begin = static_cast<std::size_t>(chunk) * kRowsAtOnce;
        for (std::size_t i = begin; i < std::min(begin + kRowsAtOnce, unread.size()); ++i) {
            const auto& [row, evaluation] = unread[i];
            *evaluation = evaluation_of(std::move(*row->texts), row->where, folder);
        }
    };
    const auto cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    core::for_each_index(static_cast<int>((unread.size() + kRowsAtOnce - 1) / kRowsAtOnce), cores, decode);
    return all;
}

}  // namespace nachos::study
