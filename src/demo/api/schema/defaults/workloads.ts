import { at, isObject } from '../../../../base/json.ts';
import type { Json } from '../types.ts';
import { each, fill, within } from './fill.ts';
import { templateDefaults } from './pod.ts';

export function deploymentDefaults(deployment: Json): Json {
  return within(deployment, 'spec', (spec) => {
    const filled = fill(templateDefaults(spec), {
      replicas: 1,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
    });
    return within(filled, 'strategy', (strategy) =>
      rollingUpdate(strategy, { maxUnavailable: '25%', maxSurge: '25%' }),
    );
  });
}

export function replicaSetDefaults(replicaSet: Json): Json {
  return within(replicaSet, 'spec', (spec) => fill(templateDefaults(spec), { replicas: 1 }));
}

export function statefulSetDefaults(statefulSet: Json): Json {
  return within(statefulSet, 'spec', (spec) => {
    const filled = fill(templateDefaults(spec), {
      podManagementPolicy: 'OrderedReady',
      replicas: 1,
      revisionHistoryLimit: 10,
    });
    const withClaims = each(filled, 'volumeClaimTemplates', (claim) =>
      claimDefaults(fill(claim, { apiVersion: 'v1', kind: 'PersistentVolumeClaim' })),
    );
    return within(
      {
        ...withClaims,
        persistentVolumeClaimRetentionPolicy: fill(spec['persistentVolumeClaimRetentionPolicy'], {
          whenDeleted: 'Retain',
          whenScaled: 'Retain',
        }),
      },
      'updateStrategy',
      (strategy) => rollingUpdate(strategy, { partition: 0, maxUnavailable: 1 }),
    );
  });
}

export function daemonSetDefaults(daemonSet: Json): Json {
  return within(daemonSet, 'spec', (spec) =>
    within(fill(templateDefaults(spec), { revisionHistoryLimit: 10 }), 'updateStrategy', (strategy) =>
      rollingUpdate(strategy, { maxUnavailable: 1, maxSurge: 0 }),
    ),
  );
}

export function jobDefaults(job: Json): Json {
  return labelledAsTemplate(ownSelector(within(job, 'spec', jobSpecDefaults)));
}

/** An object without labels takes those of the pods that it makes. */
function labelledAsTemplate(workload: Json): Json {
  const labels = at(workload, 'spec', 'template', 'metadata', 'labels');
  return within(workload, 'metadata', (metadata) =>
    metadata['labels'] === undefined && isObject(labels) ? { ...metadata, labels } : metadata,
  );
}

export function replicationControllerDefaults(controller: Json): Json {
  const filled = within(controller, 'spec', (spec) => {
    const labels = at(spec, 'template', 'metadata', 'labels');
    return fill(templateDefaults(spec), { replicas: 1, ...(isObject(labels) ? { selector: labels } : {}) });
  });
  return labelledAsTemplate(filled);
}

/** A job finds its pods by its own uid, unless it was told how to. */
function ownSelector(job: Json): Json {
  const { uid, name } = isObject(job['metadata']) ? job['metadata'] : {};
  return within(job, 'spec', (spec) => {
    if (uid === undefined || spec['selector'] !== undefined || spec['manualSelector'] === true) return spec;
    const own = {
      'batch.kubernetes.io/controller-uid': uid,
      'batch.kubernetes.io/job-name': name,
      'controller-uid': uid,
      'job-name': name,
    };
    const template = within(fill(spec['template'], { metadata: {} }), 'metadata', (metadata) => ({
      ...metadata,
      labels: { ...fill(metadata['labels'], {}), ...own },
    }));
    return { ...spec, selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } }, template };
  });
}

function jobSpecDefaults(spec: Json): Json {
  const once = spec['completions'] === undefined && spec['parallelism'] === undefined;
  const perIndex = spec['backoffLimitPerIndex'] !== undefined;
  return fill(templateDefaults(spec), {
    ...(once ? { completions: 1 } : {}),
    parallelism: 1,
    backoffLimit: perIndex ? 2_147_483_647 : 6,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: spec['podFailurePolicy'] === undefined ? 'TerminatingOrFailed' : 'Failed',
    manualSelector: false,
  });
}

export function cronJobDefaults(cronJob: Json): Json {
  return within(cronJob, 'spec', (spec) => {
    const filled = fill(spec, {
      concurrencyPolicy: 'Allow',
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
    });
    return within(filled, 'jobTemplate', (template) => within(template, 'spec', templateDefaults));
  });
}

export function claimDefaults(claim: Json): Json {
  return within({ ...claim, status: fill(claim['status'], { phase: 'Pending' }) }, 'spec', (spec) =>
    fill(spec, { volumeMode: 'Filesystem' }),
  );
}

function rollingUpdate(strategy: Json, defaults: Json): Json {
  const typed = fill(strategy, { type: 'RollingUpdate' });
  return typed['type'] === 'RollingUpdate'
    ? { ...typed, rollingUpdate: fill(typed['rollingUpdate'], defaults) }
    : typed;
}
