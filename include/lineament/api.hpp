// What a shared library shows. It is compiled with hidden names; public headers open their namespace with this mark, so
// what they declare is seen, and what only src/ declares is not. tools/mark-api puts it into new headers.
#pragma once

#if defined(__GNUC__)
#define LINEAMENT_API [[gnu::visibility("default")]]
#else
#define LINEAMENT_API
#endif
