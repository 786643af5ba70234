/** Amounts by resource name. */
export type Counts = Readonly<Record<string, number>>;

export function addTo(total: Record<string, number>, counts: Counts): void {
  for (const name of Object.keys(counts)) total[name] = (total[name] ?? 0) + (counts[name] ?? 0);
}

/** All of it together, whatever the resource. */
export function sumOf(counts: Counts): number {
  let sum = 0;
  for (const name of Object.keys(counts)) sum += counts[name] ?? 0;
  return sum;
}
