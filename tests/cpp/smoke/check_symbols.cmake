# Run by ctest: every kernel object must export exactly one symbol, its table, so that no function compiled for one
# instruction set can be linked in for another.
execute_process(COMMAND ${NM} --defined-only --extern-only ${OBJECT} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
string(STRIP "${symbols}" symbols)
string(REPLACE "\n" ";" symbols "${symbols}")
list(LENGTH symbols count)
if(NOT count EQUAL 1 OR NOT symbols MATCHES "kernel_table_|byte_kernels_")
  message(FATAL_ERROR "${OBJECT} exports ${count} symbols: ${symbols}")
endif()
