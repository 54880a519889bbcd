#pragma once

#include "core/options.h"

#include <string>

namespace nachos::cli {

/// A visitor whose eight kinds of field are one overloaded or templated `Derived::visit(info, value)`.
template <class Derived>
class GenericVisitor : public core::OptionVisitor {
  public:
    void field(const core::OptionInfo& info, bool& value) override { self().visit(info, value); }
    void field(const core::OptionInfo& info, int& value) override { self().visit(info, value); }
    void field(const core::OptionInfo& info, std::uint64_t& value) override { self().visit(info, value); }
    void field(const core::OptionInfo& info, double& value) override { self().visit(info, value); }
    void field(const core::OptionInfo& info, std::string& value) override { self().visit(info, value); }
    void field(const core::OptionInfo& info, std::optional<double>& value) override { self().visit(info, value); }
    void field(const core::OptionInfo& info, std::vector<int>& value) override { self().visit(info, value); }
    void field(const core::OptionInfo& info, std::vector<std::vector<int>>& value) override { self().visit(info, value); }

  private:
    Derived& self() { return static_cast<Derived&>(*this); }
};

}  // namespace nachos::cli
