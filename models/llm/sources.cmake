target_sources(headroom_models PRIVATE
  ${CMAKE_CURRENT_LIST_DIR}/catalogue_file.cpp
  ${CMAKE_CURRENT_LIST_DIR}/config_keys.cpp
  ${CMAKE_CURRENT_LIST_DIR}/draft_layer.cpp
  ${CMAKE_CURRENT_LIST_DIR}/feasibility.cpp
  ${CMAKE_CURRENT_LIST_DIR}/find_model.cpp
  ${CMAKE_CURRENT_LIST_DIR}/import_config.cpp
  ${CMAKE_CURRENT_LIST_DIR}/layer.cpp
  ${CMAKE_CURRENT_LIST_DIR}/lora.cpp
  ${CMAKE_CURRENT_LIST_DIR}/memory_plan.cpp
  ${CMAKE_CURRENT_LIST_DIR}/model.cpp
  ${CMAKE_CURRENT_LIST_DIR}/precision.cpp)
