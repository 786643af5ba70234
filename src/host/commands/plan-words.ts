import type { DeployPlan, PlannedAction, PlannedObject } from '../../deployment/types.ts';

const ACTION_ICONS: Record<PlannedAction, string> = {
  create: 'diff-added',
  change: 'diff-modified',
  unchanged: 'circle-outline',
  conflict: 'warning',
};

/** An object of a plan as a row: what it is, what would happen to it, and of a conflict whose it is. */
export function plannedWords({ action, object, conflict }: PlannedObject): {
  readonly icon: string;
  readonly label: string;
  readonly description: string;
} {
  return {
    icon: ACTION_ICONS[action],
    label: `${object.kind} ${object.metadata.name}`,
    description: conflict === undefined ? action : `${action}: ${conflict}`,
  };
}

/** `3 create, 9 unchanged`. */
export function planSummary(plan: DeployPlan): string {
  const counts = Map.groupBy(plan.objects, (planned) => planned.action);
  const order: readonly PlannedAction[] = ['create', 'change', 'unchanged', 'conflict'];
  return order
    .filter((action) => counts.has(action))
    .map((action) => `${counts.get(action)?.length ?? 0} ${action}`)
    .join(', ');
}
