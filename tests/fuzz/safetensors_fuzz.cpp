#include "core/safetensors.h"
#include "fuzz.h"

using namespace nachos;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return fuzz::accept_or_refuse([&] {
        const core::TensorFile file = core::parse_tensors(fuzz::text_of(data, size), "input");
        for (const auto& [name, tensor] : file.tensors) {
            const std::vector<std::int64_t> any(tensor.shape.size(), -1);
            if (tensor.dtype == core::DType::i32)
                file.ints(name, any, "input");
            else
                file.floats(name, any, "input");
        }
    });
}
