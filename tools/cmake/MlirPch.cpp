// The one source of the precompiled header's target: a static library needs one, and nothing else is to be built here.
namespace polytile {
/// Marks the archive as non-empty for archivers that warn about members without symbols.
extern const int mlirPchAnchor;
const int mlirPchAnchor = 0;
} // namespace polytile
