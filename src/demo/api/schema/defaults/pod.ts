import { isObject } from '../../../../base/json.ts';
import type { Json } from '../types.ts';
import { each, fill, within } from './fill.ts';

/** A pod's own defaults; a template gets only those of its spec. */
export function podDefaults(pod: Json): Json {
  return within(pod, 'spec', (spec) => {
    const filled = withoutNegativeGrace(fill(podSpecDefaults(spec), { enableServiceLinks: true }));
    return each(each(filled, 'containers', requestsFromLimits), 'initContainers', requestsFromLimits);
  });
}

/** A pod that asks for less than no time gets the least. */
function withoutNegativeGrace(spec: Json): Json {
  const seconds = spec['terminationGracePeriodSeconds'];
  return typeof seconds === 'number' && seconds < 0 ? { ...spec, terminationGracePeriodSeconds: 1 } : spec;
}

/** The pod template of a workload's spec. */
export function templateDefaults(spec: Json): Json {
  return within(spec, 'template', (template) => within(template, 'spec', podSpecDefaults));
}

export function podSpecDefaults(spec: Json): Json {
  const filled = fill(spec, {
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
  });
  const hostNetwork = spec['hostNetwork'] === true;
  const container = (value: Json): Json => containerDefaults(value, hostNetwork);
  return each(
    each(each(accountDefaults(filled), 'containers', container), 'initContainers', container),
    'volumes',
    volumeDefaults,
  );
}

/** Two names of one field; the older follows the newer. */
function accountDefaults(spec: Json): Json {
  const name = spec['serviceAccountName'] ?? spec['serviceAccount'];
  return name === undefined || name === '' ? spec : { ...spec, serviceAccountName: name, serviceAccount: name };
}

function containerDefaults(container: Json, hostNetwork: boolean): Json {
  let filled = fill(container, {
    imagePullPolicy: pullPolicy(container['image']),
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
  });
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe'])
    filled = within(filled, probe, probeDefaults);
  filled = within(filled, 'lifecycle', (lifecycle) =>
    within(within(lifecycle, 'postStart', httpDefaults), 'preStop', httpDefaults),
  );
  filled = each(filled, 'env', (variable) => within(variable, 'valueFrom', fieldRefDefaults));
  return hostNetwork ? each(filled, 'ports', (port) => fill(port, { hostPort: port['containerPort'] })) : filled;
}

/** An image without a tag, or with `latest`, may change under its name. */
function pullPolicy(image: unknown): 'Always' | 'IfNotPresent' {
  if (typeof image !== 'string' || image.includes('@')) return 'IfNotPresent';
  const name = image.slice(image.lastIndexOf('/') + 1);
  return !name.includes(':') || name.endsWith(':latest') ? 'Always' : 'IfNotPresent';
}

function probeDefaults(probe: Json): Json {
  const filled = fill(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
  return within(httpDefaults(filled), 'grpc', (grpc) => fill(grpc, { service: '' }));
}

function httpDefaults(action: Json): Json {
  return within(action, 'httpGet', (get) => fill(get, { path: '/', scheme: 'HTTP' }));
}

function fieldRefDefaults(source: Json): Json {
  return within(source, 'fieldRef', (reference) => fill(reference, { apiVersion: 'v1' }));
}

const FILE_MODE = 0o644;

function volumeDefaults(volume: Json): Json {
  const sources = Object.keys(volume).filter((key) => key !== 'name');
  if (sources.length === 0) return { ...volume, emptyDir: {} };
  let filled = volume;
  for (const source of ['secret', 'configMap'])
    filled = within(filled, source, (inner) => fill(inner, { defaultMode: FILE_MODE }));
  filled = within(filled, 'downwardAPI', (inner) =>
    each(fill(inner, { defaultMode: FILE_MODE }), 'items', fieldRefDefaults),
  );
  filled = within(filled, 'hostPath', (inner) => fill(inner, { type: '' }));
  return within(filled, 'projected', (inner) =>
    each(fill(inner, { defaultMode: FILE_MODE }), 'sources', projectionDefaults),
  );
}

function projectionDefaults(source: Json): Json {
  const token = within(source, 'serviceAccountToken', (inner) => fill(inner, { expirationSeconds: 3600 }));
  return within(token, 'downwardAPI', (inner) => each(inner, 'items', fieldRefDefaults));
}

function requestsFromLimits(container: Json): Json {
  return within(container, 'resources', (resources) => {
    const limits = resources['limits'];
    return isObject(limits) ? { ...resources, requests: fill(resources['requests'], limits) } : resources;
  });
}
