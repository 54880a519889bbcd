# What trains links libtorch: for the build, and for find_package(nachos COMPONENTS train) elsewhere.
# Caffe2's own configuration asks for CUDA and others by their old names; its warnings are not ours.
set(CMAKE_WARN_DEPRECATED OFF)
find_package(Torch REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
message(STATUS "libtorch ${Torch_VERSION}")
# Torch's headers are not warning-clean: those of an imported target are taken as system headers.
add_library(nachos_torch_flags INTERFACE IMPORTED)
target_include_directories(nachos_torch_flags INTERFACE ${TORCH_INCLUDE_DIRS})
separate_arguments(torch_cxx_flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
target_compile_options(nachos_torch_flags INTERFACE ${torch_cxx_flags})
target_link_libraries(nachos_torch_flags INTERFACE ${TORCH_LIBRARIES} OpenMP::OpenMP_CXX)
