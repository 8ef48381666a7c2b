// The instruction set in use, for who keeps what depends on it: weights in a kernel's order.
#pragma once

namespace lineament {

/// Another number after force_isa() with another name. Cheap.
int isa_token();

/// Whether the set in use multiplies bytes in any way, by has_int8_products() or in pairs (PMADDUBSW). Elsewhere they
/// become 32-bit numbers first.
bool multiplies_bytes();

/// The largest weight in int8: 127 where products of bytes are added up in 32 bits. Elsewhere 63: then two products
/// with 0 … 255 fit 16 bits, in which x86 processors without VNNI add them up.
int int8_weight_limit();

/// What is taken from each input before it is multiplied: 128 where only signed bytes are (SDOT), else 0.
int int8_input_shift();

}  // namespace lineament
