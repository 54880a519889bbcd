#include "report/page_template.h"

#ifdef NACHOS_TRY_PAGE
// The file goes into the program as it is: a string literal of its size takes a compiler seconds.
asm(".pushsection .rodata\n"
    "nachos_try_page:\n"
    ".incbin \"" NACHOS_TRY_PAGE
    "\"\n"
    "nachos_try_page_end:\n"
    ".byte 0\n"
    ".popsection\n");
extern const char page_begin[] asm("nachos_try_page");
extern const char page_end[] asm("nachos_try_page_end");
#endif

namespace nachos::report {

std::string_view try_template() {
#ifdef NACHOS_TRY_PAGE
    return {page_begin, static_cast<std::size_t>(page_end - page_begin)};
#else
    return {};
#endif
}

}  // namespace nachos::report
