# What is installed: the program, the two shared libraries, their public headers, and the files by which CMake and
# pkg-config projects find them.
include(CMakePackageConfigHelpers)

# The program and the runtime need no LLVM, so they don't name its folder; libpolytile-compiler does.
foreach(target polytile polytile-runtime)
  if(TARGET ${target})
    set_target_properties(${target} PROPERTIES INSTALL_RPATH "$ORIGIN/../lib;$ORIGIN")
  endif()
endforeach()

set(polytile_installed "")
foreach(target polytile-runtime polytile-compiler)
  if(TARGET ${target})
    list(APPEND polytile_installed ${target})
    get_target_property(include_folder ${target} POLYTILE_PUBLIC_INCLUDE)
    if(include_folder)
      install(DIRECTORY "${include_folder}/" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
              FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
    endif()
  endif()
endforeach()
if(TARGET polytile)
  install(TARGETS polytile RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
endif()

if(polytile_installed)
  install(TARGETS ${polytile_installed} EXPORT PolytileTargets
    LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
  set(polytile_package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/Polytile")
  install(EXPORT PolytileTargets NAMESPACE Polytile:: DESTINATION "${polytile_package_folder}")
  configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/PolytileConfig.cmake.in"
    "${PROJECT_BINARY_DIR}/PolytileConfig.cmake" INSTALL_DESTINATION "${polytile_package_folder}")
  write_basic_package_version_file("${PROJECT_BINARY_DIR}/PolytileConfigVersion.cmake"
    COMPATIBILITY SameMinorVersion)
  install(FILES "${PROJECT_BINARY_DIR}/PolytileConfig.cmake" "${PROJECT_BINARY_DIR}/PolytileConfigVersion.cmake"
    DESTINATION "${polytile_package_folder}")
  # The .pc file finds the prefix from its own place, so that the installed tree can be moved.
  file(RELATIVE_PATH polytile_pc_to_prefix
    "/prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/prefix")
  configure_file("${CMAKE_CURRENT_LIST_DIR}/polytile-runtime.pc.in" "${PROJECT_BINARY_DIR}/polytile-runtime.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/polytile-runtime.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endif()
