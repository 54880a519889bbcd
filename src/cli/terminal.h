#pragma once

#include <string>

namespace nachos::cli {

/// What a stream of this process is connected to.
struct Terminal {
    bool interactive = false;  ///< a terminal, not a file or a pipe
    int width = 80;            ///< columns; 80 where nobody says
};
Terminal terminal_of(int descriptor);

/// Whether the environment's locale writes UTF-8: the first of LC_ALL, LC_CTYPE and LANG that is set decides.
bool writes_utf8();

/// Whether text on it may be coloured: on a terminal that is not "dumb", and not with NO_COLOR (https://no-color.org).
bool may_colour(const Terminal& terminal);

}  // namespace nachos::cli
