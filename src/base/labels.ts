/**
 * Labels and annotations that mark what the Workbench made, so that it never shows, counts or deletes another
 * person's objects as its own. The `llm-d.ai/` ones are the guides' own.
 */
export const labels = {
  managedBy: 'app.kubernetes.io/managed-by',
  owner: 'llm-d.ai/owner',
  role: 'llm-d.ai/role',
  guide: 'llm-d.ai/guide',
  model: 'llm-d.ai/model',
  deployment: 'workbench.llm-d.ai/deployment',
  component: 'workbench.llm-d.ai/component',
  run: 'workbench.llm-d.ai/run',
} as const;

export const annotations = {
  /** The model's full name; a label value could not hold its slash. */
  model: 'workbench.llm-d.ai/model',
  guide: 'workbench.llm-d.ai/guide',
  variant: 'workbench.llm-d.ai/variant',
  restartedAt: 'workbench.llm-d.ai/restarted-at',
} as const;

/** Value of `labels.managedBy` and the field manager of every server-side apply. */
export const manager = 'llm-d-workbench';
