# Copies web/ without what npm put there by hand. cmake -DFROM= -DTO= -P copy_web.cmake
file(REMOVE_RECURSE ${TO}/src ${TO}/tests)
file(GLOB entries ${FROM}/*)
list(FILTER entries EXCLUDE REGEX "/(node_modules|dist)$")
file(COPY ${entries} DESTINATION ${TO})
