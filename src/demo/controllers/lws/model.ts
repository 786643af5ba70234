import type { Pod } from '../../../kube/model/kinds.ts';
import type { KubeObject } from '../../../kube/model/types.ts';
import { sha1, templateHash } from '../core/hash.ts';
import { annotationsOf, isObject, jsonAt, labelsOf, numberAt, stringAt, type Json } from '../core/objects.ts';

export const LWS_GROUP = 'leaderworkerset.x-k8s.io';

const PREFIX = 'leaderworkerset.sigs.k8s.io';
export const NAME = `${PREFIX}/name`;
export const GROUP_INDEX = `${PREFIX}/group-index`;
export const WORKER_INDEX = `${PREFIX}/worker-index`;
export const GROUP_KEY = `${PREFIX}/group-key`;
export const REVISION = `${PREFIX}/template-revision-hash`;
export const SIZE = `${PREFIX}/size`;
export const REPLICAS = `${PREFIX}/replicas`;
export const LEADER_NAME = `${PREFIX}/leader-name`;
export const EXCLUSIVE_TOPOLOGY = `${PREFIX}/exclusive-topology`;
export const SUBGROUP_INDEX = `${PREFIX}/subgroup-index`;
export const SUBGROUP_KEY = `${PREFIX}/subgroup-key`;
export const SUBGROUP_SIZE = `${PREFIX}/subgroup-size`;
export const SUBGROUP_POLICY = `${PREFIX}/subgroup-policy-type`;
export const SUBDOMAIN_POLICY = `${PREFIX}/subdomainPolicy`;

/** What a LeaderWorkerSet makes its groups of, in one revision. */
export interface GroupTemplate {
  readonly leaderWorkerTemplate: Json;
  readonly networkConfig: Json;
}

export function groupTemplateOf(set: KubeObject): GroupTemplate {
  return {
    leaderWorkerTemplate: jsonAt(set, 'spec', 'leaderWorkerTemplate'),
    networkConfig: jsonAt(set, 'spec', 'networkConfig'),
  };
}

export function revisionKey(template: GroupTemplate): string {
  return templateHash(template);
}

/** Pods of a group, its leader included. */
export function groupSize(template: GroupTemplate): number {
  return numberAt(template.leaderWorkerTemplate, 'size') ?? 1;
}

export function leaderTemplate(template: GroupTemplate): Json {
  const leader = template.leaderWorkerTemplate['leaderTemplate'];
  return isObject(leader) ? leader : workerTemplate(template);
}

export function workerTemplate(template: GroupTemplate): Json {
  return jsonAt(template.leaderWorkerTemplate, 'workerTemplate');
}

/** One headless service for all groups, or one for each. */
export function sharesSubdomain(template: GroupTemplate): boolean {
  return stringAt(template.networkConfig, 'subdomainPolicy') !== 'UniquePerReplica';
}

export function exclusiveTopology(set: KubeObject): string | undefined {
  return annotationsOf(set)[EXCLUSIVE_TOPOLOGY];
}

/** A key of a group, or of a subgroup within it. */
export function groupKey(namespace: string, leader: string): string {
  return sha1(`${namespace}/${leader}`);
}

export function isLeader(pod: Pod): boolean {
  return labelsOf(pod)[WORKER_INDEX] === '0';
}

export function revisionOf(object: KubeObject): string {
  return labelsOf(object)[REVISION] ?? '';
}
