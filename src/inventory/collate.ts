/** One collator for all: making one a comparison costs a hundred times the comparison. */
const collator = new Intl.Collator('en', { numeric: true });

/** Orders names as people count: `node-2` before `node-10`. Only equal names are equal: `node-1` and `node-01` have an order, too. */
export function collate(a: string, b: string): number {
  return collator.compare(a, b) || Number(a > b) - Number(a < b);
}
