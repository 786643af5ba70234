import { stringAt } from '../../../base/json.ts';
import type { ApiObject } from '../base/object.ts';
import type { ServedResource } from '../catalogue/registry.ts';
import { configurationCells } from './configuration.ts';
import type { Printer } from './cells.ts';
import { age } from './duration.ts';
import { nodeCells } from './nodes.ts';
import { podCells } from './pods.ts';
import { serviceCells } from './services.ts';
import { workloadCells } from './workloads.ts';

export interface Row {
  readonly cells: readonly unknown[];
  /** Marks rows of pods that are done: clients may grey them out. */
  readonly conditions: readonly unknown[] | undefined;
}

const printers: Readonly<Record<string, Printer>> = {
  pods: podCells,
  nodes: nodeCells,
  ...serviceCells,
  ...workloadCells,
  ...configurationCells,
};

/** The cells that a real server prints. A kind without a printer of its own shows name, age and what its columns are named after. */
export function cellsOf(resource: ServedResource, object: ApiObject, now: number): Row {
  const printer = printers[resource.collection];
  const conditions = resource.collection === 'pods' ? doneCondition(object) : undefined;
  return { cells: printer === undefined ? genericCells(resource, object, now) : printer(object, now), conditions };
}

function doneCondition(pod: ApiObject): readonly unknown[] | undefined {
  switch (stringAt(pod, 'status', 'phase')) {
    case 'Succeeded':
      return [
        { type: 'Completed', status: 'True', reason: 'Succeeded', message: 'The pod has completed successfully.' },
      ];
    case 'Failed':
      return [{ type: 'Completed', status: 'True', reason: 'Failed', message: 'The pod failed.' }];
    default:
      return undefined;
  }
}

function genericCells(resource: ServedResource, object: ApiObject, now: number): readonly unknown[] {
  return resource.columns.map((column) => {
    if (column.format === 'name') return object.metadata.name;
    if (column.name === 'Age') return age(object.metadata.creationTimestamp, now);
    if (column.name === 'Created At') return object.metadata.creationTimestamp ?? '';
    return column.type === 'integer' ? 0 : column.type === 'boolean' ? false : '<none>';
  });
}
