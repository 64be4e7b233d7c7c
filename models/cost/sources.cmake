# sources of models/cost, added to headroom_models
target_sources(headroom_models PRIVATE
  ${CMAKE_CURRENT_LIST_DIR}/check.cpp
  ${CMAKE_CURRENT_LIST_DIR}/compile.cpp
  ${CMAKE_CURRENT_LIST_DIR}/compiled_tables.cpp
  ${CMAKE_CURRENT_LIST_DIR}/defects.cpp
  ${CMAKE_CURRENT_LIST_DIR}/fill_grid.cpp
  ${CMAKE_CURRENT_LIST_DIR}/fit.cpp
  ${CMAKE_CURRENT_LIST_DIR}/flat_json.cpp
  ${CMAKE_CURRENT_LIST_DIR}/kernel.cpp
  ${CMAKE_CURRENT_LIST_DIR}/kernel_tiles.cpp
  ${CMAKE_CURRENT_LIST_DIR}/operation.cpp
  ${CMAKE_CURRENT_LIST_DIR}/profile.cpp
  ${CMAKE_CURRENT_LIST_DIR}/profile_json.cpp
  ${CMAKE_CURRENT_LIST_DIR}/profile_text.cpp
  ${CMAKE_CURRENT_LIST_DIR}/raw_compute.cpp
  ${CMAKE_CURRENT_LIST_DIR}/raw_csv.cpp
  ${CMAKE_CURRENT_LIST_DIR}/raw_experts.cpp
  ${CMAKE_CURRENT_LIST_DIR}/raw_latent.cpp
  ${CMAKE_CURRENT_LIST_DIR}/raw_layers.cpp
  ${CMAKE_CURRENT_LIST_DIR}/raw_tables.cpp
  ${CMAKE_CURRENT_LIST_DIR}/sampled_line.cpp
  ${CMAKE_CURRENT_LIST_DIR}/similar_experts.cpp
  ${CMAKE_CURRENT_LIST_DIR}/speed_of_light.cpp
  ${CMAKE_CURRENT_LIST_DIR}/step_kernels.cpp
  ${CMAKE_CURRENT_LIST_DIR}/step_times.cpp
  ${CMAKE_CURRENT_LIST_DIR}/table.cpp
  ${CMAKE_CURRENT_LIST_DIR}/validate_kernels.cpp)
