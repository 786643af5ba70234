import { WorkbenchError } from '../../base/errors.ts';
import type { ClusterRef } from '../types.ts';
import type { Login } from './credentials.ts';
import type { ClusterConfig, ContextConfig, Kubeconfig, UserConfig } from './kubeconfig.ts';

/** The kubeconfig as it was read last, with what counts beside it. */
export interface Loaded {
  /** The files that were looked for, there or not. */
  readonly files: readonly string[];
  readonly namespace: string | undefined;
  readonly kubeconfig: Kubeconfig | undefined;
  /** Those of its contexts that stand in no file of the person's own. */
  readonly passing: ReadonlySet<string>;
}

const NO_USER: UserConfig = {
  token: undefined,
  tokenFile: undefined,
  username: undefined,
  password: undefined,
  'client-certificate': undefined,
  'client-certificate-data': undefined,
  'client-key': undefined,
  'client-key-data': undefined,
  as: undefined,
  'as-uid': undefined,
  'as-groups': [],
  'as-user-extra': {},
  exec: undefined,
  'auth-provider': undefined,
};

/** The cluster of a context; the namespace is the one given, else `.env`'s, else the context's own. Errors: see lookUp. */
export function refOf(loaded: Loaded, name: string, namespace: string | undefined): ClusterRef {
  const { context, config } = lookUp(loaded, name);
  return {
    context: name,
    namespace: namespace ?? loaded.namespace ?? context.namespace ?? 'default',
    server: config.server,
  };
}

/** A context with the cluster that it names. */
export interface Found {
  readonly kubeconfig: Kubeconfig;
  readonly context: ContextConfig;
  readonly config: ClusterConfig;
}

/** Errors: `kubeconfig-missing`, `context-unknown`; `kubeconfig-invalid` where the context leads to no server. */
function lookUp(loaded: Loaded, name: string): Found {
  const { kubeconfig, files } = loaded;
  if (!kubeconfig) throw missing(files);
  const context = kubeconfig.contexts.get(name);
  if (!context) {
    throw new WorkbenchError({
      code: 'context-unknown',
      message: `context "${name}" is not in ${kubeconfig.files.join(', ')}`,
      hint:
        kubeconfig.contexts.size === 0
          ? 'Add a context to the kubeconfig.'
          : `Choose one of: ${[...kubeconfig.contexts.keys()].join(', ')}.`,
    });
  }
  const config = kubeconfig.clusters.get(context.cluster);
  if (!config || !isServer(config.server)) {
    throw new WorkbenchError({
      code: 'kubeconfig-invalid',
      message: config
        ? `cluster "${context.cluster}" of context "${name}" has no server address that begins with https:// or http://`
        : context.cluster === ''
          ? `context "${name}" names no cluster`
          : `context "${name}" names cluster "${context.cluster}", which is not in ${kubeconfig.files.join(', ')}`,
      hint: 'Correct the kubeconfig.',
    });
  }
  return { kubeconfig, context, config };
}

function isServer(address: string): boolean {
  const protocol = URL.parse(address)?.protocol;
  return protocol === 'https:' || protocol === 'http:';
}

/** The context that work was started with; it must not have become another cluster meanwhile. */
export function pinned(loaded: Loaded, cluster: ClusterRef): Found {
  const found = lookUp(loaded, cluster.context);
  if (found.config.server === cluster.server) return found;
  throw new WorkbenchError({
    code: 'context-unknown',
    message: `context "${cluster.context}" now points to ${found.config.server}, not to ${cluster.server}`,
    hint: 'Select the context again if the new server is meant.',
  });
}

/** Who a context logs in as: nobody where it names no user. */
export function loginOf({ kubeconfig, context, config }: Found, name: string): Login {
  if (context.user === undefined || context.user === '') return { user: NO_USER, cluster: config };
  const user = kubeconfig.users.get(context.user);
  if (user) return { user, cluster: config };
  throw new WorkbenchError({
    code: 'kubeconfig-invalid',
    message: `context "${name}" names user "${context.user}", which is not in ${kubeconfig.files.join(', ')}`,
    hint: 'Correct the kubeconfig.',
  });
}

export function missing(files: readonly string[]): WorkbenchError {
  return new WorkbenchError({
    code: 'kubeconfig-missing',
    message: `no kubeconfig: looked for ${files.join(', ')}`,
    hint: 'Log in to a cluster, set KUBECONFIG or the kubeconfig setting, or start the demo cluster.',
  });
}
