/** How a command in a container ended, in the terms of the remote command protocol. */
export type CommandOutcome =
  | { readonly kind: 'exit'; readonly code: number }
  /** The command never ran, or the container went away under it. */
  | { readonly kind: 'error'; readonly message: string };

/** The Status object that ends an exec or attach. `prefix` stands before the message of an error: an API server puts "Internal error occurred: " there when it translates for WebSocket clients. */
export function outcomeStatus(outcome: CommandOutcome, prefix = ''): string {
  if (outcome.kind === 'error') {
    return JSON.stringify({
      metadata: {},
      status: 'Failure',
      message: `${prefix}${outcome.message}`,
      reason: 'InternalError',
      details: { causes: [{ message: outcome.message }] },
      code: 500,
    });
  }
  if (outcome.code === 0) return JSON.stringify({ metadata: {}, status: 'Success' });
  return JSON.stringify({
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: command terminated with exit code ${outcome.code}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(outcome.code) }] },
  });
}
