import { arrayAt, at, isObject, numberAt, stringAt } from '../../../base/json.ts';
import type { ApiObject } from '../base/object.ts';

/** What `autoscaling/v1` has no field for travels in this annotation, in the form of long ago. */
const metricsKey = 'autoscaling.alpha.kubernetes.io/metrics';
const behaviorKey = 'autoscaling.alpha.kubernetes.io/behavior';

type Json = Readonly<Record<string, unknown>>;

/** An autoscaler as `autoscaling/v1` shows it: the share of cpu is a field, other metrics are an annotation. */
export function toV1(scaler: ApiObject): ApiObject {
  const metrics = arrayAt(scaler, 'spec', 'metrics');
  const cpu = metrics.find(isCpuShare);
  const others = metrics.filter((metric) => metric !== cpu);
  const { metrics: _metrics, behavior, ...spec } = objectAt(scaler, 'spec');
  const { currentMetrics, conditions: _conditions, ...status } = objectAt(scaler, 'status');
  const share = numberAt(cpu, 'resource', 'target', 'averageUtilization');
  const used = numberAt(
    (Array.isArray(currentMetrics) ? currentMetrics : []).find(isCpuShare),
    'resource',
    'current',
    'averageUtilization',
  );
  return {
    ...annotated(scaler, {
      ...(others.length > 0
        ? { [metricsKey]: JSON.stringify(others.map((metric) => renamed(metric, oldMetric))) }
        : {}),
      ...(behavior === undefined ? {} : { [behaviorKey]: JSON.stringify(behavior) }),
    }),
    apiVersion: 'autoscaling/v1',
    spec: { ...spec, ...(share === undefined ? {} : { targetCPUUtilizationPercentage: share }) },
    status: {
      currentReplicas: 0,
      desiredReplicas: 0,
      ...status,
      ...(used === undefined ? {} : { currentCPUUtilizationPercentage: used }),
    },
  };
}

/** The autoscaler as it is stored, from what a client of `autoscaling/v1` sent. */
export function fromV1(scaler: ApiObject): ApiObject {
  const { targetCPUUtilizationPercentage: share, ...spec } = objectAt(scaler, 'spec');
  const { currentCPUUtilizationPercentage: _used, currentReplicas, ...status } = objectAt(scaler, 'status');
  const annotations = scaler.metadata.annotations ?? {};
  const others = parsed(annotations[metricsKey]);
  const behavior = parsed(annotations[behaviorKey]);
  const metrics = [
    ...(Array.isArray(others) ? others.map((metric) => renamed(metric, newMetric)) : []),
    ...(share === undefined
      ? []
      : [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: share } } }]),
  ];
  return {
    ...annotated(scaler, {}),
    apiVersion: 'autoscaling/v2',
    spec: { ...spec, ...(metrics.length > 0 ? { metrics } : {}), ...(isObject(behavior) ? { behavior } : {}) },
    status: { ...status, ...(currentReplicas === 0 ? {} : { currentReplicas }) },
  };
}

/** The object with these annotations of ours and no others of ours. */
function annotated(scaler: ApiObject, own: Readonly<Record<string, string>>): ApiObject {
  const { annotations: before = {}, ...metadata } = scaler.metadata;
  const { [metricsKey]: _metrics, [behaviorKey]: _behavior, ...others } = before;
  const annotations = { ...others, ...own };
  return { ...scaler, metadata: { ...metadata, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) } };
}

function isCpuShare(metric: unknown): boolean {
  return (
    stringAt(metric, 'type') === 'Resource' &&
    stringAt(metric, 'resource', 'name') === 'cpu' &&
    (at(metric, 'resource', 'target', 'type') ?? 'Utilization') === 'Utilization'
  );
}

/** A metric whose source, which stands under the name of its type, is rewritten. */
function renamed(metric: unknown, source: (type: string, source: Json) => Json): unknown {
  const type = stringAt(metric, 'type') ?? '';
  const key = type.slice(0, 1).toLowerCase() + type.slice(1);
  const inner = at(metric, key);
  return { type, ...(isObject(inner) ? { [key]: source(type, inner) } : {}) };
}

function oldMetric(type: string, { name, container, metric, target, describedObject }: Json): Json {
  const selector = at(metric, 'selector');
  const [value, average, share] = ['value', 'averageValue', 'averageUtilization'].map((field) => at(target, field));
  return {
    ...(isObject(describedObject) ? { target: asGoOrders(describedObject) } : {}),
    ...(name === undefined ? { metricName: at(metric, 'name') } : { name }),
    ...(container === undefined ? {} : { container }),
    ...(selector === undefined ? {} : { [type === 'External' ? 'metricSelector' : 'selector']: selector }),
    ...(value === undefined ? {} : { targetValue: value }),
    ...(average === undefined ? {} : { [type === 'Object' ? 'averageValue' : 'targetAverageValue']: average }),
    ...(share === undefined ? {} : { targetAverageUtilization: share }),
  };
}

/** Clients compare annotations as text, so fields stand as the real server writes them. */
function asGoOrders({ kind, name, apiVersion }: Json): Json {
  return { kind, name, ...(apiVersion === undefined ? {} : { apiVersion }) };
}

function newMetric(
  _type: string,
  {
    name,
    container,
    metricName,
    target,
    metricSelector,
    selector,
    targetValue,
    averageValue,
    targetAverageValue,
    targetAverageUtilization,
  }: Json,
): Json {
  const average = averageValue ?? targetAverageValue;
  const chosen = metricSelector ?? selector;
  const wanted =
    targetAverageUtilization !== undefined
      ? { type: 'Utilization', averageUtilization: targetAverageUtilization }
      : average !== undefined
        ? { type: 'AverageValue', averageValue: average }
        : { type: 'Value', value: targetValue };
  return {
    ...(target === undefined ? {} : { describedObject: target }),
    ...(name === undefined
      ? { metric: { name: metricName, ...(chosen === undefined ? {} : { selector: chosen }) } }
      : { name }),
    ...(container === undefined ? {} : { container }),
    target: wanted,
  };
}

function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // People may write what they like into an annotation; it counts only when it is what this server wrote.
    return undefined;
  }
}

function objectAt(owner: Json, key: string): Record<string, unknown> {
  const value = owner[key];
  return isObject(value) ? value : {};
}
