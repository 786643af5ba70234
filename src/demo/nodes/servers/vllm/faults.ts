/** Faults that a pod's annotation `demo.llm-d/fault` asks its model server for. */
export const FAULTS = ['oom-while-loading', 'slow-load', 'hang-while-loading', 'crash-serving', 'profiling-disabled', 'disk-full', 'no-traces', 'never-ready'] as const;
export type Fault = (typeof FAULTS)[number];

export const FAULT_ANNOTATION = 'demo.llm-d/fault';

/** Reads the annotation anew at each call: a fault can be injected and withdrawn while the server runs. */
export function hasFault(annotations: Readonly<Record<string, string>>, fault: Fault): boolean {
  return (annotations[FAULT_ANNOTATION] ?? '').split(',').some((name) => name.trim() === fault);
}
