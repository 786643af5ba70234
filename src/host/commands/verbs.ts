import { REQUIRED_SECRETS } from '../../deployment/secret-names.ts';
import { needOf } from '../../kube/access/access.ts';
import { Deployments, Gateways, LeaderWorkerSets, Pods, ReplicaSets, Secrets } from '../../kube/resources.ts';

// What the command table asks for in more than one place, or in more than a word.

export const READ_PODS = [needOf('get', Pods), needOf('list', Pods)];
export const WATCH_PODS = [...READ_PODS, needOf('watch', Pods)];
export const WATCH_WORKLOADS = [LeaderWorkerSets, Deployments].flatMap((kind) => [
  needOf('list', kind),
  needOf('watch', kind),
]);
/** Applying creates what is not there yet. */
export const RUN_PODS = [needOf('get', Pods), needOf('create', Pods), needOf('patch', Pods)];
export const DELETE_PODS = [needOf('list', Pods), needOf('delete', Pods)];
/** A WebSocket is opened by a GET, which needs `get`; from Kubernetes 1.35 on the API server asks for `create` as well. */
export const EXEC = [needOf('get', Pods, 'exec'), needOf('create', Pods, 'exec')];
export const FORWARD = [needOf('get', Pods, 'portforward'), needOf('create', Pods, 'portforward')];
/** Whether a pod is the gateway's is read from who made it. */
export const WHOSE_GATEWAY = [needOf('get', ReplicaSets), needOf('get', Deployments), needOf('get', Gateways)];
export const WRITE_SECRETS = [
  needOf('create', Secrets),
  ...REQUIRED_SECRETS.flatMap((name) => ['get', 'patch'].map((verb) => ({ ...needOf(verb, Secrets), name }))),
];
