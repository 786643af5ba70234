/** How many nodes failed for each reason, in the order of the scheduler's message: sorted by the text with its count. */
export function unschedulableMessage(nodes: number, failures: readonly (readonly string[])[]): string {
  const counts = new Map<string, number>();
  for (const reason of failures.flat()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const reasons = counts
    .entries()
    .map(([reason, count]) => `${count} ${reason}`)
    .toArray()
    .sort();
  if (nodes === 0) return 'no nodes available to schedule pods';
  return `0/${nodes} nodes are available: ${reasons.join(', ')}. ${afterwards(nodes, preemptionReasons(nodes, failures))}`;
}

/** A reason that holds whatever the node, such as a missing claim. */
export function unresolvableMessage(nodes: number, reason: string): string {
  return `0/${nodes} nodes are available: ${reason}. ${afterwards(nodes, `${nodes} Preemption is not helpful for scheduling.`)}`;
}

function afterwards(nodes: number, preemption: string): string {
  return `no new claims to deallocate, preemption: 0/${nodes} nodes are available: ${preemption}`;
}

/** Evicting pods could only help where resources or other pods stand in the way; the demo's pods have no priorities, so there is no victim. */
function preemptionReasons(nodes: number, failures: readonly (readonly string[])[]): string {
  const resolvable = failures.filter((reasons) =>
    reasons.every(
      (reason) =>
        reason.startsWith('Insufficient') ||
        reason === 'Too many pods' ||
        reason.includes('pod affinity') ||
        reason.includes('anti-affinity') ||
        reason.includes('free ports'),
    ),
  ).length;
  const parts: string[] = [];
  if (resolvable > 0) parts.push(`${resolvable} No preemption victims found for incoming pod`);
  if (nodes > resolvable) parts.push(`${nodes - resolvable} Preemption is not helpful for scheduling`);
  return `${parts.sort().join(', ')}.`;
}
