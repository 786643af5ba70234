/** Bytes of a device without an end; undefined when the path is none. */
export function deviceBytes(path: string | undefined, count: number): Uint8Array | undefined {
  if (path === '/dev/zero') return new Uint8Array(count);
  if (path !== '/dev/urandom' && path !== '/dev/random') return undefined;
  const bytes = new Uint8Array(count);
  const mostAtOnce = 65_536;
  for (let start = 0; start < count; start += mostAtOnce)
    crypto.getRandomValues(bytes.subarray(start, start + mostAtOnce));
  return bytes;
}
