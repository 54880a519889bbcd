#include "report/page.h"

#include "core/error.h"
#include "report/page_template.h"

#include <cassert>

namespace nachos::report {
namespace {

/// JSON that nothing in it can end the script element: `<` occurs in strings alone.
void append_escaped(std::string& out, std::string_view json) {
    for (const char c : json) {
        if (c == '<')
            out += "\\u003c";
        else
            out += c;
    }
}

/// A template with `json` in its element of that id, which holds null.
std::string filled(std::string_view whole, std::string_view id, std::string_view json) {
    require(!whole.empty(), ErrorKind::usage,
            "this nachos was built without the interactive page; install npm and configure the build again");
    const std::string before = fmt::format(R"(<script type="application/json" id="{}">)", id);
    const std::size_t at = whole.find(before + "null</script>");
    assert(at != std::string_view::npos);
    std::string out(whole.substr(0, at + before.size()));
    out.reserve(whole.size() + json.size() + json.size() / 16);
    append_escaped(out, json);
    out += whole.substr(at + before.size() + 4);
    return out;
}

}  // namespace

bool has_page() { return !page_template().empty(); }

std::string page(std::string_view json) { return filled(page_template(), "study", json); }

std::string try_page(std::string_view json) { return filled(try_template(), "try", json); }

}  // namespace nachos::report
