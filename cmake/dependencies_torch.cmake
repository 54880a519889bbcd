# What trains links libtorch: for the build, and for find_package(nachos COMPONENTS train) elsewhere.
# Caffe2's own configuration asks for CUDA and others by their old names; its warnings are not ours.
set(CMAKE_WARN_DEPRECATED OFF)
find_package(Torch REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
message(STATUS "libtorch ${Torch_VERSION}")
# Its headers are looked for last, and as system headers: libtorch 2 brings some of fmt, protobuf, XNNPACK and pthreadpool with it,
# which must not hide those that nachos links.
foreach(target torch torch_library torch_cpu torch_cpu_library torch_cuda torch_cuda_library c10 c10_cuda headeronly)
  if(TARGET ${target})
    set_target_properties(${target} PROPERTIES INTERFACE_INCLUDE_DIRECTORIES "" INTERFACE_SYSTEM_INCLUDE_DIRECTORIES "")
  endif()
endforeach()
add_library(nachos_torch_flags INTERFACE IMPORTED)
set(torch_includes ${TORCH_INCLUDE_DIRS})
list(REMOVE_DUPLICATES torch_includes)
list(REMOVE_ITEM torch_includes ${CMAKE_CXX_IMPLICIT_INCLUDE_DIRECTORIES})
foreach(folder ${torch_includes})
  target_compile_options(nachos_torch_flags INTERFACE "SHELL:-idirafter \"${folder}\"")
endforeach()
separate_arguments(torch_cxx_flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
target_compile_options(nachos_torch_flags INTERFACE ${torch_cxx_flags})
target_link_libraries(nachos_torch_flags INTERFACE ${TORCH_LIBRARIES} OpenMP::OpenMP_CXX)
