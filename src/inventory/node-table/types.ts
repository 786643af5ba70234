/** Null: not known, or the node does not carry it. */
export type NodeValue = string | number | null;

/** What a column is, without the way its values are found. */
export interface NodeColumn {
  /** `free`; of a label `label:<key>`. */
  readonly id: string;
  readonly title: string;
  /** Where its values come from, for a tooltip. */
  readonly meaning: string;
  readonly numeric: boolean;
}

export interface NodeRow {
  readonly name: string;
  /** Ready, not cordoned and without a taint that keeps ordinary pods away: its free GPUs can be used. */
  readonly usable: boolean;
  /** By column id: every built-in column, and the label columns that were asked for. */
  readonly values: Readonly<Record<string, NodeValue>>;
}

/** A label that nodes carry. */
export interface LabelUse {
  readonly key: string;
  /** How many nodes carry it. */
  readonly nodes: number;
  /** Its different values, the most frequent first; a few of them. */
  readonly examples: readonly string[];
}

export interface NodeSorting {
  /** A column's id. */
  readonly by: string;
  readonly descending: boolean;
}
