import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments, stringify } from 'yaml';
import { WorkbenchError } from '../base/errors.ts';
import { isObject } from '../base/json.ts';
import { annotations, labels, manager } from '../base/labels.ts';
import type { Command, CommandRunner } from '../kube/tools/types.ts';
import type { KubeObject } from '../kube/model/types.ts';
import { resolveValues, type GuideFile } from './guides.ts';
import { deploymentNameProblem } from './name.ts';
import type { DeployRequest } from './types.ts';

export interface RenderInput {
  readonly guide: GuideFile;
  readonly request: DeployRequest;
  readonly owner: string;
  readonly manifests: string;
  readonly runner: CommandRunner;
  readonly signal: AbortSignal;
}

/** The guide's values, as chosen and checked. */
type Values = ReturnType<typeof resolveValues>;

/** All objects of a deployment, namespaced and marked as ours; the model servers first, then routing. */
export async function render(input: RenderInput): Promise<readonly KubeObject[]> {
  const { guide, request } = input;
  if (!guide.variants.some(({ id }) => id === request.variant)) {
    throw new WorkbenchError({
      code: 'bad-usage',
      message: `guide ${guide.id} has no variant ${request.variant}`,
      hint: `It has ${guide.variants.map(({ id }) => id).join(', ')}.`,
    });
  }
  const problem = deploymentNameProblem(request.name);
  if (problem !== undefined)
    throw new WorkbenchError({
      code: 'bad-usage',
      message: `"${request.name}" cannot name a deployment`,
      hint: problem,
    });
  const values = resolveValues(guide, request.values);
  const servers = await serverObjects(input, values);
  return stamp([...servers, ...(await routingObjects(input))], input, values);
}

/** Pool, endpoint picker and route alone, for a change of routing that leaves the models running. */
export async function renderRouting(input: RenderInput): Promise<readonly KubeObject[]> {
  const values = resolveValues(input.guide, input.request.values);
  return stamp(await routingObjects(input), input, values);
}

async function routingObjects(input: RenderInput): Promise<readonly KubeObject[]> {
  const { guide, request } = input;
  const chart = join(input.manifests, 'charts', guide.routing.chart);
  const values = {
    ...guide.routing.values,
    name: request.name,
    gateway: fill(guide.gateway, { NAME: request.name }),
    podLabels: { [labels.deployment]: request.name, 'llm-d.ai/inference-serving': 'true' },
  };
  const text = await input.runner.run(helmTemplate(request, chart, stringify(values)), input.signal);
  return parseObjects(text, chart);
}

async function serverObjects(input: RenderInput, values: Values): Promise<readonly KubeObject[]> {
  const model = values['MODEL'] ?? '';
  const replacements = {
    ...values,
    NAME: input.request.name,
    MODEL_LABEL: labelValue(model.split('/').at(-1) ?? model),
  };
  const folder = await mkdtemp(join(tmpdir(), 'llmdw-render-'));
  try {
    await cp(input.guide.folder, folder, { recursive: true });
    await substitute(folder, replacements);
    const text = await input.runner.run(kustomize(join(folder, 'overlays', input.request.variant)), input.signal);
    return parseObjects(text, input.guide.folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A label value from free text: what is not allowed becomes a dash. */
export function labelValue(text: string): string {
  return text
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .slice(0, 63)
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '');
}

async function substitute(folder: string, values: Values): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  await Promise.all(
    entries
      .filter((entry) => entry.isFile() && entry.name.endsWith('.yaml'))
      .map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        const text = await readFile(path, 'utf8');
        await writeFile(path, fill(text, values));
      }),
  );
}

/** Replaces `__KEY__`; a placeholder that nobody fills stays, and the server refuses it by name. */
export function fill(text: string, values: Values): string {
  return text.replace(/__([A-Z][A-Z0-9_]*?)__/g, (placeholder, key: string) => values[key] ?? placeholder);
}

function kustomize(folder: string): Command<string> {
  return { tool: 'kubectl', args: ['kustomize', folder], parse: (stdout) => stdout };
}

function helmTemplate(request: DeployRequest, chart: string, values: string): Command<string> {
  return {
    tool: 'helm',
    args: ['template', request.name, chart, '--namespace', request.cluster.namespace, '--values', '-'],
    stdin: values,
    parse: (stdout) => stdout,
  };
}

function parseObjects(text: string, source: string): readonly KubeObject[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as unknown)
    .filter((value) => value !== null && value !== undefined)
    .map((value) => {
      if (
        isObject(value) &&
        typeof value['apiVersion'] === 'string' &&
        typeof value['kind'] === 'string' &&
        isObject(value['metadata']) &&
        typeof value['metadata']['name'] === 'string'
      ) {
        return value as unknown as KubeObject;
      }
      throw new WorkbenchError({
        code: 'guide-invalid',
        message: `${source} renders something that is no Kubernetes object`,
        hint: 'Run the same rendering by hand and look for a document without apiVersion, kind or name.',
      });
    });
}

/** Marks objects and their pod templates with owner and deployment, and puts them into the namespace. */
function stamp(
  objects: readonly KubeObject[],
  { guide, request, owner }: RenderInput,
  values: Values,
): readonly KubeObject[] {
  const own = { [labels.managedBy]: manager, [labels.owner]: owner, [labels.deployment]: request.name };
  const notes = {
    [annotations.guide]: guide.id,
    [annotations.variant]: request.variant,
    [annotations.model]: values['MODEL'] ?? '',
  };
  return objects.map((object) => {
    const copy = structuredClone(object) as KubeObject & Record<string, unknown>;
    const metadata = {
      ...copy.metadata,
      namespace: request.cluster.namespace,
      labels: { ...copy.metadata.labels, ...own },
      annotations: { ...copy.metadata.annotations, ...notes },
    };
    for (const template of podTemplates(copy)) {
      const inner = isObject(template['metadata']) ? template['metadata'] : {};
      template['metadata'] = { ...inner, labels: { ...(isObject(inner['labels']) ? inner['labels'] : {}), ...own } };
    }
    return { ...copy, metadata };
  });
}

/** The pod templates inside the kinds that guides use. */
export function podTemplates(object: KubeObject): readonly Record<string, unknown>[] {
  const spec = object['spec'];
  if (!isObject(spec)) return [];
  const group = spec['leaderWorkerTemplate'];
  const candidates = isObject(group) ? [group['leaderTemplate'], group['workerTemplate']] : [spec['template']];
  return candidates.filter(isObject);
}
