import type { WriteOptions } from '../base/requests.ts';

/** How the server's own controllers write. */
export const systemWrite: WriteOptions = {
  user: { name: 'system:kube-controller-manager', groups: ['system:masters', 'system:authenticated'] },
  manager: 'kube-controller-manager',
  dryRun: false,
  fieldValidation: 'Ignore',
  warn: () => {},
};
