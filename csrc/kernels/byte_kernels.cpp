// Compiled for whatever has a quick inner product of bytes, and once for all else; COALS_BYTE_TABLE names the one
// symbol that the object exports.
#include "bytes.hpp"

namespace coals {

extern const ByteKernels COALS_BYTE_TABLE;
const ByteKernels COALS_BYTE_TABLE = {COALS_BYTE_TABLE_NAME,  tile_rows,      byte_width,
                                      score_bytes<tile_rows>, score_bytes<1>, sample_bytes<tile_rows>,
                                      sample_bytes<1>};

}  // namespace coals
