// The instruction set in use, for who keeps what depends on it: weights in a kernel's order.
#pragma once

namespace lineament {

/// Another number after force_isa() with another name. Cheap.
int isa_token();

/// Whether the set in use has AMX's registers, which multiply int8 and bfloat16.
bool has_amx();

/// Whether the set in use multiplies bytes in any way, by has_int8_products() or in pairs (PMADDUBSW). Elsewhere they
/// become 32-bit numbers first.
bool multiplies_bytes();

/// Whether products of bytes are added up in 16 bits first, two channels' at a time, as x86 processors without VNNI do.
/// Both weights together are then 128 at most: 255 * 128 fits. So it is on every set without has_int8_products(), for
/// the same bits.
bool int8_adds_pairs();

/// What is taken from each input before it is multiplied: 128 where only signed bytes are (SDOT), else 0.
int int8_input_shift();

}  // namespace lineament
