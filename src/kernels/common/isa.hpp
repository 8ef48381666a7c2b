// The instruction set in use, for who keeps what depends on it: weights in a kernel's order.
#pragma once

namespace lineament {

/// Another number after force_isa() with another name. Cheap.
int isa_token();

/// The largest weight in int8: 127 where products of bytes are added up in 32 bits. Elsewhere 63: then two products
/// with 0 … 255 fit 16 bits, in which processors without VNNI add them up.
int int8_weight_limit();

}  // namespace lineament
