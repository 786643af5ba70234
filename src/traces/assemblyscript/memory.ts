let top: usize = 0;

/** `bytes` of fresh memory, aligned for SIMD. Traps when the 4 GB of a WASM memory are used up. */
export function allocate(bytes: usize): usize {
  if (top === 0) top = (__heap_base + 63) & ~63;
  const start = top;
  top = (top + bytes + 63) & ~63;
  const missingPages = <i32>((top + 65535) >> 16) - memory.size();
  if (missingPages > 0 && memory.grow(missingPages) < 0) unreachable();
  return start;
}
