// Names come from pods and API servers: what becomes of them here stays one name in the folder that it is meant for, on every
// file system.

const LONGEST = 180;
const FORBIDDEN = /[\p{Cc}\p{Cf}\\/:*?"<>|]/gu;
/** Names that Windows keeps for devices. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** One safe file or folder name. */
export function safeName(name: string): string {
  let safe = name
    .replaceAll(FORBIDDEN, '_')
    .replace(/^\.+/, '_')
    .replace(/[. ]+$/, '_');
  if (safe === '' || RESERVED.test(safe)) safe = `_${safe}`;
  if (safe.length <= LONGEST) return safe;
  const ending = /(\.pt\.trace)?\.json(\.gz)?$/.exec(safe)?.[0] ?? '';
  return safe.slice(0, LONGEST - ending.length) + ending;
}
