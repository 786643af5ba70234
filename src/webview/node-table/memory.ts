/** What VS Code keeps of the page while it is hidden and across a reload. The layout is the host's, a workspace. */
export interface PageMemory {
  readonly top: number;
  readonly left: number;
  /** Names of selected nodes. */
  readonly selected: readonly string[];
  readonly focused: string | null;
}

/** What was kept, where it has this version's shape. By hand, so that the page starts without a schema library. */
export function readMemory(kept: unknown): PageMemory | undefined {
  if (
    typeof kept !== 'object' ||
    kept === null ||
    !('top' in kept) ||
    !('left' in kept) ||
    !('selected' in kept) ||
    !('focused' in kept)
  )
    return undefined;
  const { top, left, selected, focused } = kept;
  if (typeof top !== 'number' || typeof left !== 'number' || !Array.isArray(selected)) return undefined;
  return {
    top,
    left,
    selected: selected.filter((name) => typeof name === 'string'),
    focused: typeof focused === 'string' ? focused : null,
  };
}
