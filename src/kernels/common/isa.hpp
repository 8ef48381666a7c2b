// The instruction set in use, for who keeps what depends on it: weights in a kernel's order.
#pragma once

namespace lineament {

/// Another number after force_isa() with another name. Cheap.
int isa_token();

}  // namespace lineament
