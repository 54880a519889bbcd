#include "core/version.h"

namespace nachos::core {

const char* version() { return NACHOS_VERSION; }
const char* commit() { return NACHOS_COMMIT; }

}  // namespace nachos::core
