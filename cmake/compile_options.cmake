# One interface target that every target of ours links: warnings, reproducible floating point, sanitizers.
add_library(headroom_options INTERFACE)
target_compile_options(headroom_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow
  -ffp-contract=off)          # same bytes on every machine; -march=native is left out for the same reason
target_include_directories(headroom_options INTERFACE ${PROJECT_SOURCE_DIR})
if(HEADROOM_WARNINGS_AS_ERRORS)
  target_compile_options(headroom_options INTERFACE -Werror)
endif()
if(HEADROOM_SANITIZE)
  target_compile_options(headroom_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all
                         -fno-omit-frame-pointer
                         -Wno-maybe-uninitialized)  # g++ 12 warns falsely under the sanitizers
  target_link_options(headroom_options INTERFACE -fsanitize=address,undefined)
endif()

# headroom_library(NAME SOURCES... DEPENDS targets...)
function(headroom_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC headroom_options ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE_DEPENDS})
endfunction()
