target_sources(headroom_models PRIVATE
  ${CMAKE_CURRENT_LIST_DIR}/accelerator.cpp
  ${CMAKE_CURRENT_LIST_DIR}/node_type.cpp
  ${CMAKE_CURRENT_LIST_DIR}/prices.cpp)
