import type { Command, Option } from './command.ts';

const json: Option = { type: 'boolean', description: 'print JSON instead of a table' };
const cluster: Readonly<Record<string, Option>> = {
  kubeconfig: { type: 'string', value: 'FILE', description: 'instead of KUBECONFIG' },
  context: { type: 'string', value: 'NAME', description: "instead of the kubeconfig's current context" },
  namespace: { type: 'string', value: 'NAME', description: "instead of the context's namespace" },
  'trust-env': { type: 'boolean', description: 'use the KUBECONFIG that ./.env names; a kubeconfig can run programs' },
  json,
};

/** Every command of `llmdw`, as data. */
export const commands: readonly Command[] = [
  {
    words: ['demo'],
    arguments: '[options]',
    summary: 'Serve a small GPU cluster on this machine: a Kubernetes API without a cluster',
    options: {
      port: { type: 'string', value: 'P', description: 'port on 127.0.0.1 (default: any free one)' },
      kubeconfig: {
        type: 'string',
        value: 'FILE',
        description: 'where to write the kubeconfig (default: a temporary file)',
      },
      state: { type: 'string', value: 'DIR', description: "keep the cluster's objects here between starts" },
      speed: { type: 'string', value: 'N', description: 'time factor of loading models (default 1: about 30 s)' },
      nodes: { type: 'string', value: 'N', description: 'GPU nodes, eight H200 each (default 4)' },
      pods: { type: 'string', value: 'M', description: 'pods of other people that run from the start (default 0)' },
      churn: { type: 'string', value: 'R/s', description: 'so many of those pods change a second (default 0)' },
      fault: {
        type: 'string',
        multiple: true,
        value: 'NAME',
        description: 'make something go wrong; may be repeated; "list" prints the names',
      },
      status: { type: 'string', value: 'FILE', description: 'write pid, port and kubeconfig here once it serves' },
    },
    load: async () => (await import('./commands/demo.ts')).demo,
  },
  {
    words: ['gpus'],
    arguments: '[options]',
    summary: 'Nodes and their GPUs: used, free, and who holds them',
    options: cluster,
    load: async () => (await import('./commands/gpus.ts')).gpus,
  },
  {
    words: ['nodes'],
    arguments: '[options]',
    summary: 'Nodes with type, network, state and GPUs, and any label as a column',
    options: {
      ...cluster,
      csv: { type: 'boolean', description: 'print CSV instead of a table' },
      columns: { type: 'string', value: 'LIST', description: 'columns by id or label key, separated by commas' },
      filter: { type: 'string', value: 'TEXT', description: 'nodes that match, e.g. "free>0 type:h200 -cordon:yes"' },
      sort: { type: 'string', value: 'COLUMN', description: 'sort by this column instead of the name' },
      descending: { type: 'boolean', description: 'the greatest first' },
    },
    load: async () => (await import('./commands/nodes.ts')).nodes,
  },
  {
    words: ['pods'],
    arguments: '[options]',
    summary: 'Model-server pods by deployment, role, group and rank',
    options: {
      ...cluster,
      mine: { type: 'boolean', description: 'only deployments whose owner I am' },
      'write-decode-pods': {
        type: 'boolean',
        description: 'also write .tmp/decode_pods.txt: my decode pods of the namespace, a name and an IP a line',
      },
    },
    load: async () => (await import('./commands/pods.ts')).pods,
  },
  {
    words: ['live'],
    arguments: '[options]',
    summary: 'What my model servers do now: tok/s, requests, KV cache and prefix hits a rank',
    options: {
      ...cluster,
      seconds: { type: 'string', value: 'N', description: 'from one round to the next, 1 to 60 (default 5)' },
      follow: { type: 'boolean', description: 'go on until Ctrl-C' },
    },
    load: async () => (await import('./commands/live.ts')).live,
  },
  {
    words: ['agg'],
    arguments: 'N [DIR] [options]',
    summary: 'Aggregate the results 0.json ... N-1.json of parallel guidellm workers',
    options: {
      'use-total': { type: 'boolean', description: 'token rates of all requests instead of the successful ones' },
      'show-details': { type: 'boolean', description: 'a row for each worker' },
      json,
    },
    load: async () => (await import('./commands/agg.ts')).agg,
  },
  {
    words: ['results', 'read'],
    arguments: 'FILE|DIR... [options]',
    summary: 'Read result files of any benchmark tool into one shape',
    options: { json },
    load: async () => (await import('./commands/results-read.ts')).resultsRead,
  },
  {
    words: ['trace', 'summary'],
    arguments: 'FILE... [options]',
    summary: 'GPU busy and idle, exposed communication, kernels and steps of PyTorch traces',
    options: { json },
    load: async () => (await import('./commands/trace-summary.ts')).traceSummary,
  },
];
