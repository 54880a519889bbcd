#include "runtime/padded.h"

#include "runtime/simd.h"

namespace nachos::runtime {

// Rows are short: calls of memcpy would take longer than they copy.
NACHOS_CLONES void copy_inside(const float* in, std::int64_t rows, std::int64_t row, std::int64_t first, std::int64_t step,
                               float* to) {
    to += first;
    for (std::int64_t y = 0; y < rows; ++y, in += row, to += step) {
        std::int64_t i = 0;
        for (; i + 16 <= row; i += 16) Lanes<16>::store(to + i, Lanes<16>::load(in + i));
        for (; i + 4 <= row; i += 4) Lanes<4>::store(to + i, Lanes<4>::load(in + i));
        for (; i < row; ++i) to[i] = in[i];
    }
}

}  // namespace nachos::runtime
