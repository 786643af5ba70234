export type Pem = string | Buffer;

/** How to reach one API server. Nothing in here may be logged. */
export interface Connection {
  /** `https://host:port`, optionally with a path prefix. */
  readonly server: string;
  /** The authority that signed the server's certificate; absent: the system's. Asked at each request where it may change: a server that is set up anew has another. */
  readonly ca?: Pem | (() => Promise<Pem | undefined>);
  readonly insecureSkipTlsVerify?: boolean;
  readonly tlsServerName?: string;
  /** A proxy for every connection: `http://host:port`, `https://host:port` or `socks5://host:port`. */
  readonly proxyUrl?: string;
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
