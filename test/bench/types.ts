/** One measured figure beside its peer's, in words with units. An empty `peer` has none. */
export interface BenchRow {
  readonly what: string;
  readonly ours: string;
  readonly peer: string;
  readonly note: string;
}
