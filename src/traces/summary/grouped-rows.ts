/** The rows of one key, in the order in which they came. */
export interface RowGroup {
  readonly key: number;
  readonly rows: Uint32Array;
}

/** Parts rows by the key that `keys` holds for each, a number below `limit`: the groups that are not empty, by key. */
export function groupedRows(keys: Uint32Array | Uint8Array, limit: number, rows: Uint32Array): readonly RowGroup[] {
  const counts = new Uint32Array(limit);
  for (let i = 0; i < rows.length; i++) {
    const key = keys[rows[i] ?? 0] ?? 0;
    counts[key] = (counts[key] ?? 0) + 1;
  }
  const next = new Uint32Array(limit);
  for (let key = 1; key < limit; key++) next[key] = (next[key - 1] ?? 0) + (counts[key - 1] ?? 0);
  const sorted = new Uint32Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] ?? 0;
    const key = keys[row] ?? 0;
    const at = next[key] ?? 0;
    sorted[at] = row;
    next[key] = at + 1;
  }
  const groups: RowGroup[] = [];
  for (let key = 0; key < limit; key++) {
    const end = next[key] ?? 0;
    const count = counts[key] ?? 0;
    if (count > 0) groups.push({ key, rows: sorted.subarray(end - count, end) });
  }
  return groups;
}
