import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { arrayAt, at } from '../../../src/base/json.ts';
import { workerJob } from '../../../src/benchmarks/running/worker-job.ts';

const manifests = join(import.meta.dirname, '../../../manifests');

/** Of the Pod Security Standard "restricted" all but the user: https://kubernetes.io/docs/concepts/security/pod-security-standards */
function assertNearlyRestricted(spec: unknown): void {
  assert.equal(at(spec, 'automountServiceAccountToken'), false);
  assert.equal(at(spec, 'securityContext', 'seccompProfile', 'type'), 'RuntimeDefault');
  for (const host of ['hostNetwork', 'hostPID', 'hostIPC']) assert.equal(at(spec, host), undefined);
  for (const volume of arrayAt(spec, 'volumes')) assert.equal(at(volume, 'hostPath'), undefined);
  const containers = arrayAt(spec, 'containers');
  assert.equal(containers.length, 1);
  for (const container of containers) {
    const { privileged, allowPrivilegeEscalation, capabilities } = at(container, 'securityContext') as Record<
      string,
      unknown
    >;
    assert.deepEqual([privileged, allowPrivilegeEscalation, capabilities], [undefined, false, { drop: ['ALL'] }]);
  }
}

describe('the Job of a run', () => {
  it('takes no value for YAML, and hands the script over as it is', async () => {
    const image = 'evil\n          securityContext: { privileged: true }\n          #';
    const script = 'echo "$(HOSTNAME)" $$ \'a: b\'\n---\nkind: Pod';
    const job = await workerJob({
      manifestsDir: manifests,
      name: 'bench-1',
      owner: 'me',
      runId: '1',
      workers: 2,
      image,
      script,
    });
    assertNearlyRestricted(at(job, 'spec', 'template', 'spec'));
    const [container] = arrayAt(job, 'spec', 'template', 'spec', 'containers');
    assert.equal(at(container, 'image'), image);
    // The kubelet makes one `$` of two, and of none of them the value of a variable.
    assert.equal(String(arrayAt(container, 'args')[1]).replaceAll('$$', '$'), script);
    assert.doesNotMatch(String(arrayAt(container, 'args')[1]).replaceAll('$$', ''), /\$/);
  });
});

describe('what pods of our own may do', () => {
  it("is next to nothing in the poker pod, and its image's tools are not hidden", async () => {
    const pod: unknown = parse(await readFile(join(manifests, 'poker', 'pod.yaml'), 'utf8'));
    assertNearlyRestricted(at(pod, 'spec'));
    // They are in /app/.venv.
    assert.deepEqual(arrayAt(arrayAt(pod, 'spec', 'containers')[0], 'volumeMounts'), []);
  });

  it('is next to nothing in a benchmark worker', async () => {
    const job: unknown = parse(await readFile(join(manifests, 'benchmark', 'parallel-guidellm-job.yaml'), 'utf8'));
    assertNearlyRestricted(at(job, 'spec', 'template', 'spec'));
  });
});
