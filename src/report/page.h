#pragma once

#include <string>
#include <string_view>

namespace nachos::report {

/// Whether this program was built with the interactive page (npm was there; option NACHOS_WEB).
bool has_page();

/// The interactive page, self-contained, around the study as page_data() gives it. With "null" for `json` the page is live:
/// it fetches `study.json` beside its own address, and again at each event `study` of the event source `events`. Throws
/// Error(usage) if the program was built without it.
std::string page(std::string_view json);

/// The page that runs a network in the browser, around what cli/try_page gives. Throws as page() does.
std::string try_page(std::string_view json);

}  // namespace nachos::report
