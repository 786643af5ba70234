/** Secrets that guides and the poker pod read, by the variable of `.env` that fills them. */
export const SECRETS = [
  { variable: 'HF_TOKEN', secrets: ['llm-d-hf-token', 'hf-secret'], required: true },
  { variable: 'GH_TOKEN', secrets: ['gh-token-secret'], required: false },
] as const;

/** The secrets that are written in any case. */
export const REQUIRED_SECRETS: readonly string[] = SECRETS.flatMap(({ secrets, required }) =>
  required ? secrets : [],
);
