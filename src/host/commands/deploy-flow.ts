import * as vscode from 'vscode';
import { WorkbenchError } from '../../base/errors.ts';
import { deploymentNameProblem } from '../../deployment/name.ts';
import type { DeployPlan, DeployRequest, Guide, GuideVariant, PlannedObject } from '../../deployment/types.ts';
import type { ClusterRef } from '../../kube/types.ts';
import { askInTurn, choose, type Answer, type Choice, type Separator } from '../ask/steps.ts';
import type { AskedValue } from '../ask/asked-value.ts';
import { askValues, type Values } from '../ask/values.ts';
import type { Host } from '../host.ts';
import { planYaml } from '../plan-yaml.ts';
import { placeOf } from '../../kube/place.ts';
import { plural } from '../../protocol/format.ts';
import type { ClusterCall } from './definition.ts';
import { plannedWords, planSummary } from './plan-words.ts';

interface DeployAnswers {
  readonly guide?: Guide;
  readonly variant?: GuideVariant;
  readonly values?: Values;
  readonly plan?: DeployPlan;
}

const QUESTION = 'deploy';
const NAME_VALUE: AskedValue = {
  id: 'name',
  title: 'Name',
  description: 'Name of the deployment, the prefix of its objects',
  kind: 'string',
  default: '',
  refuse: deploymentNameProblem,
};

/** Guide, variant, values, preview. Enter four times repeats the last deploy. Undefined: the person went away. */
export async function askDeploy({ host, cluster, title }: ClusterCall): Promise<DeployPlan | undefined> {
  const last = host.memory.recall(QUESTION);
  const answers = await askInTurn<DeployAnswers>({}, [
    async (state, place) =>
      extend(
        await choose<Guide>({
          title,
          ...place,
          placeholder: `What to deploy to ${placeOf(cluster)}`,
          choices: async () =>
            (await host.workbench.deployments.guides()).map((guide) => ({
              label: guide.title,
              description: guide.model,
              detail: guide.description,
              value: guide,
            })),
          last: (guide) => guide.id === last['guide'],
        }),
        (guide) => ({ ...state, guide }),
      ),
    async (state, place) =>
      extend(
        await choose<GuideVariant>({
          title,
          ...place,
          placeholder: 'Which variant of the guide',
          choices: () =>
            Promise.resolve(
              (state.guide?.variants ?? []).map((variant) => ({
                label: variant.title,
                description: variant.id,
                detail: variant.description,
                value: variant,
              })),
            ),
          last: (variant) => variant.id === last['variant'],
        }),
        (variant) => ({ ...state, variant }),
      ),
    async (state, place) =>
      extend(
        await askValues({
          title,
          ...place,
          values: [{ ...NAME_VALUE, default: state.guide?.id ?? '' }, ...(state.guide?.values ?? [])],
          now: state.guide?.id === last['guide'] ? valuesOf(last) : {},
          go: 'Continue to the preview',
        }),
        (values) => ({ ...state, values }),
      ),
    async (state, place) => {
      const request = requestOf(cluster, state);
      const plan = await host.jobs.run(`Preview ${request.name} in ${placeOf(cluster)}`, ({ signal }) =>
        host.workbench.deployments.plan(request, signal),
      );
      return extend(await preview(host, plan, place), () => ({ ...state, plan }));
    },
  ]);
  if (!answers?.plan || !answers.guide || !answers.variant) return undefined;
  await host.memory.keep(QUESTION, {
    guide: answers.guide.id,
    variant: answers.variant.id,
    ...prefixed(answers.values ?? {}),
  });
  return answers.plan;
}

function requestOf(cluster: ClusterRef, { guide, variant, values }: DeployAnswers): DeployRequest {
  if (!guide || !variant || !values)
    throw new WorkbenchError({
      code: 'internal',
      message: 'the preview came before the guide, variant and values were chosen',
    });
  const { name = guide.id, ...rest } = values;
  return { cluster, guide: guide.id, variant: variant.id, name, values: rest };
}

type PreviewRow =
  | { readonly kind: 'deploy' }
  | { readonly kind: 'save' }
  | { readonly kind: 'object'; readonly planned: PlannedObject }
  | { readonly kind: 'finding'; readonly message: string };

/** The plan as a list: findings on top, then every object with what would happen to it; choosing an object opens its diff. Only `deploy` answers it. */
function preview(
  host: Host,
  plan: DeployPlan,
  place: { readonly step: number; readonly totalSteps: number },
): Promise<Answer<PreviewRow>> {
  const { name, cluster } = plan.request;
  return choose<PreviewRow>({
    title: `Deploy ${name} to ${placeOf(cluster)}`,
    ...place,
    placeholder: 'Enter deploys; choose an object to see its difference',
    choices: () => Promise.resolve(previewChoices(plan)),
    async peek(row) {
      if (row.kind === 'object') await host.plans.showDiff(row.planned);
      if (row.kind === 'save') await savePlan(plan);
      return row.kind !== 'deploy';
    },
  });
}

function previewChoices(plan: DeployPlan): readonly (Choice<PreviewRow> | Separator)[] {
  const errors = plan.findings.filter((finding) => finding.severity === 'error');
  const findings = plan.findings.map((finding): Choice<PreviewRow> => ({
    icon: finding.severity,
    label: finding.message,
    detail: finding.hint,
    value: { kind: 'finding', message: finding.message },
  }));
  const objects = plan.objects.map((planned): Choice<PreviewRow> => ({
    ...plannedWords(planned),
    value: { kind: 'object', planned },
  }));
  const deploy: Choice<PreviewRow> = {
    icon: 'rocket',
    label: 'Deploy',
    description: planSummary(plan),
    alwaysShow: true,
    value: { kind: 'deploy' },
  };
  const save: Choice<PreviewRow> = {
    icon: 'save',
    label: 'Save Plan...',
    description: 'as YAML',
    alwaysShow: true,
    value: { kind: 'save' },
  };
  return [
    ...(errors.length > 0
      ? [{ separator: `${plural(errors.length, 'problem')} to solve before this can be deployed` }]
      : [deploy]),
    save,
    ...(findings.length > 0 ? [{ separator: 'findings' }, ...findings] : []),
    { separator: 'objects' },
    ...objects,
  ];
}

async function savePlan(plan: DeployPlan): Promise<void> {
  const document = await vscode.workspace.openTextDocument({ language: 'yaml', content: planYaml(plan.objects) });
  await vscode.window.showTextDocument(document, { preview: false, preserveFocus: true });
}

function extend<T, State>(answer: Answer<T>, merge: (value: T) => State): Answer<State> {
  return answer.kind === 'answer' ? { kind: 'answer', value: merge(answer.value) } : answer;
}

const VALUE_PREFIX = 'value.';

function prefixed(values: Values): Values {
  return Object.fromEntries(Object.entries(values).map(([id, value]) => [`${VALUE_PREFIX}${id}`, value]));
}

function valuesOf(remembered: Values): Values {
  return Object.fromEntries(
    Object.entries(remembered)
      .filter(([id]) => id.startsWith(VALUE_PREFIX))
      .map(([id, value]) => [id.slice(VALUE_PREFIX.length), value]),
  );
}
