export type Pem = string | Buffer;

/** What the connections to a server are made with. */
export interface Route {
  /** The authority that signed the server's certificate; absent: the system's. */
  readonly ca?: Pem | undefined;
  readonly insecureSkipTlsVerify?: boolean | undefined;
  readonly tlsServerName?: string | undefined;
  /** A proxy for every connection: `http://host:port`, `https://host:port` or `socks5://host:port`. */
  readonly proxyUrl?: string | undefined;
}

/** How to reach one API server; as it stands, over a route that never changes. Nothing in here may be logged. */
export interface Connection extends Route {
  /** `https://host:port`, optionally with a path prefix. */
  readonly server: string;
  /** Asked at each request where the route may change: a kubeconfig gets another proxy, a server that is set up again another authority. */
  readonly route?: () => Promise<Route>;
  /** A fixed bearer token; shorthand for credentials that never change. */
  readonly token?: string;
  readonly credentials?: CredentialSource;
}

/** What proves to the server who we are. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string | string[]>>;
  /** PEM of a client certificate and its key. */
  readonly cert?: Pem;
  readonly key?: Pem;
}

/** Credentials that may expire. */
export interface CredentialSource {
  /** The credentials as they are now; several callers at once share one fetch. */
  get(signal: AbortSignal): Promise<Credentials>;
  /** Called when the server answered 401 to `refused`: the next `get` must not hand them out again. */
  invalidate(refused: Credentials): void;
}

function fixedCredentials(credentials: Credentials): CredentialSource {
  return { get: () => Promise.resolve(credentials), invalidate() {} };
}

export function credentialsOf(connection: Connection): CredentialSource {
  if (connection.credentials) return connection.credentials;
  return fixedCredentials({
    headers: connection.token === undefined ? {} : { authorization: `Bearer ${connection.token}` },
  });
}

export function sameRoute(one: Route, other: Route): boolean {
  return (
    samePem(one.ca, other.ca) &&
    one.insecureSkipTlsVerify === other.insecureSkipTlsVerify &&
    one.tlsServerName === other.tlsServerName &&
    one.proxyUrl === other.proxyUrl
  );
}

/** A renewed credential is another object, often with the same certificate; its sockets stay good. */
export function samePem(one: Pem | undefined, other: Pem | undefined): boolean {
  return one === other || (one !== undefined && other !== undefined && one.toString() === other.toString());
}
