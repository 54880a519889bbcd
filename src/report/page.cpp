#include "report/page.h"

#include "core/error.h"
#include "report/page_template.h"

#include <cassert>

namespace nachos::report {
namespace {

constexpr std::string_view kPlace = R"(<script type="application/json" id="study">null</script>)";
constexpr std::string_view kBefore = R"(<script type="application/json" id="study">)";
constexpr std::string_view kBehind = "</script>";

/// JSON that nothing in it can end the script element: `<` occurs in strings alone.
void append_escaped(std::string& out, std::string_view json) {
    for (const char c : json) {
        if (c == '<')
            out += "\\u003c";
        else
            out += c;
    }
}

}  // namespace

bool has_page() { return !page_template().empty(); }

std::string page(std::string_view json) {
    require(has_page(), ErrorKind::usage,
            "this nachos was built without the interactive page; install npm and configure the build again");
    const std::string_view whole = page_template();
    const std::size_t at = whole.find(kPlace);
    assert(at != std::string_view::npos);
    std::string out(whole.substr(0, at));
    out.reserve(whole.size() + json.size() + json.size() / 16);
    out += kBefore;
    append_escaped(out, json);
    out += kBehind;
    out += whole.substr(at + kPlace.size());
    return out;
}

}  // namespace nachos::report
