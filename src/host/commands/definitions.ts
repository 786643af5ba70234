import { BENCHMARK_COMMANDS } from './benchmarks.ts';
import { CLUSTER_COMMANDS } from './cluster.ts';
import { DECODE_POD_COMMANDS } from './decode-pods.ts';
import type { CommandDefinition } from './definition.ts';
import { DEPLOYMENT_COMMANDS } from './deployment.ts';
import { EVIDENCE_COMMANDS } from './evidence.ts';
import { LIVE_FIGURES_COMMANDS } from './live-figures.ts';
import { POKER_COMMANDS } from './poker.ts';
import { PROFILING_COMMANDS } from './profiling.ts';
import type { CommandId } from './table.ts';
import { TRACE_COMMANDS } from './traces.ts';
import { TREE_VIEW_COMMANDS } from './tree-views.ts';
import { WINDOW_COMMANDS } from './window.ts';

/** What every command of the table does. */
export const DEFINITIONS: { readonly [Id in CommandId]: CommandDefinition<Id> } = {
  ...CLUSTER_COMMANDS,
  ...DEPLOYMENT_COMMANDS,
  ...POKER_COMMANDS,
  ...DECODE_POD_COMMANDS,
  ...BENCHMARK_COMMANDS,
  ...PROFILING_COMMANDS,
  ...TRACE_COMMANDS,
  ...EVIDENCE_COMMANDS,
  ...LIVE_FIGURES_COMMANDS,
  ...TREE_VIEW_COMMANDS,
  ...WINDOW_COMMANDS,
};
