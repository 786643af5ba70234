import { faultAnnotation } from '../../../fault-annotation.ts';
import type { Fault } from '../../../nodes/faults.ts';

/** Whether a pod's annotations ask for a fault. Read again at each call: one can be injected and withdrawn while the server runs. */
export function hasFault(annotations: Readonly<Record<string, string>>, fault: Fault): boolean {
  return (annotations[faultAnnotation] ?? '').split(',').some((name) => name.trim() === fault);
}
