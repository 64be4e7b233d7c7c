# sources of power and energy in models/cost, added to headroom_models
target_sources(headroom_models PRIVATE
  ${CMAKE_CURRENT_LIST_DIR}/capped_step_times.cpp
  ${CMAKE_CURRENT_LIST_DIR}/fit_power.cpp
  ${CMAKE_CURRENT_LIST_DIR}/measured_power.cpp
  ${CMAKE_CURRENT_LIST_DIR}/power.cpp
  ${CMAKE_CURRENT_LIST_DIR}/step_work.cpp
  ${CMAKE_CURRENT_LIST_DIR}/validate_power.cpp)
